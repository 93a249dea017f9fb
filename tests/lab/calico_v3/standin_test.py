#!/usr/bin/env python3
"""The stand-ins of calicoctl, of Calico's CNI plugins and of calico/node v3.32.1, held against what is known of the real ones.

Each test quotes what the real program does, as read in its source. Two hosts of the lab: docker1 also
holds an etcd of one member. Containers stand on Calico alone: they are started without a network.
"""

import hashlib
import json
import re
import shlex
import sys
import tarfile
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "e2e"))
import standin_case  # noqa: E402
from site_lab import wait_until  # noqa: E402
from standin_case import ENV, IPS, ok, raise_hosts, shell  # noqa: E402
from story import Story  # noqa: E402

FIRST, SECOND = IPS.values()
ENDPOINTS = f"http://{FIRST}:2379"
ETCD = f"ETCD_ENDPOINTS={ENDPOINTS}"
DOWN = "ETCD_ENDPOINTS=http://127.0.0.1:1"
IMAGE = "quay.io/calico/node:v3.32.1"
NODES = {"docker1": "host1", "docker2": "host2"}
RESOURCES = "/calico/resources/v3/projectcalico.org"
IPAM = "/calico/ipam/v2"
CID = "0123456789abcdef" * 4

POOL = """
apiVersion: projectcalico.org/v3
kind: IPPool
metadata: {name: mysql}
spec: {cidr: 10.77.0.0/24, ipipMode: Never, vxlanMode: Never, natOutgoing: true, blockSize: 26, nodeSelector: all(), allowedUses: [Workload], assignmentMode: Manual}
"""
PROFILE = """
apiVersion: projectcalico.org/v3
kind: Profile
metadata: {name: mysql-replication}
spec:
  ingress:
  - {action: Allow, source: {selector: has(mysql-replication)}}
  - {action: Allow, protocol: TCP, destination: {ports: [3306]}}
  egress:
  - {action: Allow}
  labelsToApply: {mysql-replication: ""}
"""
POLICY = """
apiVersion: projectcalico.org/v3
kind: GlobalNetworkPolicy
metadata: {name: closed}
spec:
  order: 100
  selector: has(mysql-replication)
  types: [Ingress]
  ingress:
  - {action: Deny, protocol: TCP, destination: {ports: [3306]}}
"""


def ctl(words: str, host: str = "docker1", env: str = ETCD, stdin: str | None = None, limit: int = 60) -> tuple[int, str, str]:
    return shell(host, f"{env} timeout {limit} calicoctl {words}", None if stdin is None else stdin.encode())


def etcd(key: str) -> dict | None:
    """A key's value, or None."""
    out = ok("docker1", f"etcdctl get --print-value-only {shlex.quote(key)}")
    return json.loads(out) if out.strip() else None


def keys(prefix: str) -> list[str]:
    return ok("docker1", f"etcdctl get --prefix --keys-only {shlex.quote(prefix)}").split()


def config(host: str, **more) -> dict:
    return {
        "cniVersion": "0.3.1", "name": "mysql-replication", "type": "calico", "log_level": "info",
        "datastore_type": "etcdv3", "etcd_endpoints": ENDPOINTS, "nodename": NODES[host], "ipam": {"type": "calico-ipam"},
    } | more  # fmt: skip


def cni(command: str, host: str = "docker1", stdin: str | None = None, program: str = "/opt/cni/bin/calico", cfg: dict | None = None,
        **variables: str) -> tuple[int, dict | None, str]:
    """A call of the plugin: status, the JSON on stdout or None when there is none, stderr."""
    names = {"CNI_COMMAND": command, "CNI_CONTAINERID": CID, "CNI_IFNAME": "eth1", "CNI_PATH": "/opt/cni/bin"}
    words = [f"{k}={shlex.quote(v)}" for k, v in (names | variables).items() if v]
    text = stdin if stdin is not None else json.dumps(cfg or config(host))
    rc, out, err = shell(host, f"{' '.join(words)} timeout 60 {program}", text.encode())
    return rc, json.loads(out) if out.startswith("{") else None, err if out.startswith("{") or not out else out


def setUpModule() -> None:
    raise_hosts({
        "calicoctl-v3.32.1": "/usr/local/bin/calicoctl", "calico-v3.32.1": "/opt/cni/bin/calico",
        "calico-ipam-v3.32.1": "/opt/cni/bin/calico-ipam",
    })  # fmt: skip


class Case(standin_case.Case):
    ctl = staticmethod(ctl)

    def fails(self, words: str, err: str, out: str = "", **more) -> None:
        """Status 1, and both streams exactly."""
        self.assertEqual(ctl(words, **more), (1, out, err))


class Emptied(Case):
    def setUp(self) -> None:
        ok("docker1", "etcdctl del --prefix /calico >/dev/null; rm -rf /etc/calico")


class Release(unittest.TestCase):
    FOLDER = "release-v3.32.1"

    def test_sums_are_plain_lines_over_all_assets(self) -> None:
        """SHA256SUMS: plain `sha256sum` lines (hex, two spaces, file name) over all assets."""
        for folder in (Path(ENV["MRC_ARTEFACTS"]), Path(ENV["MRC_ARTEFACTS"], self.FOLDER)):
            lines = (folder / "SHA256SUMS").read_text().splitlines()
            listed = dict(reversed(line.split("  ")) for line in lines)
            self.assertEqual(set(listed), {p.name for p in folder.iterdir() if p.is_file()} - {"SHA256SUMS"})
            for name, total in listed.items():
                with open(folder / name, "rb") as file:
                    self.assertEqual(hashlib.file_digest(file, "sha256").hexdigest(), total, name)

    def test_tarball(self) -> None:
        """`bin/cni/ARCH/{calico,calico-ipam}`, `calico-ipam` a symlink to `./calico`; `images/calico-node.tar`."""
        with tarfile.open(Path(ENV["MRC_ARTEFACTS"], self.FOLDER, f"{self.FOLDER}.tgz")) as tar:
            entries = {entry.name: entry for entry in tar}
        cni_files = [n for n in entries if n.startswith(f"{self.FOLDER}/bin/cni/") and not entries[n].isdir()]
        self.assertEqual(sorted(n.rsplit("/", 1)[1] for n in cni_files), ["calico", "calico-ipam"])
        link = next(entries[n] for n in cni_files if n.endswith("calico-ipam"))
        self.assertEqual((link.issym(), link.linkname), (True, "./calico"))
        self.assertTrue(entries[f"{self.FOLDER}/images/calico-node.tar"].isreg())


class Words(Emptied):
    def test_version(self) -> None:
        """`Client Version:    v3.32.1`, `Git commit:        HEX`, then the cluster's; --client stays offline."""
        rc, out, _ = ctl("version --client", env=DOWN, limit=5)
        self.assertEqual((rc, out), (0, "Client Version:    v3.32.1\nGit commit:        stand-in of the lab\n"))
        rc, out, err = ctl("version")
        self.assertEqual((rc, err), (1, "unable to retrieve Cluster Version or Type: resource does not exist: ClusterInformation(default) with error: <nil>\n"))
        ctl("apply -f -", stdin=PROFILE)
        self.assertTrue(ctl("version")[1].endswith("Cluster Version:   unknown\nCluster Type:      unknown\n"))

    def test_bad_arguments(self) -> None:
        """Sub-command: stderr; top level and log level: stdout; all exit 1."""
        self.fails("apply", "invalid option: 'calicoctl apply'. Use flag '--help' to read about a specific subcommand\n")
        self.fails("node nonsense", "invalid option: 'calicoctl node nonsense'. Use flag '--help' to read about a specific subcommand\n")
        self.assertEqual(ctl("nonsense")[0::2], (1, ""))
        self.assertRegex(ctl("nonsense")[1], r"^Invalid option: '.*nonsense'\. Use flag '--help' ")
        self.assertTrue(ctl("-l nonsense get node")[1].startswith("Unknown log level: nonsense"))

    def test_not_root(self) -> None:
        """`Need super user privileges: Operation not permitted` on stdout, exit 1."""
        for words in ("node status", "node checksystem", f"node run --node-image={IMAGE}"):
            self.assertEqual(shell("docker1", f"runuser -u op -- env {ETCD} calicoctl {words}"), (1, "Need super user privileges: Operation not permitted\n", ""))

    def test_without_any_setting_the_store_is_kubernetes(self) -> None:
        """Type unset: etcdv3 if endpoints are set, else kubernetes. `Failed to create ..` on stdout, exit 1."""
        rc, out, err = ctl("get node", env="")
        self.assertEqual((rc, err), (1, ""))
        self.assertTrue(out.startswith("Failed to create Calico API client: "))

    def test_the_prefix_wins(self) -> None:
        """Each also with prefix `CALICO_`, which wins."""
        self.assertEqual(ctl("get node", env=f"{DOWN} CALICO_{ETCD}")[0], 0)

    def test_no_timeout(self) -> None:
        """With etcd down calls wait for ever."""
        self.assertEqual(ctl("get node", env=DOWN, limit=2)[0], 124)

    def test_the_file_hides_the_environment(self) -> None:
        """If the file exists the environment is ignored completely; no merging."""
        head = "apiVersion: projectcalico.org/v3\nkind: CalicoAPIConfig\nmetadata:\nspec:\n"
        ok("docker1", f"mkdir -p /etc/calico; printf %s {shlex.quote(head + '  etcdEndpoints: http://127.0.0.1:1' + chr(10))} >/etc/calico/calicoctl.cfg")
        self.assertEqual(ctl("get node", limit=2)[0], 124)
        ok("docker1", f"printf %s {shlex.quote(head + f'  datastoreType: etcdv3{chr(10)}  etcdEndpoints: {ENDPOINTS}{chr(10)}')} >/tmp/own.cfg")
        self.assertEqual(ctl("get node -c /tmp/own.cfg", env=DOWN)[0], 0)

    def test_a_bad_file_is_fatal(self) -> None:
        """A missing non-default file is fatal. Parsed strictly: unknown keys fail. On stdout."""
        self.says("get node -c /tmp/nowhere.cfg", 1, "Error reading config file: /tmp/nowhere.cfg\n")
        ok("docker1", r"printf 'apiVersion: projectcalico.org/v3\nkind: CalicoAPIConfig\nspec:\n  endpoints: x\n' >/tmp/bad.cfg")
        self.says("get node -c /tmp/bad.cfg", 1, "Error reading config file: /tmp/bad.cfg\n")
        self.fails("node run -c /tmp/bad.cfg", "error executing command: invalid config file\n")

    def test_version_gate(self) -> None:
        """Suffix after `-` cut. Absent or empty: skipped. Not gated: version, node, validate."""
        ctl("apply -f -", stdin=PROFILE)
        key = f"{RESOURCES}/clusterinformations/default"
        information = etcd(key)
        information["spec"]["calicoVersion"] = "v3.32.1-rc2"
        ok("docker1", f"etcdctl put {key} {shlex.quote(json.dumps(information))}")
        self.assertEqual(ctl("get ippool")[0], 0)
        information["spec"]["calicoVersion"] = "v3.32.0"
        ok("docker1", f"etcdctl put {key} {shlex.quote(json.dumps(information))}")
        text = "version mismatch.\nClient Version:   v3.32.1\nCluster Version:  3.32.0\nUse --allow-version-mismatch to override\n"
        self.fails("get ippool", "failed to get resources: " + text)
        self.fails("apply -f -", text, stdin=PROFILE)
        self.fails("ipam show", text)
        self.assertEqual(ctl("get ippool --allow-version-mismatch")[0], 0)
        self.assertEqual(ctl("version")[0], 0)

    def test_datastore_lock(self) -> None:
        """`Datastore locked.` / `Datastore unlocked.`; locked = datastoreReady false."""
        ctl("apply -f -", stdin=PROFILE)
        self.says("datastore migrate lock", 0, "Datastore locked.\n")
        self.assertFalse(etcd(f"{RESOURCES}/clusterinformations/default")["spec"]["datastoreReady"])
        self.says("datastore migrate unlock", 0, "Datastore unlocked.\n")


class Resources(Emptied):
    def test_apply_also_initialises(self) -> None:
        """ClusterInformation `default` (random GUID, datastoreReady true, empty version) and three tiers."""
        self.says("apply -f -", 0, "Successfully applied 2 resource(s)\n", stdin=POOL + "---" + PROFILE)
        spec = etcd(f"{RESOURCES}/clusterinformations/default")["spec"]
        self.assertRegex(spec["clusterGUID"], r"^[0-9a-f]{32}$")
        self.assertEqual((spec["datastoreReady"], spec.get("calicoVersion")), (True, None))
        self.assertEqual([k.rsplit("/", 1)[1] for k in keys(f"{RESOURCES}/tiers/")], ["default", "kube-admin", "kube-baseline"])

    def test_what_is_stored(self) -> None:
        """Resources are stored with kind and apiVersion, without resourceVersion."""
        ctl("apply -f -", stdin=POOL)
        value = etcd(f"{RESOURCES}/ippools/mysql")
        self.assertEqual((value["kind"], value["apiVersion"]), ("IPPool", "projectcalico.org/v3"))
        self.assertEqual(set(value["metadata"]), {"name", "uid", "creationTimestamp"})
        self.assertEqual(value["spec"], {
            "cidr": "10.77.0.0/24", "vxlanMode": "Never", "ipipMode": "Never", "natOutgoing": True, "blockSize": 26,
            "nodeSelector": "all()", "allowedUses": ["Workload"], "assignmentMode": "Manual",
        })  # fmt: skip

    def test_create(self) -> None:
        self.says("create -f -", 0, "Successfully created 1 'IPPool' resource(s)\n", stdin=POOL)
        self.fails("create -f -", "failed to create 'IPPool' resource: [resource already exists: IPPool(mysql) with error: <nil>]\n", stdin=POOL)
        self.says("create --skip-exists -f -", 0, "Successfully created 1 'IPPool' resource(s)\n", stdin=POOL)

    def test_apply_again_replaces_the_spec(self) -> None:
        """apply = create, on "exists" get + update."""
        for _ in range(2):
            self.says("apply -f -", 0, "Successfully applied 1 'Profile' resource(s)\n", stdin=PROFILE)
        self.says("apply -f -", 0, "Successfully applied 1 'Profile' resource(s)\n", stdin=PROFILE.replace("3306", "3307"))
        self.assertEqual(etcd(f"{RESOURCES}/profiles/mysql-replication")["spec"]["ingress"][1]["destination"], {"ports": [3307]})

    def test_apply_invalid(self) -> None:
        ctl("apply -f -", stdin=POOL)
        self.fails(
            "apply -f -", "failed to apply 'IPPool' resource: [error with field IPPool.Spec.CIDR = '10.78.0.0/24' (IPPool CIDR cannot be modified)]\n",
            stdin=POOL.replace("10.77", "10.78"),
        )  # fmt: skip

    def test_apply_some_fail(self) -> None:
        """`Partial success: ..` only if successes outnumber failures; several documents: goes on after a failure."""
        bad = PROFILE.replace("name: mysql-replication}\nspec", "name: BAD}\nspec")
        rc, out, err = ctl("apply -f -", stdin="---".join([PROFILE, bad, POOL]))
        self.assertEqual((rc, out), (1, "Partial success: applied the first 2 out of 3 resources:\n"))
        self.assertTrue(err.startswith("hit error(s): [error with field Metadata.Name = 'BAD' "), err)
        self.assertEqual(ctl("apply -f -", stdin="---".join([PROFILE, bad]))[1], "")

    def test_replace(self) -> None:
        """Missing: `Partial success` on stdout all the same, exit 1."""
        self.fails(
            "replace -f -", "hit error: resource does not exist: Profile(mysql-replication) with error: <nil>\n",
            out="Partial success: replaced the first 1 out of 1 'Profile' resources:\n", stdin=PROFILE,
        )  # fmt: skip
        ctl("apply -f -", stdin=PROFILE)
        self.says("replace -f -", 0, "Successfully replaced 1 'Profile' resource(s)\n", stdin=PROFILE)

    def test_delete(self) -> None:
        ctl("apply -f -", stdin=PROFILE)
        self.says("delete profile mysql-replication", 0, "Successfully deleted 1 'Profile' resource(s)\n")
        self.fails("delete profile x", "Failed to delete 'Profile' resource: resource does not exist: Profile(x) with error: <nil>\n\n")
        self.says("delete profile x -s", 0, "Successfully deleted 1 'Profile' resource(s)\n")

    def test_get_what_is_missing(self) -> None:
        """By name: nothing (ps), `null` (json), exit 1. List: heading line only, or `items: []`."""
        missing = "resource does not exist: Profile(x) with error: <nil>\n"
        self.fails("get profile x", missing)
        self.fails("get profile x -o json", missing, out="null")
        self.says("get ippool", 0, "NAME   CIDR   SELECTOR   \n\n")
        self.assertEqual(json.loads(ctl("get ippool -o json")[1])["items"], [])
        self.fails("get nonsense", "failed to get resources: resource type 'nonsense' is not supported\n")

    def test_get(self) -> None:
        """2-space indent, no final newline; a list is a List; columns padded to 3 spaces, one blank line behind."""
        ctl("apply -f -", stdin=POOL + "---" + PROFILE)
        one = ctl("get ippool mysql -o json")[1]
        self.assertTrue(one.startswith('{\n  "kind": "IPPool",') and one.endswith("}"))
        self.assertRegex(json.loads(one)["metadata"]["resourceVersion"], r"^\d+$")
        self.assertEqual(json.loads(ctl("get ipp -o json")[1])["kind"], "IPPoolList")
        self.says("get pool", 0, "NAME    CIDR           SELECTOR   \nmysql   10.77.0.0/24   all()      \n\n")
        self.says("get profiles", 0, "NAME                          \nprojectcalico-default-allow   \nmysql-replication             \n\n")

    def test_an_old_resource_version_conflicts(self) -> None:
        """Feeding back an old resourceVersion gives `update conflict: Kind(name)`."""
        ctl("apply -f -", stdin=PROFILE)
        old = ctl("get profile mysql-replication -o yaml")[1]
        self.assertEqual(ctl("apply -f -", stdin=old)[0], 0)
        self.fails("apply -f -", "failed to apply 'Profile' resource: [update conflict: Profile(mysql-replication)]\n", stdin=old)

    def test_bad_yaml_and_unknown_fields(self) -> None:
        rc, _, err = ctl("apply -f -", stdin="kind: [\n")
        self.assertEqual((rc, err.startswith("failed to execute command: ")), (1, True), err)
        self.fails("apply -f -", "failed to execute command: field in document is not recognized or is in the wrong location: nonsense\n",
                   stdin=POOL.replace("natOutgoing", "nonsense"))  # fmt: skip

    def test_pool_rules(self) -> None:
        """Pool prefix ≤ blockSize; overlap is refused; host bits are masked away; not both tunnels."""
        self.assertEqual(ctl("apply -f -", stdin=POOL.replace("10.77.0.0/24", "10.77.0.0/28"))[0], 1)
        self.assertEqual(ctl("apply -f -", stdin=POOL.replace("Mode: Never", "Mode: Always"))[0], 1)
        self.assertEqual(ctl("apply -f -", stdin=POOL.replace("10.77.0.0/24", "10.77.0.9/24"))[0], 0)
        self.assertEqual(etcd(f"{RESOURCES}/ippools/mysql")["spec"]["cidr"], "10.77.0.0/24")
        rc, _, err = ctl("apply -f -", stdin=POOL.replace("name: mysql", "name: other"))
        self.assertEqual((rc, "overlaps" in err), (1, True), err)

    def test_ports_need_a_protocol(self) -> None:
        """ports need protocol TCP/UDP/SCTP; the built-in profile cannot be written or deleted."""
        self.assertEqual(ctl("validate -f -", env=DOWN, limit=5, stdin=PROFILE.replace(" protocol: TCP,", ""))[0], 1)
        self.assertEqual(ctl("apply -f -", stdin=PROFILE.replace("name: mysql-replication}", "name: projectcalico-default-allow}"))[0], 1)
        self.assertEqual(ctl("delete profile projectcalico-default-allow")[0], 1)

    def test_ipam_words(self) -> None:
        ctl("apply -f -", stdin=POOL)
        self.says("ipam show --ip=10.77.0.11", 0, "10.77.0.11 is not assigned\n")
        self.fails("ipam release --ip=10.77.0.11", "IP address 10.77.0.11 is not assigned\n")
        self.says("ipam show --ip=nonsense", 1, "Error executing command: invalid IP address specified: nonsense\n")
        self.says("ipam configure --strictaffinity=true", 0, "Successfully set StrictAffinity to: true\n")
        self.assertTrue(etcd(f"{IPAM}/config")["strict_affinity"])
        self.fails("ipam check", "KUBECONFIG environment variable or --kubeconfig parameter not set\n")

    def test_policies_carry_their_name(self) -> None:
        """GlobalNetworkPolicy: annotation `projectcalico.org/metadata` = `{"name":"NAME"}`."""
        ctl("apply -f -", stdin=POLICY)
        annotations = etcd(f"{RESOURCES}/globalnetworkpolicies/closed")["metadata"]["annotations"]
        self.assertEqual(annotations, {"projectcalico.org/metadata": '{"name":"closed"}'})
        self.says("get gnp -o wide", 0, "NAME     TIER      ORDER   SELECTOR                 \nclosed   default   100     has(mysql-replication)   \n\n")


class NodeRun(Emptied):
    def test_dryrun(self) -> None:
        """All names literal; the order of -e is random; DATASTORE_TYPE is not passed."""
        words = f"node run --dryrun --name=host1 --ip={FIRST} --no-default-ippools --node-image={IMAGE}"
        orders = set()
        for _ in range(4):
            rc, out, _ = ctl(words)
            self.assertEqual((rc, out.splitlines()[0]), (0, "Use the following command to start the calico/node container:"))
            command = out.splitlines()[2].split()
            orders.add(tuple(command))
        self.assertGreater(len(orders), 1)
        self.assertEqual(command[:7], "docker run --net=host --privileged --name=calico-node -d --restart=always".split())
        variables = {command[i + 1] for i, word in enumerate(command) if word == "-e"}
        self.assertEqual(variables, {
            "NODENAME=host1", "CALICO_NETWORKING_BACKEND=bird", "CALICO_MANAGE_CNI=false", ETCD, "ETCD_DISCOVERY_SRV=",
            "NO_DEFAULT_POOLS=true", f"IP={FIRST}",
        })  # fmt: skip
        self.assertEqual([command[i + 1] for i, word in enumerate(command) if word == "-v"], [
            "/var/log/calico:/var/log/calico", "/var/run/calico:/var/run/calico", "/var/lib/calico:/var/lib/calico",
            "/lib/modules:/lib/modules", "/run:/run",
        ])  # fmt: skip
        self.assertEqual(command[-1], IMAGE)
        self.assertIn(" --name=calico-node --rm -e ", ctl(words + " --init-system")[1])
        self.assertIn(" quay.io/calico/node:latest\n", ctl("node run --dryrun")[1])

    def test_certificates_are_mounted_under_names_of_its_own(self) -> None:
        env = f"{ETCD} ETCD_CA_CERT_FILE=/a/ca ETCD_KEY_FILE=/a/key ETCD_CERT_FILE=/a/cert ETCD_USERNAME=u ETCD_PASSWORD=p"
        out = ctl("node run --dryrun", env=env)[1]
        for part in ("-e ETCD_CA_CERT_FILE=/etc/calico/certs/ca_cert.crt ", "-v /a/ca:/etc/calico/certs/ca_cert.crt ",
                     "-v /a/key:/etc/calico/certs/key.pem ", "-v /a/cert:/etc/calico/certs/cert.crt "):  # fmt: skip
            self.assertIn(part, out)
        self.assertNotIn("ETCD_PASSWORD", out)

    def test_refusals(self) -> None:
        self.fails("node run", "error executing command: unsupported backend specified in config\n", env="")
        self.says("node run --ip=nonsense", 1, "Error executing command: invalid IP address specified: nonsense\n")
        rc, out, err = ctl("node run --node-image=calico/node:none --name=host1")
        self.assertEqual(rc, 1)
        self.assertRegex(err, r"^Error executing command: exit status 12\d\n \| ")

    def test_the_log_is_followed_for_10_seconds(self) -> None:
        """No such line by then: `.. has terminated ..`, exit 1, although the container may still come up."""
        start = time.monotonic()
        rc, _, err = ctl(f"node run --node-image={IMAGE} --name=host2", host="docker2", env=DOWN)
        self.assertEqual((rc, err), (1, "error executing command: calico/node has terminated, check logs for details\n"))
        self.assertGreaterEqual(time.monotonic() - start, 10)
        self.assertEqual(ok("docker2", "docker inspect -f {{.State.Running}} calico-node; docker rm -f calico-node"), "true\ncalico-node\n")


class Users(Emptied):
    def test_user_and_password(self) -> None:
        """ETCD_USERNAME / ETCD_PASSWORD in the environment are honoured, by the plugin too and by what it calls."""
        login = "ETCD_USERNAME=root ETCD_PASSWORD=secret"
        self.assertEqual(ctl("apply -f -", stdin=POOL)[0], 0)
        ok("docker1", "etcdctl role add root; etcdctl user add root:secret && etcdctl user grant-role root root && etcdctl auth enable")
        try:
            self.assertEqual(ctl("get ippool")[0], 1)
            self.assertEqual(ctl("get ippool", env=f"{ETCD} {login}")[0], 0)
            rc, out, err = cni("ADD", program=f"env {login} /opt/cni/bin/calico", cfg=config("docker1", nodename_file_optional=True),
                               CNI_NETNS="/proc/999999/ns/net", CNI_ARGS="IP=10.77.0.11")  # fmt: skip
            self.assertTrue(out["msg"].startswith("failed to Statfs"), out)  # so calico-ipam gave an address
        finally:
            ok("docker1", "etcdctl --user root:secret auth disable && etcdctl user delete root && etcdctl role delete root")


class Contract(Emptied):
    """What the plugins say before they do anything."""

    def setUp(self) -> None:
        super().setUp()
        ok("docker1", "rm -rf /var/lib/calico")

    def error(self, code: int, start: str, command: str = "ADD", **more) -> None:
        netns = {"CNI_NETNS": "/proc/1/ns/net"} if command == "ADD" else {}
        rc, out, err = cni(command, **(netns | more))
        self.assertEqual((rc, out and out["code"]), (1, code), err)
        self.assertTrue(out["msg"].startswith(start), out)

    def test_the_file_name_chooses_the_role(self) -> None:
        """Exactly `calico` or `calico-ipam`, else it panics; -v prints the version."""
        ok("docker1", "cp /opt/cni/bin/calico /root/calico-v3.32.1")
        rc, _, err = cni("VERSION", program="/root/calico-v3.32.1")
        self.assertEqual((rc, err.startswith("panic: ")), (2, True))
        for name in ("calico", "calico-ipam"):
            self.assertEqual(ok("docker1", f"/opt/cni/bin/{name} -v"), "v3.32.1 stand-in of the lab\n")

    def test_version_and_about(self) -> None:
        """No CNI_COMMAND: an about text on stderr, exit 0."""
        self.assertEqual(cni("VERSION")[1], {"cniVersion": "1.1.0", "supportedVersions": ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0"]})
        rc, out, err = shell("docker1", "/opt/cni/bin/calico")
        self.assertEqual((rc, out, err != ""), (0, "", True))

    def test_calls(self) -> None:
        self.error(4, "required env variables [CNI_IFNAME,CNI_PATH] missing", CNI_IFNAME="", CNI_PATH="")
        self.error(6, "error unmarshall network config", stdin="nonsense")
        self.error(7, "missing network name", cfg={"cniVersion": "0.3.1"})
        self.error(1, "incompatible CNI versions", cfg=config("docker1", cniVersion="1.1.0"))
        rc, out, _ = cni("ADD", CNI_NETNS="/proc/1/ns/net", cfg=config("docker1", cniVersion="1.1.0"))
        self.assertTrue(out["details"].startswith('config is "1.1.0", plugin supports ['))

    def test_check_checks_nothing(self) -> None:
        """CHECK prints `OK`; needs cniVersion >= 0.4.0, else code 1."""
        netns = {"CNI_NETNS": "/proc/nowhere"}
        self.assertEqual(cni("CHECK", cfg=config("docker1", cniVersion="0.4.0"), **netns)[::2], (0, "OK\n"))
        self.error(1, "config version does not allow CHECK", command="CHECK", **netns)

    def test_the_nodename_file_must_be_there(self) -> None:
        """Even when `nodename` is given, unless `"nodename_file_optional": true`."""
        text = "stat /var/lib/calico/nodename: no such file or directory: check that the calico/node container is running and has mounted /var/lib/calico/"
        for command in ("ADD", "DEL"):
            self.error(999, text, command=command)
        self.error(999, "error getting ClusterInformation: ", cfg=config("docker1", nodename_file_optional=True))

    def test_the_store_must_be_ready(self) -> None:
        optional = config("docker1", nodename_file_optional=True)
        for command in ("ADD", "DEL"):
            self.error(999, "error getting ClusterInformation: resource does not exist: ClusterInformation(default) with error: <nil>",
                       command=command, cfg=optional)  # fmt: skip
        ctl("apply -f -", stdin=PROFILE)
        ctl("datastore migrate lock")
        for command in ("ADD", "DEL"):
            self.error(999, "Calico is currently not ready to process requests", command=command, cfg=optional)

    def test_preflight(self) -> None:
        """`calico -t`: exit 0 and silence, or exit 1 and code 100, within 2 s."""
        preflight = "/opt/cni/bin/calico -t"
        start = time.monotonic()
        rc, out, _ = cni("", program=preflight, cfg=config("docker1", etcd_endpoints="http://127.0.0.1:1"))
        self.assertEqual((rc, out["code"], out["msg"]), (1, 100, "data store connection failed"))
        self.assertLess(time.monotonic() - start, 4)
        ctl("apply -f -", stdin=PROFILE)
        self.assertEqual(cni("", program=preflight), (0, None, ""))

    def test_del_of_the_unknown_is_fine(self) -> None:
        """Exit 0 for unknown ids, no stdout: safe to repeat."""
        ctl("apply -f -", stdin=PROFILE)
        rc, out, _ = cni("DEL", cfg=config("docker1", nodename_file_optional=True), CNI_NETNS="/proc/999999/ns/net")
        self.assertEqual((rc, out), (0, None))

    def test_an_address_of_no_pool_and_no_plugin(self) -> None:
        ctl("apply -f -", stdin=POOL)
        optional = config("docker1", nodename_file_optional=True)
        self.error(999, "The provided IP address is not in a configured pool\n", cfg=optional, CNI_ARGS="IP=10.99.0.1")
        self.error(999, 'failed to find plugin "calico-ipam" in path [/nowhere]', cfg=optional, CNI_PATH="/nowhere")

    def test_a_process_that_is_gone_gives_the_address_back(self) -> None:
        ctl("apply -f -", stdin=POOL)
        optional = config("docker1", nodename_file_optional=True)
        self.error(999, 'failed to Statfs "/proc/999999/ns/net": no such file or directory', cfg=optional,
                   CNI_NETNS="/proc/999999/ns/net", CNI_ARGS="IP=10.77.0.11")  # fmt: skip
        self.assertEqual(keys(f"{IPAM}/handle/"), [])
        self.says("ipam show --ip=10.77.0.11", 0, "10.77.0.11 is not assigned\n")


class Life(Case, Story):
    """Two hosts from their first node to their last."""

    ids: dict[str, str] = {}

    @classmethod
    def setUpClass(cls) -> None:
        ok("docker1", "etcdctl del --prefix /calico >/dev/null; rm -rf /etc/calico /var/lib/calico")

    # -- by hand

    def container(self, host: str, name: str, network: str = "none") -> str:
        ok(host, f"docker run -d --network {network} --name {name} --entrypoint sleep mysql:5.6 1000")
        return self.fresh(host, name)

    def fresh(self, host: str, name: str) -> str:
        """Its present network namespace; its id is kept."""
        self.ids[name], pid = ok(host, f"docker inspect -f '{{{{.Id}}}} {{{{.State.Pid}}}}' {name}").split()
        return f"/proc/{pid}/ns/net"

    def add(self, host: str, name: str, netns: str, ip: str, **more) -> tuple[int, dict | None, str]:
        return cni("ADD", host, CNI_CONTAINERID=self.ids[name], CNI_NETNS=netns, CNI_ARGS=f"IP={ip}", **more)

    def delete(self, host: str, name: str, **more) -> tuple[int, dict | None, str]:
        return cni("DEL", host, CNI_CONTAINERID=self.ids[name], **more)

    def outer(self, name: str) -> str:
        return "cali" + self.ids[name][:11]

    def reaches(self, host: str, source: str, target: str, port: int = 3306) -> bool:
        """A TCP connection from inside a container, or from the host when source is empty."""
        program = f"import socket; socket.create_connection(('{target}', {port}), 2).close()"
        inside = f"docker exec {source} " if source else ""
        return shell(host, f'{inside}python3 -c "{program}"')[0] == 0

    def listen(self, host: str, name: str, port: int) -> None:
        listener = f"import socket; s = socket.create_server(('', {port}))\\nwhile True: s.accept()"
        ok(host, f"docker exec -d {name} python3 -c \"exec('''{listener}''')\"")

    # -- nodes

    def test_01_resources_before_any_node(self) -> None:
        self.assertEqual(ctl("apply -f -", stdin=POOL)[0], 0)
        self.assertEqual(ctl("node status"), (1, "", "Calico process is not running.\n"))

    def test_02_node(self) -> None:
        rc, out, err = ctl(f"node run --node-image={IMAGE} --name=host1 --ip={FIRST} --no-default-ippools")
        self.assertEqual((rc, err), (0, ""), out)
        self.assertTrue(out.startswith(
            "Running command to load modules: modprobe -a xt_set ip6_tables\nEnabling IPv4 forwarding\nEnabling IPv6 forwarding\n"
            "Increasing conntrack limit\nRemoving old calico-node container (if running).\n"
            "Running the following command to start calico-node:\n\ndocker run --net=host "
        ))  # fmt: skip
        self.assertIn("\nImage may take a short time to download if it is not available locally.\nContainer started, checking progress logs.\n\n", out)
        self.assertTrue(out.endswith("Calico node started successfully\n"))

    def test_03_what_a_start_leaves(self) -> None:
        """nodename without a newline; Node, version, BGPConfiguration, Felix' two; no pool."""
        self.assertEqual(ok("docker1", "cat /var/lib/calico/nodename"), "host1")
        node = etcd(f"{RESOURCES}/nodes/host1")
        self.assertEqual((node["spec"]["bgp"], node["status"]), ({"ipv4Address": f"{FIRST}/24"}, {}))
        self.assertEqual(etcd(f"{RESOURCES}/clusterinformations/default")["spec"]["calicoVersion"], "v3.32.1")
        self.assertEqual(etcd(f"{RESOURCES}/felixconfigurations/node.host1")["spec"], {"defaultEndpointToHostAction": "Return"})
        self.assertEqual(etcd(f"{RESOURCES}/felixconfigurations/default")["spec"], {"logSeverityScreen": "Info", "reportingInterval": "0s"})
        self.assertEqual(etcd(f"{RESOURCES}/bgpconfigurations/default")["spec"], {})
        self.assertEqual(keys(f"{RESOURCES}/ippools/"), [f"{RESOURCES}/ippools/mysql"])
        self.says("get nodes -o wide", 0, f"NAME    ASN       IPV4{' ' * (len(FIRST) + 2)}IPV6   \nhost1   (64512)   {FIRST}/24          \n\n")
        self.assertTrue(ctl("version")[1].endswith("Cluster Version:   v3.32.1\nCluster Type:      unknown\n"))

    def test_04_node_run_always_makes_the_container_anew(self) -> None:
        """`docker rm -f`: not idempotent."""
        before = ok("docker1", "docker inspect -f {{.Id}} calico-node")
        self.assertEqual(ctl(f"node run --node-image={IMAGE} --name=host1 --ip={FIRST} --no-default-ippools")[0], 0)
        self.assertNotEqual(before, ok("docker1", "docker inspect -f {{.Id}} calico-node"))

    def test_05_names_and_addresses_that_are_refused(self) -> None:
        """Any startup failure: exit 1; a name in capitals is not lowered and fails Node validation."""
        rc, _, err = ctl(f"node run --node-image={IMAGE} --no-default-ippools --name=host2 --ip={FIRST}", host="docker2")
        self.assertEqual((rc, err), (1, "error executing command: calico/node has terminated, check logs for details\n"))
        text = f"Calico node 'host1' is already using the IPv4 address {FIRST}."
        wait_until("the reason", lambda: text in ok("docker2", "docker logs calico-node"))
        ok("docker2", "docker rm -f calico-node")
        rc, out, _ = shell("docker2", f"docker run --rm --net=host --privileged -e NODENAME=Host2 -e {ETCD} calico/node:v3.32.1")
        self.assertEqual(rc, 1)
        self.assertIn("error with field Metadata.Name = 'Host2'", out)

    def test_06_the_second_node_and_its_peer(self) -> None:
        """All exit 0, as does any peer that is not Established."""
        self.assertEqual(ctl(f"node run --node-image={IMAGE} --name=host2 --ip={SECOND} --no-default-ippools", host="docker2")[0], 0)
        states = []

        def established() -> bool:
            rc, out, _ = ctl("node status")
            states.append((rc, out))
            return "Established" in out

        wait_until("the peers", established)
        self.assertEqual({rc for rc, out in states if out.startswith("Calico process is running.")}, {0})
        width = len(SECOND)
        line = f"+-{'-' * width}-+-------------------+-------+----------+-------------+"
        self.assertEqual(re.sub(r"\d\d:\d\d:\d\d", "23:30:04", states[-1][1]), "\n".join([
            "Calico process is running.", "", "IPv4 BGP status", line,
            f"| {'PEER ADDRESS'.center(width)} |     PEER TYPE     | STATE |  SINCE   |    INFO     |", line,
            f"| {SECOND} | node-to-node mesh | up    | 23:30:04 | Established |", line, "",
            "IPv6 BGP status", "No IPv6 peers found.", "", "",
        ]))  # fmt: skip

    def test_07_probes(self) -> None:
        """`birdcl -s ..`, `calico-node -bird-live -bird-ready`; Felix' health only with FELIX_HEALTHENABLED=true."""
        out = ok("docker1", "docker exec calico-node birdcl -s /var/run/calico/bird.ctl show protocols")
        self.assertTrue(out.startswith("BIRD v0.3.3+birdv1.6.8 ready.\nname     proto    table    state  since       info\n"))
        self.assertRegex(out, rf"\nMesh_{SECOND.replace('.', '_')} BGP      master   up     \S+ +Established")
        ok("docker1", "docker exec calico-node calico-node -bird-live -bird-ready")
        self.assertEqual(shell("docker1", "docker exec calico-node calico-node -felix-ready")[0], 1)

    # -- the first container

    def test_08_add(self) -> None:
        netns = self.container("docker1", "one")
        rc, out, err = self.add("docker1", "one", netns, "10.77.0.11")
        self.assertEqual(rc, 0, err)
        mac = out["interfaces"][1]["mac"]
        self.assertEqual(out, {
            "cniVersion": "0.3.1", "dns": {}, "routes": [{"dst": "10.77.0.11/32"}],
            "interfaces": [{"name": self.outer("one")}, {"name": "eth1", "mac": mac, "sandbox": netns}],
            "ips": [{"version": "4", "interface": 1, "address": "10.77.0.11/32"}],
        })  # fmt: skip
        self.assertEqual(ok("docker1", "docker exec one ip route"), "default via 169.254.1.1 dev eth1 \n169.254.1.1 dev eth1 scope link \n")
        self.assertIn(" 10.77.0.11/32 ", ok("docker1", "docker exec one ip -o -4 addr show eth1"))
        self.assertEqual(ok("docker1", "docker exec one cat /proc/sys/net/ipv4/ip_forward"), "0\n")
        conf = f"/proc/sys/net/ipv4/conf/{self.outer('one')}"
        self.assertEqual(ok("docker1", f"cd {conf}; cat route_localnet proxy_arp forwarding; cat /sys/class/net/{self.outer('one')}/address"),
                         "1\n1\n1\nee:ee:ee:ee:ee:ee\n")  # fmt: skip
        self.assertRegex(ok("docker1", "ip route"), rf"10\.77\.0\.11 dev {self.outer('one')} scope link")

    def test_09_what_add_stores(self) -> None:
        one = self.ids["one"]
        endpoint = etcd(f"{RESOURCES}/workloadendpoints/default/host1-cni-{one}-eth1")
        self.assertEqual(endpoint["metadata"]["labels"], {"projectcalico.org/namespace": "default", "projectcalico.org/orchestrator": "cni"})
        self.assertEqual(endpoint["spec"] | {"mac": ""}, {
            "orchestrator": "cni", "node": "host1", "containerID": one, "endpoint": "eth1", "ipNetworks": ["10.77.0.11/32"],
            "profiles": ["mysql-replication"], "interfaceName": self.outer("one"), "mac": "",
        })  # fmt: skip
        block = etcd(f"{IPAM}/assignment/ipv4/block/10.77.0.0-26")
        self.assertEqual((block["affinity"], block["allocations"][11], len(block["allocations"])), ("host:host1", 0, 64))
        self.assertEqual((block["attributes"][0]["handle_id"], set(block["attributes"][0]["secondary"])),
                         (f"mysql-replication.{one}", {"node", "timestamp"}))  # fmt: skip
        self.assertEqual(etcd(f"{IPAM}/host/host1/ipv4/block/10.77.0.0-26"), {"state": "confirmed", "deleted": False})
        self.assertEqual(etcd(f"{IPAM}/handle/mysql-replication.{one}"), {"block": {"10.77.0.0/26": 1}, "deleted": False})
        profile = etcd(f"{RESOURCES}/profiles/mysql-replication")["spec"]  # made by the plugin: no port 3306
        self.assertEqual(profile, {"ingress": [{"action": "Allow", "source": {"selector": "has(mysql-replication)"}}],
                                   "egress": [{"action": "Allow"}], "labelsToApply": {"mysql-replication": ""}})  # fmt: skip
        rc, out, _ = ctl("ipam show --ip=10.77.0.11")
        self.assertRegex(out, rf"^IP 10\.77\.0\.11 is in use\nHandle ID: mysql-replication\.{one}\nActive Owner Attributes:\n  node: host1\n  timestamp: ")

    def test_10_workload_is_an_empty_column(self) -> None:
        rows = ctl("get wep")[1].splitlines()
        self.assertEqual(rows[0].split(), ["WORKLOAD", "NODE", "NETWORKS", "INTERFACE"])
        self.assertEqual(rows[1][:11].strip(), "")
        self.assertEqual(rows[1].split(), ["host1", "10.77.0.11/32", self.outer("one")])
        self.assertIn("WorkloadEndpoint(default/x)", ctl("get wep x")[2])

    def test_11_a_patch_replaces_the_list_of_profiles(self) -> None:
        """calicoctl patch: a strategic merge, which takes lists whole; workloadEndpoint is one of its kinds."""
        name = f"host1-cni-{self.ids['one']}-eth1"
        self.says(f"patch wep {name} --namespace=default --patch='{{\"spec\": {{\"profiles\": [\"a\", \"mysql-replication\"]}}}}'",
                  0, "Successfully patched 1 'WorkloadEndpoint' resource\n")  # fmt: skip
        spec = etcd(f"{RESOURCES}/workloadendpoints/default/{name}")["spec"]
        self.assertEqual((spec["profiles"], spec["ipNetworks"]), (["a", "mysql-replication"], ["10.77.0.11/32"]))
        rc, _, err = ctl("patch wep x --patch='{}'")
        self.assertEqual((rc, "Failed to patch 'WorkloadEndpoint' resource: resource does not exist" in err), (1, True), err)
        self.assertEqual(ctl(f"patch wep {name} --patch='{{\"spec\": {{\"profiles\": [\"mysql-replication\"]}}}}'")[0], 0)

    def test_11_a_second_add_is_a_no_op(self) -> None:
        """Exit 0, same IP, nothing touched, even if the interface is another; no `routes`."""
        netns = self.fresh("docker1", "one")
        rc, out, _ = self.add("docker1", "one", netns, "10.77.0.99", CNI_IFNAME="eth7")
        self.assertEqual((rc, out["ips"][0]["address"], out.get("routes")), (0, "10.77.0.11/32", None))
        self.assertNotIn("eth7", ok("docker1", "docker exec one ip -o link"))

    def test_12_taken_addresses(self) -> None:
        """`Address already assigned in block`, also when the same handle owns it; nothing is left behind."""
        netns = self.container("docker2", "two")
        rc, out, _ = self.add("docker2", "two", netns, "10.77.0.11")
        self.assertEqual((rc, out["msg"]), (1, "resource already exists: 10.77.0.11 with error: Address already assigned in block"))
        self.assertEqual(ok("docker2", "docker exec two ip -o link | wc -l"), "1\n")

    def test_13_a_borrowed_address(self) -> None:
        """An existing block of another node is used too ("borrowed") unless strictAffinity."""
        netns = self.fresh("docker2", "two")
        ctl("ipam configure --strictaffinity=true")
        rc, out, _ = self.add("docker2", "two", netns, "10.77.0.12")
        self.assertEqual((rc, out["msg"]), (1, "Block host affinity does not match"))
        ctl("ipam configure --strictaffinity=false")
        self.assertEqual(self.add("docker2", "two", netns, "10.77.0.12")[0], 0)
        self.assertRegex(ctl("ipam show --show-borrowed")[1], r"\n\| 10\.77\.0\.12 \| host2 +\| 10\.77\.0\.0/26 \| host1 ")
        self.assertRegex(ctl("ipam show --show-blocks")[1], r"\| Block +\| 10\.77\.0\.0/26 \| +64 \| +2 \(3%\) \|")

    def test_14_routes_between_hosts(self) -> None:
        """A node exports its blocks (locally a blackhole) and /32s it borrowed; Felix' routes have metric 1024."""
        wait_until("docker2's way", lambda: f"10.77.0.0/26 via {FIRST} dev eth0 proto bird" in ok("docker2", "ip route"))
        wait_until("docker1's way", lambda: f"10.77.0.12 via {SECOND} dev eth0 proto bird" in ok("docker1", "ip route"))
        self.assertIn("blackhole 10.77.0.0/26 proto bird", ok("docker1", "ip route"))
        self.assertIn(f"10.77.0.11 dev {self.outer('one')} scope link metric 1024", ok("docker1", "ip route"))

    # -- policy

    def test_15_members_talk_others_need_a_rule(self) -> None:
        wait_until("the chain", lambda: shell("docker2", f"iptables -S cali-tw-{self.outer('two')}")[0] == 0)
        self.listen("docker2", "two", 3306)
        self.listen("docker2", "two", 3307)
        wait_until("the listeners", lambda: self.reaches("docker2", "", "10.77.0.12", 3307))  # a host's own is not policed
        wait_until("a member's way", lambda: self.reaches("docker1", "one", "10.77.0.12"))
        self.assertFalse(self.reaches("docker1", "", "10.77.0.12"))
        self.assertEqual(ctl("apply -f -", stdin=PROFILE)[0], 0)
        wait_until("the rule", lambda: self.reaches("docker1", "", "10.77.0.12"))
        self.assertFalse(self.reaches("docker1", "", "10.77.0.12", 3307))

    def test_16_felix_comes_first_and_accepts_last(self) -> None:
        """cali-* jump inserted first; an ACCEPT that Felix appends to FORWARD."""
        for chain in ("INPUT", "FORWARD", "OUTPUT"):
            self.assertEqual(ok("docker1", f"iptables -S {chain}").splitlines()[1], f"-A {chain} -j cali-{chain}")
        self.assertRegex(ok("docker1", "iptables -S FORWARD").splitlines()[-1], r"--mark 0x10000/0x10000 -j ACCEPT$")
        self.assertIn('--comment "Unknown interface" -j DROP', ok("docker1", "iptables -S cali-to-wl-dispatch"))
        self.assertIn("MASQUERADE", ok("docker1", "iptables -t nat -S cali-nat-outgoing"))

    def test_17_a_policy_ends_the_matter(self) -> None:
        """A policy that selects an endpoint: profiles are no longer read for that direction."""
        ctl("apply -f -", stdin=POLICY)
        wait_until("the policy", lambda: not self.reaches("docker1", "one", "10.77.0.12", 3307))
        self.assertFalse(self.reaches("docker1", "one", "10.77.0.12"))
        ctl("delete gnp closed")
        wait_until("the profile again", lambda: self.reaches("docker1", "one", "10.77.0.12"))

    def test_18_a_missing_profile_drops_all(self) -> None:
        ctl("delete profile mysql-replication")
        wait_until("the drop", lambda: not self.reaches("docker1", "one", "10.77.0.12"))
        ctl("apply -f -", stdin=PROFILE)
        wait_until("the profile again", lambda: self.reaches("docker1", "one", "10.77.0.12"))

    # -- a container's life

    def test_19_a_restarted_container_has_no_network_and_a_plain_add_says_it_has(self) -> None:
        """Redo per start: DEL (same id, empty netns), then ADD with the new netns and the same IP."""
        ok("docker1", "docker restart -t 0 one")
        netns = self.fresh("docker1", "one")
        self.assertEqual(self.add("docker1", "one", netns, "10.77.0.11")[0], 0)
        self.assertEqual(ok("docker1", "docker exec one ip -o link | wc -l"), "1\n")
        self.assertEqual(self.delete("docker1", "one")[:2], (0, None))
        self.assertEqual(self.add("docker1", "one", netns, "10.77.0.11")[0], 0)
        wait_until("its way", lambda: self.reaches("docker1", "one", "10.77.0.12"))

    def test_20_a_container_made_anew_needs_its_old_id_taken_away(self) -> None:
        """Per re-create (new Docker id): DEL with the OLD id first, else "Address already assigned"."""
        old = self.ids["one"]
        ok("docker1", "docker rm -f one")
        netns = self.container("docker1", "one")
        self.assertEqual(self.add("docker1", "one", netns, "10.77.0.11")[0], 1)
        self.assertEqual(cni("DEL", CNI_CONTAINERID=old)[0], 0)
        self.assertEqual(self.add("docker1", "one", netns, "10.77.0.11")[0], 0)

    def test_21_the_default_route_is_exclusive(self) -> None:
        """A Docker bridge container has a metric-0 default: ADD fails and its address is given back."""
        netns = self.container("docker1", "bridged", "bridge")
        rc, out, _ = self.add("docker1", "bridged", netns, "10.77.0.13")
        self.assertEqual((rc, out["msg"]), (1, "failed to add IPv4 route for 0.0.0.0/0 via 169.254.1.1: file exists"))
        self.says("ipam show --ip=10.77.0.13", 0, "10.77.0.13 is not assigned\n")
        rc, out, _ = self.add("docker1", "bridged", netns, "10.77.0.13")
        self.assertEqual((rc, out["msg"]), (1, "file exists"))  # the interface stayed inside
        ok("docker1", "nsenter --net=" + netns + " sh -c 'ip link del eth1; ip route change default via $(ip route show default | cut -d\" \" -f3) metric 0;"
           " set -- $(ip route show default); ip route del default; ip route add default via $3 metric 50'")
        self.assertEqual(self.add("docker1", "bridged", netns, "10.77.0.13")[0], 0)  # one with a metric is outranked
        ok("docker1", "docker rm -f bridged")
        self.assertEqual(self.delete("docker1", "bridged")[0], 0)

    def test_22_names_that_only_calico_refuses(self) -> None:
        """Upper case or `_` fails only after the veth exists; the IP is released."""
        netns = self.container("docker1", "three")
        rc, out, _ = self.add("docker1", "three", netns, "10.77.0.14", cfg=config("docker1", name="MySQL"))
        self.assertEqual(rc, 1)
        self.assertIn("error with field ", out["msg"])
        self.assertIn("eth1", ok("docker1", "docker exec three ip -o link"))
        self.says("ipam show --ip=10.77.0.14", 0, "10.77.0.14 is not assigned\n")
        ok("docker1", "docker rm -f three")

    def test_23_a_stale_link_holds_the_address(self) -> None:
        netns = self.container("docker1", "four")
        ok("docker1", "ip link add stale0 type bridge && ip link set stale0 up && ip route add 10.77.0.15 dev stale0")
        rc, out, _ = self.add("docker1", "four", netns, "10.77.0.15")
        ok("docker1", "ip link del stale0; docker rm -f four")
        self.assertEqual(rc, 1)
        self.assertRegex(out["msg"], r"^error adding host side routes for interface: cali\w+, error: route \(.*\) already exists for an interface other than 'cali\w+': ")

    def test_24_del_from_another_host(self) -> None:
        """It can run from any host with etcd access, for a dead host's endpoints."""
        rc, out, _ = cni("DEL", "docker1", cfg=config("docker2"), CNI_CONTAINERID=self.ids["two"])
        self.assertEqual((rc, out), (0, None))
        self.assertEqual(keys(f"{RESOURCES}/workloadendpoints/default/host2"), [])
        wait_until("Felix to take the route", lambda: "10.77.0.12" not in ok("docker2", "ip route"))
        self.assertFalse(self.reaches("docker2", "two", "10.77.0.11"))  # no endpoint: dropped

    def test_25_a_node_goes(self) -> None:
        """Felix leaves its iptables rules and BIRD its routes behind when stopped; peers drop them."""
        ok("docker1", "docker rm -f calico-node")
        self.assertIn("proto bird", ok("docker1", "ip route"))
        ok("docker1", "iptables -S cali-FORWARD >/dev/null")
        self.fails("node status", "Calico process is not running.\n")
        wait_until("docker2 to forget", lambda: FIRST not in ok("docker2", "ip route show proto bird"), 30)

    def test_26_deleting_a_node_frees_what_is_its(self) -> None:
        """Node delete also releases the node's WEP IPs, deletes its WEPs, block affinities, per-node Felix config."""
        self.says("delete node host1", 0, "Successfully deleted 1 'Node' resource(s)\n")
        self.assertEqual(keys(f"{RESOURCES}/workloadendpoints/") + keys(f"{IPAM}/handle/") + keys(f"{IPAM}/host/"), [])
        self.assertEqual(keys(f"{RESOURCES}/felixconfigurations/node."), [f"{RESOURCES}/felixconfigurations/node.host2"])

    def test_27_deleting_the_pool(self) -> None:
        """IPPool delete first disables it, waits 0.5 s, releases affinities."""
        start = time.monotonic()
        self.says("delete ippool mysql -s", 0, "Successfully deleted 1 'IPPool' resource(s)\n")
        self.assertGreaterEqual(time.monotonic() - start, 0.5)
        self.assertEqual(keys(f"{IPAM}/assignment/"), [])


class DefaultPools(Emptied):
    def test_a_start_without_pools_makes_its_own(self) -> None:
        """192.168.0.0/16 or the first of 172.16-31.0.0/16 not on the host; natOutgoing true; IPIP Never."""
        ok("docker2", "docker rm -f calico-node >/dev/null 2>&1 || :")
        self.assertEqual(ctl(f"node run --node-image=calico/node:v3.32.1 --name=host2 --ip={SECOND}", host="docker2")[0], 0)
        spec = etcd(f"{RESOURCES}/ippools/default-ipv4-ippool")["spec"]
        self.assertRegex(spec["cidr"], r"^172\.(1[6-9]|2\d|3[01])\.0\.0/16$")  # the hosts' own network is in 192.168.0.0/16
        self.assertEqual((spec["natOutgoing"], spec["ipipMode"], spec["blockSize"]), (True, "Never", 26))
        self.assertRegex(etcd(f"{RESOURCES}/ippools/default-ipv6-ippool")["spec"]["cidr"], r"^fd")
        ok("docker2", "docker rm -f calico-node")


if __name__ == "__main__":
    unittest.main(verbosity=2)
