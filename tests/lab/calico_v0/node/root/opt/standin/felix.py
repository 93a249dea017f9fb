"""Felix: makes this host's endpoints in etcd real, on interfaces, routes, ipsets and iptables.

Members of a profile reach one another by its tag; every other packet to an endpoint is dropped unless
a rule lets it in. The host itself is not policed.
"""

import hashlib
import json
import time

from linux import host_link, run, succeeds, sysctl

MARK = "0x1000000/0x1000000"
JUMPS = {"filter": ("FORWARD", "INPUT", "OUTPUT"), "nat": ("PREROUTING", "POSTROUTING")}


def short(name: str, limit: int = 16) -> str:
    """Names over the limit are hashed."""
    return name if len(name) <= limit else "_" + hashlib.sha1(name.encode()).hexdigest()[: limit - 1]


def ipset_name(tag: str) -> str:
    return f"felix-v4-{short(tag, 20)}"


def match(rule: dict) -> str:
    """One rule's conditions as iptables' options."""
    words = []
    if "protocol" in rule:
        words.append(f"-p {rule['protocol']}")
    for side, option, direction in (("src", "-s", "source"), ("dst", "-d", "destination")):
        if f"{side}_net" in rule:
            words.append(f"{option} {rule[f'{side}_net']}")
        if f"{side}_tag" in rule:
            words.append(f"-m set --match-set {ipset_name(rule[f'{side}_tag'])} {side}")
        if f"{side}_ports" in rule:
            words.append(f"-m multiport --{direction}-ports {','.join(map(str, rule[f'{side}_ports']))}")
    if "icmp_type" in rule:
        code = f"/{rule['icmp_code']}" if "icmp_code" in rule else ""
        words.append(f"-m icmp --icmp-type {rule['icmp_type']}{code}")
    return " ".join(words)


def profile_lines(chain: str, rules: list[dict]) -> list[str]:
    lines = []
    for rule in rules:
        if rule["action"] == "deny":
            lines.append(f"-A {chain} {match(rule)} -j DROP")
        else:
            lines.append(f"-A {chain} {match(rule)} -j MARK --set-xmark {MARK}")
            lines.append(f"-A {chain} -m mark --mark {MARK} -j RETURN")
    return lines


def render_filter(endpoints: list[dict], profiles: dict[str, dict]) -> tuple[str, set[str]]:
    """Text for iptables-restore, and the chains in it."""
    chains = ["felix-FORWARD", "felix-INPUT", "felix-OUTPUT", "felix-FROM-ENDPOINT", "felix-TO-ENDPOINT"]
    lines = []
    for flag in ("-i", "-o"):
        lines.append(f"-A felix-FORWARD {flag} cali+ -m conntrack --ctstate INVALID -j DROP")
    for flag in ("-i", "-o"):
        lines.append(f"-A felix-FORWARD {flag} cali+ -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT")
    lines += [
        "-A felix-FORWARD -i cali+ -j felix-FROM-ENDPOINT",
        "-A felix-FORWARD -o cali+ -j felix-TO-ENDPOINT",
        "-A felix-FORWARD -i cali+ -j ACCEPT",
        "-A felix-FORWARD -o cali+ -j ACCEPT",
        "-A felix-INPUT ! -i cali+ -j RETURN",
        "-A felix-INPUT -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT",
        "-A felix-INPUT -p udp -m multiport --destination-ports 53,67 -j ACCEPT",
        "-A felix-INPUT -j felix-FROM-ENDPOINT",
    ]
    used = sorted({p for e in endpoints for p in e["profile_ids"]})
    for name in used:
        for way, key in (("i", "inbound_rules"), ("o", "outbound_rules")):
            chain = f"felix-p-{short(name)}-{way}"
            chains.append(chain)
            if name in profiles:
                lines += profile_lines(chain, profiles[name]["rules"][key])
            else:
                lines.append(f"-A {chain} -j DROP")  # a deleted profile lets nothing past
    for endpoint in endpoints:
        suffix = endpoint["name"].removeprefix("cali")
        for word, flag, way in (("from", "-i", "o"), ("to", "-o", "i")):
            chain = f"felix-{word}-{suffix}"
            chains.append(chain)
            lines.append(f"-A felix-{word.upper()}-ENDPOINT {flag} {endpoint['name']} -g {chain}")
            lines.append(f"-A {chain} -j MARK --set-xmark 0x0/0x1000000")
            if word == "from":
                lines.append(f"-A {chain} -m mac ! --mac-source {endpoint['mac']} -j DROP")
            for name in endpoint["profile_ids"]:
                lines.append(f"-A {chain} -j felix-p-{short(name)}-{way}")
                lines.append(f"-A {chain} -m mark --mark {MARK} -j RETURN")
            comment = f"Packet did not match any profile (endpoint {endpoint['id']})"
            lines.append(f'-A {chain} -m comment --comment "{comment}" -j DROP')
    lines += ["-A felix-FROM-ENDPOINT -j DROP", "-A felix-TO-ENDPOINT -j DROP"]
    head = ["*filter", *(f":{c} - [0:0]" for c in chains)]
    return "\n".join([*head, *lines, "COMMIT"]) + "\n", set(chains)


def render_nat(pools: list[dict]) -> str:
    lines = ["*nat", ":felix-PREROUTING - [0:0]", ":felix-POSTROUTING - [0:0]"]
    masquerading = [p["cidr"] for p in pools if p.get("masquerade")]
    if masquerading:
        lines += [f"-A felix-POSTROUTING -d {p['cidr']} -j RETURN" for p in pools]
        lines += [f"-A felix-POSTROUTING -s {cidr} -j MASQUERADE" for cidr in masquerading]
    return "\n".join([*lines, "COMMIT"]) + "\n"


class Felix:
    def __init__(self, host: str) -> None:
        self.host = host
        self.applied = ""
        self.checked = 0.0

    def once(self, etcd) -> None:
        with open("/proc/sys/net/ipv4/conf/all/rp_filter") as file:
            if file.read().strip() == "2":
                raise SystemError("net.ipv4.conf.all.rp_filter is 2: refusing to run")
        sysctl("net/ipv4/conf/default/rp_filter", "1")
        if etcd.get("/calico/v1/Ready") != "true":
            return
        endpoints, profiles, pools = self.read(etcd)
        local = [e for e in endpoints if e["host"] == self.host and host_link(e["name"])]
        sets = {t: members(endpoints, profiles, t) for t in sorted({t for p in profiles.values() for t in p["tags"]})}
        filter_text, chains = render_filter(local, profiles)
        nat_text = render_nat(pools)
        wanted = json.dumps([sets, filter_text, nat_text])
        if wanted != self.applied or time.monotonic() - self.checked > 60:
            self.apply(sets, filter_text, nat_text, chains)
            self.applied, self.checked = wanted, time.monotonic()
        for endpoint in local:
            self.plumb(endpoint)

    def read(self, etcd) -> tuple[list[dict], dict[str, dict], list[dict]]:
        endpoints, profiles, pools = [], {}, []
        for key, value in sorted(etcd.tree("/calico/v1").items()):
            parts = key.split("/")
            if parts[3] == "host" and len(parts) == 10 and parts[8] == "endpoint":
                endpoints.append(json.loads(value) | {"host": parts[4], "id": parts[9]})
            elif parts[3:5] == ["policy", "profile"]:
                profiles.setdefault(parts[5], {})[parts[6]] = json.loads(value)
            elif parts[3:6] == ["ipam", "v4", "pool"]:
                pools.append(json.loads(value))
        whole = {n: p for n, p in profiles.items() if "tags" in p and "rules" in p}
        return endpoints, whole, pools

    @staticmethod
    def plumb(endpoint: dict) -> None:
        name = endpoint["name"]
        for key in ("rp_filter", "route_localnet", "proxy_arp"):
            sysctl(f"net/ipv4/conf/{name}/{key}", "1")
        sysctl(f"net/ipv4/neigh/{name}/proxy_delay", "0")
        for net in endpoint["ipv4_nets"]:
            address = net.split("/")[0]
            run("ip", "neigh", "replace", address, "lladdr", endpoint["mac"], "dev", name, "nud", "permanent")
            run("ip", "route", "replace", address, "dev", name)

    @staticmethod
    def apply(sets: dict, filter_text: str, nat_text: str, chains: set[str]) -> None:
        text = ""
        for tag, addresses in sets.items():
            name = ipset_name(tag)
            text += f"create {name} hash:ip family inet -exist\ncreate {name}-t hash:ip family inet -exist\nflush {name}-t\n"
            text += "".join(f"add {name}-t {a}\n" for a in addresses) + f"swap {name}-t {name}\ndestroy {name}-t\n"
        if text:
            run("ipset", "restore", text=text)
        run("iptables-restore", "-w", "--noflush", text=filter_text)
        run("iptables-restore", "-w", "--noflush", text=nat_text)
        for table, parents in JUMPS.items():
            for parent in parents:
                rules = run("iptables", "-w", "-t", table, "-S", parent).splitlines()[1:]
                jump = f"-A {parent} -j felix-{parent}"
                if rules[:1] != [jump]:
                    if jump in rules:
                        run("iptables", "-w", "-t", table, "-D", parent, "-j", f"felix-{parent}")
                    run("iptables", "-w", "-t", table, "-I", parent, "1", "-j", f"felix-{parent}")
        listed = run("iptables", "-w", "-S").splitlines()
        stale = [w.split()[1] for w in listed if w.startswith("-N felix-") and w.split()[1] not in chains]
        for action in ("-F", "-X"):
            for chain in stale:
                succeeds("iptables", "-w", action, chain)


def members(endpoints: list[dict], profiles: dict[str, dict], tag: str) -> list[str]:
    found = set()
    for endpoint in endpoints:
        if any(tag in profiles.get(p, {}).get("tags", []) for p in endpoint["profile_ids"]):
            found |= {n.split("/")[0] for n in endpoint["ipv4_nets"]}
    return sorted(found)
