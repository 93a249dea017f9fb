"""Calico's resources in etcd: create, read, update, delete, and the errors of each."""

import datetime
import ipaddress
import json
import uuid

import kinds
from etcd3 import Etcd, Value
from kinds import API, BY_NAME

VERSION = "v3.32.1"
ROOT = "/calico/resources/v3/projectcalico.org"
DEFAULT_ALLOW = "projectcalico-default-allow"
POLICY_NAME = "projectcalico.org/metadata"


class StoreError(Exception):
    """What the client library says of one resource."""


class NotFound(StoreError):
    def __init__(self, ident: str) -> None:
        super().__init__(f"resource does not exist: {ident} with error: <nil>")


class Exists(StoreError):
    def __init__(self, ident: str, why: str = "<nil>") -> None:
        super().__init__(f"resource already exists: {ident} with error: {why}")


class Conflict(StoreError):
    def __init__(self, ident: str) -> None:
        super().__init__(f"update conflict: {ident}")


def new(kind: str, name: str, spec: dict, namespace: str = "") -> dict:
    metadata = {"name": name} | ({"namespace": namespace} if namespace else {})
    return {"kind": kind, "apiVersion": API, "metadata": metadata, "spec": spec}


def identity(resource: dict) -> str:
    """As errors name it: `Profile(x)`, `WorkloadEndpoint(default/x)`."""
    return ident(resource["kind"], resource["metadata"]["name"], resource["metadata"].get("namespace", ""))


def ident(kind: str, name: str, namespace: str) -> str:
    return f"{kind}({namespace}/{name})" if BY_NAME[kind].namespaced else f"{kind}({name})"


def path(kind: str, name: str, namespace: str) -> str:
    place = f"{namespace}/" if BY_NAME[kind].namespaced else ""
    return f"{ROOT}/{BY_NAME[kind].plural}/{place}{name}"


def key_of(resource: dict) -> str:
    return path(resource["kind"], resource["metadata"]["name"], resource["metadata"].get("namespace", ""))


def now() -> str:
    return datetime.datetime.now(datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


def stored(resource: dict) -> str:
    """A resource's text in etcd: no resourceVersion, and policies with their name as an annotation."""
    metadata = {k: v for k, v in resource["metadata"].items() if k != "resourceVersion"}
    if resource["kind"] in ("GlobalNetworkPolicy", "NetworkPolicy"):
        name = json.dumps({"name": metadata["name"]}, separators=(",", ":"))
        metadata["annotations"] = metadata.get("annotations", {}) | {POLICY_NAME: name}
    whole = {"kind": resource["kind"], "apiVersion": API, "metadata": metadata, "spec": resource["spec"]}
    if resource["kind"] == "Node":
        whole["status"] = {}
    return json.dumps(whole, separators=(",", ":"))


def loaded(value: Value) -> dict:
    resource = json.loads(value.text)
    metadata = resource["metadata"]
    metadata["resourceVersion"] = str(value.revision)
    if POLICY_NAME in metadata.get("annotations", {}):
        del metadata["annotations"][POLICY_NAME]
        if not metadata["annotations"]:
            del metadata["annotations"]
    return resource


def prepare(resource: dict) -> None:
    """What is checked and filled in before every write."""
    if BY_NAME[resource["kind"]].namespaced:
        resource["metadata"].setdefault("namespace", "default")
    if resource["kind"] == "WorkloadEndpoint":
        resource["metadata"]["labels"] = resource["metadata"].get("labels", {}) | {
            "projectcalico.org/namespace": resource["metadata"]["namespace"],
            "projectcalico.org/orchestrator": resource["spec"]["orchestrator"],
        }
    if resource["kind"] == "Profile" and resource["metadata"].get("name") == DEFAULT_ALLOW:
        raise StoreError(f"operation is not supported on Profile({DEFAULT_ALLOW}): it is built in")
    kinds.complete(resource)
    kinds.check(resource)


def default_allow() -> dict:
    spec = {"ingress": [{"action": "Allow"}], "egress": [{"action": "Allow"}]}
    return new("Profile", DEFAULT_ALLOW, spec)


class Store:
    def __init__(self, etcd: Etcd) -> None:
        self.etcd = etcd

    def get(self, kind: str, name: str, namespace: str = "default") -> dict:
        if kind == "Profile" and name == DEFAULT_ALLOW:
            return default_allow()
        found = self.etcd.get(path(kind, name, namespace))
        if found is None:
            raise NotFound(ident(kind, name, namespace))
        return loaded(found)

    def find(self, kind: str, name: str, namespace: str = "default") -> dict | None:
        try:
            return self.get(kind, name, namespace)
        except NotFound:
            return None

    def every(self, kind: str, namespace: str = "") -> list[dict]:
        return self.listing(kind, namespace)[0]

    def listing(self, kind: str, namespace: str = "") -> tuple[list[dict], str]:
        """With the revision of the list. Without a namespace: those of all."""
        found, revision = self.etcd.listing(path(kind, "", namespace) if namespace else f"{ROOT}/{BY_NAME[kind].plural}/")
        resources = [loaded(value) for value in found.values()]
        if kind == "Profile":
            resources.insert(0, default_allow())
        return resources, str(revision)

    def create(self, resource: dict) -> dict:
        prepare(resource)
        if resource["kind"] == "IPPool":
            self.check_overlap(resource)
        resource["metadata"] |= {"uid": str(uuid.uuid4()), "creationTimestamp": now()}
        if not self.etcd.create(key_of(resource), stored(resource)):
            raise Exists(identity(resource))
        return resource

    def update(self, resource: dict) -> dict:
        """Replaces what is there; one with a resourceVersion, only while that is still the newest."""
        prepare(resource)
        metadata = resource["metadata"]
        there = self.get(resource["kind"], metadata["name"], metadata.get("namespace", "default"))
        if resource["kind"] == "IPPool":
            self.check_unmoved(there["spec"], resource["spec"])
        wanted = metadata.get("resourceVersion") or there["metadata"]["resourceVersion"]
        for key in ("uid", "creationTimestamp"):
            metadata[key] = there["metadata"][key]
        if not self.etcd.update(key_of(resource), stored(resource), int(wanted)):
            raise Conflict(identity(resource))
        return resource

    def apply(self, resource: dict) -> dict:
        """Creates, or replaces labels, annotations and spec; 5 tries against others who write."""
        try:
            return self.create(json.loads(json.dumps(resource)))
        except Exists:
            pass
        for last in (False, False, False, False, True):
            try:
                return self.update(json.loads(json.dumps(resource)))
            except Conflict:
                if last or resource["metadata"].get("resourceVersion"):
                    raise
        raise AssertionError

    def delete(self, kind: str, name: str, namespace: str = "default") -> dict:
        if kind == "Profile" and name == DEFAULT_ALLOW:
            raise StoreError(f"operation is not supported on Profile({DEFAULT_ALLOW}): it is built in")
        there = self.get(kind, name, namespace)
        if not self.etcd.delete(path(kind, name, namespace), int(there["metadata"]["resourceVersion"])):
            raise Conflict(ident(kind, name, namespace))
        return there

    def check_overlap(self, resource: dict) -> None:
        name, cidr = resource["metadata"]["name"], resource["spec"]["cidr"]
        net = ipaddress.ip_network(cidr)
        for other in self.every("IPPool"):
            theirs = ipaddress.ip_network(other["spec"]["cidr"])
            if other["metadata"]["name"] != name and theirs.version == net.version and theirs.overlaps(net):
                raise kinds.Invalid(
                    "IPPool.Spec.CIDR", cidr, f"IPPool({name}) CIDR overlaps with IPPool({other['metadata']['name']}) CIDR {theirs}"
                )

    @staticmethod
    def check_unmoved(there: dict, wanted: dict) -> None:
        if there["cidr"] != wanted["cidr"]:
            raise kinds.Invalid("IPPool.Spec.CIDR", wanted["cidr"], "IPPool CIDR cannot be modified")
        if there["blockSize"] != wanted["blockSize"]:
            raise kinds.Invalid("IPPool.Spec.BlockSize", wanted["blockSize"], "IPPool BlockSize cannot be modified")

    def ensure_initialized(self, version: str = "") -> None:
        """What the first of calicoctl and calico/node makes; a node also tells its version."""
        spec = {"clusterGUID": uuid.uuid4().hex, "datastoreReady": True} | ({"calicoVersion": version} if version else {})
        try:
            self.create(new("ClusterInformation", "default", spec))
        except Exists:
            self.tell_version(version)
        for tier, order in (("default", 1000000), ("kube-admin", 1000), ("kube-baseline", 10000000)):
            try:
                self.create(new("Tier", tier, {"order": order}))
            except Exists:
                pass

    def tell_version(self, version: str) -> None:
        """Several nodes may start at once."""
        while True:
            there = self.get("ClusterInformation", "default")
            if version in ("", there["spec"].get("calicoVersion")):
                return
            there["spec"]["calicoVersion"] = version
            try:
                self.update(there)
            except Conflict:
                continue
