"""create, apply, replace, patch, delete, get, validate: resources from files and by name."""

import ipaddress
import json
import os
import sys
import time

import config
import kinds
import yaml_text
from ending import Fail
from etcd3 import EtcdError
from ipam import Ipam
from printing import printer
from store import VERSION, Exists, NotFound, Store, StoreError, identity

SUFFIXES = (".json", ".yaml", ".yml")
REFUSED = (StoreError, EtcdError, kinds.Invalid)


def connect(options: dict) -> Store:
    """The store, unless another version has it."""
    store = config.connect(options.get("config"))
    if not options.get("allow-version-mismatch"):
        information = store.find("ClusterInformation", "default")
        theirs = ((information or {}).get("spec") or {}).get("calicoVersion", "").split("-")[0].removeprefix("v")
        if theirs and theirs != VERSION.removeprefix("v"):
            raise Fail(
                f"version mismatch.\nClient Version:   {VERSION}\nCluster Version:  {theirs}\n"
                "Use --allow-version-mismatch to override"
            )
    return store


# -- files


def read_files(options: dict) -> list[dict]:
    """The resources of a file, of stdin, or of a folder's files."""
    name = options["filename"]
    if name == "-":
        return documents(sys.stdin.read())
    if os.path.isdir(name):
        found = []
        for folder, inner, files in os.walk(name):
            found += [os.path.join(folder, f) for f in sorted(files) if f.endswith(SUFFIXES)]
            if not options.get("recursive"):
                inner.clear()
        return [resource for file in found for resource in documents(read(file))]
    return documents(read(name))


def read(file: str) -> str:
    try:
        with open(file) as text:
            return text.read()
    except OSError as error:
        raise Fail(f"failed to execute command: open {file}: {(error.strerror or '').lower()}") from None


def documents(text: str) -> list[dict]:
    try:
        whole = yaml_text.load_all(text)
    except yaml_text.YamlError as error:
        raise Fail(f"failed to execute command: error converting YAML to JSON: yaml: {error}") from None
    found = []
    for document in whole:
        many = document if isinstance(document, list) else [document]
        for resource in many:
            items = resource.get("items") if isinstance(resource, dict) and str(resource.get("kind")).endswith("List") else None
            found += items if items is not None else [resource]
    for resource in found:
        check_shape(resource)
    return found


def check_shape(resource: object) -> None:
    if not isinstance(resource, dict) or resource.get("kind") not in kinds.BY_NAME or resource.get("apiVersion") != kinds.API:
        there = resource if isinstance(resource, dict) else {}
        raise Fail(f"failed to execute command: unknown resource type: projectcalico.org/{there.get('kind')}, {there.get('apiVersion')}")
    if field := kinds.unknown_field(resource):
        raise Fail(f"failed to execute command: field in document is not recognized or is in the wrong location: {field}")
    resource.setdefault("metadata", {})
    resource["spec"] = resource.get("spec") or {}


def nothing(options: dict) -> None:
    if not options.get("skip-empty"):
        raise Fail("no resources specified")
    print("No resources specified")


# -- writing


def one_kind(resources: list[dict]) -> str:
    found = {r["kind"] for r in resources}
    return found.pop() if len(found) == 1 else ""


def placed(resource: dict, options: dict) -> dict:
    """In the namespace of the command line, where the file says none."""
    if kinds.BY_NAME[resource["kind"]].namespaced:
        resource["metadata"].setdefault("namespace", options.get("namespace") or "default")
    return resource


def writable(resource: dict) -> dict:
    if resource["kind"] == "ClusterInformation":
        raise StoreError(f"operation is not supported on {identity(resource)}: it is read only")
    return resource


def create(options: dict) -> None:
    def one(store: Store, resource: dict) -> None:
        try:
            store.create(writable(resource))
        except Exists:
            if not options.get("skip-exists"):
                raise

    write(options, "create", "created", one)


def apply(options: dict) -> None:
    write(options, "apply", "applied", lambda store, resource: store.apply(writable(resource)))


def write(options: dict, verb: str, done: str, one) -> None:
    store = connect(options)
    resources = read_files(options)
    if not resources:
        return nothing(options)
    initialize(store)
    errors, kind = [], one_kind(resources)
    for resource in resources:
        try:
            one(store, placed(resource, options))
        except REFUSED as error:
            errors.append(str(error))
    tell(resources, errors, kind, verb, done)


def tell(resources: list[dict], errors: list[str], kind: str, verb: str, done: str) -> None:
    handled, of_kind = len(resources) - len(errors), f" '{kind}'" if kind else ""
    listed = "[" + " ".join(errors) + "]"
    if not errors:
        print(f"Successfully {done} {handled}{of_kind} resource(s)")
    elif handled == 0 and len(resources) == 1:
        raise Fail(f"failed to {verb} '{kind}' resource: {listed}")
    elif handled == 0:
        raise Fail(f"failed to {verb} any{of_kind} resources: {listed}")
    else:
        if handled - len(errors) > 0:
            print(f"Partial success: {done} the first {handled} out of {len(resources)}{of_kind} resources:")
        raise Fail(f"hit error(s): {listed}")


def replace(options: dict) -> None:
    """One that fails counts as replaced all the same."""
    store = connect(options)
    resources = read_files(options)
    if not resources:
        return nothing(options)
    initialize(store)
    kind, failed = one_kind(resources), None
    for resource in resources:
        try:
            store.update(writable(placed(resource, options)))
        except REFUSED as error:
            failed = error
    of_kind, count = f" '{kind}'" if kind else "", len(resources)
    if failed is None:
        print(f"Successfully replaced {count}{of_kind} resource(s)")
        return
    print(f"Partial success: replaced the first {count} out of {count}{of_kind} resources:")
    raise Fail(f"hit error: {failed}")


def patch(options: dict, words: list[str]) -> None:
    """A strategic merge: what the patch says of an object's fields wins, and a list takes the place of the whole one."""
    store = connect(options)
    stubs = by_name(words, options)
    kind, metadata = stubs[0]["kind"], stubs[0]["metadata"]
    try:
        merged = merge(store.get(kind, metadata["name"], metadata.get("namespace", "")), json.loads(options["patch"]))
        store.update(writable(merged))
    except (*REFUSED, json.JSONDecodeError) as error:
        raise Fail(f"Failed to patch '{kind}' resource: {error}\n") from None
    print(f"Successfully patched 1 '{kind}' resource")


def merge(there: object, patch: object) -> object:
    if not isinstance(there, dict) or not isinstance(patch, dict):
        return patch
    merged = there | {key: merge(there.get(key), value) for key, value in patch.items()}
    return {key: value for key, value in merged.items() if value is not None}


def initialize(store: Store) -> None:
    """Failures here are silent."""
    try:
        store.ensure_initialized()
    except REFUSED:
        pass


# -- deleting


def delete(options: dict, words: list[str]) -> None:
    store = connect(options)
    resources = read_files(options) if "filename" in options else by_name(words, options)
    if not resources:
        return nothing(options)
    errors, kind = [], one_kind(resources)
    for resource in resources:
        try:
            delete_one(store, placed(resource, options))
        except NotFound as error:
            if not options.get("skip-not-exists"):
                errors.append(error)
        except REFUSED as error:
            errors.append(error)
    handled, of_kind = len(resources) - len(errors), f" '{kind}'" if kind else ""
    if not errors:
        print(f"Successfully deleted {handled}{of_kind} resource(s)")
        return
    if handled - len(errors) > 0:
        print(f"Partial success: deleted the first {handled} out of {len(resources)}{of_kind} resources:")
    raise Fail("".join(f"Failed to delete{of_kind} resource: {error}\n" for error in errors))


def by_name(words: list[str], options: dict) -> list[dict]:
    """Stubs of resources: a kind, and names that may be separated by commas."""
    kind = kinds.named(words[0])
    if kind is None:
        raise Fail(f"resource type '{words[0]}' is not supported")
    names = [name for word in words[1:] for name in word.split(",") if name]
    stubs = [{"kind": kind.name, "metadata": {"name": name}, "spec": {}} for name in names]
    return [placed(stub, options) for stub in stubs]


def delete_one(store: Store, resource: dict) -> None:
    kind, name = resource["kind"], resource["metadata"]["name"]
    writable(resource)
    if kind == "IPPool":
        delete_pool(store, name)
    elif kind == "Node":
        delete_node(store, name)
    else:
        store.delete(kind, name, resource["metadata"].get("namespace", ""))


def delete_pool(store: Store, name: str) -> None:
    """Disabled first, so that nobody takes an address of it any more."""
    pool = store.get("IPPool", name)
    pool["spec"]["disabled"] = True
    store.update(pool)
    time.sleep(0.5)
    Ipam(store).release_pool(pool["spec"]["cidr"])
    store.delete("IPPool", name)


def delete_node(store: Store, name: str) -> None:
    """With its endpoints and their addresses, its blocks, and its configuration."""
    store.get("Node", name)
    ipam = Ipam(store)
    for endpoint in store.every("WorkloadEndpoint"):
        if endpoint["spec"]["node"] == name:
            for net in endpoint["spec"]["ipNetworks"]:
                ipam.release_address(ipaddress.ip_address(net.split("/")[0]))
            store.delete("WorkloadEndpoint", endpoint["metadata"]["name"], endpoint["metadata"]["namespace"])
    ipam.release_host(name)
    for kind in ("FelixConfiguration", "BGPConfiguration"):
        if store.find(kind, f"node.{name}"):
            store.delete(kind, f"node.{name}")
    for peer in store.every("BGPPeer"):
        if peer["spec"].get("node") == name:
            store.delete("BGPPeer", peer["metadata"]["name"])
    store.delete("Node", name)


# -- reading


def get(options: dict, words: list[str]) -> None:
    output = printer(options.get("output", "ps"))
    try:
        store = connect(options)
    except Fail as error:
        raise Fail(f"failed to get resources: {error}") from None
    if "filename" in options:
        wanted = [placed(r, options) for r in read_files(options)]
    else:
        if kinds.named(words[0]) is None:
            raise Fail(f"failed to get resources: resource type '{words[0]}' is not supported")
        wanted = by_name(words, options)
        if not wanted:
            return show_all(store, kinds.named(words[0]), options, output)
    found, errors = [], []
    for stub in wanted:
        name, namespace = stub["metadata"]["name"], stub["metadata"].get("namespace", "")
        try:
            found.append(stripped(store.get(stub["kind"], name, namespace), options))
        except REFUSED as error:
            errors.append(str(error))
    output.resources(store, found, spaces_shown(options))
    if errors:
        raise Fail("\n".join(errors))


def show_all(store: Store, kind: kinds.Kind, options: dict, output) -> None:
    namespace = "" if options.get("all-namespaces") or not kind.namespaced else options.get("namespace") or "default"
    try:
        resources, revision = store.listing(kind.name, namespace)
    except REFUSED as error:
        raise Fail(f"failed to get resources: {error}") from None
    output.listing(store, kind, resources, revision, spaces_shown(options))


def spaces_shown(options: dict) -> bool:
    return bool(options.get("all-namespaces") or options.get("namespace"))


def stripped(resource: dict, options: dict) -> dict:
    """--export: without what is of this cluster only."""
    if options.get("export"):
        for key in ("uid", "creationTimestamp", "resourceVersion"):
            resource["metadata"].pop(key, None)
    return resource


def validate(options: dict) -> None:
    """Without any store."""
    resources = read_files(options)
    if not resources:
        return nothing(options)
    errors, kind = [], one_kind(resources)
    for resource in resources:
        try:
            kinds.complete(placed(resource, options))
            kinds.check(resource)
        except kinds.Invalid as error:
            errors.append(str(error))
    tell(resources, errors, kind, "validate", "validated")
