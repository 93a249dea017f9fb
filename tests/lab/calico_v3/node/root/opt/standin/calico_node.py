"""calico-node: Felix itself, and the probes."""

import os
import re
import signal
import socket
import subprocess
import sys
import threading
import time
import urllib.request

import environment
import felix
import health
from etcd3 import Etcd
from store import VERSION
from supervise import keep

PROBES = ("-felix-live", "-felix-ready", "-bird-live", "-bird-ready", "-bird6-live", "-bird6-ready")
ALL_PEERS_FOR = 30.0  # seconds after the start in which bird-ready wants every peer, and not just one
STARTED = "/opt/standin/started"


def main(words: list[str]) -> int:
    if words == ["-v"]:
        print(f"{VERSION} stand-in of the lab")
        return 0
    if words == ["-felix"]:
        return run_felix()
    if words and all(w in PROBES for w in words):
        return probe(words)
    print(f"calico-node: the stand-in knows -v, -felix and the probes, and not {' '.join(words)}", file=sys.stderr)
    return 2


def run_felix() -> int:
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    policy = felix.Felix(Etcd(environment.load()[1]), os.environ["NODENAME"])
    if health.enabled():
        health.serve(policy)
    threading.Thread(target=keep, args=("felix", policy.once, 0.5), daemon=True).start()
    while True:
        signal.pause()


def probe(words: list[str]) -> int:
    failed = [why for why in (failure(w) for w in words) if why]
    for why in failed:
        print(f"calico/node is not ready: {why}", file=sys.stderr)
    return 1 if failed else 0


def failure(word: str) -> str:
    if word in ("-felix-live", "-felix-ready"):
        path = "liveness" if word == "-felix-live" else "readiness"
        try:
            with urllib.request.urlopen(f"http://localhost:{health.PORT}/{path}", timeout=2):
                return ""
        except OSError as error:
            return f"felix is not {path}: {error}"
    name = "bird6" if "bird6" in word else "bird"
    try:
        with socket.socket(socket.AF_UNIX) as control:
            control.connect(f"/var/run/calico/{name}.ctl")
    except OSError as error:
        return f"{name} is not live: {error}"
    return peers_missing(name) if word.endswith("-ready") else ""


def peers_missing(name: str) -> str:
    out = subprocess.run(["birdcl", "-s", f"/var/run/calico/{name}.ctl", "show", "protocols"], capture_output=True, text=True)
    peers = [line for line in out.stdout.splitlines() if re.match(r"(Mesh|Global|Node)_", line)]
    down = [line.split()[0] for line in peers if "Established" not in line]
    fresh = time.time() - os.stat(STARTED).st_mtime < ALL_PEERS_FOR
    if down and (fresh or len(down) == len(peers)):
        return f"BIRD is not ready: BGP not established with {','.join(down)}"
    return ""
