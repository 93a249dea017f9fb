"""Calico's IPAM: blocks that have an affinity to a host, and handles that say which addresses are whose."""

import datetime
import ipaddress
import json

import selector
from store import Exists, NotFound, Store, StoreError

IPAM = "/calico/ipam/v2"
Address = ipaddress.IPv4Address
Network = ipaddress.IPv4Network
TRIES = 100


class IpamError(StoreError):
    """An address that cannot be had."""


class NoConflictFreeWrite(IpamError):
    def __init__(self) -> None:
        super().__init__("max retries hit - excessive concurrent IPAM requests")


def dashed(block: Network) -> str:
    return str(block).replace("/", "-")


def block_key(block: Network) -> str:
    return f"{IPAM}/assignment/ipv4/block/{dashed(block)}"


def affinity_key(host: str, block: Network) -> str:
    return f"{IPAM}/host/{host}/ipv4/block/{dashed(block)}"


def handle_key(handle: str) -> str:
    return f"{IPAM}/handle/{handle}"


def compact(value: dict) -> str:
    return json.dumps(value, separators=(",", ":"))


def timestamp() -> str:
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%d %H:%M:%S.%f UTC")


def take(block: dict, ordinal: int, handle: str, secondary: dict) -> None:
    """Marks one address of a block as the handle's."""
    attribute = {"handle_id": handle, "secondary": secondary}
    if attribute not in block["attributes"]:
        block["attributes"].append(attribute)
    block["allocations"][ordinal] = block["attributes"].index(attribute)
    block["unallocated"].remove(ordinal)
    block["sequenceNumber"] += 1
    block["sequenceNumberForAllocation"][str(ordinal)] = block["sequenceNumber"] - 1


def give_back(block: dict, ordinals: list[int]) -> None:
    """They go to the end of the free ones; attributes that nothing refers to any more go away."""
    for ordinal in ordinals:
        block["allocations"][ordinal] = None
        block["unallocated"].append(ordinal)
        block["sequenceNumberForAllocation"].pop(str(ordinal), None)
    used = sorted({a for a in block["allocations"] if a is not None})
    block["attributes"] = [block["attributes"][i] for i in used]
    block["allocations"] = [None if a is None else used.index(a) for a in block["allocations"]]
    block["sequenceNumber"] += 1


class Ipam:
    def __init__(self, store: Store) -> None:
        self.store = store
        self.etcd = store.etcd

    # -- what there is

    def pools(self) -> list[dict]:
        found = [p["spec"] for p in self.store.every("IPPool")]
        return [p for p in found if not p.get("disabled") and ":" not in p["cidr"]]

    def pool_of(self, address: Address) -> dict | None:
        return next((p for p in self.pools() if address in ipaddress.ip_network(p["cidr"])), None)

    def blocks(self) -> list[dict]:
        return [json.loads(v.text) for v in self.etcd.tree(f"{IPAM}/assignment/ipv4/block/").values()]

    def own_blocks(self, host: str) -> list[Network]:
        found = self.etcd.tree(f"{IPAM}/host/{host}/ipv4/block/")
        confirmed = [key for key, value in found.items() if json.loads(value.text)["state"] == "confirmed"]
        return [ipaddress.ip_network(key.rsplit("/", 1)[1].replace("-", "/")) for key in confirmed]

    def configuration(self) -> dict:
        found = self.etcd.get(f"{IPAM}/config")
        defaults = {"strict_affinity": False, "auto_allocate_blocks": True, "maxBlocksPerHost": 0}
        return defaults | (json.loads(found.text) if found else {})

    def configure(self, wanted: dict) -> None:
        self.put(f"{IPAM}/config", lambda _: self.configuration() | wanted)

    def assignment(self, address: Address) -> dict | None:
        """The attribute (handle and owner) of an address in use."""
        for block in self.blocks():
            net = ipaddress.ip_network(block["cidr"])
            if address in net:
                index = block["allocations"][int(address) - int(net[0])]
                return None if index is None else block["attributes"][index]
        return None

    # -- taking and giving back

    def put(self, key: str, change) -> None:
        """Compare and swap: `change` makes the new value of the old one or of None; None deletes."""
        for _ in range(TRIES):
            there = self.etcd.get(key)
            value = change(json.loads(there.text) if there else None)
            if there is None:
                done = value is None or self.etcd.create(key, compact(value))
            elif value is None:
                done = self.etcd.delete(key, there.revision)
            else:
                done = self.etcd.update(key, compact(value), there.revision)
            if done:
                return
        raise NoConflictFreeWrite

    def assign(self, address: Address, host: str, handle: str) -> None:
        """This very address. Of an absent block this host becomes the owner; of another's it borrows."""
        pool = self.pool_of(address)
        if pool is None:
            raise IpamError("The provided IP address is not in a configured pool\n")
        block = ipaddress.ip_network(f"{address}/{pool['blockSize']}", strict=False)
        self.take(block, int(address) - int(block[0]), host, handle)

    def take(self, block: Network, ordinal: int, host: str, handle: str, more: dict | None = None) -> None:
        strict = self.configuration()["strict_affinity"]
        secondary = {"node": host, "timestamp": timestamp()} | (more or {})
        for _ in range(TRIES):
            there = self.etcd.get(block_key(block))
            if there is None:
                self.claim(block, host)
                continue
            value = json.loads(there.text)
            if strict and value["affinity"] != f"host:{host}":
                raise IpamError("Block host affinity does not match")
            if value["allocations"][ordinal] is not None:
                raise Exists(str(block[ordinal]), "Address already assigned in block")
            self.count(handle, block, 1)
            take(value, ordinal, handle, secondary)
            if self.etcd.update(block_key(block), compact(value), there.revision):
                return
            self.count(handle, block, -1)
        raise NoConflictFreeWrite

    def claim(self, block: Network, host: str) -> None:
        """Pending, then the block itself, then confirmed: another host may be faster in between."""
        self.put(affinity_key(host, block), lambda _: {"state": "pending", "deleted": False})
        size = block.num_addresses
        value = {
            "cidr": str(block), "affinity": f"host:{host}", "affinity_claim_time": timestamp(),
            "allocations": [None] * size, "unallocated": list(range(size)), "attributes": [],
            "sequenceNumber": 0, "sequenceNumberForAllocation": {}, "deleted": False,
        }  # fmt: skip
        if self.etcd.create(block_key(block), compact(value)):
            self.put(affinity_key(host, block), lambda _: {"state": "confirmed", "deleted": False})
        else:
            self.put(affinity_key(host, block), lambda _: None)

    def count(self, handle: str, block: Network, change: int) -> None:
        def changed(value: dict | None) -> dict | None:
            blocks = dict(value["block"]) if value else {}
            number = blocks.get(str(block), 0) + change
            blocks |= {str(block): number}
            blocks = {b: n for b, n in blocks.items() if n > 0}
            return {"block": blocks, "deleted": False} if blocks else None

        self.put(handle_key(handle), changed)

    def auto_assign(self, host: str, handle: str, use: str = "Workload", only: list[str] | None = None, more: dict | None = None) -> Address:
        """The first free address of an own block, else of a new one, else of another's."""
        node = self.store.get("Node", host)
        labels = node["metadata"].get("labels", {})
        pools = []
        for pool in self.store.every("IPPool"):
            spec = pool["spec"]
            fits = not spec.get("disabled") and ":" not in spec["cidr"] and use in spec["allowedUses"]
            asked = spec["cidr"] in only or pool["metadata"]["name"] in only if only else spec["assignmentMode"] == "Automatic"
            if fits and asked and selector.parse(spec["nodeSelector"])(labels):
                pools.append(spec)
        if not pools:
            raise IpamError(f"no configured Calico pools for node {host}")
        nets = [ipaddress.ip_network(p["cidr"]) for p in pools]
        own = [b for b in self.own_blocks(host) if any(b.subnet_of(n) for n in nets)]
        there = {ipaddress.ip_network(b["cidr"]): b["unallocated"] for b in self.blocks()}
        fresh = []
        for pool, net in zip(pools, nets):
            free = (b for b in net.subnets(new_prefix=pool["blockSize"]) if b not in there)
            fresh += [b for b, _ in zip(free, range(1))]
        strict = self.configuration()["strict_affinity"]
        others = [] if strict else [b for b in there if b not in own and any(b.subnet_of(n) for n in nets)]
        for block in [*own, *fresh, *others]:
            for ordinal in there.get(block, [0])[:8]:
                try:
                    self.take(block, ordinal, host, handle, more)
                    return block[ordinal]
                except Exists:
                    continue
        raise IpamError("failed to request IPv4 addresses: Assigned 0 out of 1 requested IPv4 addresses; No more free affine blocks")

    def release_handle(self, handle: str) -> None:
        """Every address of a handle; NotFound when there is no such handle."""
        found = self.etcd.get(handle_key(handle))
        if found is None:
            raise NotFound(f"IPAMHandle({handle})")
        for text in json.loads(found.text)["block"]:
            self.release(ipaddress.ip_network(text), lambda attribute: attribute["handle_id"] == handle)

    def release_address(self, address: Address) -> bool:
        for block in self.blocks():
            net = ipaddress.ip_network(block["cidr"])
            if address in net and block["allocations"][int(address) - int(net[0])] is not None:
                self.release(net, lambda _: True, int(address) - int(net[0]))
                return True
        return False

    def release(self, block: Network, is_wanted, only: int | None = None) -> None:
        released: list[str] = []

        def changed(value: dict | None) -> dict | None:
            released.clear()
            if value is None:
                return None
            ordinals = []
            for ordinal, index in enumerate(value["allocations"]):
                if index is not None and only in (None, ordinal) and is_wanted(value["attributes"][index]):
                    ordinals.append(ordinal)
                    released.append(value["attributes"][index]["handle_id"])
            give_back(value, ordinals)
            empty = not any(a is not None for a in value["allocations"])
            return None if empty and not value["affinity"] else value

        self.put(block_key(block), changed)
        for handle in released:
            self.count(handle, block, -1)

    def release_affinity(self, host: str, block: Network) -> None:
        """The host gives a block up: an empty one goes away, one in use stays without an owner."""

        def changed(value: dict | None) -> dict | None:
            if value is None or all(a is None for a in value["allocations"]):
                return None
            return value | {"affinity": None}

        self.put(block_key(block), changed)
        self.put(affinity_key(host, block), lambda _: None)

    def release_pool(self, cidr: str) -> None:
        """All hosts give up their blocks of a pool."""
        net = ipaddress.ip_network(cidr)
        for block in self.blocks():
            owned = ipaddress.ip_network(block["cidr"])
            if net.version == 4 and owned.subnet_of(net) and block["affinity"]:
                self.release_affinity(block["affinity"].removeprefix("host:"), owned)

    def release_host(self, host: str) -> None:
        for block in self.own_blocks(host):
            self.release_affinity(host, block)
