#!/usr/bin/env python3
"""The stand-in of calicoctl v0.22.0 and calico/node, held against what is known of the real ones.

Each test quotes what the real program does, as found by running its source against a real etcd and
Docker. Two hosts of the lab: docker1 also holds an etcd of one member.
"""

import json
import re
import shlex
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
import standin_case  # noqa: E402
from site_lab import wait_until  # noqa: E402
from standin_case import IPS, ok, raise_hosts, shell  # noqa: E402
from story import Story  # noqa: E402

FIRST, SECOND = IPS.values()
ETCD = f"ETCD_AUTHORITY={FIRST}:2379"


def ctl(words: str, host: str = "docker1", env: str = ETCD, stdin: bytes | None = None) -> tuple[int, str, str]:
    return shell(host, f"{env} timeout 60 calicoctl {words}", stdin)


def dense(text: str) -> str:
    """How a paragraph is compared: it wraps at 80 columns, at blanks and after hyphens."""
    return re.sub(r"\s", "", text)


def etcd(path: str) -> dict | str | None:
    """A key's value, a folder's tree of values, or None."""
    out = ok("docker1", f"ETCDCTL_API=2 etcdctl --output json get {shlex.quote(path)} 2>/dev/null || echo null")
    node = json.loads(out)
    return None if node is None else node["node"]["value"]


def setUpModule() -> None:
    raise_hosts({"calicoctl-v0.22.0": "/usr/local/bin/calicoctl"})


class Case(standin_case.Case):
    ctl = staticmethod(ctl)

    def paragraph(self, words: str, rc: int, text: str, **more) -> None:
        """Return code, and a paragraph in stdout."""
        got = ctl(words, **more)
        self.assertEqual(got[0], rc, got)
        self.assertIn(dense(text), dense(got[1]))


class Emptied(Case):
    def setUp(self) -> None:
        ok("docker1", "ETCDCTL_API=2 etcdctl rm --recursive /calico >/dev/null 2>&1 || :")


class Words(Emptied):
    def test_a_typo_looks_like_success(self) -> None:
        """No arguments or an unknown first word: main help on stdout, rc 0."""
        for words in ("", "nodes", "--nonsense"):
            rc, out, err = ctl(words)
            self.assertEqual((rc, err), (0, ""))
            self.assertIn("Usage:", out)

    def test_bad_arguments_are_told_on_stderr(self) -> None:
        """Bad arguments: the Usage: section on stderr, rc 1."""
        for words in ("pool", "pool add", "node --nonsense", "profile x rule add inbound allow from 10.0.0.0/8"):
            rc, out, err = ctl(words)
            self.assertEqual((rc, out), (1, ""), words)
            self.assertIn("Usage:", err)

    def test_not_root(self) -> None:
        """This command must be run as root. on stderr, rc 2; not asked by node show, pool, profile."""
        for words in ("node", "node stop", "container add c 192.168.0.50", "container remove c", "checksystem"):
            rc, out, err = shell("docker1", f"runuser -u op -- env {ETCD} calicoctl {words}")
            self.assertEqual((rc, err), (2, "This command must be run as root.\n"), words)
        self.assertEqual(shell("docker1", f"runuser -u op -- env {ETCD} calicoctl pool show --ipv4")[0], 0)

    def test_etcd_down(self) -> None:
        """`<fn>: Error accessing etcd (<reason>).  Is etcd running?` on stdout, rc 1."""
        self.paragraph("pool show", 1, "Error accessing etcd (", env="ETCD_AUTHORITY=127.0.0.1:1")
        self.says("node show", 1, "Error connecting to etcd.\n", env="ETCD_AUTHORITY=127.0.0.1:1")
        rc, _, err = ctl(f"node --ip={FIRST}", env="ETCD_AUTHORITY=127.0.0.1:1")
        self.assertEqual(rc, 1)
        self.assertIn("ERROR: Could not connect to etcd at 127.0.0.1:1: ", err)

    def test_version_checks_the_environment_first(self) -> None:
        """version: 0.22.0, rc 0, but a bad ETCD_* value makes even this fail with rc 1."""
        rc, out, _ = ctl("version")
        self.assertEqual((rc, out.splitlines()[0]), (0, "0.22.0"))
        self.paragraph(
            "version", 1,
            "Invalid ETCD_AUTHORITY. Address must take the form <address>:<port>. Value provided is 'http://a:1'",
            env="ETCD_AUTHORITY=http://a:1",
        )  # fmt: skip
        self.paragraph("version", 1, "Invalid ETCD_ENDPOINTS. ", env="ETCD_ENDPOINTS=http://a:1/")

    def test_no_pool_no_address(self) -> None:
        self.says("ipam info 192.168.0.50", 0, "IP 192.168.0.50 is not currently assigned\n")
        self.says("ipam release 192.168.0.50", 0, "Failed to release address\n")
        self.says("ipam release nonsense", 1, "Invalid IP address specified.\n")


class Pools(Emptied):
    KEY = "/calico/v1/ipam/v4/pool/192.168.0.0-16"

    def test_add_is_silent_and_clears_flags_that_are_not_given(self) -> None:
        """pool add same CIDR: rc 0, none; JSON overwritten: missing flags are cleared."""
        self.says("pool add 192.168.0.0/16 --nat-outgoing", 0, "")
        self.assertEqual(json.loads(etcd(self.KEY)), {"cidr": "192.168.0.0/16", "masquerade": True})
        self.says("pool add 192.168.0.0/16", 0, "")
        self.assertEqual(json.loads(etcd(self.KEY)), {"cidr": "192.168.0.0/16"})

    def test_host_bits_are_dropped(self) -> None:
        self.says("pool add 192.168.0.5/16", 0, "")
        self.assertIsNotNone(etcd(self.KEY))

    def test_refusals_store_nothing(self) -> None:
        self.says("pool add 192.168.0.0/16", 0, "")
        self.says(
            "pool add 192.168.1.0/24", 1,
            "Cannot add IP pool 192.168.1.0/24 - pool overlaps with an existing pool 192.168.0.0/16\n",
        )  # fmt: skip
        self.says(
            "pool add 10.1.0.0/16 10.1.1.0/24", 1,
            "Cannot add IP pool 10.1.1.0/24 - pool overlaps with another new pool 10.1.0.0/16\n",
        )  # fmt: skip
        self.says(
            "pool add 10.1.1.0/27", 1,
            "An IPv4 pool must have a prefix length of 26 or lower.\nGiven: 10.1.1.0/27.\nNo pools added.\n",
        )  # fmt: skip
        self.says("pool add nonsense", 1, "Invalid CIDR specified nonsense\n")
        self.says("pool add --ipip fd00::/64", 1, "IP in IP not supported for IPv6 pools\n")
        self.says(
            "pool show --ipv4", 0,
            "+----------------+---------+\n|   IPv4 CIDR    | Options |\n+----------------+---------+\n"
            "| 192.168.0.0/16 |         |\n+----------------+---------+\n",
        )  # fmt: skip

    def test_remove(self) -> None:
        """Absent: rc 1. Else three lines, rc 0, takes >= 3 s each."""
        self.says("pool remove 192.168.0.0/16", 1, "192.168.0.0/16 is not a configured pool.\n")
        self.says("pool add 192.168.0.0/16", 0, "")
        start = time.monotonic()
        self.says(
            "pool remove 192.168.0.0/16", 0,
            "Disabling IP Pool\nRemoving IPAM configuration for pool\nDeleted IP Pool\n",
        )  # fmt: skip
        self.assertGreaterEqual(time.monotonic() - start, 3)
        self.assertIsNone(etcd(self.KEY))


class Profiles(Emptied):
    RULES = "/calico/v1/policy/profile/p/rules"
    DEFAULT = {"inbound_rules": [{"action": "allow", "src_tag": "p"}], "outbound_rules": [{"action": "allow"}]}

    def setUp(self) -> None:
        super().setUp()
        self.says("profile add p", 0, "Created profile p\n")

    def rules(self) -> dict:
        return json.loads(etcd(self.RULES))

    def test_add(self) -> None:
        """Writes tag P, inbound allow from tag P, outbound allow; existing: nothing, rules untouched."""
        self.assertEqual(self.rules(), self.DEFAULT)
        self.assertEqual(json.loads(etcd("/calico/v1/policy/profile/p/tags")), ["p"])
        ctl("profile p rule add inbound allow tcp to ports 3306")
        self.says("profile add p", 0, "Profile p already exists.\n")
        self.assertEqual(len(self.rules()["inbound_rules"]), 2)
        self.paragraph(
            "profile add a/b", 1,
            "Profile names must be < 40 character long and can only contain numbers, letters, dots, dashes and underscores.",
        )  # fmt: skip
        self.says("profile add " + "x" * 60, 0, f"Created profile {'x' * 60}\n")

    def test_remove_is_never_an_error(self) -> None:
        self.says("profile remove p", 0, "Deleted profile p\n")
        self.says("profile remove p", 0, "Profile p not found.\n")

    def test_rule_add(self) -> None:
        """Silent, or `Rule already present, skipping.`, even if --at differs."""
        self.says("profile p rule add inbound allow tcp to ports 3306", 0, "")
        self.says("profile p rule add inbound --at=1 allow tcp to ports 3306", 0, "Rule already present, skipping.\n")
        self.assertEqual(
            self.rules()["inbound_rules"],
            [*self.DEFAULT["inbound_rules"], {"action": "allow", "protocol": "tcp", "dst_ports": [3306]}],
        )
        self.says(
            "profile p rule show", 0,
            "Inbound rules:\n   1 allow from tag p\n   2 allow tcp to ports 3306\nOutbound rules:\n   1 allow\n",
        )  # fmt: skip

    def test_rule_add_at_a_wrong_place_adds_all_the_same(self) -> None:
        self.says("profile p rule add inbound --at=9 deny", 0, "Position 9 is out-of-range.\n")
        self.assertEqual(self.rules()["inbound_rules"][-1], {"action": "deny"})

    def test_rule_remove(self) -> None:
        self.says("profile p rule remove inbound deny", 1, "Rule not found.\n")
        self.says("profile p rule remove inbound --at=7 deny", 0, "Rule position out-of-range.\n")
        self.says("profile p rule remove inbound allow from tag p", 0, "")
        self.assertEqual(self.rules()["inbound_rules"], [])

    def test_port_ranges_are_unusable(self) -> None:
        """a-b is rejected, a:b crashes with ValueError rc 1 and changes nothing."""
        self.says("profile p rule add inbound allow tcp to ports 1-2", 1, "Invalid SRCPORTS or DSTPORTS specified.\n")
        rc, out, err = ctl("profile p rule add inbound allow tcp to ports 1:2")
        self.assertEqual((rc, out.split(":")[0]), (1, "ValueError"))
        self.assertIn("Traceback", err)
        self.assertEqual(self.rules(), self.DEFAULT)

    def test_rule_update_replaces_all(self) -> None:
        value = {"inbound_rules": [], "outbound_rules": [{"action": "deny"}]}
        text = json.dumps(value | {"extra": 1}).encode()
        self.says("profile p rule update", 0, "Successfully updated rules on profile p\n", stdin=text)
        self.assertEqual(self.rules(), value)
        rc, out, _ = ctl("profile p rule update", stdin=b'{"inbound_rules": []}')
        self.assertEqual((rc, out.splitlines()[0]), (1, "KeyError: 'outbound_rules'"))
        rc, out, _ = ctl("profile p rule json")
        self.assertEqual((rc, json.loads(out)), (0, value))

    def test_a_missing_profile(self) -> None:
        for words in ("rule show", "rule json", "tag show", "rule add inbound deny"):
            self.says(f"profile nobody {words}", 1, "Profile nobody not found.\n")

    def test_tags(self) -> None:
        self.says("profile p tag add t", 0, "Tag t added to profile p\n")
        self.says("profile p tag remove t", 0, "Tag t removed from profile p\n")
        self.says("profile p tag remove t", 1, "Tag t is not on profile p\n")

    def test_show(self) -> None:
        self.says("profile show", 0, "+------+\n| Name |\n+------+\n|  p   |\n+------+\n")
        self.assertEqual(ctl("profile show --detailed")[1].count("None"), 5)


class Life(Case, Story):
    """Two hosts from their first node to their last."""

    @classmethod
    def setUpClass(cls) -> None:
        ok("docker1", "ETCDCTL_API=2 etcdctl rm --recursive /calico >/dev/null 2>&1 || :")

    def container(self, host: str, name: str) -> str:
        """IPv6 is on in it: Docker 1.13+ turns it off, and then container add breaks off half-way."""
        flags = "--sysctl net.ipv6.conf.all.disable_ipv6=0 --entrypoint sleep"
        return ok(host, f"docker run -d --name {name} {flags} mysql:5.6 1000").strip()

    def endpoints(self) -> list[list[str]]:
        out = ctl("endpoint show --detailed")[1]
        return [[c.strip() for c in line.split("|")[1:-1]] for line in out.splitlines() if line.startswith("|")][1:]

    def reaches(self, host: str, source: str, target: str) -> bool:
        """A TCP connection to port 3306 from inside a container, or from the host when source is empty."""
        program = f"import socket; socket.create_connection(('{target}', 3306), 2).close()"
        inside = f"docker exec {source} " if source else ""
        return shell(host, f'{inside}python3 -c "{program}"')[0] == 0

    def test_01_node(self) -> None:
        rc, out, err = ctl(f"node --ip={FIRST} --libnetwork")
        self.assertEqual(rc, 0, out + err)
        lines = out.splitlines()
        if lines[0].startswith("WARNING: Could not set nf_contrack_max. "):  # a container may not
            del lines[:2]
        self.assertEqual(lines[0], "Running Docker container with the following command:")
        self.assertEqual(lines[1], "")
        self.assertTrue(lines[2].startswith(f"docker run -d --restart=always --net=host --privileged --name=calico-node -e HOSTNAME=docker1.local -e IP={FIRST} -e IP6= "))
        self.assertRegex(out, r"\nCalico node is running with id: [0-9a-f]{64}\nWaiting for successful startup\n")
        self.assertRegex(out, r"\nCalico node started successfully\nCalico libnetwork driver is running with id: [0-9a-f]{64}\n$")

    def test_02_default_pools_and_keys_of_the_first_start(self) -> None:
        self.assertEqual(json.loads(etcd("/calico/v1/ipam/v4/pool/192.168.0.0-16")), {"cidr": "192.168.0.0/16"})
        self.assertEqual(etcd("/calico/v1/Ready"), "true")
        self.assertRegex(etcd("/calico/v1/config/ClusterGUID"), r"^[0-9a-f]{32}$")
        self.assertEqual(etcd("/calico/bgp/v1/host/docker1.local/ip_addr_v4"), FIRST)
        self.assertEqual(etcd("/calico/bgp/v1/global/as_num"), "64511")

    def test_03_node_again_makes_its_container_anew(self) -> None:
        before = ok("docker1", "docker inspect -f {{.Id}} calico-node")
        self.assertEqual(ctl(f"node --ip={FIRST} --libnetwork")[0], 0)
        self.assertNotEqual(before, ok("docker1", "docker inspect -f {{.Id}} calico-node"))

    def test_04_an_address_in_use_and_bad_arguments(self) -> None:
        rc, out, _ = ctl(f"node --ip={FIRST}", host="docker2")
        self.assertEqual(rc, 1)
        self.assertIn(f"ERROR: IP address {FIRST} is already in use by host docker1.local. ", out)
        self.assertEqual(ok("docker2", "docker inspect -f {{.State.Running}} calico-node"), "false\n")
        self.says("node --ip=nonsense", 1, "Invalid IPv4 address specified with --ip argument.\n")
        rc, out, _ = ctl("node --no-pull --node-image=calico/node:none", host="docker2")
        self.assertEqual(rc, 1)
        self.assertIn("NotFound: 404 Client Error: Not Found", out)
        self.assertEqual(ok("docker2", "docker ps -aq --filter name=calico-node"), "")

    def test_05_the_second_node_and_its_peer(self) -> None:
        """The message is printed before BIRD runs: Established comes later."""
        self.assertEqual(ctl(f"node --ip={SECOND}", host="docker2")[0], 0)
        self.assertNotIn("Established", ctl("status", host="docker2")[1])
        status = wait_until("the peers", lambda: "Established" in (out := ctl("status")[1]) and out)
        self.assertTrue(status.startswith("calico-node container is running. Status: Up "))
        self.assertRegex(status, rf"\n\| {re.escape(SECOND)} \| node-to-node mesh \|   up  \| \d\d:\d\d:\d\d \| Established \|\n")
        self.assertIn(f"IP: {FIRST}    AS Number: 64511 (inherited)\n", status)
        rows = [line for line in ctl("node show")[1].splitlines() if line.startswith("| docker")]
        self.assertEqual([[c.strip() for c in row.split("|")][1:5] for row in rows], [
            ["docker1.local", FIRST, "", "64511 (inherited)"],
            ["docker2.local", SECOND, "", "64511 (inherited)"],
        ])  # fmt: skip

    def test_06_container_add_checks_in_its_order(self) -> None:
        self.says("container add nobody 192.168.0.50", 1, "Container nobody was not found.\n")
        ok("docker1", "docker create --name idle --entrypoint sleep mysql:5.6 1000")
        self.paragraph("container add idle 192.168.0.50", 1, "idle is not currently running.")
        ok("docker1", "docker rm idle; docker run -d --net host --name hosty --entrypoint sleep mysql:5.6 1000")
        self.paragraph(
            "container add hosty 192.168.0.50", 1, "Can't add hosty to Calico because it is running NetworkMode = host."
        )
        ok("docker1", "docker rm -f hosty")
        self.container("docker1", "one")
        self.says("container add one 10.9.9.9", 1, "10.9.9.9 is not in any configured pools\n")
        self.paragraph("container add one 1.2.3", 1, "Invalid IP address specified.  Argument must be a valid IP or CIDR.")
        self.assertEqual(self.endpoints(), [])

    def test_07_container_add(self) -> None:
        self.paragraph("container add one 192.168.0.50", 0, "IP 192.168.0.50 added to one")
        self.paragraph("container add one 192.168.0.50", 1, "one has already been configured with Calico Networking.")
        self.says("ipam info 192.168.0.50", 0, "No attributes defined for IP\n")
        row = self.endpoints()[0]
        self.assertEqual([row[0], row[1], row[4], row[6], row[7]], ["docker1.local", "docker", "192.168.0.50/32", "", "active"])
        routes = ok("docker1", "docker exec one ip route")
        self.assertIn("default via 169.254.1.1 dev eth1", routes)
        self.assertRegex(routes, r"default via 172\.\d+\.0\.1 dev eth0 metric 1")
        block = json.loads(etcd("/calico/ipam/v2/assignment/ipv4/block/192.168.0.0-26"))
        self.assertEqual((block["affinity"], block["allocations"][50]), ("host:docker1.local", 0))

    def test_08_an_address_that_is_taken(self) -> None:
        """An id of 64 digits pushes the paragraph over its 80 columns."""
        two = self.container("docker2", "two")
        self.paragraph("container add two 192.168.0.50", 1, "IP address is already assigned in pool 192.168.0.0/16.", host="docker2")
        rc, out, _ = ctl(f"container add {two} 192.168.0.51", host="docker2")
        self.assertEqual((rc, out), (0, f"IP 192.168.0.51 added to\n{two}\n\n"))

    def test_09_the_owner_of_the_block_tells_it_others_tell_single_addresses(self) -> None:
        wait_until("docker2's way", lambda: f"192.168.0.0/26 via {FIRST}" in ok("docker2", "ip route"))
        wait_until("docker1's way", lambda: f"192.168.0.51 via {SECOND}" in ok("docker1", "ip route"))
        self.assertIn("blackhole 192.168.0.0/26 proto bird", ok("docker1", "ip route"))
        self.assertRegex(ok("docker1", "ip route"), r"192\.168\.0\.50 dev cali[0-9a-f]{11}")

    def test_10_without_a_profile_all_is_dropped(self) -> None:
        listener = "import socket; s = socket.create_server(('', 3306))\\nwhile True: s.accept()"
        ok("docker2", f"docker exec -d two python3 -c \"exec('''{listener}''')\"")
        wait_until("the listener", lambda: self.reaches("docker2", "", "192.168.0.51"))  # a host's own is not policed
        self.assertFalse(self.reaches("docker1", "one", "192.168.0.51"))

    def test_11_profile_verbs_of_a_container(self) -> None:
        self.says("container one profile set p", 1, "Profile with name p was not found.\n")
        ctl("profile add p")
        ctl("profile add q")
        self.paragraph("container one profile set p", 0, "Profile(s) set to p.")
        self.paragraph("container one profile append p", 0, "Profile p is already in endpoint profile list")
        self.paragraph("container one profile append q p", 0, "Profile p is already in endpoint profile list")
        self.assertEqual(self.endpoints()[0][6], "p")  # all or nothing
        self.paragraph("container one profile remove q", 0, "Profile q is not in endpoint profile list.")
        self.paragraph("container two profile append p", 0, "Profile(s) p appended.", host="docker2")
        self.assertIn("Cannot remove profile - profile in use by endpoint(s).\nUse the '--no-check'", ctl("profile remove p")[1])

    def test_12_members_of_a_profile_talk_others_need_a_rule(self) -> None:
        wait_until("the policy", lambda: self.reaches("docker1", "one", "192.168.0.51"))
        self.assertFalse(self.reaches("docker1", "", "192.168.0.51"))
        ctl("profile p rule add inbound allow tcp to ports 3306")
        wait_until("the rule", lambda: self.reaches("docker1", "", "192.168.0.51"))

    def test_13_a_restart_loses_eth1_and_keeps_the_endpoint(self) -> None:
        """Re-adding needs remove -> add -> profile, in this order; the profiles are lost by the remove."""
        before = self.endpoints()
        ok("docker1", "docker restart -t 1 one")
        self.assertNotIn("eth1", ok("docker1", "docker exec one ip -o link"))
        self.assertEqual(self.endpoints(), before)
        self.paragraph("container add one 192.168.0.50", 1, "one has already been configured with Calico Networking.")
        ident = before[0][2]
        self.says("container remove one", 0, f"Removed Calico from {ident}\n")
        self.says("container remove one", 0, f"Failed find Calico data for {ident}\n")
        self.assertEqual(ctl("container add one 192.168.0.50")[0], 0)
        self.assertEqual(self.endpoints()[0][6], "")

    def test_14_a_container_made_anew_leaves_its_endpoint_behind(self) -> None:
        """Only the full old id removes it, also after docker rm."""
        old = self.endpoints()[0][2]
        ok("docker1", "docker rm -f one")
        self.container("docker1", "one")
        self.paragraph("container add one 192.168.0.50", 1, "IP address is already assigned in pool 192.168.0.0/16.")
        self.says(f"container remove {old[:12]}", 1, f"Container {old[:12]} was not found.\n")
        self.says(f"container remove {old}", 0, f"Removed Calico from {old}\n")
        self.assertEqual(ctl("container add one 192.168.0.50")[0], 0)

    def test_15_an_address_under_another_host_name_is_ignored_by_felix(self) -> None:
        """It succeeds, and traffic never flows."""
        self.container("docker1", "three")
        self.assertEqual(ctl("container add three 192.168.0.53", env=f"{ETCD} HOSTNAME=elsewhere")[0], 0)
        name = next(json.loads(etcd(k))["name"] for k in self.keys("/calico/v1/host/elsewhere"))
        wait_until("felix's next rounds", lambda: "192.168.0.50 dev cali" in ok("docker1", "ip route"))
        self.assertEqual(ok("docker1", f"cat /proc/sys/net/ipv4/conf/{name}/proxy_arp"), "0\n")
        full = ok("docker1", "docker inspect -f {{.Id}} three").strip()
        self.says(f"container remove {full}", 0, f"Removed Calico from {full}\n", env=f"{ETCD} HOSTNAME=elsewhere")
        ok("docker1", "docker rm -f three; ETCDCTL_API=2 etcdctl rm --recursive /calico/v1/host/elsewhere >/dev/null")

    def keys(self, path: str) -> list[str]:
        out = ok("docker1", f"ETCDCTL_API=2 etcdctl ls -r -p {path}")
        return [key for key in out.splitlines() if "/endpoint/" in key and not key.endswith("/")]

    def test_16_node_stop_and_remove(self) -> None:
        """The two containers stay, with restart=always; the hyphen of --force is where a line may break."""
        self.paragraph("node stop", 1, "Current host has active endpoints so can't be stopped.  Force with --force")
        self.paragraph("node remove", 1, "The node cannot be removed while it is running.  Please run 'calicoctl node stop' ")
        rc, out, _ = ctl("node stop --force")
        self.assertEqual(rc, 0)
        self.assertTrue(out.endswith("Node stopped\n"))
        self.assertEqual(ctl("node stop --force")[0], 0)
        state = ok("docker1", "docker inspect -f '{{.State.Running}} {{.HostConfig.RestartPolicy.Name}}' calico-node calico-libnetwork")
        self.assertEqual(state, "false always\nfalse always\n")
        rc, out, _ = ctl("node remove")
        self.assertEqual(rc, 1)
        self.assertIn("Force with --remove-\nendpoints", out)
        self.says("node remove --remove-endpoints", 0, "Node configuration removed\n")
        self.says("node remove", 0, "Node configuration removed\n")
        self.assertEqual([row[0] for row in self.endpoints()], ["docker2.local"])

    def test_17_what_bird_leaves(self) -> None:
        """This host keeps its routes; peers drop them once the session times out."""
        self.assertIn("proto bird", ok("docker1", "ip route"))
        wait_until("docker2 to forget", lambda: FIRST not in ok("docker2", "ip route show proto bird"), 30)


class NoSixInside(Case):
    def test_without_ipv6_in_the_container_add_breaks_off_half_way(self) -> None:
        """Docker 1.13+ sets disable_ipv6=1; if the host has IPv6 the last route fails: IP + veth leaked."""
        rc, _, _ = shell("docker2", "test -e /proc/net/if_inet6 && test $(cat /proc/sys/net/ipv6/conf/default/disable_ipv6) = 0")
        ok("docker2", "docker run -d --name old --entrypoint sleep mysql:5.6 1000")
        got = ctl("container add old 192.168.0.55", host="docker2")
        if rc == 0:
            self.assertEqual((got[0], got[1].split(":")[0]), (1, "CalledProcessError"), got)
            self.says("ipam info 192.168.0.55", 0, "No attributes defined for IP\n")
        else:
            self.assertEqual(got[0], 0, "a host without IPv6 has no such trouble")


if __name__ == "__main__":
    unittest.main(verbosity=2)
