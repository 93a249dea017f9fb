"""calicoctl node status and checksystem: what runs on this host."""

import os
import re
import socket

from ending import Fail
from node_run import require_root
from tables import frame

TYPES = {"Mesh": "node-to-node mesh", "Global": "global", "Node": "node specific"}
HEADING = ["PEER ADDRESS", "PEER TYPE", "STATE", "SINCE", "INFO"]
MODULES = (
    "ip6_tables", "ip_set", "ip_tables", "ipt_ipvs", "ipt_REJECT", "ipt_rpfilter", "ipt_set", "nf_conntrack_netlink",
    "nfnetlink", "sctp", "vfio-pci", "xt_addrtype", "xt_bpf", "xt_comment", "xt_conntrack", "xt_icmp", "xt_icmp6", "xt_mark",
    "xt_multiport", "xt_rpfilter", "xt_sctp", "xt_set", "xt_u32",
)  # fmt: skip


def commands() -> list[list[str]]:
    """What runs; a script's interpreter and its options are left out."""
    found = []
    for pid in filter(str.isdigit, os.listdir("/proc")):
        try:
            with open(f"/proc/{pid}/cmdline") as file:
                words = [w for w in file.read().split("\0") if w]
        except OSError:
            continue
        if words and os.path.basename(words[0]).startswith("python"):
            words = words[1:]
            while words and words[0].startswith("-"):
                words = words[1:]
        if words:
            found.append([os.path.basename(words[0]), *words[1:]])
    return found


def status() -> None:
    require_root()
    running = commands()
    if not any(c[0] == "calico-felix" or c[:2] == ["calico-node", "-felix"] for c in running):
        raise Fail("Calico process is not running.")
    print("Calico process is running.")
    birds = {name for name in ("bird", "bird6") if any(c[0] == name for c in running)}
    if not birds:
        print("\nThe BGP backend process (BIRD) is not running.")
    for version, name in ((4, "bird"), (6, "bird6")):
        if birds and name in birds:
            print_peers(version, name)
        elif birds:
            print(f"\nINFO: BIRDv{version} process: '{name}' is not running.")
    print()


def print_peers(version: int, name: str) -> None:
    print(f"\nIPv{version} BGP status")
    try:
        control = connect(name)
    except OSError as error:
        print(f"Error querying BIRD: unable to connect to BIRDv{version} socket: {error}", end="")
        return
    with control:
        control.sendall(b"show protocols\n")
        try:
            with control.makefile() as lines:
                peers = scan(lines)
        except OSError as error:
            raise Fail(f"error executing command: {error}") from None
    if not peers:
        print(f"No IPv{version} peers found.")
        return
    print(frame(HEADING, peers), end="")


def connect(name: str) -> socket.socket:
    control = socket.socket(socket.AF_UNIX)
    control.settimeout(2)
    try:
        control.connect(f"/var/run/calico/{name}.ctl")
    except OSError:
        control.connect(f"/var/run/bird/{name}.ctl")
    return control


def scan(lines) -> list[list[str]]:
    """Rows of BIRD's table that are sessions of Calico's making."""
    found = []
    for line in lines:
        if line.startswith("0000"):
            break
        words = line[5:].split() if line.startswith("1002") else line.split()
        match = re.match(r"(Global|Node|Mesh)_(.+)", words[0]) if len(words) >= 6 and words[1] == "BGP" else None
        if match:
            found.append([match[2].replace("_", "."), TYPES[match[1]], words[3], words[4], " ".join(words[5:])])
    return found


def checksystem() -> None:
    """What is built into the kernel, or renamed in it, it does not see."""
    require_root()
    release = os.uname().release
    try:
        with open("/proc/modules") as file:
            loaded = {line.split()[0] for line in file}
    except OSError:
        loaded = set()
    try:
        with open(f"/lib/modules/{release}/modules.dep") as file:
            loaded |= {os.path.basename(line.split(":")[0]).split(".")[0] for line in file}
    except OSError:
        pass
    good = True
    print("Checking kernel version...")
    print(f"\t\t{release:40}\t\t\t\t\tOK")
    print("Checking kernel modules...")
    for module in MODULES:
        there = module in loaded
        good = good and there
        print(f"\t\t{module:40}\t\t\t\t\t{'OK' if there else 'FAIL'}")
    if not good:
        raise Fail("system doesn't meet one or more minimum systems requirements to run Calico")
    print("System meets minimum system requirements to run Calico!")
