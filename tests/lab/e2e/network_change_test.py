#!/usr/bin/env python3
"""The network of a deployment: what somebody changed by hand, and what the file changes."""

import json
import sys
import threading
import unittest
import urllib.request
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from hosts import cut_power  # noqa: E402
from site_lab import ADDRESSES, HOSTS, NETWORK_PREFIX, ROOT, Site, lab, load_json, summary, wait_until  # noqa: E402
from story import Story  # noqa: E402

SERVERS = {"docker1": "mysql-master", "docker2": "mysql-slave1", "docker3": "mysql-slave2"}
PROFILE = "mysql-replication"
BLOG = (ROOT / "examples/blog-2016.yaml").read_text().replace("192.168.0.0/16", "10.77.0.0/24").replace(
    "192.168.0.", "10.77.0."
)
FOURTH = BLOG.replace("\netcd:", "  docker4: {address: 192.168.55.114, interface: eth0}\n\netcd:").replace(
    "  master:", "    mysql-slave3: {host: docker4, address: 10.77.0.53, server_id: 103}\n  master:"
)
# A second deployment on two of the hosts, in the etcd of the first.
SECOND = (
    BLOG.replace("name: blog-2016", "name: second")
    .replace("  docker1: {address: 192.168.55.111, interface: eth0}\n", "")
    .replace("10.77.0.", "10.78.0.")
    .replace("mysql-replication", "second")
    .replace("    mysql-master: {host: docker1, address: 10.78.0.50, server_id: 1}\n", "")
    .replace("mysql-slave", "second-")
    .replace("master: mysql-master", "master: second-1")
    .replace("port: 3306", "port: 3316")
    .replace("data_root: /opt/Docker", "data_root: /opt/Second")
    .replace(
        "  members: [docker1, docker2, docker3]\n  cluster_token: etcd-cluster-1\n  data_dir: /var/lib/etcd/default.etcd\n",
        "  endpoints: [http://192.168.55.111:2379, http://192.168.55.112:2379, http://192.168.55.113:2379]\n",
    )
)

# The same by the first one's etcd as its own: whoever of the two is left has it.
SHARING = (
    BLOG.replace("name: blog-2016", "name: second")
    .replace("10.77.0.", "10.78.0.")
    .replace("mysql-replication", "second")
    .replace("    mysql-master: {host: docker1, address: 10.78.0.50, server_id: 1}\n", "")
    .replace("mysql-slave", "second-")
    .replace("master: mysql-master", "master: second-1")
    .replace("port: 3306", "port: 3316")
    .replace("data_root: /opt/Docker", "data_root: /opt/Second")
)

# Identities that nothing but a restart or a new attachment changes.
IDENTITIES = """
docker inspect -f '{{.Name}} {{.Id}} {{.State.StartedAt}}' calico-node calico-libnetwork
for one in $(docker ps -q); do nsenter -t "$(docker inspect -f '{{.State.Pid}}' "$one")" -n ip -o link show eth1 2>/dev/null || :; done
"""


class Client:
    """Somebody outside who goes on asking a server at its host's port, and counts the refusals."""

    def __init__(self, site: Site, address: str, statement: str, port: int = 3306) -> None:
        self.site, self.address, self.statement, self.port = site, address, statement, port
        self.answers, self.refusals = 0, []
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.ask)

    def __enter__(self) -> "Client":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.thread.join()

    def ask(self) -> None:
        while not self.ended.is_set():
            try:
                self.site.sql_outside(self.address, self.statement, port=self.port)
                self.answers += 1
            except AssertionError as error:
                self.refusals.append(str(error))


class NetworkChange(Story):
    site: Site

    @classmethod
    def setUpClass(cls) -> None:
        lab("reset", "-n", "4")
        cls.site = Site(ROOT / "examples/blog-2016.yaml")
        cls.use(BLOG)

    @classmethod
    def use(cls, text: str, name: str = "topology.yaml") -> None:
        cls.site.topology = cls.site.write_topology(name, text)

    # -- what the steps of this story share

    def apply(self, *more: str) -> None:
        done = self.site.mrc("apply", "--yes", *more, timeout=900)
        self.assertEqual(done.returncode, 0, summary(done))

    def plan(self) -> dict[str, dict]:
        """What comes, but for the units, whose scripts follow the network: each is put anew with it."""
        done = self.site.mrc("plan", "--json")
        self.assertEqual(done.returncode, 2, summary(done))
        return {step["id"]: step for step in load_json(done)["steps"] if not step["id"].startswith("survival/")}

    def settled(self) -> None:
        """Nothing is left to do, and the proof holds."""
        done = self.site.mrc("plan")
        self.assertEqual(done.returncode, 0, summary(done))
        done = self.site.mrc("verify")
        self.assertEqual(done.returncode, 0, summary(done))

    def drifted(self, expected: dict[str, list[tuple[str, str | None, str | None]]]) -> None:
        """The plan has just these steps of the network, each as drift with these lines, and apply mends them."""
        steps = {
            id: one for id, one in self.plan().items()
            if one["change"] != "run" and id.split("/")[0] in ("calico", "dnat")
        }  # fmt: skip
        found = {
            id: [(line["field"], line["before"], line["after"]) for line in step["diff"]] for id, step in steps.items()
        }
        self.assertEqual({id: sorted(lines, key=str) for id, lines in found.items()},
                         {id: sorted(lines, key=str) for id, lines in expected.items()})  # fmt: skip
        self.assertEqual({id: step["cause"] for id, step in steps.items()}, dict.fromkeys(expected, "drift"))
        self.apply()
        self.settled()

    def identity(self, host: str, name: str) -> str:
        return self.site.sh(host, f"docker inspect -f '{{{{.Id}}}} {{{{.State.StartedAt}}}}' {name}").strip()

    def endpoints(self) -> dict[str, tuple[str, str]]:
        """Address → host and profiles, as calicoctl says."""
        said = self.site.sh("docker1", "calicoctl endpoint show --detailed")
        rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in said.splitlines() if line.startswith("|")]
        return {row[4].split("/")[0]: (row[0], row[6]) for row in rows[1:]}

    def etcd(self, path: str) -> dict:
        with urllib.request.urlopen(f"http://{ADDRESSES['docker1']}:2379/v2/keys/calico/{path}", timeout=10) as answer:
            return json.load(answer)

    # -- drift

    def test_01_apply(self) -> None:
        self.apply()
        self.settled()

    def test_02_the_cluster_and_the_rules(self) -> None:
        ssh = self.site.sh
        rule = ssh("docker2", "iptables -t nat -S PREROUTING | grep mrc:").strip()
        ssh("docker2", "iptables -t nat " + rule.replace("-A", "-D", 1))
        twice = ssh("docker3", "iptables -t nat -S OUTPUT | grep mrc:").strip()
        ssh("docker3", "iptables -t nat " + twice)
        ssh("docker1", f"""
            calicoctl pool remove 10.77.0.0/24
            calicoctl profile {PROFILE} rule remove inbound allow tcp to ports 3306
            calicoctl profile {PROFILE} rule add inbound allow from cidr 10.9.0.0/16
            calicoctl profile {PROFILE} tag add stranger
            calicoctl profile add other""")
        ssh("docker2", "calicoctl container mysql-slave1 profile set other; rm /usr/local/bin/calicoctl")
        ssh("docker3", "calicoctl container remove mysql-slave2; echo >>/usr/local/bin/calicoctl")
        binary = self.site.sh("docker1", "sha256sum /usr/local/bin/calicoctl")[:12]
        other = self.site.sh("docker3", "sha256sum /usr/local/bin/calicoctl")[:12]
        path = "/usr/local/bin/calicoctl"
        insertion = rule.replace("-A PREROUTING", "-I PREROUTING 1").replace(
            "--comment mrc:blog-2016:mysql-slave1", '--comment "mrc:blog-2016:mysql-slave1"'
        ).replace('""', '"')
        saved = ssh("docker3", "iptables-save -t nat | grep -e '-A OUTPUT .*mrc:'").splitlines()[0]
        self.drifted({
            "calico/docker2/calicoctl": [(path, None, f"sha256 {binary}")],
            "calico/docker3/calicoctl": [(path, f"sha256 {other}", f"sha256 {binary}")],
            "calico/pool": [("pool", None, "10.77.0.0/24")],
            "calico/profile": [
                ("inbound_rules", '{"action":"allow","src_net":"10.9.0.0/16"}', None),
                ("inbound_rules", None, '{"action":"allow","dst_ports":[3306],"protocol":"tcp"}'),
                ("tag", "stranger", None),
            ],
            "calico/mysql-slave1/endpoint": [("profiles", "other", PROFILE)],
            "calico/mysql-slave2/endpoint": [("address", None, "10.77.0.52"), ("profile", None, PROFILE)],
            "dnat/mysql-slave1/expose": [("nat rule", None, insertion)],
            "dnat/mysql-slave2/expose": [("nat rule", saved, None)],
        })  # fmt: skip
        ssh("docker1", "calicoctl profile remove other")

    def test_03_nodes_and_kernels(self) -> None:
        ssh = self.site.sh
        # A stopped node does not put the route back.
        ssh("docker3", "docker stop -t 5 calico-node; echo 2 >/proc/sys/net/ipv4/conf/all/rp_filter; ip route del 10.77.0.52/32")
        # A lost interface alone: a restarted container's replication finds a way round by eth0, and hangs when that ends.
        ssh("docker2", """
            docker rm -f calico-node
            nsenter -t "$(docker inspect -f '{{.State.Pid}}' mysql-slave1)" -n ip link del eth1""")
        address = ADDRESSES["docker1"]
        ssh("docker1", f"""
            calicoctl pool add 10.77.0.0/24 --nat-outgoing
            echo 0 >/proc/sys/net/ipv4/ip_forward
            env ETCD_ENDPOINTS=http://{address}:2379 calicoctl node --ip={address}
            echo 0 >/proc/sys/net/ipv4/ip_forward""", timeout=120)
        link = self.etcd("v1/host?recursive=true")
        names = [json.loads(leaf["value"]) for leaf in leaves(link["node"]) if "/endpoint/" in leaf["key"]]
        interface = next(one["name"] for one in names if one["ipv4_nets"] == ["10.77.0.52/32"])
        endpoints = ",".join(f"http://{ADDRESSES[host]}:2379" for host in HOSTS)
        steps = self.plan()
        self.assertEqual(steps["calico/docker1/node"]["risk"], "disruptive")
        self.assertIn("some 10 s", steps["calico/docker1/node"]["impact"])
        self.drifted({
            "calico/pool": [("options", "nat-outgoing", None)],
            "calico/docker1/sysctl": [("net.ipv4.ip_forward", "0", "1")],
            "calico/docker1/node": [("calico-node ETCD_ENDPOINTS", f"http://{address}:2379", endpoints)],
            "calico/docker2/sysctl": [],
            "calico/docker2/node": [("calico-node", None, "calico/node:v0.22.0")],
            "calico/docker3/sysctl": [("net.ipv4.conf.all.rp_filter", "2", "1")],
            "calico/docker3/node": [("calico-node state", "stopped", "running")],
            "calico/mysql-slave1/endpoint": [("eth1", None, "10.77.0.51/32")],
            "calico/mysql-slave2/endpoint": [("route", None, interface)],
        })  # fmt: skip

    def test_04_a_lost_record_is_written_anew_and_nothing_else(self) -> None:
        before = self.site.sh("docker2", IDENTITIES)
        self.site.sh("docker2", r"""
            file=/var/lib/mrc/blog-2016.json
            grep -v -e '^  "calico/' -e '^  "dnat/' -e '^  "did/calico' -e '^  "did/dnat' $file >/root/record
            cat /root/record >$file; rm /root/record""")
        steps = self.plan()
        self.assertEqual(set(steps), {"calico/docker2/note", "dnat/mysql-slave1/expose"})
        self.assertEqual({one["cause"] for one in steps.values()}, {"drift"})
        self.apply()
        self.settled()
        self.assertEqual(before, self.site.sh("docker2", IDENTITIES))
        record = self.site.sh("docker2", "cat /var/lib/mrc/blog-2016.json")
        for key in ("calico/node", "calico/libnetwork", "calico/calicoctl", "calico/endpoint/mysql-slave1", "dnat/mysql-slave1"):
            self.assertIn(f'"{key}"', record)

    def test_05_a_host_of_another_name_is_known_by_that_alone(self) -> None:
        self.site.sh("docker3", "hostname renamed.local")
        steps = self.plan()
        self.assertEqual(steps["calico/mysql-slave2/endpoint"]["risk"], "disruptive")
        fields = {line["field"]: (line["before"], line["after"]) for line in steps["calico/docker3/node"]["diff"]}
        self.assertEqual(fields["calico-node HOSTNAME"], ("docker3.local", "renamed.local"))
        self.assertEqual(fields["node in etcd"], (None, f"renamed.local {ADDRESSES['docker3']}"))
        self.assertEqual({one["cause"] for one in steps.values()}, {"drift"}, steps)
        self.apply()
        self.settled()
        self.assertEqual(self.endpoints()["10.77.0.52"], ("renamed.local", PROFILE))
        self.assertNotIn("docker3.local", self.site.sh("docker1", "calicoctl node show"))
        self.site.sh("docker3", "hostname docker3.local")
        self.apply()
        self.settled()

    def test_06_a_strangers_rule_is_refused_or_taken_over(self) -> None:
        rule = "PREROUTING -i eth0 -p tcp -m tcp --dport 3306 -j DNAT --to-destination 10.9.9.9:3306"
        self.site.sh("docker2", f"iptables -t nat -I {rule}")
        done = self.site.mrc("apply", "--yes")
        self.assertEqual(done.returncode, 3, summary(done))
        self.assertIn(f"iptables -t nat -D {rule}", done.stdout + done.stderr)
        self.apply("--adopt")
        self.settled()
        self.assertNotIn("10.9.9.9", self.site.sh("docker2", "iptables-save -t nat"))

    # -- changes of the file

    def test_10_another_port_and_a_server_exposed_no_more(self) -> None:
        self.site.sql_outside(ADDRESSES["docker1"], "CREATE DATABASE shop; CREATE TABLE shop.log (id INT AUTO_INCREMENT PRIMARY KEY);")
        self.use(BLOG.replace("port: 3306", "port: 3307"))
        steps = self.plan()
        self.assertEqual({(id, one["cause"], one["risk"]) for id, one in steps.items()},
                         {(f"dnat/{server}/expose", "change", "disruptive") for server in SERVERS.values()})  # fmt: skip
        self.assertIn(":3306 no more", steps["dnat/mysql-master/expose"]["impact"])
        self.apply()
        self.settled()
        self.assertEqual(self.site.sql_outside(ADDRESSES["docker2"], "SELECT @@server_id;", port=3307), [["101"]])
        with self.assertRaises(AssertionError):
            self.site.sql_outside(ADDRESSES["docker2"], "SELECT 1;")
        one_alone = BLOG[: BLOG.index("\nexpose:")].replace("server_id: 1}", "server_id: 1, expose: 3306}")
        self.use(one_alone)
        self.assertEqual(set(self.plan()), {"dnat/mysql-master/expose", "dnat/docker2/mysql-slave1/hide",
                                            "dnat/docker3/mysql-slave2/hide"})  # fmt: skip
        self.apply()
        self.settled()
        self.assertNotIn("mrc:", self.site.sh("docker2", "iptables-save -t nat"))
        self.use(BLOG)
        self.apply()

    def test_11_a_profile_of_another_name_cuts_nobody(self) -> None:
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
        self.use(BLOG.replace(f"profile: {PROFILE}", "profile: orders"))
        steps = self.plan()
        self.assertEqual({one["risk"] for one in steps.values()}, {"safe"})
        with Client(self.site, ADDRESSES["docker1"], "INSERT INTO shop.log VALUES ();") as writer:
            with Client(self.site, ADDRESSES["docker3"], "SELECT COUNT(*) FROM shop.log;") as reader:
                self.apply()
        ssh("docker2", "touch /root/enough")
        self.settled()
        asked = ssh("docker2", "cat /root/asked; rm /root/ask /root/asked /root/enough").split("\n")
        self.assertEqual(asked.count("cut"), 0)
        self.assertGreater(asked.count("ok"), 20)
        self.assertEqual((writer.refusals, reader.refusals), ([], []))
        self.assertGreater(writer.answers, 5)
        self.assertEqual({profiles for _, profiles in self.endpoints().values()}, {"orders"})
        self.assertNotIn(PROFILE, ssh("docker1", "calicoctl profile show"))
        self.use(BLOG)
        self.apply()

    def test_12_a_wider_pool_keeps_every_address(self) -> None:
        self.use(BLOG.replace("10.77.0.0/24", "10.77.0.0/16"))
        pool = self.plan()["calico/pool"]
        self.assertEqual([(line["field"], line["before"], line["after"]) for line in pool["diff"]],
                         [("pool", "10.77.0.0/24", None), ("pool", None, "10.77.0.0/16")])  # fmt: skip
        self.assertEqual((pool["change"], pool["risk"], pool["cause"]), ("replace", "disruptive", "change"))
        self.assertIn("servers on different hosts do not reach one another", pool["impact"])
        before = self.site.sh("docker1", IDENTITIES)
        with Client(self.site, ADDRESSES["docker1"], "INSERT INTO shop.log VALUES ();") as writer:
            with Client(self.site, ADDRESSES["docker3"], "SELECT COUNT(*) FROM shop.log;") as reader:
                self.apply()
        self.settled()
        self.assertEqual((writer.refusals, reader.refusals), ([], []))
        self.assertEqual(before, self.site.sh("docker1", IDENTITIES))
        rows = self.site.sql_outside(ADDRESSES["docker1"], "SELECT COUNT(*) FROM shop.log;")
        for host in HOSTS:
            wait_until(f"all rows on {host}", lambda host=host: self.site.sql_outside(
                ADDRESSES[host], "SELECT COUNT(*) FROM shop.log;") == rows)  # fmt: skip

    def test_13_a_host_comes_and_goes(self) -> None:
        self.use(FOURTH.replace("10.77.0.0/24", "10.77.0.0/16"))
        before = {host: self.site.sh(host, IDENTITIES) for host in HOSTS}
        with Client(self.site, ADDRESSES["docker2"], "SELECT COUNT(*) FROM shop.log;") as reader:
            self.apply()
            self.settled()
            self.assertEqual(before, {host: self.site.sh(host, IDENTITIES) for host in HOSTS})
            self.assertEqual(self.site.sql_outside(f"{NETWORK_PREFIX}.114", "SELECT @@server_id;"), [["103"]])
            self.use(BLOG.replace("10.77.0.0/24", "10.77.0.0/16"))
            steps = self.plan()
            self.assertIn("calico/docker4/mysql-slave3/endpoint-remove", steps)
            self.assertIn("calico/docker4/node-remove", steps)
            self.apply()
            self.settled()
        self.assertEqual(reader.refusals, [])
        self.assertEqual(before, {host: self.site.sh(host, IDENTITIES) for host in HOSTS})
        self.assertNotIn("10.77.0.53", self.endpoints())
        self.assertNotIn("docker4", self.site.sh("docker1", "calicoctl node show"))
        left = self.site.sh("docker4", """
            ls /usr/local/bin/calicoctl /var/log/calico 2>/dev/null || :
            iptables-save | grep -e felix- -e mrc: || :
            docker ps -a --format '{{.Names}}' | grep calico || :
            ip -o link | grep cali || :
            grep -e '"calico/' -e '"dnat/' /var/lib/mrc/*.json 2>/dev/null || :""")
        self.assertEqual(left, "")

    def test_14_an_address_that_a_strangers_container_has_is_refused_or_taken_over(self) -> None:
        self.use(BLOG.replace("10.77.0.0/24", "10.77.0.0/16"))
        self.apply()
        self.site.sh("docker3", """
            docker run -d --name stranger --sysctl net.ipv6.conf.all.disable_ipv6=0 --entrypoint sleep mysql:5.6 infinity
            calicoctl container add stranger 10.77.0.53""")
        stranger = self.identity("docker3", "stranger")
        third = "    mysql-slave3: {host: docker3, address: 10.77.0.53, server_id: 103, expose: 3309}\n  master:"
        self.use(BLOG.replace("10.77.0.0/24", "10.77.0.0/16").replace("  master:", third))
        done = self.site.mrc("apply", "--yes")
        self.assertEqual(done.returncode, 3, summary(done))
        self.assertIn("10.77.0.53", done.stdout + done.stderr)
        done = self.site.mrc("plan", "--json", "--adopt")
        self.assertEqual(done.returncode, 2, summary(done))
        endpoint = next(step for step in load_json(done)["steps"] if step["id"] == "calico/mysql-slave3/endpoint")
        self.assertEqual((endpoint["risk"], stranger[:12] in endpoint["impact"]), ("disruptive", True), endpoint)
        self.apply("--adopt")
        self.settled()
        self.assertEqual(self.endpoints()["10.77.0.53"], ("docker3.local", PROFILE))
        # The container itself is nobody's affair.
        self.assertEqual(self.identity("docker3", "stranger"), stranger)
        self.site.sh("docker3", "docker rm -f stranger")
        self.use(BLOG.replace("10.77.0.0/24", "10.77.0.0/16"))
        self.apply()
        self.settled()

    def test_15_a_host_that_is_gone_for_ever_is_given_up(self) -> None:
        """docker4 has a server, a node and a member of etcd, and does not come back."""
        wide = "10.77.0.0/16"
        self.use(FOURTH.replace("10.77.0.0/24", wide).replace("docker3]", "docker3, docker4]"))
        self.apply()
        cut_power("docker4")
        self.use(BLOG.replace("10.77.0.0/24", wide))
        done = self.site.mrc("plan")
        self.assertEqual(done.returncode, 7, summary(done))
        self.assertIn("--forget", done.stdout + done.stderr)
        done = self.site.mrc("plan", "--json", "--forget", "docker4")
        self.assertEqual(done.returncode, 2, summary(done))
        steps = {step["id"]: step for step in load_json(done)["steps"]}
        self.assertIn("calico/docker4/forget", steps)
        self.assertIn("etcd/docker4/member-remove", steps)
        self.assertNotIn("docker4", {step["host"] for step in steps.values()})
        with Client(self.site, ADDRESSES["docker2"], "SELECT COUNT(*) FROM shop.log;") as reader:
            self.apply("--forget", "docker4")
        self.assertEqual(reader.refusals, [])
        self.settled()
        self.assertNotIn("10.77.0.53", self.endpoints())
        self.assertNotIn("docker4", self.site.sh("docker1", "calicoctl node show; etcdctl member list"))
        for host in HOSTS:
            self.assertNotIn("docker4", self.site.sh(host, "cat /var/lib/mrc/blog-2016.json"))

    # -- two deployments

    def test_20_a_second_deployment_comes_and_goes(self) -> None:
        first = self.site.topology
        self.use(SECOND, "second.yaml")
        second = self.site.topology
        with Client(self.site, ADDRESSES["docker2"], "SELECT COUNT(*) FROM shop.log;") as reader:
            self.apply()
            self.settled()
            self.assertEqual(self.site.sql_outside(ADDRESSES["docker3"], "SELECT @@server_id;", port=3316), [["102"]])
            self.site.topology = first
            self.settled()
            self.site.topology = second
            done = self.site.mrc("destroy", "--yes", "--delete-data")
            self.assertEqual(done.returncode, 0, summary(done))
        self.assertEqual(reader.refusals, [])
        self.site.topology = first
        self.settled()
        self.assertNotIn("10.78.", self.site.sh("docker1", "calicoctl pool show; calicoctl endpoint show --detailed"))

    def test_21_what_the_first_made_on_a_host_is_left_to_the_second(self) -> None:
        first = self.site.topology
        self.use(SECOND, "second.yaml")
        self.apply()
        second, self.site.topology = self.site.topology, first
        node = self.identity("docker3", "calico-node")
        lines = first.read_text().splitlines(keepends=True)
        first.write_text("".join(line for line in lines if "mysql-slave2:" not in line))
        self.apply()
        self.settled()
        self.assertEqual(node, self.identity("docker3", "calico-node"))
        self.site.topology = second
        self.settled()
        self.assertIn('"calico/node"', self.site.sh("docker3", "cat /var/lib/mrc/second.json"))
        done = self.site.mrc("destroy", "--yes", "--delete-data")
        self.assertEqual(done.returncode, 0, summary(done))
        self.assertEqual(self.site.sh("docker3", "docker ps -a --format '{{.Names}}' | grep calico || :"), "")
        self.site.topology = first
        self.settled()

    def test_22_the_owner_of_a_shared_etcd_goes_and_the_other_s_calico_goes_on(self) -> None:
        self.use(BLOG.replace("10.77.0.0/24", "10.77.0.0/16"))
        self.apply()
        first = self.site.topology
        self.use(SHARING, "second.yaml")
        self.apply()
        self.settled()
        second, self.site.topology = self.site.topology, first
        self.settled()
        before = {host: self.site.sh(host, "systemctl show -p MainPID etcd") for host in HOSTS}
        nodes = {host: self.identity(host, "calico-node") for host in HOSTS[1:]}
        client = Client(self.site, ADDRESSES["docker2"], "SELECT 1;", port=3316)
        with client:
            done = self.site.mrc("destroy", "--yes", "--delete-data")
            self.assertEqual(done.returncode, 0, summary(done))
        self.assertEqual(client.refusals, [])
        self.site.topology = second
        self.settled()
        self.assertEqual(before, {host: self.site.sh(host, "systemctl show -p MainPID etcd") for host in HOSTS})
        self.assertEqual(nodes, {host: self.identity(host, "calico-node") for host in HOSTS[1:]})
        said = self.site.sh("docker2", "calicoctl pool show; calicoctl profile show; calicoctl endpoint show --detailed")
        self.assertNotIn("10.77.", said)
        self.assertNotIn(PROFILE, said)
        for host in HOSTS:
            self.assertEqual(self.site.sh(host, "ls /var/lib/mrc/*.json"), "/var/lib/mrc/second.json\n")
        done = self.site.mrc("destroy", "--yes", "--delete-data")
        self.assertEqual(done.returncode, 0, summary(done))
        for host in HOSTS:
            left = self.site.sh(host, """
                ls /var/lib/mrc /var/lib/etcd/default.etcd /usr/local/bin/calicoctl /var/log/calico 2>/dev/null
                pgrep -x etcd
                iptables-save | grep -e felix- -e mrc:
                docker ps -a --format '{{.Names}}'
                ip -o link | grep cali""", check=False)
            self.assertEqual(left, "", host)


def leaves(node: dict) -> list[dict]:
    """The values of an etcd v2 tree."""
    return [one for child in node.get("nodes", []) for one in leaves(child)] if node.get("dir") else [node]


if __name__ == "__main__":
    unittest.main(verbosity=2, failfast=True)
