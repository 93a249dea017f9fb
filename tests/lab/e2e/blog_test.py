#!/usr/bin/env python3
"""The 2016 article's deployment, from three bare hosts to replicated servers and back."""

import json
import random
import re
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
import command_journal  # noqa: E402
import snapshot  # noqa: E402
from site_lab import ADDRESSES, HOSTS, ROOT, REPL_PASSWORD, ROOT_PASSWORD, Site, lab, load_json, summary, wait_until  # noqa: E402
from story import Story  # noqa: E402
from writer import Writer  # noqa: E402

SERVERS = {"docker1": "mysql-master", "docker2": "mysql-slave1", "docker3": "mysql-slave2"}
CALICO = {"docker1": "192.168.0.50", "docker2": "192.168.0.51", "docker3": "192.168.0.52"}

# Identities that must not change when apply has nothing to do.
IDENTITIES = r"""
docker ps --no-trunc --format '{{.ID}} {{.Names}}' | sort
docker inspect -f '{{.State.Pid}} {{.State.StartedAt}}' $(docker ps -q | sort)
systemctl show -p MainPID etcd
iptables-save | grep -c -- '-A'
iptables -t nat -S | sort
cat /var/lib/mrc/blog-2016.json
"""


class BlogStory(Story):
    site: Site
    before: dict[str, dict[str, set[str]]]

    @classmethod
    def setUpClass(cls) -> None:
        lab("reset")
        cls.site = Site(ROOT / "examples/blog-2016.yaml")
        cls.before = {host: snapshot.take(cls.site, host) for host in HOSTS}

    def identities(self) -> dict[str, str]:
        return {host: self.site.sh(host, IDENTITIES) for host in HOSTS}

    # -- before

    def test_01_plan_of_bare_hosts_shows_the_changes_and_makes_none(self) -> None:
        done = self.site.mrc("plan", "--json")
        self.assertEqual(done.returncode, 2, summary(done))
        ids = [step["id"] for step in load_json(done)["steps"]]
        self.assertIn("etcd/docker3/install", ids)
        self.assertEqual(len(ids), len(set(ids)))
        for host in HOSTS:
            after = snapshot.take(self.site, host)
            self.assertEqual(snapshot.differences(self.before[host], after), [], host)

    # -- apply

    def test_02_apply_from_bare_hosts_ends_0(self) -> None:
        done = self.site.mrc("apply", "--yes", timeout=900)
        self.assertEqual(done.returncode, 0, summary(done))
        self.assertRegex(done.stderr, r"remote work .*ssh .*mrc ")
        print(done.stderr, file=sys.stderr)

    def test_03_etcdctl_says_healthy_for_three_members(self) -> None:
        said = self.site.sh("docker2", "ETCDCTL_API=2 etcdctl cluster-health")
        self.assertEqual(len(re.findall(r"^member \w+ is healthy", said, re.M)), 3, said)
        self.assertIn("cluster is healthy", said)

    def test_04_calicoctl_lists_three_endpoints_with_address_and_profile(self) -> None:
        said = self.site.sh("docker1", "calicoctl endpoint show --detailed")
        rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in said.splitlines() if line.startswith("|")]
        found = {row[0]: (row[4], row[6]) for row in rows[1:]}
        wanted = {f"{host}.local": (f"{CALICO[host]}/32", "mysql-replication") for host in HOSTS}
        self.assertEqual(found, wanted, said)

    def test_05_show_slave_status_says_yes_and_yes(self) -> None:
        for host in ("docker2", "docker3"):
            said = self.site.sql_inside(host, SERVERS[host], "SHOW SLAVE STATUS")
            self.assertRegex(said, r"Slave_IO_Running: Yes")
            self.assertRegex(said, r"Slave_SQL_Running: Yes")
            self.assertRegex(said, r"Auto_Position: 1")
            self.assertRegex(said, r"Master_Host: 192\.168\.0\.50\n")

    def test_06_a_client_outside_writes_through_one_host_and_reads_through_the_others(self) -> None:
        self.site.sql_outside(
            ADDRESSES["docker1"],
            "CREATE DATABASE shop; CREATE TABLE shop.orders (id INT PRIMARY KEY, note VARCHAR(40));"
            "INSERT INTO shop.orders VALUES (7, 'first');",
        )
        for host, server_id in (("docker1", "1"), ("docker2", "101"), ("docker3", "102")):
            rows = wait_until(
                f"the row on {host}",
                lambda host=host: self.site.sql_outside(
                    ADDRESSES[host],
                    "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema='shop';",
                ) == [["1"]] and self.site.sql_outside(ADDRESSES[host], "SELECT id, note FROM shop.orders;"),
                20,
            )
            self.assertEqual(rows, [["7", "first"]])
            self.assertEqual(self.site.sql_outside(ADDRESSES[host], "SELECT @@server_id;"), [[server_id]])

    def test_07_nobody_gets_in_without_the_password(self) -> None:
        for host in HOSTS:
            for wrong in ("", "mypassword", ROOT_PASSWORD[:-1]):
                with self.assertRaises(AssertionError) as refused:
                    self.site.sql_outside(ADDRESSES[host], "SELECT 1;", password=wrong)
                self.assertIn("ERROR 1045", str(refused.exception))

    def test_08_the_passwords_are_nowhere_to_be_read(self) -> None:
        for word in (ROOT_PASSWORD, REPL_PASSWORD):
            for name in Path(self.site.state.name).rglob("*"):
                if name.is_file():
                    self.assertNotIn(word, name.read_text(errors="replace"), str(name))
        for host in HOSTS:
            seen = self.site.sh(
                host,
                "docker ps -aq | xargs docker inspect; cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null"
                " | tr '\\0' '\\n'; journalctl --no-pager -o cat; cat /var/lib/mrc/* 2>/dev/null;"
                " docker ps -q | xargs -n1 docker logs 2>&1; find /dev/shm /run /tmp -type f -size -100k"
                " -exec cat {} + 2>/dev/null || :",
            )
            for word in (ROOT_PASSWORD, REPL_PASSWORD, json.dumps(ROOT_PASSWORD)[1:-1], json.dumps(REPL_PASSWORD)[1:-1]):
                self.assertNotIn(word, seen, f"on {host}")

    def test_09_status_shows_all_of_it_and_that_it_is_well(self) -> None:
        done = self.site.mrc("status", "--json")
        self.assertEqual(done.returncode, 0, summary(done))
        record = load_json(done)
        self.assertTrue(record["ok"])
        rows = [(row["group"], row["host"], row["subject"]) for row in record["conditions"]]
        for host in HOSTS:
            for wanted in (("hosts", None), ("hosts", "docker"), ("etcd", None), ("calico", "node"),
                           ("servers", SERVERS[host]), ("exposure", SERVERS[host]), ("survival", SERVERS[host])):  # fmt: skip
                self.assertIn((wanted[0], host, wanted[1]), rows)
        texts = {row["subject"]: row["text"] for row in record["conditions"] if row["group"] == "servers"}
        self.assertRegex(texts["mysql-master"], r"^master, up, 5\.6")
        self.assertRegex(texts["mysql-slave1"], r"both threads run, \d+ s behind, 0 transactions behind, read-only")
        self.assertEqual({row["level"] for row in record["conditions"]}, {"ok"}, summary(done))

    # -- nothing to do

    def test_10_plan_right_after_is_empty(self) -> None:
        done = self.site.mrc("plan")
        self.assertEqual(done.returncode, 0, summary(done))
        self.assertIn("Nothing to do", done.stdout)

    def test_11_a_second_apply_runs_no_step_and_changes_nothing(self) -> None:
        before = self.identities()
        done = self.site.mrc("apply", "--yes")
        self.assertEqual(done.returncode, 0, summary(done))
        self.assertEqual(before, self.identities())

    def test_12_plan_runs_no_command_that_changes_a_host(self) -> None:
        self.site.stop_server("docker2", "mysql-slave1")  # so that there is something to plan
        executed = "SELECT @@GLOBAL.gtid_executed;"
        before = self.site.sql_outside(ADDRESSES["docker1"], executed)
        for host in HOSTS:
            command_journal.install(self.site, host)
        try:
            done = self.site.mrc("plan")
            calls = {host: command_journal.take(self.site, host) for host in HOSTS}
            apply = self.site.mrc("apply", "--yes", "--no-write")
            applied = command_journal.take(self.site, "docker2")
        finally:
            for host in HOSTS:
                command_journal.remove(self.site, host)
        self.assertEqual(done.returncode, 2, summary(done))
        for host in HOSTS:
            self.assertTrue([call for call in calls[host] if call.startswith("docker")], f"{host} was not asked")
            self.assertEqual(command_journal.changing(calls[host]), [], host)
        # The journal would have told: apply's commands are in it.
        self.assertEqual(apply.returncode, 0, summary(apply))
        self.assertIn("docker start mysql-slave1", command_journal.changing(applied))
        self.assertEqual(self.site.sql_outside(ADDRESSES["docker1"], executed), before)

    # -- verify

    def test_20_verify_ends_0(self) -> None:
        done = self.site.mrc("verify")
        self.assertEqual(done.returncode, 0, summary(done))
        print(done.stdout, file=sys.stderr)

    def test_21_verify_names_the_slave_whose_thread_was_stopped_and_why(self) -> None:
        self.site.sql_inside("docker3", "mysql-slave2", "STOP SLAVE SQL_THREAD")
        done = self.site.mrc("verify", "--json")
        self.assertEqual(done.returncode, 5, summary(done))
        failed = [check for check in load_json(done)["checks"] if check["level"] == "fail"]
        self.assertTrue(failed)
        self.assertEqual({check["subject"] for check in failed}, {"mysql-slave2"}, summary(done))
        self.assertTrue(any("Slave_SQL_Running" in check["detail"] for check in failed), summary(done))
        done = self.site.mrc("status", "--json")
        self.assertEqual(done.returncode, 5, summary(done))
        (row,) = [row for row in load_json(done)["conditions"] if row["level"] != "ok"]
        self.assertEqual((row["level"], row["subject"]), ("fail", "mysql-slave2"))
        self.assertIn("Slave_SQL_Running: No", row["text"])

    def test_22_plan_shows_the_stopped_thread_and_apply_starts_it(self) -> None:
        done = self.site.mrc("plan", "--json")
        self.assertEqual(done.returncode, 2, summary(done))
        self.assertEqual({step["host"] for step in load_json(done)["steps"]}, {"docker3"}, summary(done))
        done = self.site.mrc("apply", "--yes")
        self.assertEqual(done.returncode, 0, summary(done))
        self.assertEqual(self.site.mrc("verify").returncode, 0)

    def test_23_a_rule_deleted_by_hand_is_put_back_once(self) -> None:
        rules = "iptables -t nat -S PREROUTING | grep -- '--dport 3306'"
        rule = self.site.sh("docker2", rules).strip()
        self.site.sh("docker2", "iptables -t nat " + rule.replace("-A", "-D", 1))
        self.assertEqual(self.site.mrc("plan").returncode, 2)
        done = self.site.mrc("apply", "--yes")
        self.assertEqual(done.returncode, 0, summary(done))
        self.assertEqual(self.site.sh("docker2", rules).strip(), rule)

    def test_24_a_restarted_container_gets_its_address_back_by_itself(self) -> None:
        self.site.sh("docker2", "docker restart -t 60 mysql-slave1")
        end = time.monotonic() + 60
        while (done := self.site.mrc("plan")).returncode != 0 and time.monotonic() < end:
            pass
        self.assertEqual(done.returncode, 0, summary(done))
        self.assertEqual(self.site.mrc("verify").returncode, 0)
        self.assertEqual(self.site.sql_outside(ADDRESSES["docker2"], "SELECT @@server_id;"), [["101"]])

    def test_25_other_options_roll_slaves_first_under_a_writer_that_loses_nothing(self) -> None:
        text = self.site.topology.read_text().replace("  data_root:", "  options: {max_connections: 123}\n  data_root:")
        other = self.site.write_topology("other.yaml", text)
        original, self.site.topology = self.site.topology, other
        try:
            done = self.site.mrc("plan", "--json")
            self.assertEqual(done.returncode, 2, summary(done))
            steps = [step["id"] for step in load_json(done)["steps"]]
            self.assertLess(steps.index("mysql/mysql-slave2/rejoin"), steps.index("mysql/mysql-master/container"))
            self.assertIn("calico/mysql-master/endpoint", steps)
            with Writer(self.site, ADDRESSES["docker1"]) as writer:
                done = self.site.mrc("apply", "--yes", timeout=900)
                self.assertEqual(done.returncode, 0, summary(done))
            self.assertEqual(self.site.mrc("plan").returncode, 0)
        finally:
            self.site.topology = original
        self.assertGreater(len(writer.acknowledged), 20)
        for host in HOSTS:
            self.assertEqual(self.site.sql_outside(ADDRESSES[host], "SELECT @@max_connections;"), [["123"]])
            wait_until(
                f"every acknowledged row on {host}",
                lambda host=host: writer.acknowledged <= writer.rows_on(ADDRESSES[host]),
            )

    def test_26_a_saved_plan_is_run_as_it_was_looked_at_or_not_at_all(self) -> None:
        plan = str(Path(self.site.state.name, "plan.json"))
        hide = "iptables -t nat -S PREROUTING | sed -n '/--dport 3306/s/^-A/iptables -t nat -D/p' | sh"
        self.site.sh("docker2", hide)
        self.assertEqual(self.site.mrc("plan", "--out", plan).returncode, 2)
        self.site.sh("docker3", hide)
        done = self.site.bare_mrc("apply", plan)
        self.assertEqual(done.returncode, 3, summary(done))
        self.assertIn("the hosts have changed since; needed now: dnat/mysql-slave2/expose", done.stderr)
        self.assertEqual(self.site.mrc("plan", "--out", plan).returncode, 2)
        done = self.site.bare_mrc("apply", plan)
        self.assertEqual(done.returncode, 0, summary(done))
        self.assertEqual(self.site.mrc("plan").returncode, 0)
        self.assertEqual(self.site.bare_mrc("apply", plan).returncode, 3)

    def test_27_the_history_tells_of_the_run(self) -> None:
        done = self.site.bare_mrc("history", "--json")
        self.assertEqual(done.returncode, 0, summary(done))
        last = load_json(done)["runs"][0]
        self.assertEqual((last["command"], last["deployment"], last["exit_code"]), ("apply", "blog-2016", 0))
        self.assertEqual({step["state"] for step in last["steps"]}, {"done"})
        self.assertLessEqual({"dnat/mysql-slave1/expose", "dnat/mysql-slave2/expose"}, {step["step"] for step in last["steps"]})

    # -- destroy

    def test_30_destroy_leaves_nothing_but_the_data(self) -> None:
        done = self.site.mrc("destroy", "--yes")
        self.assertEqual(done.returncode, 0, summary(done))
        for host in HOSTS:
            left = snapshot.differences(self.before[host], snapshot.take(self.site, host))
            data = [line for line in left if re.match(r"\+ files: /opt/Docker(/|$)", line)]
            self.assertTrue(any(line.endswith("/ibdata1") for line in data), host)
            self.assertEqual([line for line in left if line not in data], [], host)

    def test_31_apply_takes_the_data_up_again(self) -> None:
        done = self.site.mrc("apply", "--yes", timeout=900)
        self.assertEqual(done.returncode, 0, summary(done))
        for host in HOSTS:
            rows = self.site.sql_outside(ADDRESSES[host], "SELECT id, note FROM shop.orders;")
            self.assertEqual(rows, [["7", "first"]])

    def test_32_destroy_with_delete_data_leaves_nothing(self) -> None:
        done = self.site.mrc("destroy", "--yes", "--delete-data")
        self.assertEqual(done.returncode, 0, summary(done))
        for host in HOSTS:
            left = snapshot.differences(self.before[host], snapshot.take(self.site, host))
            self.assertEqual(left, [], host)

    def test_33_destroy_of_nothing_is_nothing(self) -> None:
        done = self.site.mrc("destroy", "--yes")
        self.assertEqual(done.returncode, 0, summary(done))

    # -- other passwords

    def test_40_random_printable_passwords_of_the_greatest_length_work(self) -> None:
        seed = random.SystemRandom().getrandbits(32)
        print(f"seed {seed}", file=sys.stderr)
        chance = random.Random(seed)
        printable = [chr(c) for c in range(0x20, 0x7F)]
        site = Site(
            ROOT / "examples/blog-2016.yaml",
            root="".join(chance.choices(printable, k=64)),
            repl="".join(chance.choices(printable, k=32)),
        )
        done = site.mrc("apply", "--yes", "--json", timeout=900)
        self.assertEqual(done.returncode, 0, summary(done))
        record = load_json(done)
        self.assertTrue(record["verify"]["holds"])
        self.assertEqual({one["state"] for one in record["outcomes"]}, {"done"})
        for host in HOSTS:
            self.assertEqual(len(site.sql_outside(ADDRESSES[host], "SELECT 1;")), 1)
        self.assertEqual(site.mrc("destroy", "--yes", "--delete-data").returncode, 0)

    def test_41_longer_ones_are_refused_before_any_host_is_asked(self) -> None:
        for root, repl in (("x" * 65, "y"), ("x", "y" * 33)):
            done = Site(ROOT / "examples/blog-2016.yaml", root=root, repl=repl).mrc("apply", "--yes")
            self.assertEqual(done.returncode, 1, summary(done))
            self.assertIn("MRC-T105", done.stderr)


if __name__ == "__main__":
    unittest.main(verbosity=2, failfast=True)
