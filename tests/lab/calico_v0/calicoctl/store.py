"""What Calico keeps in etcd: paths, pools, IPAM blocks, profiles, endpoints (libcalico's data model)."""

import ipaddress
import json
import os
import platform

from etcd2 import Etcd
from text import fail, fail_paragraph

V1 = "/calico/v1"
IPAM = "/calico/ipam/v2"
BGP = "/calico/bgp/v1"
BLOCK_PREFIX = 26


def hostname() -> str:
    """$HOSTNAME if it is in the environment, even empty; else the kernel's name, unshortened."""
    return os.environ["HOSTNAME"] if "HOSTNAME" in os.environ else platform.node()


def pool_key(network: ipaddress.IPv4Network | ipaddress.IPv6Network) -> str:
    return f"{V1}/ipam/v{network.version}/pool/{str(network).replace('/', '-')}"


def pools(etcd: Etcd, version: int = 4) -> list[dict]:
    return [json.loads(v) for _, v in sorted(etcd.tree(f"{V1}/ipam/v{version}/pool").items())]


def block_of(address: ipaddress.IPv4Address) -> ipaddress.IPv4Network:
    return ipaddress.ip_network(f"{address}/{BLOCK_PREFIX}", strict=False)


def block_key(block: ipaddress.IPv4Network) -> str:
    return f"{IPAM}/assignment/ipv4/block/{str(block).replace('/', '-')}"


def affinity_key(host: str, block: ipaddress.IPv4Network) -> str:
    return f"{IPAM}/host/{host}/ipv4/block/{str(block).replace('/', '-')}"


def pool_with(etcd: Etcd, address: ipaddress.IPv4Address) -> str | None:
    for pool in pools(etcd):
        if not pool.get("disabled") and address in ipaddress.ip_network(pool["cidr"]):
            return pool["cidr"]
    return None


def assign(etcd: Etcd, address: ipaddress.IPv4Address) -> bool:
    """Takes one address; False when it is taken. The first to want one of a block owns the block."""
    block, ordinal, host = block_of(address), int(address) & 63, hostname()
    for _ in range(100):
        before = etcd.get(block_key(block))
        if before is None:
            etcd.set(affinity_key(host, block), "")
            data = {
                "cidr": str(block),
                "affinity": f"host:{host}",
                "strict_affinity": False,
                "allocations": [None] * 64,
                "unallocated": list(range(64)),
                "attributes": [],
            }
            if not etcd.create(block_key(block), json.dumps(data)):
                winner = json.loads(etcd.get(block_key(block)) or "{}").get("affinity")
                if winner != f"host:{host}":  # another host was quicker: the block is not ours
                    etcd.delete(affinity_key(host, block))
            continue
        data = json.loads(before)
        if data["allocations"][ordinal] is not None:
            return False
        if not data["attributes"]:
            data["attributes"] = [{"handle_id": None, "secondary": {}}]
        data["allocations"][ordinal] = 0
        data["unallocated"].remove(ordinal)
        if etcd.swap(block_key(block), before, json.dumps(data)):
            return True
    raise RuntimeError("Max retries hit.")


def auto_assign(etcd: Etcd) -> ipaddress.IPv4Address | None:
    """The first free address of an own block, else of a new one."""
    host = hostname()
    own = [n.replace("-", "/") for n in etcd.children(f"{IPAM}/host/{host}/ipv4/block")]
    candidates = [ipaddress.ip_network(b) for b in own]
    for pool in pools(etcd):
        if not pool.get("disabled"):
            free = (b for b in ipaddress.ip_network(pool["cidr"]).subnets(new_prefix=BLOCK_PREFIX))
            candidates += [b for _, b in zip(range(1024), free) if etcd.get(block_key(b)) is None][:1]
    for block in candidates:
        text = etcd.get(block_key(block))
        ordinals = json.loads(text)["unallocated"] if text else [0]
        if ordinals and assign(etcd, block[ordinals[0]]):
            return block[ordinals[0]]
    return None


def release(etcd: Etcd, address: ipaddress.IPv4Address) -> bool:
    """Gives one address back; its ordinal goes to the end of the free ones."""
    block, ordinal = block_of(address), int(address) & 63
    for _ in range(100):
        before = etcd.get(block_key(block))
        if before is None:
            return False
        data = json.loads(before)
        if data["allocations"][ordinal] is None:
            return False
        data["allocations"][ordinal] = None
        data["unallocated"].append(ordinal)
        if len(data["unallocated"]) == 64 and not data["affinity"]:
            etcd.delete(block_key(block))
            return True
        if etcd.swap(block_key(block), before, json.dumps(data)):
            return True
    raise RuntimeError("Max retries hit.")


def is_assigned(etcd: Etcd, address: ipaddress.IPv4Address) -> bool:
    text = etcd.get(block_key(block_of(address)))
    return text is not None and json.loads(text)["allocations"][int(address) & 63] is not None


def endpoints(etcd: Etcd, host: str = "", workload: str = "") -> list[dict]:
    """Endpoints with their place: host, orchestrator, workload, id, key, raw text."""
    found = []
    for key, value in sorted(etcd.tree(f"{V1}/host").items()):
        parts = key.split("/")  # '', calico, v1, host, H, workload, docker, ID, endpoint, E
        if len(parts) != 10 or parts[5] != "workload" or parts[8] != "endpoint":
            continue
        if (host and parts[4] != host) or (workload and parts[7] != workload):
            continue
        place = {"host": parts[4], "orchestrator": parts[6], "workload": parts[7], "id": parts[9], "key": key, "raw": value}
        found.append(json.loads(value) | place)
    return found


def update_endpoint(etcd: Etcd, endpoint: dict, profiles: list[str]) -> None:
    """Compare-and-swap on what was read: of two parallel changes one fails."""
    data = json.loads(endpoint["raw"])
    data["profile_ids"] = profiles
    if not etcd.swap(endpoint["key"], endpoint["raw"], json.dumps(data)):
        raise fail_paragraph("update_endpoint: Error accessing etcd (Compare failed).  Is etcd running?")


def profile_exists(etcd: Etcd, name: str) -> bool:
    return etcd.get(f"{V1}/policy/profile/{name}/tags") is not None


def rules(etcd: Etcd, name: str) -> dict:
    text = etcd.get(f"{V1}/policy/profile/{name}/rules")
    if text is None:
        raise fail(f"Profile {name} not found.")
    return json.loads(text)


def save_rules(etcd: Etcd, name: str, value: dict) -> None:
    etcd.set(f"{V1}/policy/profile/{name}/rules", json.dumps(value))


def remove_endpoint(etcd: Etcd, endpoint: dict) -> None:
    for net in endpoint["ipv4_nets"]:
        release(etcd, ipaddress.ip_address(net.split("/")[0]))
    etcd.delete(f"{V1}/host/{endpoint['host']}/workload/{endpoint['orchestrator']}/{endpoint['workload']}", recursive=True)
