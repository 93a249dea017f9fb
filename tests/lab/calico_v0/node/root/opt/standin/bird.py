"""BIRD: sessions with the other nodes, and the routes that they bring.

A session is a TCP connection to a peer's port 179, over which the peer tells its routes each second;
it counts as established after a while, and its routes go when the peer has been silent too long.
"""

import ipaddress
import json
import os
import socket
import subprocess
import threading
import time

BGP, IPAM, V1 = "/calico/bgp/v1", "/calico/ipam/v2", "/calico/v1"
PORT = 179
CONNECT_DELAY = 2.0  # from the first contact to Established
HOLD_TIME = 8.0
CONTROL = "/var/run/calico/bird.ctl"


def run(*words: str) -> str:
    return subprocess.run(words, capture_output=True, text=True, check=True, timeout=20).stdout


def kernel_routes() -> list[dict]:
    return json.loads(run("ip", "-j", "-4", "route", "show"))


class Speaker:
    def __init__(self, host: str, ip: str) -> None:
        self.host, self.ip = host, ip
        self.lock = threading.Lock()
        self.exported: list[str] = []
        self.peers: dict[str, dict] = {}  # by address: since, last, routes, reason
        self.started = time.monotonic()

    # -- answering others

    def listen(self) -> None:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((self.ip, PORT))
        listener.listen(64)
        threading.Thread(target=self.serve, args=(listener, self.tell_routes), daemon=True).start()
        os.makedirs(os.path.dirname(CONTROL), exist_ok=True)
        if os.path.exists(CONTROL):
            os.unlink(CONTROL)
        control = socket.socket(socket.AF_UNIX)
        control.bind(CONTROL)
        control.listen(8)
        threading.Thread(target=self.serve, args=(control, self.tell_state), daemon=True).start()

    @staticmethod
    def serve(listener: socket.socket, answer) -> None:
        while True:
            connection, _ = listener.accept()
            with connection:
                try:
                    connection.settimeout(3)
                    connection.sendall(answer().encode())
                except OSError:
                    pass

    def tell_routes(self) -> str:
        with self.lock:
            return json.dumps(self.exported)

    def tell_state(self) -> str:
        """A line per peer: address, type, state, since, info."""
        lines = []
        with self.lock:
            for address, peer in sorted(self.peers.items()):
                up = self.established(peer)
                since = time.strftime("%H:%M:%S", time.localtime(peer["changed"]))
                info = "Established" if up else f"Connect       Socket: {peer['reason']}"
                lines.append("\t".join([address, "node-to-node mesh", "up" if up else "start", since, info]))
        return "".join(line + "\n" for line in lines)

    @staticmethod
    def established(peer: dict) -> bool:
        now = time.monotonic()
        return peer["since"] is not None and now - peer["since"] >= CONNECT_DELAY and now - peer["last"] < HOLD_TIME

    # -- asking others

    def once(self, etcd) -> None:
        tree = etcd.tree(f"{BGP}/host")
        hosts = {key.split("/")[5] for key in tree}
        addresses = {h: tree.get(f"{BGP}/host/{h}/ip_addr_v4") for h in hosts}
        if None in addresses.values():
            raise ValueError("a host without ip_addr_v4: the template fails and nothing is updated")
        others = {a for h, a in addresses.items() if h != self.host and a}
        for address in others:
            self.poll(address)
        with self.lock:
            for gone in set(self.peers) - others:
                del self.peers[gone]
        pools = [ipaddress.ip_network(json.loads(v)["cidr"]) for v in etcd.tree(f"{V1}/ipam/v4/pool").values()]
        own = [ipaddress.ip_network(b.replace("-", "/")) for b in etcd.children(f"{IPAM}/host/{self.host}/ipv4/block")]
        self.export(pools, own)
        self.install(own)

    def poll(self, address: str) -> None:
        now = time.monotonic()
        fresh = {"since": None, "last": 0.0, "routes": [], "reason": "Connection refused", "changed": time.time()}
        with self.lock:
            peer = self.peers.setdefault(address, fresh)
            was = self.established(peer)
        try:
            with socket.create_connection((address, PORT), timeout=2, source_address=(self.ip, 0)) as connection:
                data = b""
                while chunk := connection.recv(65536):
                    data += chunk
            routes = json.loads(data)
        except (OSError, ValueError) as error:
            with self.lock:
                peer["reason"] = os.strerror(error.errno) if isinstance(error, OSError) and error.errno else "Connection timed out"
                if now - peer["last"] >= HOLD_TIME:
                    peer["since"], peer["routes"] = None, []
        else:
            with self.lock:
                peer["since"] = peer["since"] if peer["since"] is not None else now
                peer["last"], peer["routes"] = time.monotonic(), routes
        with self.lock:
            if self.established(peer) != was:
                peer["changed"] = time.time()

    def export(self, pools: list, own: list) -> None:
        """Own blocks whole; else what lies in a pool: single containers of others' blocks, and host networks."""
        found = [str(block) for block in own]
        for route in kernel_routes():
            if route["dst"] == "default" or route.get("protocol") == "bird":
                continue
            net = ipaddress.ip_network(route["dst"])
            if any(net.subnet_of(p) for p in pools) and not any(net.subnet_of(b) for b in own):
                found.append(str(net))
        with self.lock:
            self.exported = sorted(set(found))

    def install(self, own: list) -> None:
        wanted: dict[str, list[str]] = {str(b): ["blackhole", str(b)] for b in own}
        local = set()
        current = {}
        for route in kernel_routes():
            dst = route["dst"] if "/" in route["dst"] or route["dst"] == "default" else route["dst"] + "/32"
            if route.get("protocol") == "bird":
                current[dst] = route.get("gateway", route.get("type", ""))
            else:
                local.add(dst)
        with self.lock:
            for address, peer in sorted(self.peers.items()):
                if self.established(peer):
                    for dst in peer["routes"]:
                        if dst not in local and dst not in wanted:
                            wanted[dst] = [dst, "via", address]
        for dst, words in wanted.items():
            if current.get(dst) != (words[2] if len(words) == 3 else "blackhole"):
                run("ip", "route", "replace", *words, "proto", "bird")
        for dst in set(current) - set(wanted):
            subprocess.run(["ip", "route", "del", dst, "proto", "bird"], capture_output=True, timeout=20)
