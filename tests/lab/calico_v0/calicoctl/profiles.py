"""calicoctl profile: profiles, tags and rules."""

import ipaddress
import json
import re
import sys

import docker16
from etcd2 import Etcd
from store import V1, endpoints, profile_exists, rules, save_rules
from text import Exit, fail, fail_paragraph, say, table

ORDER = ("protocol", "icmp_type", "icmp_code", "src_ports", "src_tag", "src_net", "dst_ports", "dst_tag", "dst_net")
ALLOWED = {"action", *ORDER}


def base(name: str) -> str:
    return f"{V1}/policy/profile/{name}"


def check_name(name: str) -> None:
    if not re.fullmatch(r"[A-Za-z0-9_.-]+", name):
        raise fail_paragraph(
            "Profile names must be < 40 character long and can only contain numbers, letters, dots, dashes and "
            "underscores."
        )


def add(etcd: Etcd, name: str) -> None:
    check_name(name)
    if profile_exists(etcd, name):
        say(f"Profile {name} already exists.")
        return
    etcd.set(f"{base(name)}/tags", json.dumps([name]))
    etcd.set(f"{base(name)}/labels", json.dumps({}))
    save_rules(etcd, name, {"inbound_rules": [{"action": "allow", "src_tag": name}], "outbound_rules": [{"action": "allow"}]})
    say(f"Created profile {name}")


def remove(etcd: Etcd, name: str, no_check: bool) -> None:
    """Refused or absent, it ends 0 all the same."""
    if not profile_exists(etcd, name):
        say(f"Profile {name} not found.")
        return
    if not no_check and any(name in e["profile_ids"] for e in endpoints(etcd)):
        say("Cannot remove profile - profile in use by endpoint(s).")
        say("Use the '--no-check' flag to remove the profile anyway.")
        return
    etcd.delete(base(name), recursive=True)
    say(f"Deleted profile {name}")


def show(etcd: Etcd, detailed: bool) -> None:
    names = etcd.children(f"{V1}/policy/profile")
    if not detailed:
        say(table(["Name"], [[n] for n in names]))
        return
    rows = []
    for name in names:
        users = [e for e in endpoints(etcd) if name in e["profile_ids"]]
        rows += [[name, e["host"], e["orchestrator"], e["workload"], e["id"], e["state"]] for e in users] or [[name] + ["None"] * 5]
    say(table(["Name", "Host", "Orchestrator ID", "Workload ID", "Endpoint ID", "State"], rows))


def known(etcd: Etcd, name: str) -> None:
    """An unknown name may be a Docker network's, so Docker is asked first."""
    if profile_exists(etcd, name):
        return
    try:
        docker16.request("GET", f"/networks/{name}", version="v1.21")
    except docker16.DockerError:
        pass
    raise fail(f"Profile {name} not found.")


def tag(etcd: Etcd, name: str, words: list[str]) -> None:
    known(etcd, name)
    tags = json.loads(etcd.get(f"{base(name)}/tags") or "[]")
    match words:
        case ["show"]:
            for one in tags:
                say(one)
        case ["add", one]:
            etcd.set(f"{base(name)}/tags", json.dumps(sorted({*tags, one})))
            say(f"Tag {one} added to profile {name}")
        case ["remove", one]:
            if one not in tags:
                raise fail(f"Tag {one} is not on profile {name}")
            etcd.set(f"{base(name)}/tags", json.dumps([t for t in tags if t != one]))
            say(f"Tag {one} removed from profile {name}")
        case _:
            raise Exit(1)


def in_words(rule: dict) -> str:
    words = [rule["action"]]
    if "protocol" in rule:
        words.append(rule["protocol"])
    for key in ("icmp_type", "icmp_code"):
        if key in rule:
            words += [key.removeprefix("icmp_"), str(rule[key])]
    for side, word in (("src", "from"), ("dst", "to")):
        parts = []
        if f"{side}_ports" in rule:
            parts += ["ports", ",".join(map(str, rule[f"{side}_ports"]))]
        if f"{side}_tag" in rule:
            parts += ["tag", rule[f"{side}_tag"]]
        if f"{side}_net" in rule:
            parts += ["cidr", rule[f"{side}_net"]]
        words += [word, *parts] if parts else []
    return " ".join(words)


def rule_show(etcd: Etcd, name: str) -> None:
    known(etcd, name)
    value = rules(etcd, name)
    for title, key in (("Inbound rules:", "inbound_rules"), ("Outbound rules:", "outbound_rules")):
        say(title)
        for number, rule in enumerate(value[key], 1):
            say(f" {number:3d} {in_words(rule)}")


def rule_json(etcd: Etcd, name: str) -> None:
    known(etcd, name)
    say(json.dumps(rules(etcd, name), indent=2) + "\n")


def rule_update(etcd: Etcd, name: str) -> None:
    known(etcd, name)
    data = json.loads(sys.stdin.read())
    value = {key: data[key] for key in ("inbound_rules", "outbound_rules")}
    for rule in [*value["inbound_rules"], *value["outbound_rules"]]:
        for key in rule:
            if key not in ALLOWED:
                raise KeyError(f"Key {key} is not allowed on Rule.")
    save_rules(etcd, name, value)
    say(f"Successfully updated rules on profile {name}")


def parse_ports(text: str) -> list[int]:
    if not re.fullmatch(r"[0-9,:]+", text):
        raise fail("Invalid SRCPORTS or DSTPORTS specified.")
    return [int(p) for p in text.split(",")]


def parse_net(text: str) -> str:
    try:
        return str(ipaddress.ip_network(text))
    except ValueError:
        raise fail("Invalid CIDR specified.") from None


def parse_rule(words: list[str]) -> tuple[str, dict] | None:
    """Direction and rule; empty when the words fit no usage, whose order is fixed."""
    rest = list(words)
    if not rest or rest[0] not in ("inbound", "outbound"):
        return None
    direction = rest.pop(0)
    if not rest or rest[0] not in ("allow", "deny"):
        return None
    rule: dict = {"action": rest.pop(0)}
    if rest and rest[0] in ("tcp", "udp", "icmp", "icmpv6"):
        rule["protocol"] = rest.pop(0)
    if rule.get("protocol", "").startswith("icmp"):
        for word, key in (("type", "icmp_type"), ("code", "icmp_code")):
            if len(rest) > 1 and rest[0] == word and (word == "type" or "icmp_type" in rule):
                rule[key] = int(rest[1])
                rest = rest[2:]
    for word, side in (("from", "src"), ("to", "dst")):
        if not rest or rest[0] != word:
            continue
        rest.pop(0)
        before = len(rest)
        if len(rest) > 1 and rest[0] == "ports" and rule.get("protocol") in ("tcp", "udp"):
            rule[f"{side}_ports"] = parse_ports(rest[1])
            rest = rest[2:]
        if len(rest) > 1 and rest[0] == "tag":
            rule[f"{side}_tag"] = rest[1]
            rest = rest[2:]
        if len(rest) > 1 and rest[0] == "cidr":
            rule[f"{side}_net"] = parse_net(rest[1])
            rest = rest[2:]
        if len(rest) == before:
            return None
    return None if rest else (direction, rule)


def rule_change(etcd: Etcd, name: str, verb: str, direction: str, rule: dict, at) -> None:
    known(etcd, name)
    if at is not None and not str(at).lstrip("-").isdigit():
        raise Exit(1)
    value = rules(etcd, name)
    listed = value[f"{direction}_rules"]
    if verb == "add":
        if rule in listed:
            say("Rule already present, skipping.")
            return
        place = len(listed) if at is None else int(at) - 1
        if at is not None and not 1 <= int(at) <= len(listed) + 1:
            say(f"Position {at} is out-of-range.")  # and inserted anyway
        listed.insert(place, rule)
    elif at is not None:
        if not 1 <= int(at) <= len(listed):
            say("Rule position out-of-range.")
            return
        if listed[int(at) - 1] != rule:
            raise fail("Rule not found.")
        listed.pop(int(at) - 1)
    else:
        if rule not in listed:
            raise fail("Rule not found.")
        listed.remove(rule)
    save_rules(etcd, name, value)
