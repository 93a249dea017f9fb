"""The outer Docker Engine, in which each lab host is a container."""

import os
import signal
import subprocess
from pathlib import Path

from common import CACHE, LABEL, need, run, say, succeeds, wait_for

PID_FILE = CACHE / "dockerd.pid"
LOG = CACHE / "dockerd.log"


def docker(*words: object, **options) -> str:
    return run("docker", *words, **options)


def ensure() -> None:
    need("docker.io", "debootstrap", "iptables", "openssh-client", "iproute2")
    if succeeds("docker", "info"):
        return
    say("starting dockerd")
    with open(LOG, "ab") as log:
        started = subprocess.Popen(
            ["dockerd", "--pidfile", str(CACHE / "dockerd-own.pid")],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
    PID_FILE.write_text(str(started.pid))
    wait_for("dockerd", lambda: succeeds("docker", "info"), 60, lambda: LOG.read_text(errors="replace")[-3000:])


def stop() -> None:
    """Ends the dockerd that the lab started, unless it serves somebody else by now."""
    if not PID_FILE.exists():
        return
    pid = int(PID_FILE.read_text())
    if not is_our_dockerd(pid):
        PID_FILE.unlink()
        return
    others = docker("ps", "-q").split()
    if others:
        say(f"dockerd stays: {len(others)} containers that are not the lab's run in it")
        return
    if docker("images", "-q", "--filter", f"label={LABEL}").split():
        docker("image", "prune", "-f")
    os.kill(pid, signal.SIGTERM)
    wait_for("dockerd to end", lambda: not is_our_dockerd(pid), 60, lambda: LOG.read_text(errors="replace")[-2000:])
    PID_FILE.unlink()


def is_our_dockerd(pid: int) -> bool:
    try:
        os.waitpid(pid, os.WNOHANG)
    except ChildProcessError:
        pass
    try:
        status = Path(f"/proc/{pid}/stat").read_text()
        words = Path(f"/proc/{pid}/cmdline").read_bytes().split(b"\0")
    except OSError:
        return False
    return words[0].endswith(b"dockerd") and " Z " not in status
