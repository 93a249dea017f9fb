#!/usr/bin/env python3
"""Today's Calico on three bare hosts: applied, looked at with Calico's own commands, broken, mended, removed; and the
article's deployment moved to it."""

import json
import re
import sys
import threading
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import snapshot  # noqa: E402
from site_lab import ADDRESSES, HOSTS, ROOT, Site, lab_for, load_json, summary, wait_until  # noqa: E402
from story import Story  # noqa: E402

SERVERS = {"docker1": "mysql-master", "docker2": "mysql-slave1", "docker3": "mysql-slave2"}
CALICO = {"docker1": "10.77.0.50", "docker2": "10.77.0.51", "docker3": "10.77.0.52"}
# A table of the kernel's, empty, that Felix was the first to use: without nft, nobody can take it away.
KEPT = {"+ iptables: *raw"}
ENDPOINTS = ",".join(f"http://{ADDRESSES[host]}:2379" for host in HOSTS)
CTL = f"ETCD_ENDPOINTS={ENDPOINTS} calicoctl"


class Today(Story):
    site: Site

    @classmethod
    def setUpClass(cls) -> None:
        lab_for(ROOT / "examples/current.yaml")
        cls.site = Site(ROOT / "examples/current.yaml")

    def steps(self) -> dict[str, dict]:
        done = self.site.mrc("plan", "--json")
        self.assertIn(done.returncode, (0, 2), summary(done))
        return {step["id"]: step for step in load_json(done)["steps"]}

    def apply(self) -> None:
        done = self.site.mrc("apply", "--yes", timeout=900)
        self.assertEqual(done.returncode, 0, summary(done))

    def well(self) -> None:
        done = self.site.mrc("verify")
        self.assertEqual(done.returncode, 0, summary(done))
        self.assertEqual(self.steps(), {})


class CurrentStory(Today):
    before: dict[str, dict[str, set[str]]]

    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.before = {host: snapshot.take(cls.site, host) for host in HOSTS}

    def resources(self, kind: str) -> dict[str, dict]:
        said = json.loads(self.site.sh("docker1", f"{CTL} get {kind} -o json"))
        return {item["metadata"]["name"]: item["spec"] for item in said["items"]}

    def container(self, host: str) -> str:
        return self.site.sh(host, f"docker inspect -f '{{{{.Id}}}}' {SERVERS[host]}").strip()

    # -- made

    def test_00_a_firewall_between_hosts_is_found_before_anything_is_changed(self) -> None:
        rules = {
            "docker2": f"INPUT -p tcp -s {ADDRESSES['docker1']} --dport 179 -j DROP",
            "docker3": "INPUT -p tcp --dport 2380 -j REJECT --reject-with icmp-admin-prohibited",
        }
        for host, rule in rules.items():
            self.site.sh(host, f"iptables -I {rule}")
        done = self.site.mrc("apply", "--yes")
        self.assertEqual(done.returncode, 3, summary(done))
        self.assertEqual(
            sorted(re.findall(r"^FAILED on .*", done.stderr, re.M)),
            ["FAILED on docker1, docker2: <host> does not reach TCP port 2380 of docker3",
             "FAILED on docker1: docker1 does not reach TCP port 179 of docker2"],
        )  # fmt: skip
        self.assertIn("on docker2 (iptables -I INPUT -p tcp --dport 179 -j ACCEPT)", done.stderr)
        for host, rule in rules.items():
            self.site.sh(host, f"iptables -D {rule}")
        self.assertEqual(self.before, {host: snapshot.take(self.site, host) for host in HOSTS})

    def test_01_apply_from_bare_hosts_ends_0(self) -> None:
        done = self.site.mrc("apply", "--yes", timeout=900)
        self.assertEqual(done.returncode, 0, summary(done))
        print(done.stderr, file=sys.stderr)

    def test_02_verify_ends_0_and_plan_is_empty(self) -> None:
        self.well()

    def test_03_calico_has_what_the_file_asks_for_and_nothing_beside_it(self) -> None:
        (pool,) = self.resources("ippools").values()
        self.assertEqual(
            {key: pool[key] for key in ("cidr", "ipipMode", "vxlanMode", "allowedUses", "assignmentMode")},
            {"cidr": "10.77.0.0/24", "ipipMode": "Never", "vxlanMode": "Never",
             "allowedUses": ["Workload"], "assignmentMode": "Manual"},
        )  # fmt: skip
        profile = self.resources("profiles")["mysql-replication"]
        self.assertEqual(profile["labelsToApply"], {"mysql-replication": ""})
        self.assertEqual(profile["ingress"][1]["destination"]["ports"], [3306])
        self.assertEqual(set(self.resources("nodes")), {f"{host}.local" for host in HOSTS})
        endpoints = {spec["node"]: spec for spec in self.resources("workloadendpoints").values()}
        for host in HOSTS:
            spec = endpoints[f"{host}.local"]
            self.assertEqual(spec["ipNetworks"], [f"{CALICO[host]}/32"])
            self.assertEqual(spec["profiles"], ["mysql-replication"])
            self.assertEqual(spec["containerID"], self.container(host))
            said = self.site.sh(host, f"{CTL} ipam show --ip={CALICO[host]}")
            self.assertIn(f"mysql-replication.{spec['containerID']}", said)
            status = self.site.sh(host, "calicoctl node status")
            self.assertEqual(status.count("Established"), 2, status)

    def test_04_a_container_has_calico_alone_and_no_ipv6(self) -> None:
        for host in HOSTS:
            said = self.site.sh(
                host, f"nsenter -t $(docker inspect -f '{{{{.State.Pid}}}}' {SERVERS[host]}) -n ip -o addr"
            )
            self.assertEqual(set(re.findall(r"^\d+: (\S+) ", said, re.M)), {"lo", "eth0"}, said)
            self.assertIn(f"inet {CALICO[host]}/32 ", said)
            self.assertNotIn("inet6 fe80", said)

    def test_05_replication_runs_and_the_outside_reads_what_it_wrote(self) -> None:
        self.site.sql_outside(
            ADDRESSES["docker1"],
            "CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY, note VARCHAR(40));"
            "INSERT INTO shop.orders VALUES (7, 'first');",
        )
        for host in HOSTS:
            wait_until(
                f"the row on {host}",
                lambda host=host: self.site.sql_outside(
                    ADDRESSES[host],
                    "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema='shop';",
                ) == [["1"]] and self.site.sql_outside(ADDRESSES[host], "SELECT id, note FROM shop.orders;") == [["7", "first"]],
                20,
            )

    def test_06_who_is_not_in_the_profile_reaches_3306_only(self) -> None:
        """Another host is nobody in particular to Calico: the profile lets it in at 3306, and nowhere else."""
        probe = (
            "import socket,sys\n"
            "for port in (3306, 3307):\n"
            "    s = socket.socket(); s.settimeout(3)\n"
            f"    try: s.connect(('{CALICO['docker1']}', port)); print(port, 'open')\n"
            "    except ConnectionRefusedError: print(port, 'refused by the container')\n"
            "    except OSError: print(port, 'dropped')\n"
        )
        said = self.site.sh("docker2", f"python3 - <<'EOF'\n{probe}EOF\n")
        self.assertEqual(said.split("\n")[:2], ["3306 open", "3307 dropped"])

    def test_07_status_is_well(self) -> None:
        done = self.site.mrc("status", "--json")
        self.assertEqual(done.returncode, 0, summary(done))
        rows = [(row["group"], row["host"], row["subject"]) for row in load_json(done)["conditions"]]
        for host in HOSTS:
            self.assertIn(("calico", host, "node"), rows)
            self.assertIn(("calico", host, SERVERS[host]), rows)

    def test_08_a_second_apply_changes_nothing(self) -> None:
        look = "docker inspect -f '{{.Id}} {{.State.StartedAt}}' $(docker ps -q | sort); cat /var/lib/mrc/orders.json"
        before = [self.site.sh(host, look) for host in HOSTS]
        self.apply()
        self.assertEqual(before, [self.site.sh(host, look) for host in HOSTS])

    # -- broken and mended

    def test_10_a_restarted_container_is_seen_as_drift_and_gets_its_interface_back(self) -> None:
        self.site.sh("docker2", "docker restart -t 60 mysql-slave1")
        if "calico/mysql-slave1/endpoint" in (steps := self.steps()):  # else it has come back by itself
            self.assertEqual(steps["calico/mysql-slave1/endpoint"]["cause"], "drift", steps)
        self.apply()
        self.well()
        self.assertEqual(self.site.sql_outside(ADDRESSES["docker2"], "SELECT @@server_id;"), [["101"]])

    def test_11_a_removed_endpoint_a_changed_profile_and_a_lost_route_are_mended(self) -> None:
        self.site.sh("docker3", f"ip route del {CALICO['docker3']}/32 || :")
        (name,) = [n for n, spec in self.resources("workloadendpoints").items() if spec["node"] == "docker2.local"]
        self.site.sh("docker1", f"{CTL} delete wep {name} -n default")
        self.site.sh(
            "docker1",
            f"{CTL} get profile mysql-replication -o json --export | sed 's/3306/3307/' >/tmp/p.json\n"
            f"{CTL} apply -f /tmp/p.json; rm /tmp/p.json",
        )
        steps = self.steps()
        self.assertIn("calico/profile", steps)
        self.assertIn("calico/mysql-slave1/endpoint", steps)
        self.apply()
        self.well()

    def test_12_the_hosts_own_calicoctl_cfg_does_not_mislead(self) -> None:
        self.site.sh(
            "docker1",
            "mkdir -p /etc/calico; printf 'apiVersion: projectcalico.org/v3\\nkind: CalicoAPIConfig\\nmetadata:\\nspec:\\n"
            '  datastoreType: etcdv3\\n  etcdEndpoints: "http://127.0.0.1:9"\\n\' >/etc/calico/calicoctl.cfg',
        )
        try:
            self.site.sh("docker1", "docker restart -t 60 mysql-master")
            self.apply()
            self.well()
        finally:
            self.site.sh("docker1", "rm -r /etc/calico")

    def test_13_a_node_that_was_removed_is_started_again(self) -> None:
        self.site.sh("docker3", "docker rm -f calico-node")
        self.assertIn("calico/docker3/node", self.steps())
        self.apply()
        self.well()

    def test_14_a_lost_record_is_written_again(self) -> None:
        before = self.site.sh("docker2", "grep -o '\"calico3/[^\"]*\"' /var/lib/mrc/orders.json | sort")
        self.site.sh("docker2", "rm /var/lib/mrc/orders.json")
        self.apply()
        after = self.site.sh("docker2", "grep -o '\"calico3/[^\"]*\"' /var/lib/mrc/orders.json | sort")
        for key in ("calico3/endpoint/mysql-slave1", "calico3/node", "calico3/file/cni", "calico3/file/calicoctl"):
            self.assertIn(key, before)
            self.assertIn(key, after)
        self.well()

    def test_15_the_other_generation_is_refused_with_the_steps(self) -> None:
        text = self.site.topology.read_text()
        text = re.sub(r"  mode: none.*\n", "", text.replace("v3.32.1", "v0.22.0"))
        original, self.site.topology = self.site.topology, self.site.write_topology("v0.yaml", text)
        try:
            for command in (["plan"], ["apply", "--yes"]):
                done = self.site.mrc(*command)
                self.assertEqual(done.returncode, 3, summary(done))
                self.assertIn("runs on Calico v3 here, and the file asks for v0.22", done.stderr)
                self.assertIn("mrc destroy", done.stderr)
            done = self.site.mrc("destroy", "--yes")
            self.assertNotEqual(done.returncode, 0, summary(done))
            self.assertIn("put calico.version back", done.stderr)
        finally:
            self.site.topology = original
        self.well()

    def test_16_who_left_mrc_attaches_a_restarted_container_by_hand(self) -> None:
        """By the very lines of docs/calico.md."""
        shown = (ROOT / "docs/calico.md").read_text()
        (lines,) = re.findall(r"^conf=.*?(?=^```)", shown, re.M | re.S)
        stop, start = (f"systemctl {how} mrc-orders.mysql-master" for how in ("stop", "start"))
        lines = lines.replace("http://192.168.55.111:2379", f"http://{ADDRESSES['docker1']}:2379")
        self.site.sh("docker1", f"{stop}; docker restart -t 60 mysql-master")
        reach = f"python3 -c \"import socket; socket.create_connection(('{CALICO['docker1']}', 3306), 2)\" 2>&1 || echo no"
        self.assertIn("no\n", self.site.sh("docker2", reach))
        self.site.sh("docker1", lines)
        wait_until("the master to be reached", lambda: "no\n" not in self.site.sh("docker2", reach), 30)
        self.site.sh("docker1", start)
        self.well()

    # -- changed

    def test_19_the_replication_account_requires_tls_and_has_so_many_connections(self) -> None:
        limits = "require: ssl\n    max_connections: 5"
        text = self.site.topology.read_text().replace("  replication:\n", f"  replication:\n    {limits}\n", 1)
        self.assertIn(limits, text)
        original, self.site.topology = self.site.topology, self.site.write_topology("limits.yaml", text)
        try:
            steps = self.steps()
            self.assertEqual(set(steps), {"mysql/mysql-master/account"})
            told = {line["field"]: (line["before"], line["after"]) for line in steps["mysql/mysql-master/account"]["diff"]}
            self.assertEqual(told, {"require": ("NONE", "SSL"), "max_connections": ("0", "5")})
            self.apply()
            self.well()
            say = lambda words: self.site.as_replication_user("docker1", "mysql-master", words)  # noqa: E731
            self.assertIn("ERROR 1045", say("--ssl-mode=DISABLED -e 'SELECT 1'"))
            self.assertEqual(say("-e 'SELECT 1'"), "1\n")
            # All are taken, by the slaves too if they came after the limit: the account works all the same.
            holders = [threading.Thread(target=say, args=("-e 'SELECT SLEEP(60)'",)) for _ in range(5)]
            for one in holders:
                one.start()
            wait_until("all connections to be taken", lambda: "ERROR 1226" in say("-e 'SELECT 1'"), 15)
            self.assertEqual(self.steps(), {})
            self.assertIn("ERROR 1226", say("-e 'SELECT 1'"))  # still
            self.site.sh("docker1", "pkill -f 'SELECT SLEEP'")
            for one in holders:
                one.join()
        finally:
            self.site.topology = original
        self.apply()
        self.well()

    def test_20_a_server_that_leaves_the_file_takes_its_endpoint_along(self) -> None:
        text = self.site.topology.read_text()
        fewer = re.sub(r".*mysql-slave2: .*\n", "", text)
        original, self.site.topology = self.site.topology, self.site.write_topology("fewer.yaml", fewer)
        try:
            self.apply()
            self.well()
            self.assertEqual(set(self.resources("nodes")), {"docker1.local", "docker2.local"})
            self.assertIn("is not assigned", self.site.sh("docker1", f"{CTL} ipam show --ip={CALICO['docker3']}"))
            self.assertNotIn("calico", self.site.sh("docker3", "docker ps -a --format '{{.Names}}'"))
        finally:
            self.site.topology = original
        self.apply()
        self.well()

    # -- removed

    def test_30_destroy_leaves_nothing_but_the_data(self) -> None:
        done = self.site.mrc("destroy", "--yes")
        self.assertEqual(done.returncode, 0, summary(done))
        for host in HOSTS:
            left = snapshot.differences(self.before[host], snapshot.take(self.site, host))
            data = [line for line in left if re.match(r"\+ files: /opt/Docker(/|$)", line)]
            self.assertEqual([line for line in left if line not in data and line not in KEPT], [], host)

    def test_31_apply_takes_the_data_up_again(self) -> None:
        self.apply()
        for host in HOSTS:
            rows = self.site.sql_outside(ADDRESSES[host], "SELECT id, note FROM shop.orders;")
            self.assertEqual(rows, [["7", "first"]])

    def test_32_destroy_with_delete_data_leaves_nothing(self) -> None:
        done = self.site.mrc("destroy", "--yes", "--delete-data")
        self.assertEqual(done.returncode, 0, summary(done))
        for host in HOSTS:
            left = snapshot.differences(self.before[host], snapshot.take(self.site, host))
            self.assertEqual([line for line in left if line not in KEPT], [], host)


class Move(Today):
    def test_the_article_moves_to_today_by_the_steps_that_the_refusal_names(self) -> None:
        today = self.site.topology
        text = re.sub(r"  mode: none.*\n", "", today.read_text().replace("v3.32.1", "v0.22.0"))
        article = self.site.write_topology("article.yaml", text.replace("10.77.0.", "10.66.0."))
        self.site.topology = article
        try:
            self.apply()
            self.site.sql_outside(ADDRESSES["docker1"], "CREATE DATABASE shop; CREATE TABLE shop.t (id INT PRIMARY KEY); INSERT INTO shop.t VALUES (1);")
            self.site.topology = today
            done = self.site.mrc("apply", "--yes")
            self.assertEqual(done.returncode, 3, summary(done))
            self.assertIn("runs on Calico v0.22 here, and the file asks for v3", done.stderr)
            self.site.topology = article
            done = self.site.mrc("destroy", "--yes")
            self.assertEqual(done.returncode, 0, summary(done))
        finally:
            self.site.topology = today
        self.apply()
        self.well()
        self.site.sql_outside(ADDRESSES["docker1"], "INSERT INTO shop.t VALUES (2);")
        for host in HOSTS:
            wait_until(
                f"both rows on {host}",
                lambda host=host: self.site.sql_outside(ADDRESSES[host], "SELECT id FROM shop.t ORDER BY id;") == [["1"], ["2"]],
                20,
            )
        self.assertEqual(self.site.mrc("destroy", "--yes", "--delete-data").returncode, 0)


if __name__ == "__main__":
    unittest.main(verbosity=2, failfast=True)
