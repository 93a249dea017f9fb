"""calico/node v0.22.0, a stand-in: startup, then Felix and BIRD, each in a loop of its own."""

import json
import os
import signal
import sys
import threading
import time
import uuid

import bird
import felix
from etcd2 import Etcd, EtcdError
from linux import own_addresses
from supervise import keep

HOST = os.environ["HOSTNAME"]
V1, BGP, IPAM = "/calico/v1", "/calico/bgp/v1", "/calico/ipam/v2"


def detect_ip() -> str:
    """The last address of the last interface that is not a container's or tunnel's; br-* counts."""
    skip = ("lo", "docker", "cbr", "virbr", "lxcbr", "veth", "cali", "tunl", "flannel")
    found = [address for address, (_, interface) in own_addresses().items() if not interface.startswith(skip)]
    if not found:
        print("Couldn't autodetect a management IP address. Please provide an IP with the --ip option.")
        sys.exit(1)
    print(f"No IP provided. Using detected IP: {found[-1]}")
    return found[-1]


def startup(etcd: Etcd) -> str:
    ip = os.environ.get("IP", "") or detect_ip()
    if ip not in own_addresses():
        print("WARNING: Could not confirm that the provided IPv4 address is assigned to this host.")
    for host in etcd.children(f"{BGP}/host"):
        known = etcd.get(f"{BGP}/host/{host}/ip_addr_v4")
        if known == ip and host != HOST:
            print(
                f"ERROR: IP address {ip} is already in use by host {host}. Calico requires each compute host to have a "
                "unique IP. If this is a dead host, remove it with 'calicoctl node remove --hostname'."
            )
            sys.exit(1)
        if host == HOST and known and known != ip:
            print(f"WARNING: Hostname '{HOST}' is already in use with IP address {known}. Calico requires each host to "
                  "have a unique hostname. If your host has recently changed IP address, this warning can be ignored.")  # fmt: skip
    if os.environ.get("NO_DEFAULT_POOLS", "").lower() != "true":
        if not etcd.children(f"{V1}/ipam/v4/pool"):
            etcd.set(f"{V1}/ipam/v4/pool/192.168.0.0-16", json.dumps({"cidr": "192.168.0.0/16"}))
        if os.path.exists("/proc/net/if_inet6") and not etcd.children(f"{V1}/ipam/v6/pool"):
            etcd.set(f"{V1}/ipam/v6/pool/fd80:24e2:f998:72d6::-64", json.dumps({"cidr": "fd80:24e2:f998:72d6::/64"}))
    for key, value in {"InterfacePrefix": "cali", "LogFilePath": "none", "LogSeverityFile": "none",
                       "LogSeverityScreen": "info", "ReportingIntervalSecs": "0"}.items():  # fmt: skip
        etcd.set(f"{V1}/config/{key}", value)
    if etcd.get(f"{V1}/config/IpInIpEnabled") is None:
        etcd.set(f"{V1}/config/IpInIpEnabled", "false")
    if etcd.get(f"{V1}/config/ClusterGUID") is None and not etcd.create(f"{V1}/config/ClusterGUID", uuid.uuid4().hex):
        # Two first nodes at once: the real one's handler names an exception that was never imported.
        raise NameError("global name 'EtcdAlreadyExist' is not defined")
    if etcd.get(f"{BGP}/global/as_num") is None:
        etcd.set(f"{BGP}/global/as_num", "64511")
        etcd.set(f"{BGP}/global/node_mesh", json.dumps({"enabled": True}))
    etcd.set(f"{BGP}/host/{HOST}/ip_addr_v4", ip)
    etcd.set(f"{BGP}/host/{HOST}/ip_addr_v6", os.environ.get("IP6", ""))
    if os.environ.get("AS"):
        etcd.set(f"{BGP}/host/{HOST}/as_num", os.environ["AS"])
    else:
        etcd.delete(f"{BGP}/host/{HOST}/as_num")
    etcd.set(f"{V1}/host/{HOST}/bird_ip", ip)
    etcd.set(f"{V1}/host/{HOST}/config/DefaultEndpointToHostAction", "RETURN")
    etcd.set(f"{V1}/host/{HOST}/config/marker", "created")
    etcd.mkdir(f"{V1}/host/{HOST}/workload")
    etcd.mkdir(f"{IPAM}/host/{HOST}/ipv4/block")
    etcd.mkdir(f"{IPAM}/host/{HOST}/ipv6/block")
    etcd.set(f"{V1}/Ready", "true")
    return ip


def main() -> None:
    signal.signal(signal.SIGTERM, lambda *_: os._exit(0))
    etcd = Etcd.from_environment()
    print("stand-in of calico/node v0.22.0")
    try:
        ip = startup(etcd)
    except EtcdError as error:
        print(f"ERROR: Unable to connect to etcd: {error}")
        sys.exit(1)
    # The dataplane comes later, as with the real one.
    print("Calico node started successfully", flush=True)
    time.sleep(1)
    policy, routes = felix.Felix(HOST), bird.Bird(HOST, ip)
    threading.Thread(target=keep, args=("felix", lambda: policy.once(etcd), 0.5), daemon=True).start()
    if os.environ.get("CALICO_NETWORKING", "true") != "false":
        routes.listen()
        threading.Thread(target=keep, args=("bird", lambda: routes.once(etcd), 1.0), daemon=True).start()
    while True:
        signal.pause()


if __name__ == "__main__":
    main()
