"""A container's interface: its veth pair, address and routes, inside and outside."""

import json
import os
import subprocess

from contract import CniError
from linux import sysctl

GATEWAY = "169.254.1.1"
OUTER_MAC = "ee:ee:ee:ee:ee:ee"


def program(*words: str, netns: str = "") -> subprocess.CompletedProcess[str]:
    """ip(8) and others, here or in a network namespace."""
    prefix = ["nsenter", f"--net={netns}"] if netns else []
    return subprocess.run([*prefix, *words], capture_output=True, text=True, timeout=20)


def reason(done: subprocess.CompletedProcess[str]) -> str:
    """The kernel's word for it, as a Go program would print it."""
    text = done.stderr.strip().splitlines()[-1] if done.stderr.strip() else f"exit status {done.returncode}"
    return text.removeprefix("RTNETLINK answers: ").removeprefix("Error: ").lower().rstrip(".")


def must(before: str, *words: str, netns: str = "") -> str:
    done = program(*words, netns=netns)
    if done.returncode != 0:
        raise CniError(f"{before}{reason(done)}")
    return done.stdout


def connect(netns: str, inner: str, outer: str, address: str, mtu: int, forwarding: bool) -> str:
    """Both ends are made inside, and the outer one is moved out last: what breaks before stays inside.

    The interface's MAC.
    """
    if os.path.exists(f"/sys/class/net/{outer}"):
        must(f"failed to delete old hostVeth {outer}: ", "ip", "link", "del", outer)
    if not os.path.exists(netns):
        raise CniError(f'failed to Statfs "{netns}": no such file or directory')
    size = ["mtu", str(mtu)] if mtu else []
    must("", "ip", "link", "add", inner, *size, "type", "veth", "peer", "name", outer, *size, netns=netns)
    must("failed to set mac: ", "ip", "link", "set", outer, "address", OUTER_MAC, netns=netns)
    for link in (outer, inner):
        must(f'failed to set "{link}" up: ', "ip", "link", "set", link, "up", netns=netns)
    mac = json.loads(must("", "ip", "-j", "link", "show", inner, netns=netns))[0]["address"]
    must(
        "failed to add route inside the container: ",
        "ip", "route", "add", GATEWAY, "dev", inner, "scope", "link", netns=netns,
    )  # fmt: skip
    must(
        f"failed to add IPv4 route for 0.0.0.0/0 via {GATEWAY}: ",
        "ip", "route", "add", "default", "via", GATEWAY, "dev", inner, netns=netns,
    )  # fmt: skip
    must(f'failed to add IP addr to "{inner}": ', "ip", "addr", "add", f"{address}/32", "dev", inner, netns=netns)
    value = "1" if forwarding else "0"
    must("error configuring sysctls for the container netns, error: ",
         "sh", "-c", f"echo {value} >/proc/sys/net/ipv4/ip_forward", netns=netns)  # fmt: skip
    must("failed to move veth to host netns: ", "ip", "link", "set", outer, "netns", str(os.getpid()), netns=netns)
    finish_outer(outer, address)
    return mac


def finish_outer(outer: str, address: str) -> None:
    try:
        for key in ("route_localnet", "proxy_arp", "forwarding"):
            sysctl(f"net/ipv4/conf/{outer}/{key}", "1")
        sysctl(f"net/ipv4/neigh/{outer}/proxy_delay", "0")
    except OSError as error:
        raise CniError(f"error configuring sysctls for interface: {outer}, error: {error}") from None
    must(f'failed to set "{outer}" up: ', "ip", "link", "set", outer, "up")
    # One that stands already is Felix's own, when it leads to the same interface.
    routes = json.loads(must("", "ip", "-j", "-4", "route", "show", address))
    stale = next((r for r in routes if r.get("dev") != outer and r["dst"] == address), None)
    if stale:
        raise CniError(
            f"error adding host side routes for interface: {outer}, error: route (Dst: {address}/32, Scope: link) already "
            f"exists for an interface other than '{outer}': route (Dst: {address}/32, Scope: link, Iface: {stale.get('dev')})"
        )
    if not routes:
        must(f"error adding host side routes for interface: {outer}, error: failed to add route: ",
             "ip", "route", "add", address, "dev", outer, "scope", "link")  # fmt: skip


def remove_inner(netns: str, inner: str) -> None:
    """A missing path or interface is fine."""
    if netns and os.path.exists(netns) and program("ip", "link", "show", inner, netns=netns).returncode == 0:
        must(f"failed to delete {inner}: ", "ip", "link", "del", inner, netns=netns)
