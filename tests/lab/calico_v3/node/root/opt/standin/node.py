"""calico/node v3.32.1, a stand-in: startup, then Felix and BIRD, each a program of its own that is kept running."""

import ipaddress
import os
import platform
import random
import signal
import subprocess
import sys
import threading
import time

import calico_node
import environment
from etcd3 import Etcd, EtcdError
from ipam import Ipam
from kinds import DNS_1123, Invalid
from linux import own_addresses, sysctl
from store import VERSION, Exists, Store, StoreError, new
from supervise import keep

NODENAME_FILE = "/var/lib/calico/nodename"
NOT_DETECTED = ("docker", "cbr", "dummy", "virbr", "lxcbr", "veth", "lo", "cali", "tunl", "flannel", "kube-ipvs", "br-")
FALLBACK_POOLS = [ipaddress.ip_network(f"172.{n}.0.0/16") for n in range(16, 32)]
TUNNELS = {"ipipMode": ("ipip-tunnel-addr", "ipipTunnelAddress"), "vxlanMode": ("vxlan-tunnel-addr", "vxlanTunnelAddress")}


def give_up(text: str) -> None:
    print(f"[ERROR] {text}\nTerminating")
    sys.exit(1)


def node_name() -> str:
    """NODENAME is taken as it is; the others are lowered."""
    name = os.environ.get("NODENAME", "")
    if not name and os.path.exists(NODENAME_FILE):
        with open(NODENAME_FILE) as file:
            name = file.read()
    name = name or os.environ.get("HOSTNAME", "").lower() or platform.node().lower()
    if not DNS_1123.fullmatch(name):
        give_up(f"Unable to set node resource configuration: error with field Metadata.Name = '{name}' (a lowercase RFC 1123 subdomain)")
    return name


def address(stored: str) -> str:
    """With its prefix length; empty where the node routes no IPv4."""
    asked = os.environ.get("IP", "")
    own = own_addresses()
    if asked == "none":
        return ""
    if asked in ("", "autodetect"):
        if not asked and stored:
            return stored
        found = [a for a, (_, interface) in own.items() if not interface.startswith(NOT_DETECTED)]
        if not found:
            give_up("Couldn't autodetect an IPv4 address. If auto-detecting, choose a different autodetection method.")
        asked = found[0]
        print(f"[INFO] Using autodetected IPv4 address on interface {own[asked][1]}: {asked}/{own[asked][0]}")
    bare = asked.split("/")[0]
    if bare not in own:
        print(f"[WARNING] Unable to confirm IPv4 address {bare} is assigned to this host")
    return asked if "/" in asked else f"{bare}/{own.get(bare, ('32', ''))[0]}"


def check_unique(store: Store, name: str, net: str) -> None:
    if os.environ.get("DISABLE_NODE_IP_CHECK", "").lower() == "true":
        return
    for other in store.every("Node"):
        theirs = (other["spec"].get("bgp") or {}).get("ipv4Address", "").split("/")[0]
        if other["metadata"]["name"] != name and theirs == net.split("/")[0]:
            print(f"[WARNING] Calico node '{other['metadata']['name']}' is already using the IPv4 address {theirs}.")
            sys.exit(1)


def write_node(store: Store, name: str) -> None:
    there = store.find("Node", name)
    node = there or new("Node", name, {})
    bgp = node["spec"].setdefault("bgp", {})
    net = address(bgp.get("ipv4Address", ""))
    if net:
        check_unique(store, name, net)
        bgp["ipv4Address"] = net
        if os.environ.get("IP", "") not in ("", "autodetect"):
            bare = net.split("/")[0]
            node["spec"]["interfaces"] = [{"name": own_addresses().get(bare, ("", "eth0"))[1], "addresses": [bare]}]
    if os.environ.get("AS"):
        bgp["asNumber"] = int(os.environ["AS"])
    store.apply(node)


def write_pools(store: Store) -> None:
    asked = os.environ.get("CALICO_IPV4POOL_CIDR", "")
    if os.environ.get("NO_DEFAULT_POOLS", "").lower() == "true":
        if asked or os.environ.get("CALICO_IPV6POOL_CIDR"):
            give_up("Invalid configuration with NO_DEFAULT_POOLS defined and CALICO_IPV4POOL_CIDR or CALICO_IPV6POOL_CIDR defined.")
        return
    versions = {6 if ":" in p["spec"]["cidr"] else 4 for p in store.every("IPPool")}
    if 4 not in versions and asked != "none":
        spec = {"cidr": asked or free_pool(), "natOutgoing": True, "blockSize": int(os.environ.get("CALICO_IPV4POOL_BLOCK_SIZE") or 26),
                "ipipMode": os.environ.get("CALICO_IPV4POOL_IPIP") or "Never",
                "vxlanMode": os.environ.get("CALICO_IPV4POOL_VXLAN") or "Never"}  # fmt: skip
        create_once(store, new("IPPool", "default-ipv4-ippool", spec))
    if 6 not in versions and os.environ.get("FELIX_IPV6SUPPORT", "true").lower() == "true":
        cidr = f"fd{random.randrange(256):02x}:{random.randrange(65536):x}:{random.randrange(65536):x}::/48"
        create_once(store, new("IPPool", "default-ipv6-ippool", {"cidr": cidr, "blockSize": 122}))


def free_pool() -> str:
    """192.168.0.0/16, or the first other that overlaps no network of this host."""
    own = [ipaddress.ip_network(f"{a}/{length}", strict=False) for a, (length, _) in own_addresses().items()]
    for net in [ipaddress.ip_network("192.168.0.0/16"), *FALLBACK_POOLS]:
        if not any(net.overlaps(o) for o in own):
            return str(net)
    return "192.168.0.0/16"


def create_once(store: Store, resource: dict) -> None:
    try:
        store.create(resource)
    except Exists:
        pass


def write_configuration(store: Store, name: str) -> None:
    create_once(store, new("FelixConfiguration", "default", {"logSeverityScreen": "Info", "reportingInterval": "0s"}))
    create_once(store, new("FelixConfiguration", f"node.{name}", {"defaultEndpointToHostAction": "Return"}))
    create_once(store, new("BGPConfiguration", "default", {}))


def take_tunnel_address(store: Store, name: str) -> None:
    """One of a pool's addresses for its end of the tunnel, while a pool has one; that of IP-in-IP is not built."""
    ipam = Ipam(store)
    for mode, (prefix, kind) in TUNNELS.items():
        pools = [p["cidr"] for p in ipam.pools() if p[mode] != "Never" and "Tunnel" in p["allowedUses"]]
        handle = f"{prefix}-{name}"
        is_taken = ipam.etcd.get(f"/calico/ipam/v2/handle/{handle}") is not None
        if bool(pools) == is_taken:
            continue
        taken = str(ipam.auto_assign(name, handle, "Tunnel", pools, {"type": kind})) if pools else ""
        if is_taken:
            ipam.release_handle(handle)
        node = store.get("Node", name)
        place, field = (node["spec"].setdefault("bgp", {}), "ipv4IPIPTunnelAddr") if mode == "ipipMode" else (node["spec"], "ipv4VXLANTunnelAddr")
        place.pop(field, None)
        place |= {field: taken} if taken else {}
        store.update(node)


def startup(store: Store, name: str) -> None:
    if (os.environ.get("CALICO_NETWORKING_BACKEND") or "bird") != "none":
        write_node(store, name)
    os.makedirs(os.path.dirname(NODENAME_FILE), exist_ok=True)
    with open(NODENAME_FILE, "w") as file:
        file.write(name)
    write_pools(store)
    store.ensure_initialized(VERSION)
    write_configuration(store, name)
    store.get("Node", name)
    take_tunnel_address(store, name)


def keep_running(words: list[str], environ: dict[str, str]) -> None:
    """Starts a program again, a second after its end."""
    folder = f"/var/log/calico/{words[-1].lstrip('-')}"
    os.makedirs(folder, exist_ok=True)
    while True:
        with open(f"{folder}/current", "a") as log:
            subprocess.run(words, env=environ, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        time.sleep(1)


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))  # the others end with this first process
    print(f"stand-in of calico/node {VERSION}")
    name = node_name()
    store = Store(Etcd(environment.load()[1]))
    try:
        startup(store, name)
    except (EtcdError, StoreError, Invalid) as error:
        give_up(str(error))
    open(calico_node.STARTED, "w").close()
    # The dataplane comes later, as with the real one.
    print("Calico node started successfully", flush=True)
    sysctl("net/ipv4/ip_forward", "1")
    programs = [["calico-node", "-felix"]]
    if (os.environ.get("CALICO_NETWORKING_BACKEND") or "bird") == "bird":
        programs += [["bird"], ["bird6"]]
    environ = dict(os.environ) | {"NODENAME": name}
    threading.Thread(target=keep, args=("allocate-tunnel-addrs", lambda: take_tunnel_address(store, name), 2.0), daemon=True).start()
    for words in programs:
        threading.Thread(target=keep_running, args=(words, environ), daemon=True).start()
    while True:
        signal.pause()


if __name__ == "__main__":
    main()
