"""Felix of v3.32: makes this host's endpoints in etcd real, on interfaces, routes, ipsets and iptables.

What a policy or, without one, a profile of the endpoint lets in passes; the rest is dropped, and so is
everything from or to a `cali` interface that no endpoint names. The host itself is not policed.
"""

import json
import os
import time

import selector
from etcd3 import Etcd, Snapshot
from linux import host_link, run, succeeds, sysctl
from rules import ACCEPT, chain_name, cleared, ipset_name, render_rules
from store import Store
from vxlan import Vxlan

MTU_FILE = "/var/lib/calico/mtu"
REFRESH = 10.0  # seconds after which what others did to the tables is mended
GRACE = 10.0  # seconds that an unknown route of an interface may stay: CNI writes it before the endpoint
METRIC = "1024"
NAT_SETS = {"all": "cali40all-ipam-pools", "masquerading": "cali40masq-ipam-pools"}
# Where each table's own chains jump in, and whether first.
JUMPS = {"filter": ("INPUT", "FORWARD", "OUTPUT"), "nat": ("PREROUTING", "POSTROUTING", "OUTPUT"), "raw": ("PREROUTING",)}


def variant() -> str:
    """The one of legacy and nft that has more rules; legacy on a tie."""
    asked = os.environ.get("FELIX_IPTABLESBACKEND", "auto").lower()
    if asked in ("nft", "legacy"):
        return asked
    counts = {v: run(f"iptables-{v}-save").count("\n-A ") if succeeds(f"iptables-{v}-save") else 0 for v in ("legacy", "nft")}
    return "nft" if counts["nft"] > counts["legacy"] else "legacy"


def order(policy: dict) -> tuple:
    """By order, those without behind the others; then by name."""
    number = policy["spec"].get("order")
    return (number is None, number or 0, policy["metadata"]["name"])


def labels(endpoint: dict, profiles: dict[str, dict]) -> dict[str, str]:
    """An endpoint's own, and those of its profiles."""
    found: dict[str, str] = {}
    for name in endpoint["spec"].get("profiles") or []:
        found |= (profiles.get(name) or {}).get("labelsToApply") or {}
    return found | endpoint["metadata"].get("labels", {})


class Felix:
    def __init__(self, etcd: Etcd, node: str) -> None:
        self.etcd, self.node = etcd, node
        self.in_sync = False
        self.variant = ""
        self.applied = ""
        self.refreshed = 0.0
        self.routed: set[str] = set()  # addresses that had an endpoint here in the last round
        self.seen: dict[str, float] = {}  # routes of nobody's, and since when
        self.reverse_path = True
        self.vxlan = Vxlan(etcd, node)

    def once(self) -> None:
        store = Store(Snapshot(self.etcd, "/calico/"))
        information = store.find("ClusterInformation", "default")
        if information is None or not information["spec"].get("datastoreReady"):
            return
        endpoints = store.every("WorkloadEndpoint")
        profiles = {p["metadata"]["name"]: p["spec"] for p in store.every("Profile")}
        policies = sorted(store.every("GlobalNetworkPolicy") + store.every("NetworkPolicy"), key=order)
        pools = [p["spec"] for p in store.every("IPPool") if ":" not in p["spec"]["cidr"]]
        own = store.find("FelixConfiguration", f"node.{self.node}") or {"spec": {}}
        to_host = own["spec"].get("defaultEndpointToHostAction", "Drop")
        mine = [e for e in endpoints if e["spec"]["node"] == self.node]
        local = [e for e in mine if host_link(e["spec"]["interfaceName"])]
        sets, filter_text, chains = self.render(local, endpoints, profiles, policies, to_host)
        sets |= {
            NAT_SETS["all"]: sorted(p["cidr"] for p in pools),
            NAT_SETS["masquerading"]: sorted(p["cidr"] for p in pools if p.get("natOutgoing") and not p.get("disabled")),
        }
        wanted = json.dumps([sets, filter_text])
        if wanted != self.applied or time.monotonic() - self.refreshed > REFRESH:
            self.write_mtu(pools)
            self.apply(sets, filter_text, chains)
            self.applied, self.refreshed = wanted, time.monotonic()
        self.route(local)
        self.vxlan.once(store)
        self.in_sync = True

    @staticmethod
    def write_mtu(pools: list[dict]) -> None:
        """That of the way out, less what a tunnel takes."""
        route = json.loads(run("ip", "-j", "-4", "route", "show", "default"))
        device = route[0]["dev"] if route else "eth0"
        with open(f"/sys/class/net/{device}/mtu") as file:
            mtu = int(file.read())
        if any(p["vxlanMode"] != "Never" for p in pools):
            mtu -= 50
        elif any(p["ipipMode"] != "Never" for p in pools):
            mtu -= 20
        with open(MTU_FILE, "w") as file:
            file.write(str(mtu))

    # -- what shall be

    def render(
        self, local: list[dict], endpoints: list[dict], profiles: dict[str, dict], policies: list[dict], to_host: str
    ) -> tuple[dict[str, list[str]], str, list[str]]:
        """Members of each ipset, the filter table's text, and the chains in it."""
        chains = ["cali-INPUT", "cali-FORWARD", "cali-OUTPUT", "cali-wl-to-host", "cali-from-wl-dispatch", "cali-to-wl-dispatch"]
        lines = [
            "-A cali-INPUT -i cali+ -g cali-wl-to-host",
            "-A cali-wl-to-host -j cali-from-wl-dispatch",
            f"-A cali-wl-to-host -m comment --comment \"Configured DefaultEndpointToHostAction\" -j {to_host.upper()}",
            cleared("cali-FORWARD"),
            "-A cali-FORWARD -i cali+ -j cali-from-wl-dispatch",
            "-A cali-FORWARD -o cali+ -j cali-to-wl-dispatch",
            "-A cali-OUTPUT -o cali+ -j RETURN",
        ]
        selectors: set[str] = set()
        used = sorted({p for e in local for p in e["spec"].get("profiles") or []})
        for name in used:
            for prefix, way in (("cali-pri-", "ingress"), ("cali-pro-", "egress")):
                chain = chain_name(prefix, name)
                chains.append(chain)
                if name in profiles:
                    lines += render_rules(chain, profiles[name].get(way) or [], selectors)
                else:
                    lines.append(f"-A {chain} -j DROP")  # a profile that is not there lets nothing past
        for policy in policies:
            for prefix, way in (("cali-pi-", "ingress"), ("cali-po-", "egress")):
                chain = chain_name(prefix, policy["metadata"]["name"])
                chains.append(chain)
                lines += render_rules(chain, policy["spec"].get(way) or [], selectors)
        for endpoint in sorted(local, key=lambda e: e["spec"]["interfaceName"]):
            lines += self.endpoint_lines(endpoint, labels(endpoint, profiles), policies, chains)
        for way in ("from", "to"):
            lines.append(f"-A cali-{way}-wl-dispatch -m comment --comment \"Unknown interface\" -j DROP")
        sets = {}
        for text in sorted(selectors):
            match = selector.parse(text)
            chosen = [e for e in endpoints if match(labels(e, profiles))]
            sets[ipset_name(text)] = sorted({n.split("/")[0] for e in chosen for n in e["spec"]["ipNetworks"]})
        head = ["*filter", *(f":{c} - [0:0]" for c in chains)]
        return sets, "\n".join([*head, *lines, "COMMIT"]) + "\n", chains

    @staticmethod
    def endpoint_lines(endpoint: dict, own: dict[str, str], policies: list[dict], chains: list[str]) -> list[str]:
        """A policy that selects the endpoint ends the matter; else its profiles are asked."""
        name, lines = endpoint["spec"]["interfaceName"], []
        chosen = [p for p in policies if selector.parse(p["spec"].get("selector", ""))(own)]
        for dispatch, flag, prefix, kind, policy_prefix, profile_prefix in (
            ("from", "-i", "cali-fw-", "Egress", "cali-po-", "cali-pro-"),
            ("to", "-o", "cali-tw-", "Ingress", "cali-pi-", "cali-pri-"),
        ):
            chain = prefix + name
            chains.append(chain)
            lines += [
                f"-A cali-{dispatch}-wl-dispatch {flag} {name} -g {chain}",
                f"-A {chain} -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
                f"-A {chain} -m conntrack --ctstate INVALID -j DROP",
                cleared(chain),
            ]
            here = [p for p in chosen if kind in p["spec"]["types"]]
            asked = [chain_name(policy_prefix, p["metadata"]["name"]) for p in here] or [
                chain_name(profile_prefix, p) for p in endpoint["spec"].get("profiles") or []
            ]
            for target in asked:
                lines += [f"-A {chain} -j {target}", f"-A {chain} -m mark --mark {ACCEPT} -j RETURN"]
            why = "No policies passed packet" if here else "Drop if no profiles matched"
            lines.append(f'-A {chain} -m comment --comment "{why}" -j DROP')
        return lines

    # -- making it so

    def iptables(self, *words: str) -> str:
        return run(f"iptables-{self.variant}", "-w", *words)

    def restore(self, text: str) -> None:
        run(f"iptables-{self.variant}-restore", "-w", "--noflush", text=text)

    def apply(self, sets: dict[str, list[str]], filter_text: str, chains: list[str]) -> None:
        self.variant = self.variant or variant()
        text = ""
        for name, entries in sets.items():
            kind = "hash:net" if name in NAT_SETS.values() else "hash:ip"
            fresh = f"{name[:29]}-t"
            text += f"create {name} {kind} family inet -exist\ncreate {fresh} {kind} family inet -exist\nflush {fresh}\n"
            text += "".join(f"add {fresh} {e}\n" for e in entries) + f"swap {fresh} {name}\ndestroy {fresh}\n"
        run("ipset", "restore", text=text)
        self.restore(filter_text)
        self.restore(nat_text())
        self.apply_raw()
        for table, parents in JUMPS.items():
            for parent in parents:
                self.jump_first(table, parent)
        accepted = f'-m comment --comment "Policy explicitly accepted packet." -m mark --mark {ACCEPT} -j ACCEPT'
        if f"-A FORWARD {accepted}" not in self.iptables("-S", "FORWARD"):
            self.restore(f"*filter\n-A FORWARD {accepted}\nCOMMIT\n")
        listed = self.iptables("-S").splitlines()
        stale = [w.split()[1] for w in listed if w.startswith("-N cali-") and w.split()[1] not in chains]
        for action in ("-F", "-X"):
            for chain in stale:
                succeeds(f"iptables-{self.variant}", "-w", action, chain)

    def apply_raw(self) -> None:
        """A kernel without the match does without it."""
        lines = ["*raw", ":cali-PREROUTING - [0:0]"]
        if self.reverse_path:
            lines.append("-A cali-PREROUTING -i cali+ -m rpfilter --invert --validmark -j DROP")
        text = "\n".join([*lines, "COMMIT"]) + "\n"
        try:
            self.restore(text)
        except Exception:
            if not self.reverse_path:
                raise
            self.reverse_path = False
            self.apply_raw()

    def jump_first(self, table: str, parent: str) -> None:
        rules = self.iptables("-t", table, "-S", parent).splitlines()[1:]
        jump = f"-A {parent} -j cali-{parent}"
        if rules[:1] != [jump]:
            if jump in rules:
                self.iptables("-t", table, "-D", parent, "-j", f"cali-{parent}")
            self.iptables("-t", table, "-I", parent, "1", "-j", f"cali-{parent}")

    def route(self, local: list[dict]) -> None:
        """A route to each address of ours, and none to others through a `cali` interface."""
        wanted = {n.split("/")[0]: e["spec"]["interfaceName"] for e in local for n in e["spec"]["ipNetworks"]}
        for endpoint in local:
            name = endpoint["spec"]["interfaceName"]
            for key in ("route_localnet", "proxy_arp", "forwarding"):
                sysctl(f"net/ipv4/conf/{name}/{key}", "1")
            sysctl(f"net/ipv4/neigh/{name}/proxy_delay", "0")
        current = [r for r in json.loads(run("ip", "-j", "-4", "route", "show")) if r.get("dev", "").startswith("cali")]
        there = {(r["dst"], r["dev"], str(r.get("metric", 0))) for r in current}
        for address, device in wanted.items():
            if (address, device, METRIC) not in there:
                run("ip", "route", "replace", address, "dev", device, "scope", "link", "metric", METRIC)
            if (address, device, "0") in there:  # CNI's own
                succeeds("ip", "route", "del", address, "dev", device, "metric", "0")
        now = time.monotonic()
        strange = {(d, v, m) for d, v, m in there if wanted.get(d) != v}
        self.seen = {d: self.seen.get(d, now) for d, _, _ in strange}
        for address, device, metric in strange:
            if address in self.routed or now - self.seen[address] > GRACE:
                succeeds("ip", "route", "del", address, "dev", device, "metric", metric)
        self.routed = set(wanted)


def nat_text() -> str:
    """To destinations outside every pool goes what a masquerading pool's containers send."""
    lines = ["*nat", ":cali-PREROUTING - [0:0]", ":cali-POSTROUTING - [0:0]", ":cali-OUTPUT - [0:0]", ":cali-nat-outgoing - [0:0]"]
    lines += [
        "-A cali-POSTROUTING -j cali-nat-outgoing",
        f"-A cali-nat-outgoing -m set --match-set {NAT_SETS['masquerading']} src -m set ! --match-set {NAT_SETS['all']} dst -j MASQUERADE",
        "COMMIT",
    ]
    return "\n".join(lines) + "\n"
