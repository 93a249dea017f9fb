#!/usr/bin/env python3
"""Today's Calico where somebody else is: a host that is gone for ever, a stranger's address, two deployments on the
same hosts, etcd and Calico. network_change_test.py has the same of the article's.

MRC_TEST_TOPOLOGY names another file than examples/current.yaml, of its names and addresses.
"""

import json
import os
import re
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from hosts import cut_power  # noqa: E402
from network_change_test import Client  # noqa: E402
from site_lab import ADDRESSES, HOSTS, NETWORK_PREFIX, ROOT, Site, having, lab, load_json, summary, wait_until  # noqa: E402
from story import Story  # noqa: E402

TOPOLOGY = Path(os.environ.get("MRC_TEST_TOPOLOGY", ROOT / "examples/current.yaml"))
FIRST = TOPOLOGY.read_text()
IMAGE = re.search(r"^  image: (\S+)", FIRST, re.M)[1]
CTL = "ETCD_ENDPOINTS=" + ",".join(f"http://{ADDRESSES[host]}:2379" for host in HOSTS) + " calicoctl"

FOURTH = (
    FIRST.replace("\netcd:", "  docker4: {address: 192.168.55.114, interface: eth0}\n\netcd:", 1)
    .replace("docker3]", "docker3, docker4]")
    .replace("  master:", "    mysql-slave3: {host: docker4, address: 10.77.0.53, server_id: 103}\n  master:")
)
# A second deployment with the first one's etcd as its own: whoever of the two is left has it.
SECOND = (
    FIRST.replace("name: orders ", "name: second ")
    .replace("10.77.0.", "10.78.0.")
    .replace("mysql-replication", "second")
    .replace("    mysql-master: {host: docker1, address: 10.78.0.50, server_id: 1}\n", "")
    .replace("mysql-slave", "second-")
    .replace("master: mysql-master", "master: second-1")
    .replace("port: 3306", "port: 3316")
    .replace("data_root: /opt/Docker", "data_root: /opt/Second")
)
# The same by the first one's etcd as somebody else's.
GUEST = re.sub(
    r"  members: .*\n  cluster_token: .*\n",
    "  endpoints: [http://192.168.55.111:2379, http://192.168.55.112:2379, http://192.168.55.113:2379]\n",
    SECOND,
).replace("  docker1: {address: 192.168.55.111, interface: eth0}\n", "")


class Sharing(Story):
    site: Site

    @classmethod
    def setUpClass(cls) -> None:
        lab("reset", "-n", "4", *having(IMAGE))
        cls.site = Site(TOPOLOGY)
        cls.first = cls.site.write_topology("first.yaml", FIRST)
        cls.second = cls.site.write_topology("second.yaml", SECOND)
        cls.guest = cls.site.write_topology("guest.yaml", GUEST)
        cls.site.topology = cls.first

    def apply(self, *more: str) -> None:
        done = self.site.mrc("apply", "--yes", *more, timeout=900)
        self.assertEqual(done.returncode, 0, summary(done))

    def destroy(self) -> None:
        done = self.site.mrc("destroy", "--yes", "--delete-data", timeout=900)
        self.assertEqual(done.returncode, 0, summary(done))

    def steps(self, *more: str) -> dict[str, dict]:
        done = self.site.mrc("plan", "--json", *more)
        self.assertIn(done.returncode, (0, 2), summary(done))
        return {step["id"]: step for step in load_json(done)["steps"]}

    def well(self, topology: Path) -> None:
        """Nothing is left to do there, and the proof holds."""
        self.site.topology = topology
        done = self.site.mrc("plan")
        self.assertEqual(done.returncode, 0, summary(done))
        done = self.site.mrc("verify")
        self.assertEqual(done.returncode, 0, summary(done))

    def resources(self, kind: str) -> dict[str, dict]:
        said = json.loads(self.site.sh("docker2", f"{CTL} get {kind} -o json"))
        return {item["metadata"]["name"]: item["spec"] for item in said["items"]}

    def endpoints(self) -> dict[str, tuple[str, list[str]]]:
        """Address → node and profiles."""
        return {
            one["ipNetworks"][0].removesuffix("/32"): (one["node"], one["profiles"])
            for one in self.resources("workloadendpoints").values()
        }

    def is_assigned(self, address: str) -> bool:
        return "is not assigned" not in self.site.sh("docker2", f"{CTL} ipam show --ip={address}")

    def identity(self, host: str, name: str) -> str:
        return self.site.sh(host, f"docker inspect -f '{{{{.Id}}}} {{{{.State.StartedAt}}}}' {name}").strip()

    # -- a host that is gone

    def test_01_apply_with_a_fourth_host(self) -> None:
        self.first.write_text(FOURTH.replace("192.168.55.", NETWORK_PREFIX + "."))
        self.apply()
        self.well(self.first)
        self.site.sql_outside(
            ADDRESSES["docker1"], "CREATE DATABASE shop; CREATE TABLE shop.log (id INT AUTO_INCREMENT PRIMARY KEY);"
        )
        wait_until("the table on docker2", lambda: self.asks("docker2"))

    def asks(self, host: str) -> bool:
        try:
            return bool(self.site.sql_outside(ADDRESSES[host], "SELECT COUNT(*) FROM shop.log;"))
        except AssertionError:
            return False

    def test_02_a_host_that_is_gone_for_ever_is_given_up(self) -> None:
        """docker4 has a server, a node and a member of etcd, and does not come back."""
        cut_power("docker4")
        self.first.write_text(FIRST.replace("192.168.55.", NETWORK_PREFIX + "."))
        done = self.site.mrc("plan")
        self.assertEqual(done.returncode, 7, summary(done))
        self.assertIn("--forget", done.stdout + done.stderr)
        steps = self.steps("--forget", "docker4")
        self.assertIn("calico/docker4/forget", steps)
        self.assertIn("etcd/docker4/member-remove", steps)
        self.assertNotIn("docker4", {step["host"] for step in steps.values()})
        with Client(self.site, ADDRESSES["docker2"], "SELECT COUNT(*) FROM shop.log;") as reader:
            self.apply("--forget", "docker4")
        self.assertEqual(reader.refusals, [])
        self.well(self.first)
        self.assertNotIn("10.77.0.53", self.endpoints())
        self.assertFalse(self.is_assigned("10.77.0.53"))
        self.assertNotIn("docker4.local", self.resources("nodes"))
        for host in HOSTS:
            self.assertNotIn("docker4", self.site.sh(host, "cat /var/lib/mrc/orders.json"))

    # -- what a stranger has

    def test_03_an_address_that_a_strangers_container_has_is_refused_or_taken_over(self) -> None:
        endpoints = ",".join(f"http://{ADDRESSES[host]}:2379" for host in HOSTS)
        self.site.sh("docker3", f"""
            docker run -d --name stranger --network none --entrypoint sleep {IMAGE} infinity
            id=$(docker inspect -f '{{{{.Id}}}}' stranger)
            printf '{{"cniVersion":"0.3.1","name":"mysql-replication","type":"calico","datastore_type":"etcdv3","etcd_endpoints":"{endpoints}","nodename":"docker3.local","ipam":{{"type":"calico-ipam"}}}}' |
              CNI_COMMAND=ADD CNI_CONTAINERID=$id CNI_NETNS=/proc/$(docker inspect -f '{{{{.State.Pid}}}}' stranger)/ns/net \\
              CNI_IFNAME=eth0 CNI_PATH=/opt/cni/bin CNI_ARGS=IP=10.77.0.53 /opt/cni/bin/calico""")
        stranger = self.identity("docker3", "stranger")
        third = "    mysql-slave3: {host: docker3, address: 10.77.0.53, server_id: 103, expose: 3309}\n  master:"
        self.site.topology = self.site.write_topology("third.yaml", FIRST.replace("  master:", third))
        done = self.site.mrc("apply", "--yes")
        self.assertEqual(done.returncode, 3, summary(done))
        self.assertIn("10.77.0.53", done.stdout + done.stderr)
        endpoint = self.steps("--adopt")["calico/mysql-slave3/endpoint"]
        self.assertEqual((endpoint["risk"], stranger[:12] in endpoint["impact"]), ("disruptive", True), endpoint)
        self.apply("--adopt")
        self.well(self.site.topology)
        self.assertEqual(self.endpoints()["10.77.0.53"], ("docker3.local", ["mysql-replication"]))
        # The container itself is nobody's affair.
        self.assertEqual(self.identity("docker3", "stranger"), stranger)
        self.site.sh("docker3", "docker rm -f stranger")
        self.site.topology = self.first
        self.apply()
        self.well(self.first)
        self.assertFalse(self.is_assigned("10.77.0.53"))

    def test_04_a_profile_that_a_stranger_made_is_refused_or_taken_over(self) -> None:
        other = "apiVersion: projectcalico.org/v3\nkind: Profile\nmetadata: {name: taken}\nspec:\n  egress: [{action: Allow}]\n"
        self.site.sh("docker1", f"printf %s '{other}' | {CTL} apply -f -")
        self.site.topology = self.site.write_topology(
            "taken.yaml", FIRST.replace("profile: mysql-replication", "profile: taken")
        )
        done = self.site.mrc("apply", "--yes")
        self.assertEqual(done.returncode, 3, summary(done))
        self.assertIn("the profile taken has other rules", done.stderr)
        self.apply("--adopt")
        self.well(self.site.topology)
        self.assertEqual({tuple(profiles) for _, profiles in self.endpoints().values()}, {("taken",)})
        self.site.topology = self.first
        self.apply()
        self.well(self.first)
        self.assertNotIn("taken", self.resources("profiles"))

    def test_05_a_profile_of_another_name_cuts_nobody(self) -> None:
        ssh = self.site.sh
        # Each a new connection that only the profile's own members may make: the port is open to everybody.
        ssh("docker2", """
            pid=$(docker inspect -f '{{.State.Pid}}' mysql-slave1)
            cat >/root/ask <<END
            i=0
            while [ ! -e /root/enough ] && [ \\$i -lt 3000 ]; do
              for address in 10.77.0.50 10.77.0.52; do
                if nsenter -t $pid -n ping -n -q -c 1 -W 1 \\$address; then echo ok; else echo cut; fi
                i=\\$((i + 1))
              done
            done
END
            rm -f /root/enough; nohup sh /root/ask >/root/asked 2>&1 </dev/null &""")
        self.site.topology = self.site.write_topology(
            "renamed.yaml", FIRST.replace("profile: mysql-replication", "profile: renamed")
        )
        network = {id: one for id, one in self.steps().items() if id.startswith("calico/")}
        self.assertEqual({one["risk"] for one in network.values()}, {"safe"}, network)
        with Client(self.site, ADDRESSES["docker1"], "INSERT INTO shop.log VALUES ();") as writer:
            self.apply()
        ssh("docker2", "touch /root/enough")
        self.well(self.site.topology)
        asked = ssh("docker2", "cat /root/asked; rm /root/ask /root/asked /root/enough").split("\n")
        self.assertEqual((asked.count("cut"), writer.refusals), (0, []))
        self.assertGreater(asked.count("ok"), 20)
        self.assertEqual({tuple(profiles) for _, profiles in self.endpoints().values()}, {("renamed",)})
        self.assertNotIn("mysql-replication", self.resources("profiles"))
        # It was attached as another network's: the next start takes it off as that, and attaches it as this one's.
        ssh("docker3", "docker restart -t 60 mysql-slave2")
        wait_until("docker3's server, and its replication", lambda: self.asks("docker3") and not self.steps(), 120)
        self.well(self.site.topology)
        self.assertIn("renamed.", ssh("docker2", f"{CTL} ipam show --ip=10.77.0.52"))
        self.assertIn("mysql-replication.", ssh("docker2", f"{CTL} ipam show --ip=10.77.0.50"))
        self.site.topology = self.first
        self.apply()
        self.well(self.first)

    # -- two deployments

    def test_10_a_guest_comes_and_goes(self) -> None:
        with Client(self.site, ADDRESSES["docker2"], "SELECT COUNT(*) FROM shop.log;") as reader:
            self.site.topology = self.guest
            self.apply()
            self.well(self.guest)
            self.assertEqual(self.site.sql_outside(ADDRESSES["docker3"], "SELECT @@server_id;", port=3316), [["102"]])
            self.well(self.first)
            self.site.topology = self.guest
            self.destroy()
        self.assertEqual(reader.refusals, [])
        self.well(self.first)
        self.assertNotIn("second", self.resources("profiles"))
        self.assertEqual({one["cidr"] for one in self.resources("ippools").values()}, {"10.77.0.0/24"})

    def test_11_what_the_first_made_on_a_host_is_left_to_the_guest(self) -> None:
        self.site.topology = self.guest
        self.apply()
        node = self.identity("docker3", "calico-node")
        fewer = self.site.write_topology("fewer.yaml", re.sub(r".*mysql-slave2: .*\n", "", FIRST))
        self.site.topology = fewer
        self.apply()
        self.well(fewer)
        self.assertEqual(node, self.identity("docker3", "calico-node"))
        self.well(self.guest)
        record = self.site.sh("docker3", "cat /var/lib/mrc/second.json")
        for key in ("calico3/node", "calico3/file/cni", "calico3/file/calicoctl"):
            self.assertIn(f'"{key}"', record)
        self.destroy()
        self.assertEqual(self.site.sh("docker3", "docker ps -a --format '{{.Names}}' | grep calico || :"), "")
        self.well(fewer)
        self.site.topology = self.first
        self.apply()
        self.well(self.first)

    def test_12_the_owner_of_a_shared_etcd_goes_and_the_others_calico_goes_on(self) -> None:
        self.site.topology = self.second
        self.apply()
        self.well(self.second)
        self.well(self.first)
        before = {host: self.site.sh(host, "systemctl show -p MainPID etcd") for host in HOSTS}
        nodes = {host: self.identity(host, "calico-node") for host in HOSTS[1:]}
        client = Client(self.site, ADDRESSES["docker2"], "SELECT 1;", port=3316)
        with client:
            self.destroy()
        self.assertEqual(client.refusals, [])
        self.assertGreater(client.answers, 5)
        self.well(self.second)
        self.assertEqual(before, {host: self.site.sh(host, "systemctl show -p MainPID etcd") for host in HOSTS})
        self.assertEqual(nodes, {host: self.identity(host, "calico-node") for host in HOSTS[1:]})
        self.assertEqual({one["cidr"] for one in self.resources("ippools").values()}, {"10.78.0.0/24"})
        self.assertNotIn("mysql-replication", self.resources("profiles"))
        self.assertEqual(set(self.endpoints()), {"10.78.0.51", "10.78.0.52"})
        for host in HOSTS:
            self.assertEqual(self.site.sh(host, "ls /var/lib/mrc/*.json"), "/var/lib/mrc/second.json\n")

    def test_13_the_last_one_takes_all_away(self) -> None:
        self.site.topology = self.second
        self.destroy()
        for host in HOSTS:
            left = self.site.sh(host, """
                ls /var/lib/mrc /var/lib/etcd/default.etcd /usr/local/bin/calicoctl /opt/cni /var/lib/calico /var/log/calico 2>/dev/null
                pgrep -x etcd
                iptables-save | grep -e cali- -e mrc:
                docker ps -a --format '{{.Names}}'
                ip -o link | grep cali""", check=False)
            self.assertEqual(left, "", host)


if __name__ == "__main__":
    unittest.main(verbosity=2, failfast=True)
