#!/usr/bin/env python3
"""The members of a running etcd cluster come, go and are replaced, and what was changed by hand is put right.

Needs four hosts: tests/lab/lab up -n 4.
"""

import re
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
from resume_test import Run  # noqa: E402
from site_lab import NETWORK_PREFIX, ROOT, Site, lab, load_json, summary  # noqa: E402
from story import Story  # noqa: E402

HOSTS = ("docker1", "docker2", "docker3", "docker4")
PEERS = {host: f"http://{NETWORK_PREFIX}.{111 + i}:2380" for i, host in enumerate(HOSTS)}


def topology_text(hosts: tuple[str, ...], members: tuple[str, ...]) -> str:
    """The article's deployment with one server, as the servers are not what this is about."""
    text = (ROOT / "examples/blog-2016.yaml").read_text()
    text = re.sub(r"(?m)^  docker\d: .*\n", "", text)
    lines = "".join(f"  {h}: {{address: 192.168.55.{111 + HOSTS.index(h)}, interface: eth0}}\n" for h in hosts)
    text = text.replace("hosts:\n", "hosts:\n" + lines, 1)
    text = re.sub(r"members: \[.*\]", f"members: [{', '.join(members)}]", text)
    return re.sub(r"(?m)^    mysql-slave\d: .*\n", "", text)


class EtcdChange(Story):
    site: Site

    @classmethod
    def setUpClass(cls) -> None:
        lab("reset", "-n", "4")
        cls.site = Site(ROOT / "examples/blog-2016.yaml")
        cls.started = time.monotonic()

    @classmethod
    def tearDownClass(cls) -> None:
        print(f"\n{time.monotonic() - cls.started:.0f} s", file=sys.stderr)

    def ask_for(self, hosts: tuple[str, ...], members: tuple[str, ...]) -> None:
        self.site.topology = self.site.write_topology("etcd.yaml", topology_text(hosts, members))

    def plan(self) -> list[tuple[str, str]]:
        """What comes in etcd: step and cause, in the plan's order."""
        done = self.site.mrc("plan", "--json")
        self.assertIn(done.returncode, (0, 2), summary(done))
        return [(s["id"], s["cause"]) for s in load_json(done)["steps"] if s["id"].startswith("etcd/")]

    def planned(self) -> list[str]:
        return [step for step, _ in self.plan()]

    def apply(self, *words: str) -> None:
        done = self.site.mrc("apply", "--yes", "--lock-wait", "20s", *words, timeout=900)
        self.assertEqual(done.returncode, 0, summary(done))
        done = self.site.mrc("plan")
        self.assertEqual(done.returncode, 0, summary(done))

    def pids(self, *hosts: str) -> list[str]:
        return [self.site.sh(host, "systemctl show -p MainPID etcd") for host in hosts]

    def healthy(self, *members: str) -> None:
        """etcdctl, asked by hand on each member, knows exactly these, and all of them well."""
        ids = set()
        for host in members:
            said = self.site.sh(host, "ETCDCTL_API=2 etcdctl cluster-health; ETCDCTL_API=2 etcdctl member list")
            self.assertEqual(len(re.findall(r"^member \w+ is healthy", said, re.M)), len(members), said)
            self.assertIn("cluster is healthy", said)
            listed = dict(re.findall(r"name=(\S+) peerURLs=(\S+)", said))
            self.assertEqual(listed, {one: PEERS[one] for one in members}, said)
            ids.add(re.search(r'"cluster_id":(\d+)', self.site.sh(host, "ETCDCTL_API=3 etcdctl member list -w json")).group(1))
            names = ",".join(f"{one}={PEERS[one]}" for one in members)
            self.assertIn(f'ETCD_INITIAL_CLUSTER="{names}"', self.site.sh(host, "cat /etc/default/etcd"))
        self.assertEqual(len(ids), 1, ids)

    def test_01_a_cluster_of_three(self) -> None:
        self.ask_for(HOSTS[:3], HOSTS[:3])
        self.apply()
        self.healthy(*HOSTS[:3])

    def test_02_a_fourth_host_s_member_is_added_and_the_others_go_on(self) -> None:
        pids = self.pids(*HOSTS[:3])
        self.ask_for(HOSTS, HOSTS)
        self.assertEqual(
            sorted(self.planned()),
            sorted(
                [f"etcd/docker4/{what}" for what in ("install", "member-add", "config", "start", "healthy")]
                + [f"etcd/{host}/config" for host in HOSTS[:3]]
            ),
        )
        self.apply()
        self.healthy(*HOSTS)
        self.assertEqual(self.pids(*HOSTS[:3]), pids)

    def test_03_a_member_is_removed_and_its_host_stays(self) -> None:
        pids = self.pids("docker1", "docker2", "docker4")
        self.ask_for(HOSTS, ("docker1", "docker2", "docker4"))
        steps = [step for step in self.planned() if step.startswith("etcd/docker3/")]
        gone = ("member-remove", "stop", "restore-config", "remove-data", "remove-packages")
        self.assertEqual(steps, [f"etcd/docker3/{what}" for what in gone])
        self.apply()
        self.healthy("docker1", "docker2", "docker4")
        self.assertEqual(self.pids("docker1", "docker2", "docker4"), pids)
        left = "command -v etcd; ls -d /var/lib/etcd /etc/default/etcd; pgrep -x etcd; grep etcd/ /var/lib/mrc/*"
        self.assertEqual(self.site.sh("docker3", left, check=False), "")

    def test_04_a_member_whose_host_was_wiped_is_replaced(self) -> None:
        self.site.sh(
            "docker2",
            "systemctl stop etcd; apt-get -q -y purge etcd-server etcd-client >/dev/null 2>&1;"
            " rm -rf /var/lib/etcd /etc/default/etcd /var/lib/mrc",
        )
        steps = self.plan()
        wanted = ("install", "member-remove", "member-add", "config", "start", "healthy")
        self.assertEqual(sorted(step for step, _ in steps), sorted(f"etcd/docker2/{what}" for what in wanted))
        # Whoever waits for it waits for the host's new record as well, which is no drift of etcd.
        self.assertEqual({cause for step, cause in steps if not step.endswith("healthy")}, {"drift"})
        self.apply()
        self.healthy("docker1", "docker2", "docker4")

    def test_05_mrc_killed_when_a_member_add_began_goes_on(self) -> None:
        self.ask_for(HOSTS, HOSTS)
        run = Run(self.site, "apply", str(self.site.topology), "--yes")
        self.assertTrue(run.started("etcd/docker3/member-add"), run.said())
        run.process.kill()
        run.end()
        self.apply()
        self.healthy(*HOSTS)

    def test_06_an_added_member_that_never_started_is_gone_on_with(self) -> None:
        self.ask_for(HOSTS, HOSTS[:3])
        self.apply()
        self.ask_for(HOSTS, HOSTS)
        self.site.sh("docker1", f"ETCDCTL_API=3 etcdctl member add docker4 --peer-urls={PEERS['docker4']}")
        steps = self.planned()
        self.assertNotIn("etcd/docker4/member-add", steps)
        self.assertIn("etcd/docker4/start", steps)
        self.apply()
        self.healthy(*HOSTS)

    def test_07_a_host_that_leaves_the_file_takes_its_member_along(self) -> None:
        self.ask_for(HOSTS[:3], HOSTS[:3])
        steps = self.planned()
        self.assertLess(steps.index("etcd/docker4/member-remove"), steps.index("etcd/docker4/stop"))
        self.apply()
        self.healthy(*HOSTS[:3])
        self.assertEqual(self.site.sh("docker4", "ls /var/lib/mrc; pgrep -x etcd", check=False), "")

    def drifts(self, host: str, by_hand: str, *steps: tuple[str, str]) -> None:
        """What somebody did on the host shows as just these steps there, all because of drift."""
        others = [one for one in HOSTS[:3] if one != host]
        pids = self.pids(*others)
        self.site.sh(host, by_hand)
        self.assertEqual(self.plan(), [(f"etcd/{host}/{step}", "drift") for step in steps], by_hand)
        self.apply()
        self.healthy(*HOSTS[:3])
        self.assertEqual(self.pids(*others), pids)

    def test_10_an_edited_configuration(self) -> None:
        self.drifts("docker2", "sed -i '/ADVERTISE_CLIENT/s/2379/2378/' /etc/default/etcd", "config", "restart")

    def test_11_an_edit_of_what_etcd_no_longer_reads_restarts_nothing(self) -> None:
        pids = self.pids("docker1")
        self.drifts("docker1", "sed -i '/TOKEN/s/etcd-cluster-1/other/' /etc/default/etcd", "config")
        self.assertEqual(self.pids("docker1"), pids)

    def test_12_a_stopped_unit(self) -> None:
        self.drifts("docker3", "systemctl stop etcd", "start", "healthy")

    def test_13_a_disabled_unit(self) -> None:
        self.drifts("docker1", "systemctl disable -q etcd", "enable")

    def test_14_a_wrong_peer_address(self) -> None:
        listed = self.site.sh("docker1", "ETCDCTL_API=3 etcdctl member list")
        member = re.search(r"(?m)^(\w+), started, docker2,", listed).group(1)
        by_hand = f"ETCDCTL_API=3 etcdctl member update {member} --peer-urls=http://{NETWORK_PREFIX}.112:2390"
        self.drifts("docker2", by_hand, "member-update", "healthy")

    def test_15_a_lost_record(self) -> None:
        pids = self.pids("docker2")
        by_hand = "sed -i '/\"etcd\\/\\|\"did\\/etcd/d' /var/lib/mrc/blog-2016.json"
        self.drifts("docker2", by_hand, "record")
        self.assertEqual(self.pids("docker2"), pids)

    def test_16_deleted_data(self) -> None:
        # Its configuration says `existing` since it was replaced: nothing to write.
        self.site.sh("docker2", "systemctl stop etcd; rm -rf /var/lib/etcd/default.etcd")
        steps = self.plan()
        self.assertEqual({cause for _, cause in steps}, {"drift"}, steps)
        self.assertEqual(
            {step for step, _ in steps},
            {f"etcd/docker2/{what}" for what in ("member-remove", "member-add", "start", "healthy")},
        )
        self.apply()
        self.healthy(*HOSTS[:3])

    def test_17_a_removed_package(self) -> None:
        # Without the unit nobody can tell which file it will read.
        by_hand = "apt-get -q -y remove etcd-server >/dev/null 2>&1"
        self.drifts("docker3", by_hand, "install", "config", "start", "healthy")

    def test_20_a_deployment_that_uses_etcd_too_gets_it_when_its_owner_goes(self) -> None:
        pids = self.pids(*HOSTS[:3])
        record = '{"mrc": 1, "name": "second", "made": {\n  "etcd/uses": "blog-2016"\n}}\n'
        for host in HOSTS[:3]:
            self.site.sh(host, f"cat >/var/lib/mrc/second.json <<'E'\n{record}E\n")
        done = self.site.mrc("destroy", "--yes", "--delete-data")
        self.assertEqual(done.returncode, 0, summary(done))
        self.healthy(*HOSTS[:3])
        self.assertEqual(self.pids(*HOSTS[:3]), pids)
        for host in HOSTS[:3]:
            self.assertEqual(self.site.sh(host, "ls /var/lib/mrc/*.json"), "/var/lib/mrc/second.json\n")
            self.assertIn('"etcd/unit"', self.site.sh(host, "cat /var/lib/mrc/second.json"))

    def test_21_the_last_one_takes_etcd_away(self) -> None:
        text = self.site.topology.read_text().replace("name: blog-2016", "name: second")
        self.site.topology = self.site.write_topology("second.yaml", text)
        done = self.site.mrc("destroy", "--yes", "--delete-data")
        self.assertEqual(done.returncode, 0, summary(done))
        for host in HOSTS:
            left = self.site.sh(host, "ls /var/lib/mrc /var/lib/etcd/default.etcd; pgrep -x etcd", check=False)
            self.assertEqual(left, "", host)
        for host in ("docker3", "docker4"):
            self.assertEqual(self.site.sh(host, "command -v etcd", check=False), "")


if __name__ == "__main__":
    unittest.main(verbosity=2, failfast=True)
