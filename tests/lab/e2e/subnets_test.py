#!/usr/bin/env python3
"""Hosts of two networks, with a router between them that knows nothing of the containers: a pool without a tunnel is
refused, one with VXLAN between the two carries a deployment. MRC_TEST_TOPOLOGY as in tunnel_test.py."""

import os
import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
import snapshot  # noqa: E402
from engine import docker  # noqa: E402
from hosts import container  # noqa: E402
from site_lab import ADDRESSES, FAR_PREFIX, HOSTS, ROOT, Site, lab_for, summary, wait_until  # noqa: E402
from story import Story  # noqa: E402

TOPOLOGY = Path(os.environ.get("MRC_TEST_TOPOLOGY", ROOT / "examples/current.yaml"))
ARTICLE = ROOT / "examples/blog-2016.yaml"
FAR = "docker3"
APART = "hosts of different networks, and a pool without a tunnel"
# An empty table stays, as the kernel has it; a reboot names folders and the lab's name server anew.
BY_ITSELF = re.compile(r"iptables: \*raw$|/systemd-private-|127\.0\.0\.11")


def on_two_networks(topology: Path) -> str:
    return topology.read_text().replace("192.168.55.113", "192.168.155.113")


class Subnets(Story):
    site: Site

    @classmethod
    def setUpClass(cls) -> None:
        lab_for(TOPOLOGY, "--far", "1")
        cls.site = Site(TOPOLOGY)
        cls.at = ADDRESSES | {FAR: f"{FAR_PREFIX}.113"}
        cls.before = {host: snapshot.take(cls.site, host) for host in HOSTS}

    def use(self, mode: str) -> None:
        text = re.sub(r"  mode: none.*\n", f"  mode: {mode}\n", on_two_networks(TOPOLOGY))
        self.site.topology = self.site.write_topology("topology.yaml", text)

    def refused(self) -> str:
        """Of an apply that the preflight stops: its words."""
        done = self.site.mrc("apply", "--yes")
        self.assertEqual(done.returncode, 3, summary(done))
        self.assertIn("nothing was changed", done.stderr)
        return done.stderr

    def well(self) -> None:
        for command in ("verify", "plan"):
            done = self.site.mrc(command)
            self.assertEqual(done.returncode, 0, summary(done))

    def row_count(self, host: str) -> int | None:
        try:
            return int(self.site.sql_outside(self.at[host], "SELECT COUNT(*) FROM shop.t;")[0][0])
        except AssertionError:
            return None

    def write(self, number: int) -> None:
        """It is read on every host."""
        self.site.sql_outside(self.at["docker1"], f"INSERT INTO shop.t VALUES ({number});")
        for host in HOSTS:
            wait_until(f"{number} rows on {host}", lambda host=host: self.row_count(host) == number, 30)

    def test_01_a_pool_without_a_tunnel_is_refused(self) -> None:
        self.use("none")
        said = self.refused()
        self.assertIn(f"FAILED on {FAR}: {APART}", said)
        self.assertIn(f"{FAR} shares no network with docker1, docker2", said)
        self.assertIn("mend: calico.mode: vxlan-cross-subnet", said)

    def test_02_the_articles_calico_needs_ip_in_ip(self) -> None:
        article = on_two_networks(ARTICLE)
        self.site.topology = self.site.write_topology("article.yaml", article)
        self.assertIn(f"FAILED on {FAR}: {APART}", self.refused())
        if self.site.sh("docker1", "[ -d /sys/module/ipip ] || modprobe -n -q ipip || echo none"):
            tunnel = article.replace("\ncalico:\n", "\ncalico:\n  ipip: true\n")
            self.site.topology = self.site.write_topology("article.yaml", tunnel)
            said = self.refused()
            self.assertNotIn(APART, said)
            self.assertIn("the kernel has no IP-in-IP", said)
            self.assertIn("vxlan-cross-subnet", said)
        for host in HOSTS:
            self.assertEqual(snapshot.differences(self.before[host], snapshot.take(self.site, host)), [], host)

    def test_03_with_vxlan_between_the_networks_it_is_applied(self) -> None:
        self.use("vxlan-cross-subnet")
        done = self.site.mrc("apply", "--yes", timeout=900)
        self.assertEqual(done.returncode, 0, summary(done))
        self.assertIn("UDP port 4789 between hosts was not tried", done.stderr)
        self.well()

    def test_04_only_what_passes_the_router_goes_in_the_tunnel(self) -> None:
        calico = {"docker1": "10.77.0.50", "docker2": "10.77.0.51", FAR: "10.77.0.52"}
        for here in HOSTS:
            for there in HOSTS:
                if here == there:
                    continue
                way = self.site.sh(here, f"ip -4 -o route get {calico[there]}")
                device = "vxlan.calico" if FAR in (here, there) else "eth0"
                self.assertIn(f" dev {device} ", way, f"{here} to {there}")
        counter = "cat /sys/class/net/vxlan.calico/statistics/rx_packets"
        before = int(self.site.sh(FAR, counter))
        self.site.sql_outside(self.at["docker1"], "CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY);")
        self.write(1)
        self.assertGreater(int(self.site.sh(FAR, counter)), before)

    def test_05_the_tunnel_is_not_taken_away(self) -> None:
        self.use("none")
        self.assertIn(APART, self.refused())
        self.use("vxlan-cross-subnet")
        self.write(2)

    def test_06_the_host_behind_the_router_reboots(self) -> None:
        docker("restart", "-t", "60", container(FAR))
        wait_until(f"the server of {FAR}", lambda: self.row_count(FAR) == 2, 120)
        self.write(3)
        self.well()

    def test_07_destroy_leaves_nothing(self) -> None:
        done = self.site.mrc("destroy", "--yes", "--delete-data")
        self.assertEqual(done.returncode, 0, summary(done))
        for host in HOSTS:
            left = snapshot.differences(self.before[host], snapshot.take(self.site, host))
            self.assertEqual([line for line in left if not BY_ITSELF.search(line)], [], host)


if __name__ == "__main__":
    unittest.main(verbosity=2, failfast=True)
