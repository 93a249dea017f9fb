"""The hosts' networks: one, or two that this machine joins as a router does."""

import shlex
import subprocess

from common import NAME, NETWORK_PREFIX, NUMBER, OURS, run, succeeds
from engine import docker

FAR_PREFIX = f"192.168.{155 + NUMBER}"
NEAR, FAR = NAME, f"{NAME}-far"
SUBNETS = {NEAR: f"{NETWORK_PREFIX}.0/24", FAR: f"{FAR_PREFIX}.0/24"}
MARK = f"mrc-lab:{NUMBER}"  # the comment of this lab's rules


def create(far: bool) -> None:
    for network in (NEAR, FAR) if far else (NEAR,):
        docker("network", "create", "--subnet", SUBNETS[network], "--label", OURS, network)
    if far:
        join()


def join() -> None:
    """Docker keeps its networks apart, and hides who sends from one into another; not so these two."""
    bridges = {network: "br-" + docker("network", "inspect", "-f", "{{.Id}}", network)[:12] for network in SUBNETS}
    for one, other in ((NEAR, FAR), (FAR, NEAR)):
        marked = ["-m", "comment", "--comment", MARK, "-j", "ACCEPT"]
        run("iptables", "-w", "-I", "DOCKER-USER", "-i", bridges[one], "-o", bridges[other], *marked)
        run("iptables", "-w", "-t", "nat", "-I", "POSTROUTING", "-s", SUBNETS[one], "-d", SUBNETS[other], *marked)


def remove() -> None:
    """With what `join` did, in this or in a killed run."""
    for table, chain in (("filter", "DOCKER-USER"), ("nat", "POSTROUTING")):
        listed = subprocess.run(["iptables", "-w", "-t", table, "-S", chain], capture_output=True, text=True)
        for rule in map(shlex.split, listed.stdout.splitlines()):
            if MARK in rule:
                run("iptables", "-w", "-t", table, "-D", *rule[1:])
    for network in (NEAR, FAR):
        if succeeds("docker", "network", "inspect", network):
            docker("network", "rm", network)
