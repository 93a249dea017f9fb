"""BGP as both generations' nodes play it: sessions with the other nodes, and the routes that they bring.

A session is a TCP connection to a peer's port 179, over which the peer tells its routes each second;
it counts as established after a while, and its routes go when the peer has been silent too long.
"""

import ipaddress
import json
import os
import socket
import threading
import time

from linux import run, succeeds

PORT = 179
CONNECT_DELAY = 2.0  # from the first contact to Established
HOLD_TIME = 8.0
FOLDER = "/var/run/calico"


def kernel_routes() -> list[dict]:
    return json.loads(run("ip", "-j", "-4", "route", "show"))


def serve(listener: socket.socket, answer) -> None:
    """Gives each connection to `answer`, one after the other, on a thread of its own."""

    def loop() -> None:
        while True:
            connection, _ = listener.accept()
            with connection:
                try:
                    connection.settimeout(3)
                    answer(connection)
                except OSError:
                    pass

    threading.Thread(target=loop, daemon=True).start()


def serve_control(name: str, answer) -> None:
    """A socket of BIRD's, for whoever asks about its sessions."""
    path = f"{FOLDER}/{name}"
    os.makedirs(FOLDER, exist_ok=True)
    if os.path.exists(path):
        os.unlink(path)
    control = socket.socket(socket.AF_UNIX)
    control.bind(path)
    control.listen(8)
    serve(control, answer)


class Speaker:
    def __init__(self, ip: str) -> None:
        self.ip = ip
        self.lock = threading.Lock()
        self.exported: list[str] = []
        self.peers: dict[str, dict] = {}  # by address: since, last, routes, reason

    def listen(self) -> None:
        listener = socket.socket()
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        listener.bind((self.ip, PORT))
        listener.listen(64)
        serve(listener, self.tell_routes)

    def tell_routes(self, connection: socket.socket) -> None:
        with self.lock:
            connection.sendall(json.dumps(self.exported).encode())

    def sessions(self) -> list[tuple[str, str, str]]:
        """Of each peer: address, since, and why there is no session, or nothing."""
        found = []
        with self.lock:
            for address, peer in sorted(self.peers.items()):
                since = time.strftime("%H:%M:%S", time.localtime(peer["changed"]))
                found.append((address, since, "" if self.established(peer) else peer["reason"]))
        return found

    @staticmethod
    def established(peer: dict) -> bool:
        now = time.monotonic()
        return peer["since"] is not None and now - peer["since"] >= CONNECT_DELAY and now - peer["last"] < HOLD_TIME

    def once(self, others: set[str], pools: list, own: list) -> None:
        """One round: asks the peers, and tells and installs routes by the pools and this host's own blocks."""
        for address in others:
            self.poll(address)
        with self.lock:
            for gone in set(self.peers) - others:
                del self.peers[gone]
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
            succeeds("ip", "route", "del", dst, "proto", "bird")
