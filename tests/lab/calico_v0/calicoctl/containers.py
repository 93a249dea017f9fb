"""calicoctl container, endpoint, ipam: putting a container's address on its interface."""

import ipaddress
import json
import os
import re
import subprocess
import uuid

import docker16
import store
from etcd2 import Etcd
from text import Exit, complain, fail, fail_paragraph, paragraph, say, table


def require_root() -> None:
    if os.geteuid() != 0:
        complain("This command must be run as root.")
        raise Exit(2)


def inspect(name: str) -> dict | None:
    try:
        return docker16.container(name)
    except PermissionError:
        raise fail_paragraph(
            "Unable to run command.  Re-run the command as root, or configure the docker group to run without sudo."
        ) from None
    except OSError:
        raise fail_paragraph("Unable to run docker commands. Is the docker daemon running?") from None


def command(*words: str) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True, timeout=5).stdout


def inside(pid: int, *words: str) -> str:
    return command("nsenter", f"--net=/proc/{pid}/ns/net", *words)


def assign(etcd: Etcd, text: str) -> ipaddress.IPv4Address:
    if text in ("ipv4", "ipv6") or "/" in text:
        if "/" in text and not any(p["cidr"] == text for p in store.pools(etcd)):
            raise fail_paragraph(f"Invalid CIDR specified for desired pool. No pool found for {text}.")
        address = store.auto_assign(etcd) if text != "ipv6" else None
        if address is None:
            complain("Failed to allocate any IPs (requested 1 IPv4s and 0 IPv6s). Pools are likely exhausted.")
            raise Exit(1)
        return address
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise fail_paragraph("Invalid IP address specified.  Argument must be a valid IP or CIDR.") from None
    pool = store.pool_with(etcd, address)
    if pool is None:
        raise fail(f"{text} is not in any configured pools")
    if not store.assign(etcd, address):
        raise fail_paragraph(f"IP address is already assigned in pool {pool}.")
    return address


def add(etcd: Etcd, name: str, text: str, interface: str) -> None:
    """Address first, then interface, endpoint last; what breaks in between stays as it is."""
    require_root()
    found = inspect(name)
    if found is None:
        raise fail(f"Container {name} was not found.")
    if not found["State"]["Running"]:
        raise fail_paragraph(f"{name} is not currently running.")
    if found["HostConfig"]["NetworkMode"] == "host":
        raise fail_paragraph(f"Can't add {name} to Calico because it is running NetworkMode = host.")
    host = store.hostname()
    if store.endpoints(etcd, host, found["Id"]):
        raise fail_paragraph(f"{name} has already been configured with Calico Networking.")
    address = assign(etcd, text)
    ident = uuid.uuid1().hex
    mac = connect(found["State"]["Pid"], ident, address, interface)
    data = {
        "state": "active",
        "name": f"cali{ident[:11]}",
        "mac": mac,
        "profile_ids": [],
        "labels": {},
        "ipv4_nets": [f"{address}/32"],
        "ipv6_nets": [],
    }
    etcd.set(f"{store.V1}/host/{host}/workload/docker/{found['Id']}/endpoint/{ident}", json.dumps(data))
    paragraph(f"IP {address} added to {name}")


def connect(pid: int, ident: str, address: ipaddress.IPv4Address, interface: str) -> str:
    """The veth pair, the container's address and routes; the interface's MAC."""
    for line in reversed(sorted(inside(pid, "ip", "route", "show", "default").splitlines(), key=metric)):
        bump(pid, line)
    outer, inner = f"cali{ident[:11]}", f"tmp{ident[:11]}"
    command("ip", "link", "add", outer, "mtu", "1500", "type", "veth", "peer", "name", inner, "mtu", "1500")
    command("ip", "link", "set", outer, "up")
    command("ip", "link", "set", inner, "netns", str(pid))
    inside(pid, "ip", "link", "set", "dev", inner, "name", interface)
    inside(pid, "ip", "link", "set", interface, "up")
    inside(pid, "ip", "addr", "add", f"{address}/32", "dev", interface)
    inside(pid, "ip", "route", "replace", "169.254.1.1", "dev", interface, "scope", "link")
    inside(pid, "ip", "route", "replace", "default", "via", "169.254.1.1", "dev", interface)
    ipv6_route(pid, outer, interface)
    link = json.loads(inside(pid, "ip", "-j", "link", "show", interface))
    return link[0]["address"]


def ipv6_route(pid: int, outer: str, interface: str) -> None:
    """Where the host end has an fe80 address, so must the container have IPv6; else this breaks off."""
    for line in command("ip", "-o", "-6", "addr", "show", "dev", outer, "scope", "link").splitlines():
        local = line.split()[3].split("/")[0]
        inside(pid, "ip", "-6", "route", "replace", "default", "via", local, "dev", interface)
        return


def metric(route: str) -> int:
    found = re.search(r"metric (\d+)", route)
    return int(found[1]) if found else 0


def bump(pid: int, route: str) -> None:
    plain = re.sub(r" metric \d+", "", route).split()
    number = metric(route)
    inside(pid, "ip", "route", "del", *plain, "metric", str(number))
    inside(pid, "ip", "route", "add", *plain, "metric", str(number + 1))


def remove(etcd: Etcd, name: str) -> None:
    """A full id is looked up in etcd first, so it works after the container is gone."""
    require_root()
    host = store.hostname()
    ident = name
    if not (re.fullmatch(r"[0-9a-f]{64}", name) and store.endpoints(etcd, host, name)):
        found = inspect(name)
        if found is None:
            raise fail(f"Container {name} was not found.")
        ident = found["Id"]
    listed = store.endpoints(etcd, host, ident)
    if not listed:
        say(f"Failed find Calico data for {ident}")
        return
    for endpoint in listed:
        subprocess.run(["ip", "link", "del", endpoint["name"]], capture_output=True, timeout=5)
        store.remove_endpoint(etcd, endpoint)
    say(f"Removed Calico from {ident}")


def change_address(etcd: Etcd, name: str, verb: str, text: str, interface: str) -> None:
    require_root()
    found = inspect(name)
    if found is None:
        raise fail(f"Container {name} was not found.")
    if not found["State"]["Running"]:
        raise fail(f"{name} is not currently running.")
    listed = store.endpoints(etcd, store.hostname(), found["Id"])
    if not listed:
        if verb == "remove":
            raise fail("Container is unknown to Calico.")
        say("Failed to add IP address to container.")
        raise fail_paragraph(f"Container {name} is unknown to Calico.")
    endpoint = listed[0]
    nets = json.loads(endpoint["raw"])["ipv4_nets"]
    pid = found["State"]["Pid"]
    if verb == "add":
        address = assign(etcd, text)
        data = json.loads(endpoint["raw"]) | {"ipv4_nets": [*nets, f"{address}/32"]}
        etcd.swap(endpoint["key"], endpoint["raw"], json.dumps(data))
        try:
            inside(pid, "ip", "addr", "add", f"{address}/32", "dev", interface)
        except subprocess.CalledProcessError:
            raise fail("Interface provided does not exist in container. Aborting.") from None
        say(f"IP {address} added to {name}")
        return
    if f"{text}/32" not in nets:
        raise fail("IP address is not assigned to container. Aborting.")
    data = json.loads(endpoint["raw"]) | {"ipv4_nets": [n for n in nets if n != f"{text}/32"]}
    etcd.swap(endpoint["key"], endpoint["raw"], json.dumps(data))
    inside(pid, "ip", "addr", "del", f"{text}/32", "dev", interface)
    store.release(etcd, ipaddress.ip_address(text))
    say(f"IP {text} removed from {name}")


def change_profiles(etcd: Etcd, name: str, verb: str, names: list[str]) -> None:
    found = inspect(name)
    if found is None:
        raise fail(f"Container {name} was not found.")
    listed = store.endpoints(etcd, store.hostname(), found["Id"])
    apply_profiles(etcd, listed[0] if listed else None, verb, names)


def apply_profiles(etcd: Etcd, endpoint: dict | None, verb: str, names: list[str]) -> None:
    for one in names:
        if not store.profile_exists(etcd, one):
            raise fail(f"Profile with name {one} was not found.")
    if len(set(names)) != len(names):
        twice = next(n for n in names if names.count(n) > 1)
        raise fail(f"Profile with name {twice} was specified more than once.")
    if verb == "append" and not names:
        raise fail_paragraph("No profile specified.")
    if endpoint is None:
        if verb == "append":
            say("Failed to append profiles to endpoint.")
            raise fail_paragraph("Endpoint None is unknown to Calico.")
        say("Failed to set profiles for endpoint." if verb == "set" else "Failed to remove profiles from endpoint.")
        raise fail_paragraph("Endpoint could not be found.")
    current = endpoint["profile_ids"]
    if verb == "append":
        for one in names:  # all or nothing
            if one in current:
                paragraph(f"Profile {one} is already in endpoint profile list")
                return
        store.update_endpoint(etcd, endpoint, current + names)
        paragraph(f"Profile(s) {', '.join(names)} appended.")
    elif verb == "remove":
        for one in names:
            if one not in current:
                paragraph(f"Profile {one} is not in endpoint profile list.")
                return
        store.update_endpoint(etcd, endpoint, [p for p in current if p not in names])
        paragraph(f"Profile(s) {','.join(names)} removed.")
    else:
        store.update_endpoint(etcd, endpoint, names)
        paragraph(f"Profile(s) set to {', '.join(names)}." if names else "Removed all profiles from endpoint.")


def detailed(listed: list[dict]) -> str:
    header = ["Hostname", "Orchestrator ID", "Workload ID", "Endpoint ID", "Addresses", "MAC", "Profiles", "State"]
    rows = [
        [e["host"], e["orchestrator"], e["workload"], e["id"], "\n".join(e["ipv4_nets"] + e["ipv6_nets"]), e["mac"],
         ",".join(e["profile_ids"]), e["state"]]
        for e in listed
    ]  # fmt: skip
    return table(header, rows) + "\n"


def show_endpoint(etcd: Etcd, name: str) -> None:
    found = inspect(name)
    if found is None:
        raise fail(f"Container {name} was not found.")
    say(detailed(store.endpoints(etcd, store.hostname(), found["Id"])))


def show_endpoints(etcd: Etcd, options: dict) -> None:
    keys = {"host": "host", "orchestrator": "orchestrator", "workload": "workload", "endpoint": "id"}
    listed = [e for e in store.endpoints(etcd) if all(e[k] == options[o] for o, k in keys.items() if o in options)]
    if "detailed" in options:
        say(detailed(listed))
        return
    groups: dict[tuple[str, str], list[dict]] = {}
    for one in listed:
        groups.setdefault((one["host"], one["orchestrator"]), []).append(one)
    rows = [[h, o, str(len({e["workload"] for e in es})), str(len(es))] for (h, o), es in groups.items()]
    say(table(["Hostname", "Orchestrator ID", "Number of Workloads", "Number of Endpoints"], rows) + "\n")


def endpoint_profiles(etcd: Etcd, ident: str, verb: str, names: list[str], options: dict) -> None:
    listed = [e for e in store.endpoints(etcd, str(options.get("host", ""))) if e["id"] == ident]
    if verb != "show":
        apply_profiles(etcd, listed[0] if listed else None, verb, names)
        return
    if not listed:
        say("Failed to list profiles in endpoint.")
        raise fail_paragraph(f"Endpoint {ident} is unknown to Calico.")
    if not listed[0]["profile_ids"]:
        say("Endpoint has no profiles associated with it.")
        return
    say(table(["Name"], [[p] for p in listed[0]["profile_ids"]]))


def ipam(etcd: Etcd, verb: str, text: str) -> None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        raise fail("Invalid IP address specified.") from None
    if verb == "info":
        assigned = store.is_assigned(etcd, address)
        say("No attributes defined for IP" if assigned else f"IP {text} is not currently assigned")
        return
    say("Address successfully released" if store.release(etcd, address) else "Failed to release address")
