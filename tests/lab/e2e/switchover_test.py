#!/usr/bin/env python3
"""The master's part passes from server to server under a client that writes and tries again: no acknowledged row
is lost or doubled, nothing is written for less than 2 s each time, and a run that is killed is gone on with.

MRC_SWITCHOVERS: how many in a row, else 4; `tests/run --long` has 100.
"""

import itertools
import os
import re
import statistics
import subprocess
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from app import SCHEMA, SERVERS, App, rows_are_everywhere  # noqa: E402
from resume_test import Run  # noqa: E402
from site_lab import ADDRESSES, ROOT, Site, lab_for, summary, wait_until  # noqa: E402
from story import Story  # noqa: E402

TOPOLOGY = Path(os.environ.get("MRC_TEST_TOPOLOGY") or ROOT / "examples/blog-2016.yaml")
ROUNDS = int(os.environ.get("MRC_SWITCHOVERS") or 4)
# Seconds after a step of mrc was begun, at which it is killed.
MOMENTS = (0.0, 0.3, 0.6, 1.0) if os.environ.get("MRC_TEST_LONG") else (0.3,)


class Switchover(Story):
    site: Site

    @classmethod
    def setUpClass(cls) -> None:
        lab_for(TOPOLOGY)
        cls.site = Site(TOPOLOGY)
        cls.site.topology = cls.site.write_topology("switchover.yaml", cls.site.topology.read_text())
        cls.stops: list[float] = []

    def master(self) -> str:
        return re.search(r"^  master: (\S+)", self.site.topology.read_text(), re.M)[1]

    def writable(self) -> list[str]:
        return [
            name for name, host in SERVERS.items()
            if self.site.sql_outside(ADDRESSES[host], "SELECT @@GLOBAL.read_only;") == [["0"]]
        ]  # fmt: skip

    def settled(self, master: str) -> None:
        """Nothing is left to do, and this one alone takes writes."""
        done = self.site.mrc("plan")
        self.assertEqual(done.returncode, 0, summary(done))
        done = self.site.mrc("verify")
        self.assertEqual(done.returncode, 0, summary(done))
        self.assertEqual(self.writable(), [master])
        self.assertEqual(self.master(), master)

    def test_1_apply(self) -> None:
        done = self.site.mrc("apply", "--yes", timeout=900)
        self.assertEqual(done.returncode, 0, summary(done))
        self.site.sql_outside(ADDRESSES["docker1"], SCHEMA)

    def test_2_switchovers_in_a_row_under_a_writing_client(self) -> None:
        with App("docker1") as app:
            wait_until("a first row", lambda: app.times)
            for round in range(ROUNDS):
                name = list(SERVERS)[(round + 1) % len(SERVERS)]
                begun = time.monotonic()
                done = self.promote(name)
                self.assertEqual(done.returncode, 0, summary(done))
                self.stops.append(app.longest_stop(begun))
                self.assertEqual(self.master(), name)
            written = len(app.times)
            wait_until("a row after the last of them", lambda: len(app.times) > written)
        self.settled(self.master())
        rows_are_everywhere(self, self.site, len(app.times))
        print(f"\n{ROUNDS} switchovers, {len(app.times)} rows; writes stopped for {statistics.median(self.stops):.2f} s"
              f" (median), {max(self.stops):.2f} s (longest)", file=sys.stderr)  # fmt: skip

    def promote(self, name: str) -> subprocess.CompletedProcess[str]:
        return self.site.bare_mrc("promote", name, str(self.site.topology), "--yes")

    def test_3_mrc_killed_at_either_half_is_gone_on_with(self) -> None:
        self.site.sql_outside(ADDRESSES[SERVERS[self.master()]], "DELETE FROM shop.log;")
        with App(SERVERS[self.master()]) as app:
            for round, (step, delay) in enumerate(itertools.product(("hand-over", "take-over"), MOMENTS)):
                old = self.master()
                name = list(SERVERS)[(list(SERVERS).index(old) + 1) % len(SERVERS)]
                host_of_step = old if step == "hand-over" else name
                run = Run(self.site, "promote", name, str(self.site.topology), "--yes")
                self.assertTrue(run.started(f"mysql/{host_of_step}/{step}"), run.said())
                time.sleep(delay)
                run.process.kill()
                run.end()
                self.assertEqual(self.master(), name)
                done = self.site.mrc("apply", "--yes", "--lock-wait", "10s")
                self.assertEqual(done.returncode, 0, summary(done))
                self.settled(name)
            written = len(app.times)
            wait_until("a row after the last of them", lambda: len(app.times) > written)
        rows_are_everywhere(self, self.site, len(app.times))

    def test_4_one_that_has_what_nobody_else_has_does_not_become_the_master(self) -> None:
        old = self.master()
        name = next(name for name in SERVERS if name != old)
        self.site.sql_inside(SERVERS[name], name, "SET GLOBAL read_only=OFF; CREATE DATABASE odd; SET GLOBAL read_only=ON;")
        before = self.site.topology.read_text()
        done = self.promote(name)
        self.assertEqual(done.returncode, 4, summary(done))
        self.assertIn(f"{name} has transactions that {old} lacks: ", done.stderr)
        self.assertIn(f"{name} gave up; {old} stays the master", done.stderr)
        self.assertEqual(self.site.topology.read_text(), before)
        self.assertEqual(self.writable(), [old])

    def test_5_one_that_is_no_server_of_the_file(self) -> None:
        done = self.promote("nobody")
        self.assertEqual(done.returncode, 1, summary(done))
        self.assertIn("has no server nobody", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2, failfast=True)
