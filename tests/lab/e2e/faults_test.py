#!/usr/bin/env python3
"""What keeps a slave from its master's transactions is named with the transaction and the server's words, and
mended where that loses nothing: broken relay logs and copied data directories, never a row that differs."""

import os
import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from site_lab import ADDRESSES, ROOT, Site, lab_for, summary, wait_until  # noqa: E402
from story import Story  # noqa: E402

TOPOLOGY = Path(os.environ.get("MRC_TEST_TOPOLOGY") or ROOT / "examples/blog-2016.yaml")
MASTER = ADDRESSES["docker1"]
SLAVES = {"mysql-slave1": "docker2", "mysql-slave2": "docker3"}


class Faults(Story):
    site: Site

    @classmethod
    def setUpClass(cls) -> None:
        lab_for(TOPOLOGY)
        cls.site = Site(TOPOLOGY)
        cls.mariadb = "  image: mariadb" in TOPOLOGY.read_text()

    def on(self, server: str, sql: str, layout: str = "-NB") -> str:
        """Of the server's own client; writes are no transactions."""
        host = SLAVES.get(server, "docker1")
        return self.site.sql_inside(host, server, sql, layout).strip()

    def spoil(self, server: str, sql: str) -> None:
        """Changes a slave's rows as no transaction does."""
        self.on(server, f"SET SESSION sql_log_bin=0; SET GLOBAL read_only=OFF; {sql}; SET GLOBAL read_only=ON")

    def words(self, old: str) -> str:
        """A statement in the words of this server's version."""
        if not self.mariadb and int(self.on("mysql-master", "SELECT VERSION()").split(".")[0]) >= 8:
            return old.replace("SLAVE", "REPLICA")
        return old

    def status(self, server: str, field: str) -> str:
        """Of its channel, by the oldest's name."""
        said = self.on(server, self.words("SHOW SLAVE STATUS"), "-E")
        for old, new in (("Master", "Source"), ("Slave", "Replica")):
            said = said.replace(new, old)
        return re.search(rf"^\s*{field}: ?(.*)$", said, re.M)[1]

    def stopped(self, server: str, part: str) -> str:
        return wait_until(f"{server}'s {part} to stop", lambda: self.status(server, f"Slave_{part}_Running") == "No" and
                          self.status(server, f"Last_{part}_Error"))  # fmt: skip

    def rows_are_equal(self) -> None:
        sums = "CHECKSUM TABLE shop.t;"
        for host in SLAVES.values():
            wait_until(f"equal rows on {host}", lambda h=host: self.site.sql_outside(ADDRESSES[h], sums) == self.site.sql_outside(MASTER, sums))

    def applied_and_nothing_is_left(self) -> None:
        done = self.site.mrc("apply", "--yes")
        self.assertEqual(done.returncode, 0, summary(done))
        done = self.site.mrc("plan")
        self.assertEqual(done.returncode, 0, summary(done))
        self.rows_are_equal()

    def test_01_apply(self) -> None:
        done = self.site.mrc("apply", "--yes", timeout=900)
        self.assertEqual(done.returncode, 0, summary(done))
        self.site.sql_outside(
            MASTER, "CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY, v INT); INSERT INTO shop.t VALUES (1, 1), (2, 2);"
        )
        self.rows_are_equal()

    def named_and_left_alone(self, server: str, meaning: str, code: str, mend: str) -> None:
        done = self.site.mrc("plan")
        self.assertEqual(done.returncode, 2, summary(done))
        self.assertIn(meaning, done.stdout)
        self.assertIn(f"{code}: ", done.stdout)
        where = r"after 0-1-\d+" if self.mariadb else r"'?[0-9a-f-]{36}:\d+"
        self.assertRegex(done.stdout, f"transaction {where}")
        done = self.site.mrc("apply", "--yes")
        self.assertEqual(done.returncode, 4, summary(done))
        self.assertIn(f"the replication of {server} stopped: ", done.stderr)
        self.assertIn(mend, done.stderr)
        done = self.site.mrc("verify", "--no-write")
        self.assertEqual(done.returncode, 5, summary(done))
        self.assertRegex(done.stdout + done.stderr, rf"MRC-V301(.|\n)*{code}")

    def test_02_a_duplicate_key(self) -> None:
        self.spoil("mysql-slave1", "INSERT INTO shop.t VALUES (5, 55)")
        self.site.sql_outside(MASTER, "INSERT INTO shop.t VALUES (5, 5);")
        self.stopped("mysql-slave1", "SQL")
        self.named_and_left_alone("mysql-slave1", "a row that the master inserts is there already", "1062", "remove it on mysql-slave1")
        self.assertEqual(self.on("mysql-slave1", "SELECT v FROM shop.t WHERE id=5"), "55")
        self.spoil("mysql-slave1", "DELETE FROM shop.t WHERE id=5")
        self.applied_and_nothing_is_left()

    def test_03_a_missing_row(self) -> None:
        self.spoil("mysql-slave1", "DELETE FROM shop.t WHERE id=2")
        self.site.sql_outside(MASTER, "UPDATE shop.t SET v=22 WHERE id=2;")
        self.stopped("mysql-slave1", "SQL")
        self.named_and_left_alone("mysql-slave1", "a row that the master changes is not there", "1032", "put it on mysql-slave1")
        self.spoil("mysql-slave1", "INSERT INTO shop.t VALUES (2, 2)")
        self.applied_and_nothing_is_left()

    def test_04_a_broken_relay_log(self) -> None:
        self.on("mysql-slave2", self.words("STOP SLAVE SQL_THREAD"))
        self.site.sql_outside(MASTER, "INSERT INTO shop.t VALUES (6, 6); INSERT INTO shop.t VALUES (7, 7); INSERT INTO shop.t VALUES (8, 8);")
        file = self.status("mysql-slave2", "Relay_Log_File")
        at = int(self.status("mysql-slave2", "Relay_Log_Pos"))
        path = f"/opt/Docker/mysql-slave2/data/{file}"
        wait_until("the rows in the relay log", lambda: int(self.site.sh("docker3", f"wc -c <{path}")) > at + 300)
        self.site.sh("docker3", f"dd if=/dev/zero of={path} bs=1 seek={at + 10} count=60 conv=notrunc 2>/dev/null")
        self.on("mysql-slave2", self.words("START SLAVE SQL_THREAD"))
        self.stopped("mysql-slave2", "SQL")
        done = self.site.mrc("plan")
        self.assertIn("its relay log cannot be read, and is fetched anew from the master", done.stdout)
        self.applied_and_nothing_is_left()

    def test_05_a_copied_data_directory(self) -> None:
        if self.mariadb:
            self.skipTest("MariaDB has no uuids")
        uuid = self.on("mysql-slave1", "SELECT @@server_uuid")
        self.site.stop_server("docker3", "mysql-slave2")
        self.site.sh("docker3", f"sed -i 's/^server-uuid=.*/server-uuid={uuid}/' /opt/Docker/mysql-slave2/data/auto.cnf")
        self.site.sh("docker3", "docker start mysql-slave2")
        wait_until("two of one uuid", lambda: uuid in self.site.sh(
            "docker3", "docker exec mysql-slave2 cat /var/lib/mysql/auto.cnf", check=False))  # fmt: skip
        done = wait_until("a plan", lambda: self.plan_with("mysql/mysql-slave2/identity"))
        self.assertIn("mysql-slave1 has the same, as when a data directory was copied", done.stdout)
        self.applied_and_nothing_is_left()
        self.assertNotEqual(self.on("mysql-slave2", "SELECT @@server_uuid"), uuid)
        done = self.site.mrc("verify")
        self.assertEqual(done.returncode, 0, summary(done))

    def plan_with(self, step: str):
        done = self.site.mrc("plan")
        return done if step in done.stdout else None

    def test_06_errant_transactions(self) -> None:
        self.on("mysql-slave1", "SET GLOBAL read_only=OFF; CREATE DATABASE IF NOT EXISTS own; SET GLOBAL read_only=ON")
        own = "0-101-" if self.mariadb else self.on("mysql-slave1", "SELECT @@server_uuid") + ":1"
        done = self.site.mrc("verify", "--no-write")
        self.assertEqual(done.returncode, 5, summary(done))
        self.assertRegex(done.stdout + done.stderr, rf"MRC-V306(.|\n)*errant transactions: {own}")
        done = self.site.mrc("plan")
        self.assertIn("warning on docker2: mysql-slave1 has transactions that mysql-master lacks", done.stderr)
        self.assertIn(own, done.stderr)

    def test_07_a_slave_ahead_of_its_master(self) -> None:
        if self.mariadb:  # what slave1 wrote has the number of the master's next
            server, own = "mysql-slave1", "0-101-"
            self.site.sql_outside(MASTER, "INSERT INTO shop.t VALUES (9, 9);")
            self.stopped(server, "SQL")
        else:
            server, uuid = "mysql-slave2", self.on("mysql-master", "SELECT @@server_uuid")
            own = f"{uuid}:100000"
            self.on(server, "SET GLOBAL read_only=OFF; "
                    f"SET SESSION gtid_next='{own}'; BEGIN; COMMIT; SET SESSION gtid_next='AUTOMATIC'; SET GLOBAL read_only=ON")  # fmt: skip
            self.on(server, f"{self.words('STOP SLAVE')}; {self.words('START SLAVE')}")
            self.stopped(server, "IO")
        done = self.site.mrc("apply", "--yes")
        self.assertEqual(done.returncode, 3, summary(done))
        self.assertIn(f"{server} has transactions that mysql-master lacks", done.stdout + done.stderr)
        self.assertIn(own, done.stdout + done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2, failfast=True)
