"""What `get` prints: tables, JSON, YAML."""

import sys

import kinds
import yaml_text
from ending import Fail
from store import Store
from tables import columns, indented


def joined(values: list | None) -> str:
    return ",".join(map(str, values or []))


def bare(value: object) -> str:
    return "" if value is None else str(value)


def boolean(value: object) -> str:
    return "true" if value else "false"


def order(value: object) -> str:
    return "<no value>" if value is None else str(value)


def as_number(store: Store, spec: dict) -> str:
    """In brackets when it is the whole mesh's."""
    own = (spec.get("bgp") or {}).get("asNumber")
    if own:
        return str(own)
    default = store.find("BGPConfiguration", "default")
    return f"({(default or {'spec': {}})['spec'].get('asNumber', 64512)})"


# Of each kind: columns of ps, columns of wide, and what stands in them.
CELLS = {
    "NAME": lambda store, r: r["metadata"]["name"],
    "NAMESPACE": lambda store, r: r["metadata"].get("namespace", ""),
    "CIDR": lambda store, r: r["spec"]["cidr"],
    "SELECTOR": lambda store, r: r["spec"].get("nodeSelector" if r["kind"] == "IPPool" else "selector", ""),
    "NAT": lambda store, r: boolean(r["spec"].get("natOutgoing")),
    "IPIPMODE": lambda store, r: r["spec"]["ipipMode"],
    "VXLANMODE": lambda store, r: r["spec"]["vxlanMode"],
    "DISABLED": lambda store, r: boolean(r["spec"].get("disabled")),
    "DISABLEBGPEXPORT": lambda store, r: boolean(r["spec"].get("disableBGPExport")),
    "ASSIGNMENTMODE": lambda store, r: r["spec"]["assignmentMode"],
    "LABELS": lambda store, r: joined([f"{k}={v}" for k, v in (r["spec"].get("labelsToApply") or {}).items()]),
    "TIER": lambda store, r: r["spec"]["tier"],
    "ORDER": lambda store, r: order(r["spec"].get("order")),
    "WORKLOAD": lambda store, r: r["spec"].get("workload") or r["spec"].get("pod") or "",
    "NODE": lambda store, r: bare(r["spec"].get("node")),
    "NETWORKS": lambda store, r: joined(r["spec"]["ipNetworks"]),
    "INTERFACE": lambda store, r: r["spec"]["interfaceName"],
    "PROFILES": lambda store, r: joined(r["spec"]["profiles"]),
    "NATS": lambda store, r: joined(r["spec"].get("ipNATs")),
    "ASN": lambda store, r: as_number(store, r["spec"]) if r["kind"] == "Node" else bare(r["spec"].get("asNumber")),
    "IPV4": lambda store, r: bare((r["spec"].get("bgp") or {}).get("ipv4Address")),
    "IPV6": lambda store, r: bare((r["spec"].get("bgp") or {}).get("ipv6Address")),
    "LOGSEVERITY": lambda store, r: r["spec"].get("logSeverityScreen", "-"),
    "MESHENABLED": lambda store, r: boolean(r["spec"]["nodeToNodeMeshEnabled"]) if "nodeToNodeMeshEnabled" in r["spec"] else "-",
    "ASNUMBER": lambda store, r: str(r["spec"].get("asNumber", "-")),
    "PEERIP": lambda store, r: bare(r["spec"].get("peerIP")),
    "CLUSTERGUID": lambda store, r: r["spec"]["clusterGUID"],
    "CLUSTERTYPE": lambda store, r: bare(r["spec"].get("clusterType")),
    "CALICOVERSION": lambda store, r: bare(r["spec"].get("calicoVersion")),
    "DATASTOREREADY": lambda store, r: boolean(r["spec"]["datastoreReady"]),
}
BGP_CONFIGURATION = "NAME LOGSEVERITY MESHENABLED ASNUMBER"
PEER = "NAME PEERIP NODE ASN"
INFORMATION = "NAME CLUSTERGUID CLUSTERTYPE CALICOVERSION DATASTOREREADY"
HEADINGS = {
    "IPPool": ("NAME CIDR SELECTOR", "NAME CIDR NAT IPIPMODE VXLANMODE DISABLED DISABLEBGPEXPORT SELECTOR ASSIGNMENTMODE"),
    "Profile": ("NAME", "NAME LABELS"),
    "GlobalNetworkPolicy": ("NAME TIER", "NAME TIER ORDER SELECTOR"),
    "NetworkPolicy": ("NAME TIER", "NAME TIER ORDER SELECTOR"),
    "WorkloadEndpoint": ("WORKLOAD NODE NETWORKS INTERFACE", "NAME WORKLOAD NODE NETWORKS INTERFACE PROFILES NATS"),
    "Node": ("NAME", "NAME ASN IPV4 IPV6"),
    "BGPConfiguration": (BGP_CONFIGURATION, BGP_CONFIGURATION),
    "BGPPeer": (PEER, PEER),
    "ClusterInformation": (INFORMATION, INFORMATION),
    "FelixConfiguration": ("NAME", "NAME"),
    "Tier": ("NAME ORDER", "NAME ORDER"),
}


class Table:
    def __init__(self, wide: bool) -> None:
        self.wide = wide

    def resources(self, store: Store, found: list[dict], spaces: bool) -> None:
        """Several names give several tables."""
        for resource in found:
            self.show(store, kinds.BY_NAME[resource["kind"]], [resource], spaces)

    def listing(self, store: Store, kind: kinds.Kind, found: list[dict], revision: str, spaces: bool) -> None:
        self.show(store, kind, found, spaces)

    def show(self, store: Store, kind: kinds.Kind, found: list[dict], spaces: bool) -> None:
        heading = HEADINGS[kind.name][self.wide].split()
        if spaces and kind.namespaced:
            heading.insert(0, "NAMESPACE")
        rows = [[CELLS[column](store, resource) for column in heading] for resource in found]
        sys.stdout.write(columns(heading, rows))


class Structured:
    def __init__(self, render) -> None:
        self.render = render

    def resources(self, store: Store, found: list[dict], spaces: bool) -> None:
        """One is itself, several are an array, none is null."""
        value = None if not found else found[0] if len(found) == 1 else found
        sys.stdout.write(self.render(value))

    def listing(self, store: Store, kind: kinds.Kind, found: list[dict], revision: str, spaces: bool) -> None:
        head = {"kind": f"{kind.name}List", "apiVersion": kinds.API, "metadata": {"resourceVersion": revision}}
        sys.stdout.write(self.render(head | {"items": found}))


def printer(output: str):
    if output in ("ps", "wide"):
        return Table(output == "wide")
    if output == "json":
        return Structured(indented)
    if output in ("yaml", "yml"):
        return Structured(yaml_text.dump)
    raise Fail(f"unrecognized output format '{output}'")
