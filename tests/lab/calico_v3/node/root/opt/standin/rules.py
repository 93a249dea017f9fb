"""Calico's rules as lines of iptables."""

import hashlib
import itertools

ACCEPT = "0x10000/0x10000"
CHAIN_LIMIT = 28


def chain_name(prefix: str, name: str) -> str:
    """What is too long is hashed."""
    whole = prefix + name
    if len(whole) <= CHAIN_LIMIT:
        return whole
    return prefix + "_" + hashlib.sha256(name.encode()).hexdigest()[: CHAIN_LIMIT - 1 - len(prefix)]


def ipset_name(selector: str) -> str:
    return "cali40s:" + hashlib.sha256(selector.encode()).hexdigest()[:20]


def cleared(chain: str) -> str:
    return f"-A {chain} -j MARK --set-xmark 0x0/0x10000"


def multiport(ports: list, direction: str, negation: str) -> str:
    return f"-m multiport {negation}--{direction}-ports {','.join(map(str, ports))}"


def side(entity: dict, option: str, way: str, direction: str, selectors: set[str]) -> list[str]:
    """The conditions on a source or destination: one text for each of its nets, all of them alternatives."""
    fixed = []
    for key, negation in (("selector", ""), ("notSelector", "! ")):
        if entity.get(key):
            selectors.add(entity[key])
            fixed.append(f"-m set {negation}--match-set {ipset_name(entity[key])} {way}")
    for key, negation in (("ports", ""), ("notPorts", "! ")):
        if entity.get(key):
            fixed.append(multiport(entity[key], direction, negation))
    for net in entity.get("notNets") or []:
        fixed.append(f"! {option} {net}")
    return [" ".join(([f"{option} {net}"] if net else []) + fixed) for net in entity.get("nets") or [None]]


def conditions(rule: dict, selectors: set[str]) -> list[str]:
    before = []
    for key, negation in (("protocol", ""), ("notProtocol", "! ")):
        if key in rule:
            before.append(f"{negation}-p {str(rule[key]).lower()}")
    icmp = rule.get("icmp") or {}
    if "type" in icmp:
        code = f"/{icmp['code']}" if "code" in icmp else ""
        before.append(f"-m icmp --icmp-type {icmp['type']}{code}")
    sources = side(rule.get("source") or {}, "-s", "src", "source", selectors)
    destinations = side(rule.get("destination") or {}, "-d", "dst", "destination", selectors)
    return [" ".join(filter(None, [*before, s, d])) for s, d in itertools.product(sources, destinations)]


def render_rules(chain: str, rules: list[dict], selectors: set[str]) -> list[str]:
    """Adds the selectors that the lines refer to."""
    lines = []
    for rule in rules:
        for match in conditions(rule, selectors):
            if rule["action"] == "Allow":
                lines.append(f"-A {chain} {match} -j MARK --set-xmark {ACCEPT}")
                lines.append(f"-A {chain} -m mark --mark {ACCEPT} -j RETURN")
            elif rule["action"] == "Log":
                lines.append(f'-A {chain} {match} -j LOG --log-prefix "calico-packet: "')
            elif rule["action"] == "Pass":
                lines.append(f"-A {chain} {match} -j RETURN")
            else:
                lines.append(f"-A {chain} {match} -j DROP")
    return lines
