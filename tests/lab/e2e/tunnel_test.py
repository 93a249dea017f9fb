#!/usr/bin/env python3
"""Packets between containers that go in VXLAN, as where the hosts' network does not know the pool: applied, looked
at in the kernel, turned off and on again while clients ask, removed. MRC_TEST_TOPOLOGY as in survival_test.py."""

import json
import os
import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import snapshot  # noqa: E402
from site_lab import ADDRESSES, HOSTS, ROOT, Site, lab_for, load_json, summary, wait_until  # noqa: E402
from story import Story  # noqa: E402

TOPOLOGY = Path(os.environ.get("MRC_TEST_TOPOLOGY", ROOT / "examples/current.yaml"))
CALICO = {"docker1": "10.77.0.50", "docker2": "10.77.0.51", "docker3": "10.77.0.52"}
CTL = "ETCD_ENDPOINTS=" + ",".join(f"http://{ADDRESSES[host]}:2379" for host in HOSTS) + " calicoctl"


def in_mode(mode: str) -> str:
    return re.sub(r"  mode: none.*\n", f"  mode: {mode}\n", TOPOLOGY.read_text())


class Tunnel(Story):
    site: Site

    @classmethod
    def setUpClass(cls) -> None:
        lab_for(TOPOLOGY)
        cls.site = Site(TOPOLOGY)
        cls.before = {host: snapshot.take(cls.site, host) for host in HOSTS}
        cls.use("vxlan")

    @classmethod
    def use(cls, mode: str) -> None:
        cls.site.topology = cls.site.write_topology("topology.yaml", in_mode(mode))

    def apply(self) -> str:
        done = self.site.mrc("apply", "--yes", timeout=900)
        self.assertEqual(done.returncode, 0, summary(done))
        return done.stderr

    def well(self) -> None:
        done = self.site.mrc("verify")
        self.assertEqual(done.returncode, 0, summary(done))
        done = self.site.mrc("plan")
        self.assertEqual(done.returncode, 0, summary(done))

    def ways(self) -> dict[str, str]:
        """By which device and next hop each host reaches the next one's server."""
        return {
            host: self.site.sh(host, f"ip -4 -o route get {CALICO[HOSTS[i - 2]]}") for i, host in enumerate(HOSTS)
        }

    def test_01_apply_says_that_the_tunnel_was_not_tried(self) -> None:
        said = self.apply()
        self.assertIn("UDP port 4789 between hosts was not tried", said)
        self.well()

    def test_02_packets_go_in_the_tunnel(self) -> None:
        (pool,) = json.loads(self.site.sh("docker1", f"{CTL} get ippools -o json"))["items"]
        self.assertEqual((pool["spec"]["vxlanMode"], pool["spec"]["allowedUses"]), ("Always", ["Tunnel", "Workload"]))
        for host, way in self.ways().items():
            self.assertIn(" dev vxlan.calico ", way, host)
        before = self.counted("docker2")
        self.site.sql_outside(ADDRESSES["docker1"], "CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY);")
        wait_until("the table on docker2", lambda: self.has_table("docker2"), 30)
        self.assertGreater(self.counted("docker2"), before)
        # The payload of a full frame has 50 bytes less room.
        pid = "$(docker inspect -f '{{.State.Pid}}' mysql-slave1)"
        self.assertIn(" mtu 1450 ", self.site.sh("docker2", f"nsenter -t {pid} -n ip -o link show eth0"))

    def has_table(self, host: str) -> bool:
        try:
            return self.site.sql_outside(ADDRESSES[host], "SELECT COUNT(*) FROM shop.t;") == [["0"]]
        except AssertionError:
            return False

    def counted(self, host: str) -> int:
        return int(self.site.sh(host, "cat /sys/class/net/vxlan.calico/statistics/rx_packets"))

    def test_03_another_mode_is_a_planned_change(self) -> None:
        for mode, device in (("vxlan-cross-subnet", "eth0"), ("none", "eth0"), ("vxlan", "vxlan.calico")):
            self.use(mode)
            done = self.site.mrc("plan", "--json")
            self.assertEqual(done.returncode, 2, summary(done))
            steps = {step["id"]: step for step in load_json(done)["steps"]}
            self.assertEqual(steps["calico/pool"]["risk"], "disruptive")
            self.apply()
            self.well()
            for host, way in self.ways().items():
                self.assertIn(f" dev {device} ", way, f"{mode} on {host}")

    def test_04_a_host_that_starts_anew_comes_back(self) -> None:
        self.site.sh("docker3", "docker restart -t 60 mysql-slave2 >/dev/null; docker restart calico-node >/dev/null")
        wait_until("docker3's server", lambda: self.has_table("docker3"), 120)
        self.well()

    def test_05_destroy_takes_the_tunnel_along(self) -> None:
        done = self.site.mrc("destroy", "--yes", "--delete-data")
        self.assertEqual(done.returncode, 0, summary(done))
        for host in HOSTS:
            left = snapshot.differences(self.before[host], snapshot.take(self.site, host))
            self.assertEqual([line for line in left if line != "+ iptables: *raw"], [], host)
            self.assertEqual(self.site.sh(host, "ip -o link | grep vxlan || :"), "")


if __name__ == "__main__":
    unittest.main(verbosity=2, failfast=True)
