"""calicoctl pool: IP pools."""

import ipaddress
import json
import time

from etcd2 import Etcd
from store import IPAM, V1, pool_key, pools
from text import fail, say, table


def network(text: str):
    try:
        return ipaddress.ip_network(text, strict=False)
    except ValueError:
        raise fail(f"Invalid CIDR specified {text}") from None


def add(etcd: Etcd, cidrs: list[str], ipip: bool, nat: bool) -> None:
    """Nothing is stored when one is wrong. Stored again, a pool loses the flags that are not given."""
    new = [network(c) for c in cidrs]
    version = new[0].version
    longest = 26 if version == 4 else 122
    for cidr, net in zip(cidrs, new):
        if net.prefixlen > longest:
            say(f"An IPv{version} pool must have a prefix length of {longest} or lower.")
            say(f"Given: {cidr}.")
            raise fail("No pools added.")
        if ipip and version == 6:
            raise fail("IP in IP not supported for IPv6 pools")
    stored = [ipaddress.ip_network(p["cidr"]) for p in pools(etcd, version)]
    for i, net in enumerate(new):
        for old in stored:
            if net != old and net.version == old.version and net.overlaps(old):
                raise fail(f"Cannot add IP pool {net} - pool overlaps with an existing pool {old}")
        for other in new[:i]:
            if net.version == other.version and net.overlaps(other):
                raise fail(f"Cannot add IP pool {net} - pool overlaps with another new pool {other}")
    for net in new:
        data: dict = {"cidr": str(net)}
        if ipip:
            data["ipip"] = "tunl0"
            etcd.set(f"{V1}/config/IpInIpEnabled", "true")
        if nat:
            data["masquerade"] = True
        etcd.set(pool_key(net), json.dumps(data))


def remove(etcd: Etcd, cidrs: list[str]) -> None:
    """Not asked whether anybody uses it."""
    for cidr in cidrs:
        net = network(cidr)
        text = etcd.get(pool_key(net))
        if text is None:
            raise fail(f"{net} is not a configured pool.")
        say("Disabling IP Pool")
        etcd.set(pool_key(net), json.dumps(json.loads(text) | {"disabled": True}))
        time.sleep(3)  # the real one waits for others to see it
        say("Removing IPAM configuration for pool")
        for key, value in etcd.tree(f"{IPAM}/assignment/ipv4/block").items():
            block = json.loads(value)
            if not ipaddress.ip_network(block["cidr"]).subnet_of(net):
                continue
            host = block["affinity"].removeprefix("host:")
            etcd.delete(f"{IPAM}/host/{host}/ipv4/block/{key.rsplit('/', 1)[1]}")
            if len(block["unallocated"]) == 64:
                etcd.delete(key)
            else:
                etcd.set(key, json.dumps(block | {"affinity": ""}))
        etcd.delete(pool_key(net))
        say("Deleted IP Pool")


def show(etcd: Etcd, versions: list[int]) -> None:
    for version in versions:
        rows = []
        for pool in pools(etcd, version):
            options = [w for w, k in (("ipip", "ipip"), ("nat-outgoing", "masquerade")) if version == 4 and pool.get(k)]
            rows.append([pool["cidr"], ",".join(options)])
        say(table([f"IPv{version} CIDR", "Options"], rows))


