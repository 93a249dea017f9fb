"""BIRD of v3.32: its peers are the other Node resources; its socket speaks BIRD's own protocol."""

import ipaddress
import os
import signal
import socket
import sys
import threading
import time

import bgp
import environment
import vxlan
from etcd3 import Etcd, Snapshot
from ipam import Ipam
from store import Store
from supervise import keep

READY = "BIRD v0.3.3+birdv1.6.8 ready."
HEADING = "name     proto    table    state  since       info"
STARTED = time.strftime("%H:%M:%S")


def row(name: str, protocol: str, state: str, since: str, info: str = "") -> str:
    return f"{name:8} {protocol:8} {'master':8} {state:6} {since:11} {info}"


def table(sessions: list[tuple[str, str, str]]) -> list[str]:
    rows = [row(n, p, "up", STARTED) for n, p in (("static1", "Static"), ("kernel1", "Kernel"), ("device1", "Device"))]
    for address, since, reason in sessions:
        state, info = ("start", f"Active        Socket: {reason}") if reason else ("up", "Established   ")
        rows.append(row(f"Mesh_{address.replace('.', '_')}", "BGP", state, since, info))
    return rows


def answer(connection: socket.socket, sessions) -> None:
    """One session of BIRD's control protocol: a code before each answer, 0000 behind the last."""
    connection.sendall(f"0001 {READY}\n".encode())
    with connection.makefile() as lines:
        for line in lines:
            if line.strip() == "show protocols":
                first, *rest = table(sessions())
                text = [f"2002-{HEADING}", f"1002-{first}", *(f" {r}" for r in rest), "0000 "]
            else:
                text = ["9001 syntax error"]
            connection.sendall("".join(t + "\n" for t in text).encode())


def ask(words: list[str]) -> int:
    if words[:1] != ["-s"] or len(words) < 3:
        print("usage: birdcl -s SOCKET COMMAND..", file=sys.stderr)
        return 1
    with socket.socket(socket.AF_UNIX) as control:
        try:
            control.connect(words[1])
        except OSError as error:
            print(f"Cannot connect to BIRD control socket: {error.strerror}", file=sys.stderr)
            return 1
        control.sendall((" ".join(words[2:]) + "\n").encode())
        with control.makefile() as lines:
            for line in lines:
                code, text = (line[:4], line[5:]) if line[:4].isdigit() else ("", line[1:])
                if code == "0000":
                    return 0
                print(text, end="")
                if code[:1] in ("8", "9"):
                    return 1
    return 1


class Bird:
    def __init__(self, etcd: Etcd, node: str) -> None:
        self.etcd, self.node = etcd, node
        self.speaker: bgp.Speaker | None = None

    def sessions(self) -> list[tuple[str, str, str]]:
        return self.speaker.sessions() if self.speaker else []

    def once(self) -> None:
        store = Store(Snapshot(self.etcd, "/calico/"))
        addresses = {}
        for node in store.every("Node"):
            if text := (node["spec"].get("bgp") or {}).get("ipv4Address"):
                addresses[node["metadata"]["name"]] = text.split("/")[0]
        if self.node not in addresses:
            return
        if self.speaker is None:
            speaker = bgp.Speaker(addresses[self.node])
            speaker.listen()
            self.speaker = speaker
        ipam = Ipam(store)
        told = [p for p in ipam.pools() if not p.get("disableBGPExport") and p["vxlanMode"] == "Never"]
        pools = [ipaddress.ip_network(p["cidr"]) for p in told]
        others = {a for n, a in addresses.items() if n != self.node} if meshed(store) else set()
        carried = vxlan.modes(store)
        own = [block for block in ipam.own_blocks(self.node) if not vxlan.mode_of(block, carried)]
        self.speaker.once(others, pools, own)


def meshed(store: Store) -> bool:
    found = store.find("BGPConfiguration", "default")
    return found is None or found["spec"].get("nodeToNodeMeshEnabled", True)


def main(name: str) -> None:
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    if name == "bird6":
        bgp.serve_control("bird6.ctl", lambda connection: answer(connection, list))
        while True:
            signal.pause()
    bird = Bird(Etcd(environment.load()[1]), os.environ["NODENAME"])
    bgp.serve_control("bird.ctl", lambda connection: answer(connection, bird.sessions))
    threading.Thread(target=keep, args=("bird", bird.once, 1.0), daemon=True).start()
    while True:
        signal.pause()
