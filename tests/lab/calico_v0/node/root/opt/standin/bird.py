"""BIRD of v0.22: who the peers are and which blocks are this host's own stands in etcd's v2 store."""

import ipaddress
import json
import socket

import bgp

BGP, IPAM, V1 = "/calico/bgp/v1", "/calico/ipam/v2", "/calico/v1"


class Bird:
    def __init__(self, host: str, ip: str) -> None:
        self.host = host
        self.speaker = bgp.Speaker(ip)

    def listen(self) -> None:
        self.speaker.listen()
        bgp.serve_control("bird.ctl", self.tell_state)

    def tell_state(self, connection: socket.socket) -> None:
        """A line per peer: address, type, state, since, info."""
        for address, since, reason in self.speaker.sessions():
            state, info = ("start", f"Connect       Socket: {reason}") if reason else ("up", "Established")
            connection.sendall(("\t".join([address, "node-to-node mesh", state, since, info]) + "\n").encode())

    def once(self, etcd) -> None:
        tree = etcd.tree(f"{BGP}/host")
        hosts = {key.split("/")[5] for key in tree}
        addresses = {h: tree.get(f"{BGP}/host/{h}/ip_addr_v4") for h in hosts}
        if None in addresses.values():
            raise ValueError("a host without ip_addr_v4: the template fails and nothing is updated")
        others = {a for h, a in addresses.items() if h != self.host and a}
        pools = [ipaddress.ip_network(json.loads(v)["cidr"]) for v in etcd.tree(f"{V1}/ipam/v4/pool").values()]
        own = [ipaddress.ip_network(b.replace("-", "/")) for b in etcd.children(f"{IPAM}/host/{self.host}/ipv4/block")]
        self.speaker.once(others, pools, own)
