"""calico: puts a container on Calico, and takes it off."""

import json
import os
import subprocess
import sys
import time

import network
import site_config
from contract import OTHER, Call, CniError, decode, log, perform, render, report
from etcd3 import EtcdError
from kinds import Invalid
from store import VERSION, Conflict, NotFound, Store, StoreError, new

MTU_FILE = "/var/lib/calico/mtu"
TEST_TIMEOUT = 2.0


def main(words: list[str]) -> int:
    if words == ["-v"]:
        print(f"{VERSION} stand-in of the lab")
        return 0
    if words == ["-t"]:
        return test_connection()
    os.environ["CNI_ARGS"] = ";".join(["IgnoreUnknown=1", *filter(None, [os.environ.get("CNI_ARGS", "")])])
    return perform(f"Calico CNI plugin {VERSION}", {"ADD": told(add), "DEL": told(delete), "CHECK": check})


def test_connection() -> int:
    try:
        config = decode(sys.stdin.read())
        site_config.require_ready(site_config.connect(config, time.monotonic() + TEST_TIMEOUT))
        return 0
    except (CniError, EtcdError) as error:
        return report(CniError("data store connection failed", 100, str(error)))


def told(action):
    """What the store refuses is told as it is."""

    def run(call: Call) -> None:
        try:
            action(call)
        except (StoreError, EtcdError, Invalid) as error:
            raise CniError(str(error)) from None

    return run


def check(call: Call) -> None:
    """Checks nothing."""
    print("OK")


def doubled(part: str) -> str:
    return part.replace("-", "--")


def endpoint_name(node: str, container: str, interface: str) -> str:
    """Without an interface: what all names of the container begin with."""
    return "-".join([doubled(node), "cni", doubled(container), doubled(interface)])


def mtu(config: dict) -> int:
    try:
        with open(MTU_FILE) as file:
            found = int(file.read().strip() or 0)
    except FileNotFoundError:
        found = 0
    except ValueError as error:
        raise CniError(f"failed to read MTU file: {error}") from None
    return config.get("mtu") or found


def ipam(call: Call, command: str) -> dict:
    """Runs the IPAM plugin of the config as CNI has it; its result."""
    kind = (call.config.get("ipam") or {}).get("type", "")
    folders = call.path.split(":")
    program = next((p for p in (os.path.join(f, kind) for f in folders) if kind and os.access(p, os.X_OK)), None)
    if program is None:
        raise CniError(f'failed to find plugin "{kind}" in path {json.dumps(folders)}'.replace('["', "[").replace('"]', "]"))
    done = subprocess.run(
        [program], input=call.stdin, env=dict(os.environ) | {"CNI_COMMAND": command}, stdout=subprocess.PIPE, text=True
    )
    if done.returncode == 0:
        return json.loads(done.stdout) if done.stdout.strip() else {}
    try:
        told = json.loads(done.stdout)
        raise CniError(told["msg"], told.get("code", OTHER), told.get("details", ""))
    except (ValueError, KeyError):
        raise CniError(f"netplugin failed: {done.stdout!r}") from None


def release(call: Call) -> None:
    """After a failure; that it fails too is only logged."""
    try:
        ipam(call, "DEL")
    except CniError as error:
        log(f"Failed to clean up IPAM allocations: {error}")


def existing_endpoint(store: Store, node: str, container: str) -> dict | None:
    """The container's endpoint, on whatever interface."""
    prefix = endpoint_name(node, container, "")
    return next((e for e in store.every("WorkloadEndpoint", "default") if e["metadata"]["name"].startswith(prefix)), None)


def add(call: Call) -> None:
    config = call.config
    site_config.require_nodename_file(config)
    size = mtu(config)
    node = site_config.nodename(config)
    store = site_config.connect(config)
    site_config.require_ready(store)
    endpoint = existing_endpoint(store, node, call.container)
    if (config.get("feature_control") or {}).get("ip_addrs_no_ipam"):
        raise CniError("requested feature is not supported for this runtime: ip_addrs_no_ipam")
    if endpoint is None:
        result = create(call, store, node, size)
    else:
        result = keep(store, endpoint, config["name"])
    if not (config.get("policy") or {}).get("type"):
        ensure_profile(call, store)
    print(render(result, config.get("cniVersion") or "0.2.0"))


def keep(store: Store, endpoint: dict, profile: str) -> dict:
    """No networking at all: the profile is added, the endpoint written again, its address told."""
    if profile not in endpoint["spec"]["profiles"]:
        endpoint["spec"]["profiles"].append(profile)
    store.update(endpoint)
    ips = [{"address": net} for net in endpoint["spec"]["ipNetworks"]]
    spec = endpoint["spec"]
    return {"interfaces": [{"name": spec["interfaceName"], "mac": spec["mac"]}], "ips": ips}


def create(call: Call, store: Store, node: str, size: int) -> dict:
    address = ipam(call, "ADD")["ips"][0]["address"].split("/")[0]
    outer = "cali" + call.container[:11]
    forwarding = bool((call.config.get("container_settings") or {}).get("allow_ip_forwarding"))
    try:
        mac = network.connect(call.netns, call.interface, outer, address, size, forwarding)
        spec = {
            "orchestrator": "cni", "node": node, "containerID": call.container, "endpoint": call.interface,
            "ipNetworks": [f"{address}/32"], "profiles": [call.config["name"]], "interfaceName": outer, "mac": mac,
        }  # fmt: skip
        wanted = new("WorkloadEndpoint", endpoint_name(node, call.container, call.interface), spec, "default")
        wanted["metadata"]["labels"] = labels(call.config)
        store.create(wanted)
    except (CniError, StoreError, EtcdError, Invalid):
        release(call)
        raise
    inner = {"name": call.interface, "mac": mac, "sandbox": call.netns}
    return {
        "interfaces": [{"name": outer}, inner],
        "ips": [{"interface": 1, "address": f"{address}/32"}],
        "routes": [{"dst": f"{address}/32"}],
    }


def labels(config: dict) -> dict[str, str]:
    info = ((config.get("args") or {}).get("org.apache.mesos") or {}).get("network_info") or {}
    return {pair["key"]: pair["value"] for pair in (info.get("labels") or {}).get("labels") or []}


def ensure_profile(call: Call, store: Store) -> None:
    """Only if there is none. Where it cannot be read or made the address is released, whosever it is."""
    name = call.config["name"]
    rules = {
        "ingress": [{"action": "Allow", "source": {"selector": f"has({name})"}}],
        "egress": [{"action": "Allow"}],
        "labelsToApply": {name: ""},
    }
    try:
        if store.find("Profile", name) is None:
            store.create(new("Profile", name, rules))
    except (StoreError, EtcdError, Invalid):
        release(call)
        raise


def delete(call: Call) -> None:
    """What is not there is fine; the address, the endpoint and the interface are tried each for itself."""
    config = call.config
    site_config.require_nodename_file(config)
    node = site_config.nodename(config)
    store = site_config.connect(config)
    site_config.require_ready(store)
    failed = None
    try:
        ipam(call, "DEL")
    except CniError as error:
        failed = error
    name = endpoint_name(node, call.container, call.interface)
    for _ in range(5):
        try:
            store.delete("WorkloadEndpoint", name)
            break
        except NotFound:
            log(f"Endpoint object does not exist, no need to clean up. WorkloadEndpoint={name}")
            break
        except Conflict:
            continue
    network.remove_inner(call.netns, call.interface)
    if failed:
        raise failed
