"""calico-ipam: takes an address for a container, and gives it back."""

import fcntl
import ipaddress
import os
import time

import site_config
from contract import Call, CniError, log, perform, render
from etcd3 import EtcdError
from ipam import Ipam
from kinds import Invalid
from store import VERSION, NotFound, StoreError

LOCK = "/var/run/calico/ipam.lock"
UPGRADED = "/var/run/calico/cni/ipam_upgraded"
TIMEOUT = 90.0


def main(words: list[str]) -> int:
    if words == ["-v"]:
        print(f"{VERSION} stand-in of the lab")
        return 0
    return perform(f"Calico CNI IPAM plugin {VERSION}", {"ADD": add, "DEL": delete, "CHECK": check})


def locked(call: Call, action) -> None:
    """One at a time on a host, waiting without end; the store's answers are waited for 90 s."""
    for path in (LOCK, UPGRADED):
        os.makedirs(os.path.dirname(path), exist_ok=True)
    with open(LOCK, "w") as lock, open(UPGRADED, "a"):
        fcntl.flock(lock, fcntl.LOCK_EX)
        try:
            action(Ipam(site_config.connect(call.config, time.monotonic() + TIMEOUT)))
        except (StoreError, EtcdError, Invalid) as error:
            raise CniError(str(error)) from None


def add(call: Call) -> None:
    node, handle = site_config.nodename(call.config), site_config.handle(call.config, call.container)
    taken: list[ipaddress.IPv4Address] = []

    def assign(ipam: Ipam) -> None:
        if "IP" in call.arguments:
            taken.append(ipaddress.IPv4Address(call.arguments["IP"]))
            ipam.assign(taken[0], node, handle)
        else:
            only = (call.config.get("ipam") or {}).get("ipv4_pools")
            taken.append(ipam.auto_assign(node, handle, only=only))

    try:
        locked(call, assign)
    except ValueError:
        raise CniError(f"ARGS: error parsing value of pair \"IP={call.arguments['IP']}\": invalid IP address") from None
    print(render({"ips": [{"address": f"{taken[0]}/32"}]}, call.config.get("cniVersion") or "0.2.0"))


def delete(call: Call) -> None:
    """All of the handle, and of the handle of older versions; what is not there is fine."""

    def release(ipam: Ipam) -> None:
        for handle in (site_config.handle(call.config, call.container), call.container):
            try:
                ipam.release_handle(handle)
            except NotFound:
                log(f"Asked to release address but it doesn't exist. Ignoring handle={handle}")

    locked(call, release)


def check(call: Call) -> None:
    print("OK")
