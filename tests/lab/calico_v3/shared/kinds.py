"""Which resources there are, which fields they have, and what Calico refuses in them."""

import ipaddress
import re
from dataclasses import dataclass

import selector

API = "projectcalico.org/v3"
DNS_1123 = re.compile(r"[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*")
CONTAINER = re.compile(r"[a-zA-Z0-9]([-a-zA-Z0-9]*[a-zA-Z0-9])?")
MODES = ("Never", "Always", "CrossSubnet")
LINK_LOCAL = ipaddress.ip_network("169.254.0.0/16")


class Invalid(Exception):
    """A value that is refused: `error with field F = 'V' (why)`."""

    def __init__(self, field: str, value: object, why: str) -> None:
        super().__init__(f"error with field {field} = '{value}' ({why})")


@dataclass
class Kind:
    name: str
    plural: str
    aliases: tuple[str, ...]
    fields: tuple[str, ...]  # of its spec
    namespaced: bool = False


RULES = ("ingress", "egress")
POLICY = ("tier", "order", "selector", "types", *RULES, "serviceAccountSelector", "performanceHints")
KINDS = [
    Kind("IPPool", "ippools", ("ipp", "pool", "pools"),
         ("cidr", "vxlanMode", "ipipMode", "natOutgoing", "disabled", "disableBGPExport", "blockSize", "nodeSelector",
          "namespaceSelector", "allowedUses", "assignmentMode")),
    Kind("Profile", "profiles", ("pro",), (*RULES, "labelsToApply")),
    Kind("GlobalNetworkPolicy", "globalnetworkpolicies", ("gnp",),
         (*POLICY, "doNotTrack", "preDNAT", "applyOnForward", "namespaceSelector")),
    Kind("NetworkPolicy", "networkpolicies", ("np", "policy", "policies", "pol"), POLICY, namespaced=True),
    Kind("WorkloadEndpoint", "workloadendpoints", ("wep",),
         ("orchestrator", "workload", "node", "containerID", "pod", "endpoint", "serviceAccountName", "ipNetworks",
          "ipNATs", "ipv4Gateway", "ipv6Gateway", "profiles", "interfaceName", "mac", "ports",
          "allowSpoofedSourcePrefixes"), namespaced=True),
    Kind("Node", "nodes", ("no",), ("bgp", "interfaces", "ipv4VXLANTunnelAddr", "vxlanTunnelMACAddr", "orchRefs", "addresses")),
    Kind("BGPConfiguration", "bgpconfigurations", ("bgpconfig", "bgpconfigs"),
         ("logSeverityScreen", "nodeToNodeMeshEnabled", "asNumber", "listenPort", "nodeMeshPassword")),
    Kind("BGPPeer", "bgppeers", ("bgpp", "bgpps", "bp", "bps"),
         ("node", "nodeSelector", "peerIP", "asNumber", "peerSelector", "password")),
    Kind("FelixConfiguration", "felixconfigurations", ("felixconfig", "felixconfigs", "fc"),
         ("logSeverityScreen", "reportingInterval", "defaultEndpointToHostAction", "ipv6Support", "healthEnabled",
          "usageReportingEnabled", "iptablesBackend")),
    Kind("ClusterInformation", "clusterinformations", ("clusterinfo", "clusterinfos"),
         ("clusterGUID", "clusterType", "calicoVersion", "datastoreReady", "variant")),
    Kind("Tier", "tiers", (), ("order", "defaultAction")),
]  # fmt: skip
BY_NAME = {kind.name: kind for kind in KINDS}
RULE = ("action", "ipVersion", "protocol", "icmp", "notProtocol", "notICMP", "source", "destination", "http", "metadata")
ENTITY = ("nets", "selector", "namespaceSelector", "ports", "notNets", "notSelector", "notPorts", "serviceAccounts", "services")
METADATA = ("name", "namespace", "labels", "annotations", "uid", "creationTimestamp", "resourceVersion", "generation")


def named(word: str) -> Kind | None:
    """By its kind or an alias, in any case, plural or not."""
    lower = word.lower()
    for kind in KINDS:
        if lower in (kind.name.lower(), kind.name.lower() + "s", kind.plural, *kind.aliases):
            return kind
    return None


def unknown_field(resource: dict) -> str | None:
    """The first field that its kind does not have."""
    kind = BY_NAME[resource["kind"]]
    spec = resource.get("spec") or {}
    levels = [
        (resource, ("apiVersion", "kind", "metadata", "spec", "status")),
        (resource.get("metadata") or {}, METADATA),
        (spec, kind.fields),
    ]
    for rule in [r for way in RULES for r in (spec.get(way) or []) if isinstance(spec.get(way), list)]:
        levels += [(rule, RULE), (rule.get("source") or {}, ENTITY), (rule.get("destination") or {}, ENTITY)]
    for level, known in levels:
        for name in level:
            if name not in known:
                return name
    return None


def complete(resource: dict) -> None:
    """Fills in what Calico fills in."""
    spec = resource.setdefault("spec", {})
    if resource["kind"] == "IPPool":
        defaults = {
            "cidr": "", "vxlanMode": "Never", "ipipMode": "Never", "blockSize": 26, "nodeSelector": "all()",
            "allowedUses": ["Workload", "Tunnel"], "assignmentMode": "Automatic",
        }  # fmt: skip
        for key, value in defaults.items():
            if not spec.get(key):
                spec[key] = value
        try:
            spec["cidr"] = str(ipaddress.ip_network(spec["cidr"], strict=False))
        except ValueError:
            pass  # check() says so
    if resource["kind"] in ("GlobalNetworkPolicy", "NetworkPolicy"):
        spec.setdefault("tier", "default")
        if not spec.get("types"):
            spec["types"] = [t for t, way in (("Ingress", "ingress"), ("Egress", "egress")) if spec.get(way)] or ["Ingress"]


def check(resource: dict) -> None:
    """Raises Invalid for what a single resource, by itself, must not have."""
    kind, name, spec = resource["kind"], resource["metadata"].get("name", ""), resource["spec"]
    if not DNS_1123.fullmatch(name):
        raise Invalid(
            "Metadata.Name", name,
            "a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', and must start "
            "and end with an alphanumeric character",
        )  # fmt: skip
    if kind == "IPPool":
        check_pool(spec)
    if kind == "WorkloadEndpoint":
        check_endpoint(spec)
    for place in ("selector", "nodeSelector"):
        check_selector(f"{kind}.Spec.{place[0].upper()}{place[1:]}", spec.get(place))
    for way in RULES:
        for rule in spec.get(way) or []:
            check_rule(rule)


def check_pool(spec: dict) -> None:
    try:
        net = ipaddress.ip_network(spec["cidr"])
    except ValueError:
        raise Invalid("IPPool.Spec.CIDR", spec["cidr"], "failed to parse CIDR") from None
    for mode in ("ipipMode", "vxlanMode"):
        if spec[mode] not in MODES:
            raise Invalid(f"IPPool.Spec.{mode[0].upper()}{mode[1:]}", spec[mode], "must be Never, Always or CrossSubnet")
    if spec["ipipMode"] != "Never" and spec["vxlanMode"] != "Never":
        raise Invalid("IPPool.Spec.VXLANMode", spec["vxlanMode"], "IPIP and VXLAN may not both be enabled on one pool")
    low, high = (20, 32) if net.version == 4 else (116, 128)
    if not isinstance(spec["blockSize"], int) or not low <= spec["blockSize"] <= high:
        raise Invalid("IPPool.Spec.BlockSize", spec["blockSize"], f"block size must be between {low} and {high}")
    if net.prefixlen > spec["blockSize"]:
        raise Invalid("IPPool.Spec.CIDR", spec["cidr"], "IP pool size is too small for use with Calico IPAM. It must be equal to or greater than the block size.")
    if net.version == 4 and net.overlaps(LINK_LOCAL):
        raise Invalid("IPPool.Spec.CIDR", spec["cidr"], "IP pool range overlaps with IPv4 Link Local range 169.254.0.0/16")


def check_endpoint(spec: dict) -> None:
    if spec.get("containerID") and not CONTAINER.fullmatch(spec["containerID"]):
        raise Invalid("WorkloadEndpoint.Spec.ContainerID", spec["containerID"], "invalid container ID")
    for profile in spec.get("profiles") or []:
        if not DNS_1123.fullmatch(profile):
            raise Invalid("WorkloadEndpoint.Spec.Profiles[0]", profile, "invalid profile name")


def check_selector(field: str, text: object) -> None:
    try:
        selector.parse(str(text or ""))
    except selector.SelectorError as error:
        raise Invalid(field, text, f"invalid selector: {error}") from None


def check_rule(rule: dict) -> None:
    if rule.get("action") not in ("Allow", "Deny", "Log", "Pass"):
        raise Invalid("Rule.Action", rule.get("action", ""), "must be Allow, Deny, Log or Pass")
    for side in ("source", "destination"):
        entity = rule.get(side) or {}
        for key in ("selector", "notSelector"):
            check_selector(f"Rule.{side.capitalize()}.Selector", entity.get(key))
        for key in ("nets", "notNets"):
            for net in entity.get(key) or []:
                try:
                    ipaddress.ip_network(net, strict=False)
                except ValueError:
                    raise Invalid(f"Rule.{side.capitalize()}.Nets", net, "invalid CIDR") from None
        ports = (entity.get("ports") or []) + (entity.get("notPorts") or [])
        if ports and rule.get("protocol") not in ("TCP", "UDP", "SCTP"):
            raise Invalid("Rule.Protocol", rule.get("protocol", ""), "rules that specify ports must set protocol to TCP, UDP or SCTP")
        for port in ports:
            if not re.fullmatch(r"\d+(:\d+)?", str(port)) or any(int(p) > 65535 for p in str(port).split(":")):
                raise Invalid(f"Rule.{side.capitalize()}.Ports", port, "invalid port")
