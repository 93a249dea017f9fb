#!/usr/bin/env python3
"""The life of a MariaDB on today's Calico, in one pass: made, written to through the port for writers, brought to another
series with its data copied before, refused the way back, handed over, taken away."""

import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from app import SCHEMA, SERVERS, App, rows_are_everywhere  # noqa: E402
from site_lab import ADDRESSES, HOSTS, ROOT, Site, having, lab, load_json, summary, wait_until  # noqa: E402
from story import Story  # noqa: E402

OLD, NEW = "mariadb:10.11", "mariadb:11.8"
WRITERS = 3307
TEXT = (
    (ROOT / "examples/current.yaml").read_text()
    .replace("  image: mysql:9.7", f"  image: {OLD}\n  copy_before_upgrade: true")
    .replace("  port: 3306", f"  port: 3306\n  writer_port: {WRITERS}")
)  # fmt: skip


class Upgrade(Story):
    site: Site

    @classmethod
    def setUpClass(cls) -> None:
        lab("reset", *having(OLD), *having(NEW))
        cls.site = Site(ROOT / "examples/current.yaml")
        cls.use(TEXT)

    @classmethod
    def use(cls, text: str) -> None:
        cls.site.topology = cls.site.write_topology("upgrade.yaml", text)

    def versions(self) -> set[str]:
        return {self.site.sql_outside(ADDRESSES[host], "SELECT VERSION();")[0][0].rpartition(".")[0] for host in HOSTS}

    def settled(self, master: str) -> None:
        """Nothing is left to do, and the port for writers leads to this server alone."""
        for command in ("plan", "verify"):
            done = self.site.mrc(command)
            self.assertEqual(done.returncode, 0, summary(done))
        for server, host in SERVERS.items():
            if server == master:
                self.assertEqual(self.site.sql_outside(ADDRESSES[host], "SELECT @@read_only;", port=WRITERS), [["0"]])
            else:
                with self.assertRaises(AssertionError):
                    self.site.sql_outside(ADDRESSES[host], "SELECT 1;", port=WRITERS, patience=3)

    def test_1_apply(self) -> None:
        done = self.site.mrc("apply", "--yes", timeout=900)
        self.assertEqual(done.returncode, 0, summary(done))
        self.settled("mysql-master")
        self.assertEqual(self.versions(), {"10.11"})
        self.site.sql_outside(ADDRESSES["docker1"], SCHEMA)

    def test_2_a_newer_series_comes_to_all_and_the_data_are_copied_before(self) -> None:
        self.use(TEXT.replace(OLD, NEW))
        done = self.site.mrc("plan", "--json")
        self.assertEqual(done.returncode, 2, summary(done))
        steps = {step["id"]: step for step in load_json(done)["steps"]}
        for name in SERVERS:
            fields = {line["field"]: line for line in steps[f"mysql/{name}/container"]["diff"]}
            self.assertRegex(fields["copy"]["after"], rf"^/opt/Docker/{name}/data\.mrc-kept-10\.11\.")
            self.assertRegex(fields["system tables"]["before"], r"^10\.11\.\d+$")
            self.assertEqual(fields["system tables"]["after"], NEW)
        with App("docker1", WRITERS) as app:
            wait_until("a first row", lambda: app.times)
            done = self.site.mrc("apply", "--yes", timeout=900)
            self.assertEqual(done.returncode, 0, summary(done))
            written = len(app.times)
            wait_until("a row afterwards", lambda: len(app.times) > written)
        self.settled("mysql-master")
        self.assertEqual(self.versions(), {"11.8"})
        rows_are_everywhere(self, self.site, len(app.times))
        for name, host in SERVERS.items():
            told = self.site.sh(
                host,
                f"cd /opt/Docker/{name}; cat data/mrc.version; cat data.mrc-kept-10.11.*Z/mrc.version; ls -d data*; "
                f"ls data/mrc.upgrade 2>/dev/null || :; test -f data.mrc-kept-10.11.*Z/ibdata1 && echo whole",
            )
            self.assertRegex(told, r"^11\.8\.\d+-MariaDB\n10\.11\.\d+-MariaDB\ndata\ndata\.mrc-kept-10\.11\.\d+-\S*Z\nwhole\n$")
            # The server's own tool has been here, by an account that is gone.
            self.assertIn("11.8", self.site.sh(host, f"cat /opt/Docker/{name}/data/*_upgrade_info"))
            rows = self.site.sql_outside(ADDRESSES[host], "SELECT COUNT(*) FROM mysql.user WHERE User = 'mrc_upgrade';")
            self.assertEqual(rows, [["0"]])

    def test_3_there_is_no_way_back(self) -> None:
        self.use(TEXT)
        done = self.site.mrc("plan")
        self.assertEqual(done.returncode, 3, summary(done))
        self.assertIn("servers do not take newer data; keep the image", done.stdout + done.stderr)
        self.use(TEXT.replace(OLD, NEW))

    def test_4_an_upgrade_that_was_cut_off_is_gone_on_with(self) -> None:
        self.site.sh("docker2", "echo 10.11.4-MariaDB >/opt/Docker/mysql-slave1/data/mrc.upgrade")
        done = self.site.mrc("plan", "--json")
        self.assertEqual(done.returncode, 2, summary(done))
        self.assertEqual([step["id"] for step in load_json(done)["steps"]], ["mysql/mysql-slave1/upgrade"])
        done = self.site.mrc("apply", "--yes")
        self.assertEqual(done.returncode, 0, summary(done))
        self.settled("mysql-master")

    def test_5_another_password_of_root(self) -> None:
        """Set on the master, it reaches all by replication."""
        before, word = self.site.root_password, "another-Root-Password 'x'"
        self.site.env |= {"MRC_ROOT_PASSWORD": word, "MRC_ROOT_PASSWORD_BEFORE": before}
        done = self.site.mrc("plan")
        self.assertEqual(done.returncode, 3, summary(done))
        self.assertIn("refuses root's password", done.stdout + done.stderr)
        self.assertIn("mysql.root_password_before", done.stdout + done.stderr)
        text = TEXT.replace(OLD, NEW)
        self.use(text.replace("\nmysql:\n", "\nmysql:\n  root_password_before: {env: MRC_ROOT_PASSWORD_BEFORE}\n"))
        done = self.site.mrc("plan", "--json")
        self.assertEqual([step["id"] for step in load_json(done)["steps"]], [f"mysql/{name}/root" for name in SERVERS])
        self.assertNotIn("-Root-Password", done.stdout + done.stderr)
        done = self.site.mrc("apply", "--yes")
        self.assertEqual(done.returncode, 0, summary(done))
        self.site.root_password = word
        self.settled("mysql-master")
        for name, host in SERVERS.items():
            self.assertEqual(self.site.sql_outside(ADDRESSES[host], "SELECT 1;"), [["1"]])
            self.assertIn("1", self.site.sql_inside(host, name, "SELECT 1"))
            with self.assertRaisesRegex(AssertionError, "ERROR 1045"):
                self.site.sql_outside(ADDRESSES[host], "SELECT 1;", password=before)
            self.assertEqual(self.site.sh(host, f"grep -la another-Root- /opt/Docker/{name}/data/mysql-*.[0-9]* || :"), "")
        self.use(text)
        self.settled("mysql-master")

    def test_5b_the_account_requires_tls_and_has_so_many_connections(self) -> None:
        self.use(TEXT.replace(OLD, NEW).replace("  replication:\n", "  replication:\n    require: ssl\n    max_connections: 5\n", 1))
        done = self.site.mrc("plan", "--json")
        self.assertEqual([step["id"] for step in load_json(done)["steps"]], ["mysql/mysql-master/account"])
        done = self.site.mrc("apply", "--yes")
        self.assertEqual(done.returncode, 0, summary(done))
        self.settled("mysql-master")
        say = lambda words: self.site.as_replication_user("docker1", "mysql-master", words, client="mariadb")  # noqa: E731
        self.assertIn("ERROR 1045", say("--skip-ssl -e 'SELECT 1'"))
        self.assertEqual(say("--ssl -e 'SELECT 1'"), "1\n")

    def test_6_another_master_and_the_port_goes_along(self) -> None:
        self.site.sql_outside(ADDRESSES["docker1"], "DELETE FROM shop.log;")
        with App("docker1", WRITERS) as app:
            wait_until("a first row", lambda: app.times)
            for name in ("mysql-slave1", "mysql-slave2"):
                done = self.site.bare_mrc("promote", name, str(self.site.topology), "--yes")
                self.assertEqual(done.returncode, 0, summary(done))
            written = len(app.times)
            wait_until("a row afterwards", lambda: len(app.times) > written)
        self.settled("mysql-slave2")
        rows_are_everywhere(self, self.site, len(app.times))

    def test_7_destroy_leaves_nothing(self) -> None:
        done = self.site.mrc("destroy", "--yes", "--delete-data")
        self.assertEqual(done.returncode, 0, summary(done))
        for host in HOSTS:
            self.assertEqual(self.site.sh(host, "docker ps -aq; ls /opt/Docker 2>/dev/null || :; iptables-save | grep mrc: || :"), "")


if __name__ == "__main__":
    unittest.main(verbosity=2, failfast=True)
