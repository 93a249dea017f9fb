#!/usr/bin/env python3
"""mrc killed, and its connections cut, at every kind of step of a first apply, of a third host's coming, and of
a destroy: the next run goes on, and in the end all is there.

The kinds are taken from the runs themselves, so a new step is covered without anybody remembering. With
MRC_TEST_LONG it is every step, and runs are killed before it too.
"""

import os
import re
import signal
import subprocess
import sys
import tempfile
import time
import unittest
from collections.abc import Callable
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import snapshot  # noqa: E402
from site_lab import ADDRESSES, HOSTS, MRC, ROOT, Site, lab, on, summary  # noqa: E402
from story import Story  # noqa: E402

# How long after the step was begun the run is killed. The journal tells of a step before it is sent.
LONG = bool(os.environ.get("MRC_TEST_LONG"))
WAYS = ({"before": 0.0} if LONG else {}) | {"within": 0.15}
BEGUN = re.compile(r'"event":"started",.*"step":"([^"]+)"')
ENDED = re.compile(r'"event":"finished",.*"step":"([^"]+)"')
STEP = re.compile(r"^(?:\+|~|-|>|-/\+) +(\S+/\S+)  ", re.M)


def kind(step: str) -> str:
    """etcd/docker1/start -> etcd start: the same thing on another host or server is the same kind."""
    parts = step.split("/")
    return step if LONG else f"{parts[0]} {parts[-1]}"


def without_docker3(text: str) -> str:
    """The topology before its third host came."""
    text = text.replace("[docker1, docker2, docker3]", "[docker1, docker2]")
    return "".join(line for line in text.splitlines(keepends=True) if "docker3" not in line or line.startswith("#"))


class Run:
    """One run of mrc, followed by its journal."""

    def __init__(self, site: Site, *args: str) -> None:
        self.folder = Path(site.state.name, "mrc/runs")
        self.known = set(self.folder.glob("*.jsonl"))
        self.output = tempfile.TemporaryFile("w+")
        self.process = subprocess.Popen(
            [str(MRC), *args],
            env=site.env, stdin=subprocess.DEVNULL, stdout=self.output, stderr=subprocess.STDOUT,
        )  # fmt: skip

    def started(self, step: str) -> bool:
        """Waits until the step begins; False when the run ends without it."""
        return self.first(lambda begun: begun == step) is not None

    def first(self, wanted: Callable[[str], bool]) -> str | None:
        """Waits for the first step that is wanted, and gives it as it begins; None when the run ends without."""
        end = time.monotonic() + 300
        while time.monotonic() < end:
            over = self.process.poll() is not None
            for file in set(self.folder.glob("*.jsonl")) - self.known:
                for line in file.read_text().splitlines():
                    found = BEGUN.search(line)
                    if found and wanted(found[1]):
                        return found[1]
            if over:
                return None
            time.sleep(0.005)
        raise AssertionError(f"no such step began in 300 s\n{self.said()}")

    def at_work(self) -> list[str]:
        """Steps that have begun and not ended."""
        text = "".join(file.read_text() for file in set(self.folder.glob("*.jsonl")) - self.known)
        ended = set(ENDED.findall(text))
        return [step for step in BEGUN.findall(text) if step not in ended]

    def end(self) -> int:
        try:
            code = self.process.wait(timeout=600)
        except subprocess.TimeoutExpired:
            self.process.kill()
            raise AssertionError(f"mrc did not end\n{self.said()}") from None
        self.said()
        return code

    def said(self) -> str:
        if not self.output.closed:
            self.output.seek(0)
            self.text = self.output.read()
            if self.process.poll() is not None:
                self.output.close()
        return self.text


def cut_connections(site: Site) -> None:
    """Ends the ssh processes of this site's mrc, shared masters included; no other's."""
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            words = (folder / "cmdline").read_bytes().decode(errors="replace")
        except OSError:
            continue
        if words.startswith("ssh") and site.env["XDG_RUNTIME_DIR"] in words:
            os.kill(int(folder.name), signal.SIGKILL)


class Broken(Story):
    site: Site
    before: dict[str, dict[str, set[str]]]

    @classmethod
    def setUpClass(cls) -> None:
        lab("reset")
        cls.runtime = tempfile.TemporaryDirectory(prefix="mrc-rt-")
        cls.site = Site(ROOT / "examples/blog-2016.yaml")
        cls.three = cls.site.topology
        cls.two = cls.site.write_topology("two.yaml", without_docker3(cls.three.read_text()))
        cls.site.env["XDG_RUNTIME_DIR"] = cls.runtime.name
        cls.before = {host: snapshot.take(cls.site, host) for host in HOSTS}
        cls.table: list[tuple[str, str, str]] = []
        cls.tried: dict[str, set[tuple[str, str]]] = {}

    @classmethod
    def tearDownClass(cls) -> None:
        print("\nwhat was broken off, and how that run ended:", file=sys.stderr)
        for step, way, outcome in cls.table:
            print(f"  {step:42} {way:14} {outcome}", file=sys.stderr)

    def kill_everywhere(self, command: tuple[str, ...]) -> None:
        """Kills `command` at each kind of step in each way, at the first that comes and was not tried, until a run has
        none such and comes to its end. A step that was at work beside one may have come to its end on its host, and not
        come again: it was killed too, and is in the table. Each run waits for the lock, so that nothing of the killed one
        is still at work. What an earlier test has killed in a run of this command is not killed again."""
        tried = self.tried.setdefault(command[0], set())
        for _ in range(300):
            run = Run(self.site, command[0], str(self.site.topology), *command[1:])
            way = ""

            def untried(step: str) -> bool:
                nonlocal way
                way = next((way for way in WAYS if (kind(step), way) not in tried), "")
                return way != ""

            step = run.first(untried)
            if step is None:
                self.assertEqual(run.end(), 0, run.said())
                return
            time.sleep(WAYS[way])
            run.process.kill()
            code = run.end()
            self.assertIn(code, (0, -signal.SIGKILL), run.said())
            tried.add((kind(step), way))
            self.table.append((step, f"killed {way}", "ended first" if code == 0 else "killed"))
            if code != 0:
                self.table += [(other, "killed beside", step) for other in run.at_work() if other != step]
        self.fail("300 runs did not come to an end")

    def cut_everywhere(self, listed, command: tuple[str, ...]) -> None:
        """Cuts the connections at the first step of each kind. A run takes up to one cut a step by itself."""
        tried: set[str] = set()
        for _ in range(10):
            steps = [s for s in listed() if kind(s) not in tried]
            if not steps:
                return
            run = Run(self.site, command[0], str(self.site.topology), *command[1:])
            cut = []
            firsts: dict[str, str] = {}
            for step in steps:
                firsts.setdefault(kind(step), step)
            for step in firsts.values():
                if run.started(step):
                    time.sleep(WAYS["within"])
                    cut_connections(self.site)
                    cut.append(step)
                    tried.add(kind(step))
            code = run.end()
            self.table += [(step, "cut", f"exit {code}") for step in cut]
            self.assertIn(code, (0, 4), run.said())
        self.fail("ten runs did not come to an end")

    def shown(self, *command: str) -> list[str]:
        """What the command shows before it asks, with nobody there to answer. It waits for the lock, so
        that nothing of a killed run is still at work."""
        done = self.site.mrc(*command, "--lock-wait", "10s")
        self.assertIn(done.returncode, (0, 1), summary(done))
        return STEP.findall(done.stdout)

    def planned(self) -> list[str]:
        return self.shown("apply")

    def doomed(self) -> list[str]:
        return self.shown("destroy", "--delete-data")

    def all_is_there(self) -> None:
        done = self.site.mrc("apply", "--yes", "--lock-wait", "10s", timeout=900)
        self.assertEqual(done.returncode, 0, summary(done))
        done = self.site.mrc("plan")
        self.assertEqual(done.returncode, 0, summary(done))
        done = self.site.mrc("verify", "--json")
        self.assertEqual(done.returncode, 0, summary(done))

    def write_rows(self) -> None:
        """Data that a host which comes later has to get too."""
        self.site.sql_outside(
            ADDRESSES["docker1"],
            "CREATE DATABASE kept; CREATE TABLE kept.t (id INT PRIMARY KEY); INSERT INTO kept.t VALUES (1), (2), (3);",
        )

    def rows_are_everywhere(self) -> None:
        """Verify has just seen a later row there."""
        for host in HOSTS:
            self.assertEqual(self.site.sql_outside(ADDRESSES[host], "SELECT COUNT(*) FROM kept.t;"), [["3"]], host)

    def nothing_is_left(self) -> None:
        done = self.site.mrc("destroy", "--yes", "--delete-data", "--lock-wait", "10s")
        self.assertEqual(done.returncode, 0, summary(done))
        for host in HOSTS:
            left = snapshot.differences(self.before[host], snapshot.take(self.site, host))
            self.assertEqual(left, [], host)


class Killed(Broken):
    def test_1_apply_killed_at_every_kind_of_step(self) -> None:
        self.site.topology = self.two
        self.kill_everywhere(("apply", "--yes", "--lock-wait", "10s"))
        self.all_is_there()

    def test_2_a_third_host_killed_at_each_further_kind_of_step(self) -> None:
        self.write_rows()
        self.site.topology = self.three
        self.kill_everywhere(("apply", "--yes", "--lock-wait", "10s"))
        self.all_is_there()
        self.rows_are_everywhere()

    def test_3_one_of_two_applies_proceeds_and_the_other_names_it(self) -> None:
        self.site.stop_server("docker2", "mysql-slave1")
        first = Run(self.site, "apply", str(self.site.topology), "--yes")
        self.assertTrue(first.started("mysql/mysql-slave1/start"), first.said())
        second = self.site.mrc("apply", "--yes")
        self.assertEqual(second.returncode, 6, summary(second))
        self.assertRegex(second.stderr, rf"locked by \S+@\S+ since .* UTC, mrc apply, pid {first.process.pid}\n")
        # Watched on the host, as starting mrc takes its own time.
        lock = "/run/mrc-blog-2016.lock"
        watch = subprocess.Popen(
            on("docker2", "sh", "-c",
               f"test -e {lock} && echo held; until ! [ -e {lock} ] || (exec 9<{lock} && flock -n 9) 2>/dev/null;"
               " do sleep 0.02; done; date +%s.%N"),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, text=True,
        )  # fmt: skip
        with watch:
            self.assertEqual(watch.stdout.readline(), "held\n")
            killed = time.time()
            first.process.kill()
            first.process.wait()
            free = float(watch.stdout.readline())
        print(f"the lock of a killed mrc was free after {free - killed:.2f} s", file=sys.stderr)
        self.assertLess(free - killed, 10)
        self.assertNotEqual(self.site.mrc("destroy").returncode, 6)
        done = self.site.mrc("apply", "--yes")
        self.assertEqual(done.returncode, 0, summary(done))
        self.assertEqual(self.site.mrc("plan").returncode, 0)
        self.assertEqual(self.site.sql_outside(ADDRESSES["docker2"], "SELECT @@server_id;"), [["101"]])

    def test_4_destroy_killed_at_every_kind_of_step(self) -> None:
        self.kill_everywhere(("destroy", "--yes", "--delete-data", "--lock-wait", "10s"))
        self.nothing_is_left()


class Cut(Broken):
    def test_5_apply_cut_at_every_kind_of_step(self) -> None:
        self.site.topology = self.two
        self.cut_everywhere(self.planned, ("apply", "--yes", "--lock-wait", "10s"))
        self.all_is_there()

    def test_6_a_third_host_cut_at_every_kind_of_step(self) -> None:
        self.write_rows()
        self.site.topology = self.three
        self.cut_everywhere(self.planned, ("apply", "--yes", "--lock-wait", "10s"))
        self.all_is_there()
        self.rows_are_everywhere()

    def test_7_destroy_cut_at_every_kind_of_step(self) -> None:
        self.cut_everywhere(self.doomed, ("destroy", "--yes", "--delete-data", "--lock-wait", "10s"))
        self.nothing_is_left()

    def test_8_destroy_right_after_a_killed_apply(self) -> None:
        for step in ("etcd/docker3/install", "mysql/mysql-master/init", "calico/mysql-slave1/endpoint"):
            run = Run(self.site, "apply", str(self.site.topology), "--yes")
            self.assertTrue(run.started(step), run.said())
            time.sleep(WAYS["within"])
            run.process.kill()
            self.assertEqual(run.end(), -signal.SIGKILL)
            self.table.append((step, "then destroyed", "killed"))
            self.nothing_is_left()


if __name__ == "__main__":
    unittest.main(verbosity=2, failfast=True)
