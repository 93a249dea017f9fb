"""What every part of the lab uses: places, running programs, waiting."""

import os
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

HERE = Path(__file__).resolve().parents[1]
CACHE = Path(
    os.environ.get("MRC_LAB_CACHE") or Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "mrc-lab"
)
# Several labs can be up at once, each with a number and so a network of its own; 0 is the one that docs speak of.
NUMBER = int(os.environ.get("MRC_LAB") or 0)
NAME = f"mrc-lab{NUMBER or ''}"
NETWORK_PREFIX = f"192.168.{55 + NUMBER}"
RUN = CACHE / f"run{NUMBER or ''}"
LABEL = "mrc-lab"  # of images, which all labs share
OURS = f"mrc-lab.hosts={NUMBER}"  # the label of this lab's containers and networks


class LabError(Exception):
    """Something that a person must see; its text says what and, where known, why."""


def say(text: str) -> None:
    print(f"lab: {text}", file=sys.stderr, flush=True)


def run(*words: object, **options) -> str:
    """Runs a program to its end; its stdout. A failure is CalledProcessError with both outputs."""
    options.setdefault("timeout", 900)
    done = subprocess.run([str(w) for w in words], check=True, capture_output=True, text=True, **options)
    return done.stdout


def succeeds(*words: object) -> bool:
    return subprocess.run([str(w) for w in words], capture_output=True, timeout=60).returncode == 0


def wait_for(what: str, condition: Callable[[], bool], seconds: float, evidence: Callable[[], str]) -> None:
    """Polls until the condition holds; when it does not in time, the error carries the evidence."""
    end = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > end:
            raise LabError(f"gave up waiting for {what} after {seconds:.0f} s\n{evidence()}")
        time.sleep(0.2)


def need(*packages: str) -> None:
    """Debian packages on this machine; installs the missing ones."""
    missing = [p for p in packages if not succeeds("dpkg-query", "-s", p)]
    if not missing:
        return
    say(f"installing: {' '.join(missing)}")
    environment = dict(os.environ) | {"DEBIAN_FRONTEND": "noninteractive"}
    run("apt-get", "-q", "update", env=environment)
    run("apt-get", "-q", "install", "-y", "--no-install-recommends", *missing, env=environment)
