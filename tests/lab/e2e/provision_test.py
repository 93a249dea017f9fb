#!/usr/bin/env python3
"""A slave comes to a master that has data and has purged its binary logs, under a client that writes: it gets a
copy, killed in the middle or not, and has every row in the end.

MRC_PROVISION_MB: the master's data. Prints what it took; where peak memory is of what the slave's host used for it.
"""

import json
import os
import re
import subprocess
import sys
import threading
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from resume_test import Run  # noqa: E402
from site_lab import ADDRESSES, ROOT, Site, lab_for, summary, wait_until  # noqa: E402
from story import Story  # noqa: E402
from writer import Writer  # noqa: E402

TOPOLOGY = Path(os.environ.get("MRC_TEST_TOPOLOGY") or ROOT / "examples/blog-2016.yaml")
MEGABYTES = int(os.environ.get("MRC_PROVISION_MB") or 50)
MASTER, SLAVE, LATE = ADDRESSES["docker1"], ADDRESSES["docker2"], ADDRESSES["docker3"]
COPY = "mysql/mysql-slave2/provision"
ROW = 100_000  # bytes


class Memory:
    """The most that the server of a copy, and what runs in its container, held at a time, in MB."""

    def __init__(self, site: Site, host: str, container: str) -> None:
        self.site, self.host, self.container = site, host, container
        self.peak = 0
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.watch)

    def __enter__(self) -> "Memory":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.thread.join()

    def watch(self) -> None:
        script = (
            f"p=$(docker top {self.container} -o pid 2>/dev/null | sed 1d) || exit 0\n"
            'for p in $p; do sed -n "s/^VmRSS:[^0-9]*\\([0-9]*\\).*/\\1/p" /proc/$p/status; done 2>/dev/null'
        )
        while not self.ended.wait(0.5):
            held = sum(int(line) for line in self.site.sh(self.host, script, check=False).split())
            self.peak = max(self.peak, held // 1024)


class Provision(Story):
    site: Site

    @classmethod
    def setUpClass(cls) -> None:
        lab_for(TOPOLOGY)
        cls.site = Site(TOPOLOGY)
        cls.whole = cls.site.topology.read_text()
        image = re.search(r"^  image: (\S+)", cls.whole, re.M)[1]
        cls.mariadb = image.startswith("mariadb")
        cls.image = image
        cls.write_topology(cls, cls.without_late())

    @classmethod
    def without_late(cls) -> str:
        return "".join(line for line in cls.whole.splitlines(keepends=True) if "mysql-slave2" not in line)

    def write_topology(self, text: str) -> None:
        self.site.topology = self.site.write_topology("provision.yaml", text)

    def master_sql(self, sql: str) -> list[list[str]]:
        return self.site.sql_outside(MASTER, sql)

    def purge(self, host: str = "docker1", server: str = "mysql-master") -> None:
        """Its binary logs begin now. One that is sent to a slave still stays."""
        self.site.sql_inside(host, server, "FLUSH BINARY LOGS")
        names = lambda: [line.split("\t")[0] for line in self.site.sql_inside(  # noqa: E731
            host, server, "SHOW BINARY LOGS", "-NB").splitlines()]  # fmt: skip
        last = names()[-1]

        def purged() -> bool:
            self.site.sql_inside(host, server, f"PURGE BINARY LOGS TO '{last}'")
            return names() == [last]

        wait_until("the older logs to go", purged)

    def applied(self, *args: str) -> subprocess.CompletedProcess[str]:
        done = self.site.mrc("apply", "--yes", "--lock-wait", "20s", *args, timeout=3600)
        self.assertEqual(done.returncode, 0, summary(done))
        return done

    def nothing_is_left(self) -> None:
        done = self.site.mrc("plan")
        self.assertEqual(done.returncode, 0, summary(done))
        done = self.site.mrc("verify")
        self.assertEqual(done.returncode, 0, summary(done))
        self.assertEqual(self.master_sql("SELECT COUNT(*) FROM mysql.user WHERE User='mrc_copy';"), [["0"]])
        for host, server in (("docker2", "mysql-slave1"), ("docker3", "mysql-slave2")):
            said = self.site.sh(host, f"ls /opt/Docker/{server}; docker ps -a --format '{{{{.Names}}}}'")
            self.assertNotIn("mrc-", said)

    def sums(self, address: str) -> list[list[str]]:
        return self.site.sql_outside(address, "CHECKSUM TABLE shop.big, shop.log, shop.odd;")

    def all_have_the_same(self, writer: Writer) -> None:
        """After the client has ended: its rows, and equal checksums."""
        for address in (SLAVE, LATE):
            wait_until(f"all rows on {address}", lambda a=address: writer.acknowledged <= writer.rows_on(a), 120)
            wait_until(f"equal sums on {address}", lambda a=address: self.sums(a) == self.sums(MASTER), 120)

    def test_1_a_master_with_data(self) -> None:
        self.applied()
        self.master_sql(
            "CREATE DATABASE shop; CREATE TABLE shop.big (id INT AUTO_INCREMENT PRIMARY KEY, pad LONGTEXT);"
            "CREATE TABLE shop.odd (id INT PRIMARY KEY, b BLOB, t VARCHAR(20) CHARACTER SET utf8mb4);"
            "INSERT INTO shop.odd VALUES (1, UNHEX('0001FF27225C0A'), 'ä ☃ '), (2, NULL, '');"
            "CREATE VIEW shop.v AS SELECT id FROM shop.odd;"
            "CREATE PROCEDURE shop.p() SELECT 1;"
            "CREATE TRIGGER shop.t BEFORE INSERT ON shop.odd FOR EACH ROW SET NEW.id = NEW.id;"
            "CREATE USER reader@'%' IDENTIFIED BY 'reader-Password-1'; GRANT SELECT ON shop.* TO reader@'%';"
            "CREATE DEFINER = reader@'%' EVENT shop.e ON SCHEDULE EVERY 1 DAY DO DO 1;"
        )
        rows = f"INSERT INTO shop.big (pad) VALUES {', '.join([f'(REPEAT(UUID(), {ROW // 36}))'] * 50)};"
        for _ in range(MEGABYTES * 1_000_000 // (ROW * 50) + 1):
            self.master_sql(rows)
        wait_until("the rows on the first slave", lambda: self.sums_of_big(SLAVE) == self.sums_of_big(MASTER), 600)
        self.purge()

    def sums_of_big(self, address: str) -> list[list[str]]:
        return self.site.sql_outside(address, "SELECT COUNT(*) FROM shop.big;")

    def test_2_a_plan_says_what_comes(self) -> None:
        self.write_topology(self.whole)
        done = self.site.mrc("plan")
        self.assertEqual(done.returncode, 2, summary(done))
        self.assertRegex(done.stdout, rf"\+ +{COPY}  give mysql-slave2 a copy of the data of mysql-master")
        self.assertIn("the binary logs of mysql-master have no more: ", done.stdout)
        self.assertRegex(done.stdout, r"about \d+ MB, by ")
        self.assertNotIn("[destructive]", done.stdout)

    def test_3_killed_in_the_middle_it_begins_anew_and_serves_nothing_half(self) -> None:
        with Writer(self.site, MASTER) as writer:
            for kill in ("mrc", "slave", "copy"):
                run = Run(self.site, "apply", str(self.site.topology), "--yes", "--lock-wait", "20s")
                self.assertTrue(run.started(COPY), run.said())
                wait_until("the copy's server", self.copying, 120)
                if kill == "mrc":
                    run.process.kill()
                else:
                    self.site.sh("docker3", f"docker kill mysql-slave2{'.mrc-copy' if kill == 'copy' else ''}")
                self.assertEqual(run.end(), -9 if kill == "mrc" else 4, run.said())
                self.assertEqual(wait_until(f"an answer after the end of {kill}", self.late_databases, 120), ["nothing"])
        type(self).writer = writer

    def late_databases(self) -> list[str]:
        try:
            return [row[0] for row in self.site.sql_outside(LATE, "SHOW DATABASES LIKE 'shop';")] or ["nothing"]
        except AssertionError:
            return []  # it comes back just now

    def copying(self) -> bool:
        """Its data are born, and it begins to be filled."""
        ask = "docker inspect -f '{{.HostConfig.NetworkMode}} {{.State.Running}}' mysql-slave2.mrc-copy 2>/dev/null"
        said = self.site.sh("docker3", ask, check=False)
        return said.startswith("container:") and said.endswith("true\n")

    def test_4_the_copy_under_a_writing_client(self) -> None:
        with Writer(self.site, MASTER, "log2") as writer, Memory(self.site, "docker3", "mysql-slave2.mrc-copy") as memory:
            began = time.monotonic()
            self.applied()
            seconds = time.monotonic() - began
        self.all_have_the_same(writer)
        self.all_have_the_same(self.writer)
        self.nothing_is_left()
        print(
            f"\n{'image':<14} {'way':<6} {'MB':>6} {'copy s':>7} {'apply s':>8} {'peak MB':>8}"
            f"\n{self.image:<14} {self.way():<6} {MEGABYTES:>6} {self.copy_seconds():>7.1f} {seconds:>8.0f} {memory.peak:>8}",
            file=sys.stderr,
        )
        self.assertLess(memory.peak, 1500)

    def way(self) -> str:
        if self.mariadb or int(self.master_sql("SELECT VERSION();")[0][0].split(".")[0]) < 8:
            return "dump"
        cloned = self.site.sql_outside(LATE, "SELECT STATE FROM performance_schema.clone_status;")
        return "clone" if cloned == [["Completed"]] else "dump"

    def copy_seconds(self) -> float:
        """What the last copy took, as the journal has it."""
        journal = max(Path(self.site.state.name, "mrc/runs").glob("*-apply.jsonl"))
        ends = [json.loads(line) for line in journal.read_text().splitlines() if COPY in line and '"finished"' in line]
        return ends[-1]["ms"] / 1000

    def test_5_what_came_along(self) -> None:
        self.assertEqual(self.site.sql_outside(LATE, "CALL shop.p();"), [["1"]])
        self.assertEqual(self.site.sql_outside(LATE, "SELECT COUNT(*) FROM shop.v;"), [["2"]])
        event = "SELECT DEFINER, STATUS FROM information_schema.EVENTS WHERE EVENT_NAME='e';"
        disabled = ([["reader@%", "SLAVESIDE_DISABLED"]], [["reader@%", "REPLICA_SIDE_DISABLED"]])
        self.assertIn(self.site.sql_outside(LATE, event), disabled)
        users = "SELECT User, Host FROM mysql.user WHERE User NOT LIKE 'mysql.%' ORDER BY 1, 2;"
        self.assertEqual(self.site.sql_outside(LATE, users), self.master_sql(users))
        if not self.mariadb:
            return
        # A slave of it would be told that it does not have what came before.
        first = self.site.sql_outside(LATE, "SHOW BINARY LOGS;")[0][0]
        self.assertEqual(first, "mysql-bin.000001")
        begins = self.site.sql_outside(LATE, f"SELECT BINLOG_GTID_POS('{first}', 4), @@GLOBAL.gtid_binlog_state;")
        print(f"\nthe copy's first log begins at {begins}", file=sys.stderr)
        self.assertRegex(begins[0][0], r"^0-1-[1-9]\d*$")

    def test_6_a_slave_left_behind_is_given_a_copy_which_asks(self) -> None:
        self.site.stop_server("docker3", "mysql-slave2")
        self.master_sql("INSERT INTO shop.odd VALUES (3, 'x', 'y');")
        self.purge()
        self.site.sh("docker3", "docker start mysql-slave2")
        done = wait_until("a plan with a copy", lambda: self.plan_with_copy(), 120)
        self.assertIn("[destructive]", done.stdout)
        self.applied()
        wait_until("equal sums", lambda: self.sums(LATE) == self.sums(MASTER), 60)
        self.nothing_is_left()

    def plan_with_copy(self) -> subprocess.CompletedProcess[str] | None:
        done = self.site.mrc("plan")
        return done if COPY in done.stdout else None

    def test_7_one_that_has_what_its_master_lacks_keeps_it(self) -> None:
        self.site.sql_inside("docker3", "mysql-slave2", "SET GLOBAL read_only=OFF; CREATE DATABASE own; SET GLOBAL read_only=ON")
        self.site.stop_server("docker3", "mysql-slave2")
        self.master_sql("INSERT INTO shop.odd VALUES (4, 'x', 'y');")
        self.purge()
        self.site.sh("docker3", "docker start mysql-slave2")
        done = wait_until("a refusal", lambda: self.refused(), 120)
        self.assertIn("mysql-slave2 has transactions that mysql-master lacks, and a copy would destroy them", done.stderr + done.stdout)

    def refused(self) -> subprocess.CompletedProcess[str] | None:
        done = self.site.mrc("apply", "--yes")
        return done if done.returncode == 3 else None


if __name__ == "__main__":
    unittest.main(verbosity=2, failfast=True)
