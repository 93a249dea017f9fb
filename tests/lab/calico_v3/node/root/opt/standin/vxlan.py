"""Felix's VXLAN: pools of that mode are not told by BGP; he routes every other node's blocks himself, into one device
for all of them, or straight there where the mode is CrossSubnet and the hosts share a network."""

import hashlib
import ipaddress
import json

from etcd3 import Etcd
from ipam import Ipam
from linux import own_addresses, run, succeeds
from store import Conflict, Store

DEVICE = "vxlan.calico"
VNI, PORT = "4096", "4789"
PROTOCOL = "80"  # of the routes that Felix makes for it
OVERHEAD = 50


def mac_of(node: str) -> str:
    """The device's own address: the same for a name whenever it is made."""
    digest = hashlib.sha1(node.encode()).digest()
    return ":".join(["66", *(f"{byte:02x}" for byte in digest[:5])])


def modes(store: Store) -> dict[ipaddress.IPv4Network, str]:
    """Pools that are carried so."""
    found = [p["spec"] for p in store.every("IPPool") if ":" not in p["spec"]["cidr"]]
    return {ipaddress.ip_network(p["cidr"]): p["vxlanMode"] for p in found if p["vxlanMode"] != "Never"}


class Vxlan:
    def __init__(self, etcd: Etcd, node: str) -> None:
        self.etcd, self.node = etcd, node

    def once(self, store: Store) -> None:
        pools = modes(store)
        nodes = {n["metadata"]["name"]: n["spec"] for n in store.every("Node")}
        me = nodes.get(self.node, {})
        tunnel = me.get("ipv4VXLANTunnelAddr")
        if not pools or not tunnel:
            self.end()
            return
        own = ipaddress.ip_interface(me["bgp"]["ipv4Address"])
        self.make_device(str(own.ip), tunnel)
        if me.get("vxlanTunnelMACAddr") != mac_of(self.node):
            self.tell_mac()
        wanted = {str(net): ["blackhole", str(net)] for net in Ipam(store).own_blocks(self.node) if mode_of(net, pools)}
        for name, spec in nodes.items():
            if name == self.node or not spec.get("ipv4VXLANTunnelAddr") or not spec.get("vxlanTunnelMACAddr"):
                continue
            there = ipaddress.ip_interface(spec["bgp"]["ipv4Address"])
            self.meet(spec, str(there.ip))
            for net in self.nets_of(store, name):
                mode = mode_of(net, pools)
                if mode == "CrossSubnet" and there.ip in own.network:
                    wanted[str(net)] = [str(net), "via", str(there.ip)]
                elif mode:
                    wanted[str(net)] = [str(net), "via", spec["ipv4VXLANTunnelAddr"], "dev", DEVICE, "onlink"]
        self.route(wanted)

    @staticmethod
    def nets_of(store: Store, node: str) -> list[ipaddress.IPv4Network]:
        """A node's blocks, and the addresses of its endpoints that are in others' blocks."""
        blocks = Ipam(store).own_blocks(node)
        singles = [
            ipaddress.ip_network(net)
            for endpoint in store.every("WorkloadEndpoint") if endpoint["spec"]["node"] == node
            for net in endpoint["spec"]["ipNetworks"]
        ]  # fmt: skip
        return blocks + [s for s in singles if not any(s.subnet_of(b) for b in blocks)]

    def make_device(self, ip: str, tunnel: str) -> None:
        if not succeeds("ip", "link", "show", DEVICE):
            parent = own_addresses()[ip][1]
            with open(f"/sys/class/net/{parent}/mtu") as file:
                mtu = int(file.read()) - OVERHEAD
            run("ip", "link", "add", DEVICE, "address", mac_of(self.node), "mtu", str(mtu), "type", "vxlan", "id", VNI,
                "dstport", PORT, "local", ip, "dev", parent, "nolearning")  # fmt: skip
            run("ip", "link", "set", DEVICE, "up")
        own = own_addresses()
        for address in [a for a, (_, device) in own.items() if device == DEVICE and a != tunnel]:
            run("ip", "addr", "del", f"{address}/32", "dev", DEVICE)
        if own.get(tunnel, ("", ""))[1] != DEVICE:
            run("ip", "addr", "add", f"{tunnel}/32", "dev", DEVICE)

    def tell_mac(self) -> None:
        store = Store(self.etcd)
        node = store.get("Node", self.node)
        node["spec"]["vxlanTunnelMACAddr"] = mac_of(self.node)
        try:
            store.update(node)
        except Conflict:
            pass  # the next round tells it

    @staticmethod
    def meet(spec: dict, ip: str) -> None:
        """Whose tunnel address is whose: nobody is asked in the tunnel itself."""
        run("ip", "neigh", "replace", spec["ipv4VXLANTunnelAddr"], "lladdr", spec["vxlanTunnelMACAddr"], "dev", DEVICE, "nud", "permanent")
        run("bridge", "fdb", "replace", spec["vxlanTunnelMACAddr"], "dev", DEVICE, "dst", ip, "self", "permanent")

    def route(self, wanted: dict[str, list[str]]) -> None:
        current = {}
        for route in json.loads(run("ip", "-j", "-4", "route", "show", "proto", PROTOCOL) or "[]"):
            dst = route["dst"] if "/" in route["dst"] else route["dst"] + "/32"
            current[dst] = route.get("gateway", route.get("type", ""))
        for dst, words in wanted.items():
            if current.get(dst) != (words[2] if len(words) > 2 else "blackhole"):
                run("ip", "route", "replace", *words, "proto", PROTOCOL)
        for dst in set(current) - set(wanted):
            succeeds("ip", "route", "del", dst, "proto", PROTOCOL)

    def end(self) -> None:
        self.route({})
        succeeds("ip", "link", "del", DEVICE)


def mode_of(net: ipaddress.IPv4Network, pools: dict[ipaddress.IPv4Network, str]) -> str:
    return next((mode for pool, mode in pools.items() if net.subnet_of(pool)), "")
