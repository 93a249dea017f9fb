#!/usr/bin/env python3
"""The article's three servers with the images of other dialects: each from bare hosts to replication and back."""

import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from site_lab import ADDRESSES, HOSTS, REPL_PASSWORD, ROOT, Site, lab, load_json, summary, wait_until  # noqa: E402
from story import Story  # noqa: E402

SERVERS = {"docker1": "mysql-master", "docker2": "mysql-slave1", "docker3": "mysql-slave2"}
SLAVES = ("docker2", "docker3")


def setUpModule() -> None:
    lab("reset")


class Dialect(Story):
    """One image; what is the same for all of them."""

    image = ""
    status = "SHOW REPLICA STATUS"
    tls = "1"  # whether the connections of slaves are under TLS
    no_option = "expire_logs_days: 3"  # which this server does not know
    another = "8.4"  # a version that the file could wrongly say
    executed = "@@GLOBAL.gtid_executed"
    zone = "default_time_zone: Europe/Berlin"
    options = ""  # with those of docs/mysql.md; all of them from the first apply on
    part = ("source", "replica")  # in the names of semi-synchronous replication's variables
    appliers = "SELECT COUNT(*) FROM performance_schema.replication_applier_status_by_worker"
    site: Site

    @classmethod
    def setUpClass(cls) -> None:
        lab("load", cls.image)
        cls.site = Site(ROOT / "examples/blog-2016.yaml")
        cls.text = (ROOT / "examples/blog-2016.yaml").read_text().replace("image: mysql:5.6", f"image: {cls.image}")
        cls.text = cls.text.replace("  data_root:", f"  options: {{{cls.zone}, {cls.options}}}\n  data_root:")
        cls.use(cls.text)

    @classmethod
    def tearDownClass(cls) -> None:
        if cls.ended:  # the next one wants bare hosts
            lab("reset")

    @classmethod
    def use(cls, text: str) -> None:
        cls.site.topology = cls.site.write_topology("dialect.yaml", text)

    def ask(self, host: str, statement: str) -> str:
        """The rows of the container's own client, as root on its socket."""
        return self.site.sql_inside(host, SERVERS[host], statement, layout="-N")

    def ids(self) -> dict[str, str]:
        return {host: self.site.sh(host, "docker ps --no-trunc --format '{{.ID}} {{.Names}}' | sort") for host in HOSTS}

    def executed_by_master(self) -> str:
        return self.ask("docker1", f"SELECT {self.executed}").strip()

    def test_01_apply_from_bare_hosts(self) -> None:
        done = self.site.mrc("apply", "--yes", timeout=600)
        self.assertEqual(done.returncode, 0, summary(done))
        print(done.stderr[-400:], file=sys.stderr)

    def test_02_verify_and_plan_find_nothing_and_ask_for_no_transaction(self) -> None:
        done = self.site.mrc("verify")
        self.assertEqual(done.returncode, 0, summary(done))
        before = self.executed_by_master()
        done = self.site.mrc("plan")
        self.assertEqual(done.returncode, 0, summary(done))
        self.assertEqual(self.site.mrc("apply", "--yes", "--no-write").returncode, 0)
        self.assertEqual(self.executed_by_master(), before)
        done = self.site.mrc("status", "--json")
        self.assertEqual({row["level"] for row in load_json(done)["conditions"]}, {"ok"}, summary(done))
        texts = {row["subject"]: row["text"] for row in load_json(done)["conditions"] if row["group"] == "servers"}
        self.assertRegex(texts["mysql-slave1"], r"both threads run, \d+ s behind, 0 transactions behind, read-only")

    def test_03_a_row_arrives_and_slaves_have_no_transaction_of_their_own(self) -> None:
        self.ask("docker1", "CREATE DATABASE shop; CREATE TABLE shop.t (i INT PRIMARY KEY); INSERT INTO shop.t VALUES (7)")
        for host in SLAVES:
            wait_until(f"the row on {host}", lambda host=host: self.rows(host) == "7", 20)
            self.assertEqual(self.ask(host, f"SELECT {self.executed}").strip(), self.executed_by_master())

    def rows(self, host: str) -> str:
        tables = self.ask(host, "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema='shop'").strip()
        return self.ask(host, "SELECT i FROM shop.t").strip() if tables == "1" else ""

    def test_04_slaves_connect_with_tls_where_the_server_has_it(self) -> None:
        said = self.site.sql_inside("docker2", "mysql-slave1", self.status)
        self.assertRegex(said, r"(Source|Master)_SSL_Allowed: " + ("Yes" if self.tls == "1" else "No"))
        self.assertRegex(said, r"(Replica|Slave)_SQL_Running: Yes")

    def test_04b_replication_is_semi_synchronous_and_applied_in_parallel(self) -> None:
        master, slave = self.part
        self.assertEqual(self.status_of("docker1", f"Rpl_semi_sync_{master}_clients"), "2")
        wait_until("the master to wait", lambda: self.status_of("docker1", f"Rpl_semi_sync_{master}_status") == "ON", 20)
        for host in SLAVES:
            self.assertEqual(self.status_of(host, f"Rpl_semi_sync_{slave}_status"), "ON")
            self.assertEqual(self.ask(host, self.appliers).strip(), "3")

    def test_04c_time_zones_have_names(self) -> None:
        for host in HOSTS:
            said = self.ask(host, "SELECT @@GLOBAL.time_zone, CONVERT_TZ('2026-07-01 12:00:00', '+00:00', 'Europe/Berlin')")
            self.assertEqual(said.strip(), "Europe/Berlin\t2026-07-01 14:00:00")

    def status_of(self, host: str, name: str) -> str:
        return self.ask(host, f"SHOW GLOBAL STATUS LIKE '{name}'").split()[-1]

    def test_05_what_an_image_pastes_into_sql_is_the_whole_password(self) -> None:
        for host in HOSTS:
            self.assertEqual(self.ask(host, "SELECT COUNT(*) FROM mysql.user WHERE User = ''").strip(), "0")
        logs = self.site.sh("docker1", "strings /opt/Docker/mysql-master/data/mysql-bin.* 2>/dev/null || cat /opt/Docker/mysql-master/data/mysql-bin.*")
        self.assertNotIn(REPL_PASSWORD.replace("'", "''").replace("\\", "\\\\"), logs)

    def test_06_a_restarted_slave_comes_back(self) -> None:
        self.site.sh("docker2", "docker restart -t 60 mysql-slave1")
        done = self.site.mrc("apply", "--yes")
        self.assertEqual(done.returncode, 0, summary(done))
        self.assertEqual(self.site.mrc("plan").returncode, 0)
        self.ask("docker1", "INSERT INTO shop.t VALUES (8)")
        wait_until("the row on docker2", lambda: self.rows("docker2").split() == ["7", "8"], 20)

    def test_07_what_drifted_in_a_channel_and_an_account_is_shown_and_mended(self) -> None:
        self.drift()
        done = self.site.mrc("plan", "--json")
        self.assertEqual(done.returncode, 2, summary(done))
        steps = {step["id"]: step for step in load_json(done)["steps"]}
        self.assertEqual(set(steps), {"mysql/mysql-master/account", "mysql/mysql-slave2/replicate"})
        self.assertEqual({step["cause"] for step in steps.values()}, {"drift"})
        fields = {line["field"] for line in steps["mysql/mysql-slave2/replicate"]["diff"]}
        self.assertLessEqual({"Master_Host", "password", "Slave_IO_Running"}, fields)
        done = self.site.mrc("apply", "--yes")
        self.assertEqual(done.returncode, 0, summary(done))
        self.assertEqual(self.site.mrc("plan").returncode, 0)

    def drift(self) -> None:
        self.ask("docker1", "SET SESSION sql_log_bin=0; GRANT SELECT ON shop.* TO 'repl'@'%'; ALTER USER 'repl'@'%' IDENTIFIED BY 'other'")
        self.ask(
            "docker3",
            "STOP REPLICA; CHANGE REPLICATION SOURCE TO SOURCE_HOST='192.168.0.99', SOURCE_PASSWORD='wrong', SOURCE_SSL=0",
        )

    def test_08_an_option_that_this_server_refuses_replaces_nothing(self) -> None:
        before = self.ids()
        # Of this one no table knows: the server itself is asked. The next is refused by the file's check.
        odd = "max_allowed_packet_of_mine: 3"
        self.use(self.also(odd))
        self.refuses("mysql-slave[12]")
        self.assertEqual(self.ids(), before)
        # One of the master's own, which is replaced last.
        self.use(self.also("wait_timeout: 600").replace("server_id: 1}", f"server_id: 1, options: {{{odd}}}}}"))
        self.refuses("mysql-master")
        self.assertEqual(self.ids(), before)
        self.use(self.also(self.no_option))
        done = self.site.mrc("plan")
        self.assertEqual(done.returncode, 1, summary(done))
        self.assertIn("MRC-T078", done.stderr)
        self.use(self.text)

    def also(self, option: str) -> str:
        return self.text.replace("  options: {", f"  options: {{{option}, ")

    def refuses(self, whose: str) -> None:
        done = self.site.mrc("apply", "--yes")
        self.assertEqual(done.returncode, 4, summary(done))
        self.assertRegex(done.stderr, rf"refuses the options of {whose}: .*unknown variable 'max_allowed_packet_of_mine=3'")

    def test_09_a_server_that_crashes_is_told_in_its_own_words_and_not_by_a_timeout(self) -> None:
        data = "/opt/Docker/mysql-slave2/data"
        self.site.stop_server("docker3", "mysql-slave2")
        self.site.sh("docker3", f"chmod 000 {data}/ibdata1")
        done = self.site.mrc("apply", "--yes")
        self.site.sh("docker3", f"chmod 660 {data}/ibdata1")
        self.assertEqual(done.returncode, 4, summary(done))
        self.assertRegex(done.stderr, r"the server of mysql-slave2 ends again and again")
        self.assertRegex(done.stderr, r"(?m)^ +\| last words of the container mysql-slave2:\n( +\| .*\n)*.*ibdata1")
        done = self.site.mrc("apply", "--yes")
        self.assertEqual(done.returncode, 0, summary(done))
        self.assertEqual(self.site.mrc("plan").returncode, 0)

    def test_09b_root_comes_from_where_the_file_says(self) -> None:
        for whence, hears in (("localhost", "ERROR (1045|1130)"), ('"%"', r"\[\['1'\]\]")):
            self.use(self.text.replace('root_host: "%"', f"root_host: {whence}"))
            done = self.site.mrc("plan", "--json")
            self.assertEqual(done.returncode, 2, summary(done))
            self.assertEqual([step["id"] for step in load_json(done)["steps"]], ["mysql/mysql-master/root-host"])
            for command in (["apply", "--yes"], ["plan"], ["verify"]):
                done = self.site.mrc(*command)
                self.assertEqual(done.returncode, 0, summary(done))
            for address in ADDRESSES.values():
                wait_until(f"root at {address}", lambda at=address, said=hears: re.search(said, self.outside(at)))

    def outside(self, address: str) -> str:
        """What root hears who comes from outside."""
        try:
            return str(self.site.sql_outside(address, "SELECT 1;"))
        except AssertionError as refusal:
            return str(refusal)

    def test_09c_another_text_of_restart_is_a_new_container_for_each_slaves_first(self) -> None:
        before = self.ids()
        self.use(self.text.replace("  data_root:", '  restart: "2026-11-26"\n  data_root:'))
        done = self.site.mrc("plan", "--json")
        self.assertEqual(done.returncode, 2, summary(done))
        renewed = [step["id"] for step in load_json(done)["steps"] if step["id"].endswith("/container")]
        self.assertEqual(set(renewed), {f"mysql/{server}/container" for server in SERVERS.values()})
        self.assertEqual(renewed[-1], "mysql/mysql-master/container")
        done = self.site.mrc("apply", "--yes")
        self.assertEqual(done.returncode, 0, summary(done))
        self.assertEqual(self.site.mrc("plan").returncode, 0)
        self.assertTrue(all(now != before[host] for host, now in self.ids().items()))
        self.use(self.text)  # without it nothing is restarted
        self.assertEqual(self.site.mrc("plan").returncode, 0)

    def test_10_a_file_that_takes_the_image_for_another_is_told_so(self) -> None:
        self.use(self.text.replace("  data_root:", f"  version: \"{self.another}\"\n  data_root:"))
        done = self.site.mrc("plan")
        self.assertEqual(done.returncode, 3, summary(done))
        self.assertIn("holds another server than the file says", done.stdout + done.stderr)
        self.use(self.text)

    def test_11_destroy_leaves_nothing(self) -> None:
        done = self.site.mrc("destroy", "--yes", "--delete-data")
        self.assertEqual(done.returncode, 0, summary(done))
        for host in HOSTS:
            self.assertEqual(self.site.sh(host, "docker ps -aq; ls /opt/Docker 2>/dev/null || :"), "")


class Mysql97(Dialect):
    image = "mysql:9.7"
    options = (
        'plugin_load: "semisync_source.so;semisync_replica.so", rpl_semi_sync_source_enabled: 1, '
        "rpl_semi_sync_replica_enabled: 1, rpl_semi_sync_source_timeout: 1000, replica_parallel_workers: 3"
    )


class MariaDb(Dialect):
    status = "SHOW SLAVE STATUS"
    no_option = "log_error_verbosity: 3"
    executed = "@@GLOBAL.gtid_current_pos"
    options = "rpl_semi_sync_master_enabled: 1, rpl_semi_sync_slave_enabled: 1, slave_parallel_threads: 3"
    part = ("master", "slave")
    appliers = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE COMMAND = 'Slave_worker'"

    def drift(self) -> None:
        self.ask("docker1", "SET SESSION sql_log_bin=0; GRANT SELECT ON shop.* TO 'repl'@'%'; ALTER USER 'repl'@'%' IDENTIFIED BY 'other'")
        self.ask("docker3", "STOP SLAVE; CHANGE MASTER TO MASTER_HOST='192.168.0.99', MASTER_PASSWORD='wrong'")


class MariaDb118(MariaDb):
    image = "mariadb:11.8"
    another = "10.11"


class MariaDb1011(MariaDb):
    image = "mariadb:10.11"
    another = "11.8"
    tls = "0"


del Dialect, MariaDb  # their tests are those of the images

if __name__ == "__main__":
    unittest.main(verbosity=2)
