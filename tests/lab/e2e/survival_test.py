#!/usr/bin/env python3
"""Whatever ends a server, its Docker or its host: everything comes back by itself, and no row is lost.

Nobody runs mrc meanwhile; it only looks afterwards. MRC_TEST_TOPOLOGY names another file than the article's,
with a server on each of the three hosts, the first one's being the master.
"""

import os
import re
import sys
import time
import unittest
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from engine import docker  # noqa: E402
from hosts import container, cut_power  # noqa: E402
from site_lab import ADDRESSES, HOSTS, ROOT, Site, lab_for, summary, wait_until  # noqa: E402
from story import Story  # noqa: E402
from writer import Writer  # noqa: E402

TOPOLOGY = Path(os.environ.get("MRC_TEST_TOPOLOGY", ROOT / "examples/blog-2016.yaml"))
SERVERS = {"docker1": "mysql-master", "docker2": "mysql-slave1", "docker3": "mysql-slave2"}
MASTER, SLAVES = "docker1", ("docker2", "docker3")


def reboot(host: str) -> None:
    """Down in order and up again: /run, interfaces and iptables' rules are lost."""
    docker("restart", "-t", "60", container(host))


def power_failure(host: str) -> None:
    cut_power(host)
    docker("start", container(host))


class Survival(Story):
    site: Site

    @classmethod
    def setUpClass(cls) -> None:
        lab_for(TOPOLOGY)
        cls.site = Site(TOPOLOGY)
        cls.deployment = re.search(r"^name: *(\S+)", TOPOLOGY.read_text(), re.M)[1]
        cls.pool = ThreadPoolExecutor(max_workers=3)
        cls.table: list[tuple[str, float]] = []
        cls.probes = 0

    @classmethod
    def tearDownClass(cls) -> None:
        print("\nhow long until all servers were written to, read from and replicated again:", file=sys.stderr)
        for what, seconds in cls.table:
            print(f"  {seconds:5.1f} s  {what}", file=sys.stderr)

    def unit(self, host: str) -> str:
        return f"mrc-{self.deployment}.{SERVERS[host]}"

    def ask(self, host: str, sql: str) -> list[list[str]]:
        """By a client outside, as the outside reaches the server; nothing when it does not answer."""
        try:
            return self.site.sql_outside(ADDRESSES[host], sql, patience=1)
        except AssertionError:
            return []

    def is_healthy(self) -> bool:
        """What is written now through one host is read through all."""
        token = type(self).probes = self.probes + 1
        if not self.ask(MASTER, f"REPLACE INTO shop.probe VALUES (1, {token}); SELECT 1;"):
            return False
        end = time.monotonic() + 3
        while not all(self.pool.map(lambda host: self.ask(host, "SELECT token FROM shop.probe;") == [[str(token)]], SLAVES)):
            if time.monotonic() > end:
                return False
        return True

    def started(self, host: str) -> str:
        """Since when the host's server runs; nothing while it does not, or the host is away."""
        ask = f"docker inspect -f '{{{{.State.Running}}}} {{{{.State.StartedAt}}}}' {SERVERS[host]}"
        said = self.site.sh(host, ask, check=False).split()
        return said[1] if said[:1] == ["true"] else ""

    def is_whole_since(self, host: str, before: str) -> bool:
        """It runs anew, and its unit has brought back what that start lacked: until then a slave may reach its
        master by a way that ends when it has its own again."""
        now = self.started(host)
        state = self.site.sh(host, f"cat /run/{self.unit(host)}/state", check=False)
        return now not in ("", before) and state.startswith(f"whole container started {now}:")

    def survive(self, what: str, hosts: tuple[str, ...], deed, seconds: float = 90) -> None:
        """Everything is as it was after `deed`, which ends the servers of these hosts, under a writer.
        What `deed` gives is when recovery began, if that is not when it did."""
        table = f"log{len(self.table)}"
        with Writer(self.site, ADDRESSES[MASTER], table) as writer:
            wait_until("the first rows", lambda: len(writer.acknowledged) > 5)
            before = {host: self.started(host) for host in hosts}
            begin = time.monotonic()
            begin = deed() or begin
            for host in hosts:
                wait_until(f"the server of {host} to be whole", lambda host=host: self.is_whole_since(host, before[host]), seconds)
            wait_until(f"recovery from: {what}", self.is_healthy, seconds)
            type(self).table.append((what, time.monotonic() - begin))
            rows = len(writer.acknowledged)
            wait_until("the writer to go on", lambda: len(writer.acknowledged) > rows)
        for done in self.pool.map(self.site.mrc, ("plan", "verify")):
            self.assertEqual(done.returncode, 0, summary(done))
        for host in HOSTS:
            wait_until(
                f"every acknowledged row on {host}",
                lambda host=host: writer.acknowledged <= writer.rows_on(ADDRESSES[host]),
            )
            rules = self.site.sh(host, f"iptables-save -t nat | grep -F 'mrc:{self.deployment}:{SERVERS[host]}'")
            self.assertEqual(len(rules.splitlines()), 2, rules)
            self.assertEqual(len(set(rules.splitlines())), 2, rules)

    def survive_script(self, what: str, host: str, script: str) -> None:
        self.survive(what, (host,), lambda: self.site.sh(host, script) and None)

    def survive_without(self, what: str, how, *hosts: str) -> None:
        self.survive(what, hosts, lambda: list(self.pool.map(how, hosts)) and None)

    def test_00_apply(self) -> None:
        done = self.site.mrc("apply", "--yes", timeout=900)
        self.assertEqual(done.returncode, 0, summary(done))
        self.site.sql_outside(
            ADDRESSES[MASTER], "CREATE DATABASE shop; CREATE TABLE shop.probe (id INT PRIMARY KEY, token INT);"
        )

    def test_10_docker_restart_of_a_slave(self) -> None:
        self.survive_script("docker restart of a slave", "docker2", "docker restart mysql-slave1")

    def test_11_docker_restart_of_the_master(self) -> None:
        self.survive_script("docker restart of the master", MASTER, "docker restart mysql-master")

    def test_12_docker_kill(self) -> None:
        self.survive_script("docker kill of a slave", "docker3", "docker kill mysql-slave2")

    def test_13_the_masters_mysqld_is_killed(self) -> None:
        kill = "kill -9 $(docker inspect -f '{{.State.Pid}}' mysql-master)"
        self.survive_script("kill -9 of the master's mysqld", MASTER, kill)

    def test_20_docker_is_restarted(self) -> None:
        self.survive_script("systemctl restart docker, the master's", MASTER, "systemctl restart docker")

    def test_21_docker_is_killed(self) -> None:
        self.survive_script("kill -9 of dockerd, a slave's", "docker2", "kill -9 $(pidof dockerd)")

    def test_30_a_slaves_host_reboots(self) -> None:
        self.survive_without("reboot of a slave's host", reboot, "docker2")

    def test_31_the_masters_host_loses_power(self) -> None:
        self.survive_without("power lost on the master's host", power_failure, MASTER)

    def test_32_all_hosts_lose_power(self) -> None:
        self.survive_without("power lost on all three hosts", power_failure, *HOSTS)

    def test_33_a_host_comes_back_before_etcd_has_a_quorum(self) -> None:
        def deed() -> float:
            for host in SLAVES:
                self.site.sh(host, "systemctl stop etcd")
            reboot(MASTER)
            journal = f"journalctl -b -o cat -u {self.unit(MASTER)}"
            wait_until(
                "the unit to say that etcd is missing",
                lambda: re.search("not yet back .*etcd", self.site.sh(MASTER, journal, check=False)),
            )
            begin = time.monotonic()
            for host in SLAVES:
                self.site.sh(host, "systemctl start --no-block etcd")
            return begin

        self.survive("etcd's quorum comes after the master's host", (MASTER,), deed)

    def test_40_a_server_stopped_for_maintenance_stays_so_and_apply_ends_that(self) -> None:
        self.site.stop_server("docker2", "mysql-slave1")
        done = self.site.mrc("status")
        self.assertEqual(done.returncode, 5, summary(done))
        self.assertIn("now is inactive, not active", done.stdout)
        self.assertEqual(self.site.sh("docker2", "docker inspect -f '{{.State.Running}}' mysql-slave1"), "false\n")
        done = self.site.mrc("apply", "--yes")
        self.assertEqual(done.returncode, 0, summary(done))
        self.assertEqual(self.site.mrc("plan").returncode, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2, failfast=True)
