"""calicoctl node, status, checksystem: the agent's container on this host."""

import ipaddress
import json
import os
import socket
import subprocess

import docker16
from containers import require_root
from etcd2 import Etcd, EtcdError
from store import BGP, IPAM, V1, endpoints, hostname, remove_endpoint
from text import Exit, complain, fail, fail_paragraph, paragraph, say, table

STARTED = b"Calico node started successfully"
NODE_IMAGE, LIBNETWORK_IMAGE = "calico/node:v0.22.0", "calico/node-libnetwork:v0.9.0"


class NotFound(Exception):
    """As docker-py names it; the name is what is printed."""


def checks(runtime_docker: bool = True) -> bool:
    """What `node` and `checksystem` ask of the host; complaints on stderr."""
    good = True
    if runtime_docker:
        try:
            if not docker16.serves_us():
                complain("ERROR: Docker server must support Docker Remote API v1.16 or greater.")
                good = False
        except OSError:
            complain("ERROR: Docker daemon not running.")
            raise Exit(1) from None
    return good


def checksystem() -> None:
    require_root()
    if not checks():
        raise Exit(1)


def write_sysctl(path: str, value: str) -> bool:
    try:
        with open(f"/proc/sys/{path}", "w") as file:
            file.write(value)
        return True
    except OSError:
        return False


def start(etcd: Etcd, options: dict) -> None:
    """Always removes and re-creates the container, however healthy it is."""
    require_root()
    ip = str(options.get("ip", ""))
    if ip:
        try:
            ipaddress.IPv4Address(ip)
        except ValueError:
            raise fail("Invalid IPv4 address specified with --ip argument.") from None
    number = str(options.get("as", ""))
    if number and not number.isdigit():
        raise fail("Invalid AS Number specified.")
    if options.get("detach") == "false" and options.get("libnetwork"):
        raise fail("The only valid value for --detach is 'true' when using libnetwork")
    subprocess.run(["modprobe", "-a", "xt_set", "ip6_tables"], capture_output=True)
    if not write_sysctl("net/ipv4/ip_forward", "1"):
        raise fail("ERROR: Could not enable ipv4 forwarding.")
    write_sysctl("net/ipv6/conf/all/forwarding", "1")
    if not write_sysctl("net/netfilter/nf_conntrack_max", "1000000"):
        say("WARNING: Could not set nf_contrack_max. This may have an impact at scale.")
        say("See http://docs.projectcalico.org/en/latest/configuration.html")
    try:
        etcd.node("/")
    except EtcdError as error:
        complain(f"ERROR: Could not connect to etcd at {os.environ.get('ETCD_AUTHORITY', '127.0.0.1:2379')}: {error}")
        raise Exit(1) from None
    if not checks():
        raise Exit(1)
    logs = str(options.get("log-dir", "/var/log/calico"))
    os.makedirs(logs, exist_ok=True)
    os.makedirs("/var/run/calico", exist_ok=True)
    image = str(options.get("node-image", NODE_IMAGE))
    obtain(image, bool(options.get("no-pull")))
    environment = node_environment(ip, str(options.get("ip6", "")), number)
    binds = ["/var/run/calico:/var/run/calico", "/lib/modules:/lib/modules", f"{logs}:/var/log/calico"]
    say("Running Docker container with the following command:\n")
    words = " ".join([f"-e {e}" for e in environment] + [f"-v {b}" for b in binds])
    say(f"docker run -d --restart=always --net=host --privileged --name=calico-node {words} {image}\n")
    docker16.remove("calico-node")
    ident = create("calico-node", image, environment, binds)
    stream = attach("calico-node")
    docker16.request("POST", "/containers/calico-node/start")
    say(f"Calico node is running with id: {ident}")
    say("Waiting for successful startup")
    if not follow(stream):
        docker16.request("POST", "/containers/calico-node/stop")
        raise Exit(1)
    if options.get("libnetwork"):
        start_libnetwork(str(options.get("libnetwork-image", LIBNETWORK_IMAGE)), bool(options.get("no-pull")))


def node_environment(ip: str, ip6: str, number: str) -> list[str]:
    found = [
        f"HOSTNAME={hostname()}", f"IP={ip}", f"IP6={ip6}",
        f"CALICO_NETWORKING={os.environ.get('CALICO_NETWORKING', 'true')}", f"AS={number}",
        f"NO_DEFAULT_POOLS={os.environ.get('NO_DEFAULT_POOLS', '')}", *etcd_environment(),
    ]  # fmt: skip
    return found


def etcd_environment() -> list[str]:
    found = [
        f"ETCD_AUTHORITY={os.environ.get('ETCD_AUTHORITY', '127.0.0.1:2379')}",
        f"ETCD_SCHEME={os.environ.get('ETCD_SCHEME', 'http')}",
    ]
    if "ETCD_ENDPOINTS" in os.environ:
        found.append(f"ETCD_ENDPOINTS={os.environ['ETCD_ENDPOINTS']}")
    return found


def obtain(image: str, no_pull: bool) -> None:
    if no_pull or docker16.has_image(image):
        return
    paragraph(f"Pulling Docker image {image}")
    if not docker16.pull(image):
        paragraph("ERROR: Unable to download Docker image.")
        raise fail_paragraph(
            "Please verify that you have network connectivity to DockerHub and that, if you explicitly specified "
            "which calico/node image to use, the image name is correct."
        )


def create(name: str, image: str, environment: list[str], binds: list[str]) -> str:
    body = {
        "Image": image, "Env": environment,
        "HostConfig": {"Binds": binds, "NetworkMode": "host", "Privileged": True, "RestartPolicy": {"Name": "always"}},
    }  # fmt: skip
    try:
        return docker16.request("POST", f"/containers/create?name={name}", body)["Id"]
    except docker16.DockerError as error:
        raise NotFound(f'{error.status} Client Error: Not Found ("{error}")') from None


def attach(name: str):
    """Without old logs: a node that says it has started before this would be waited for in vain."""
    return docker16.request("POST", f"/containers/{name}/attach?stream=1&stdout=1&stderr=1&logs=0", raw=True)


def follow(stream) -> bool:
    """Shows what the container prints until it says that it has started; False when it ends before."""
    raw = stream.fp
    while True:
        header = raw.read(8)
        if len(header) < 8:
            return False
        chunk = raw.read(int.from_bytes(header[4:], "big"))
        print(chunk.decode(errors="replace"), end="", flush=True)
        if STARTED in chunk:
            return True


def start_libnetwork(image: str, no_pull: bool) -> None:
    obtain(image, no_pull)
    docker16.remove("calico-libnetwork")
    environment = [f"HOSTNAME={hostname()}", *etcd_environment()]
    ident = create("calico-libnetwork", image, environment, ["/run/docker/plugins:/run/docker/plugins"])
    docker16.request("POST", "/containers/calico-libnetwork/start")
    say(f"Calico libnetwork driver is running with id: {ident}")


def stop(etcd: Etcd, force: bool) -> None:
    """The containers are stopped and not removed: restart=always brings them back some day."""
    require_root()
    if endpoints(etcd, hostname()):
        if not force:
            paragraph("Current host has active endpoints so can't be stopped.  Force with --force")
            raise fail_paragraph(
                "Note that stopping the node while there are active endpoints may make it difficult to clean up."
            )
        paragraph("Stopping node while host has active endpoints.  If this in error, restart the node with 'calicoctl node'.")
    for name in ("calico-node", "calico-libnetwork"):
        try:
            docker16.request("POST", f"/containers/{name}/stop")
        except docker16.DockerError as error:
            if error.status != 404:
                raise
    say("Node stopped")


def running(name: str) -> bool:
    found = docker16.container(name)
    return found is not None and found["State"]["Running"]


def remove(etcd: Etcd, name, with_endpoints: bool) -> None:
    """Only in etcd: containers, routes and rules stay."""
    host = str(name) if name else hostname()
    if host == hostname() and (running("calico-node") or running("calico-libnetwork")):
        raise fail_paragraph(
            "The node cannot be removed while it is running.  Please run 'calicoctl node stop' to stop the node before "
            "removing it."
        )
    listed = endpoints(etcd, host)
    if listed and not with_endpoints:
        paragraph("The node has active Calico endpoints so can't be deleted. Force with --remove-endpoints")
        raise fail_paragraph("Note that forcible removing the node may leave some containers without network.")
    for endpoint in listed:
        subprocess.run(["ip", "link", "del", endpoint["name"]], capture_output=True)
        remove_endpoint(etcd, endpoint)
    for block in etcd.children(f"{IPAM}/host/{host}/ipv4/block"):
        key = f"{IPAM}/assignment/ipv4/block/{block}"
        text = etcd.get(key)
        if text is None:
            continue
        data = json.loads(text)
        if len(data["unallocated"]) == 64:
            etcd.delete(key)
        else:
            etcd.set(key, json.dumps(data | {"affinity": ""}))
    for key in (f"{IPAM}/host/{host}", f"{BGP}/host/{host}", f"{V1}/host/{host}"):
        etcd.delete(key, recursive=True)
    say("Node configuration removed")


def show(etcd: Etcd) -> None:
    try:
        default = json_or_text(etcd.get(f"{BGP}/global/as_num"))
        rows = []
        for host in etcd.children(f"{BGP}/host"):
            own = etcd.get(f"{BGP}/host/{host}/as_num")
            ips = [etcd.get(f"{BGP}/host/{host}/ip_addr_v{v}") or "" for v in (4, 6)]
            rows.append([host, *ips, own or f"{default} (inherited)", "", ""])
    except EtcdError:
        raise fail("Error connecting to etcd.") from None
    say(table(["Hostname", "Bird IPv4", "Bird IPv6", "AS Num", "BGP Peers v4", "BGP Peers v6"], rows) + "\n")


def json_or_text(text: str | None) -> str:
    return text or "64511"


def status(etcd: Etcd) -> None:
    try:
        listed = docker16.request("GET", "/containers/json")
    except OSError:
        raise fail("Docker is not running") from None
    node = next((c for c in listed if "/calico-node" in c["Names"]), None)
    if node is None:
        raise fail("calico-node container not running")
    say(f"calico-node container is running. Status: {node['Status']}")
    require_root()
    host = hostname()
    try:
        ip = etcd.get(f"{BGP}/host/{host}/ip_addr_v4")
        number = etcd.get(f"{BGP}/host/{host}/as_num") or f"{etcd.get(f'{BGP}/global/as_num')} (inherited)"
    except EtcdError:
        say("Error connecting to etcd.  Ensure ETCD_ENDPOINTS or ETCD_AUTHORITY is set properly.")
        ip = number = "unknown"
    if ip is None:
        raise KeyError(f"BIRD configuration for host {host} not found.")
    say("Running felix version 1.4.1b2\n")
    say("IPv4 BGP status")
    say(f"IP: {ip}    AS Number: {number}")
    try:
        peers = ask_bird()
    except OSError:
        say("Couldn't connect to bird.")
        return
    say(table(["Peer address", "Peer type", "State", "Since", "Info"], peers) + "\n")
    say("IPv6 BGP status\nNo IPv6 address configured.\n")


def ask_bird() -> list[list[str]]:
    with socket.socket(socket.AF_UNIX) as control:
        control.settimeout(5)
        control.connect("/var/run/calico/bird.ctl")
        with control.makefile() as lines:
            return [line.rstrip("\n").split("\t") for line in lines]
