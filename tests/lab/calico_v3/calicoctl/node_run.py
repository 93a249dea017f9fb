"""calicoctl node run: the agent's container on this host, made anew each time."""

import ipaddress
import os
import platform
import random
import select
import subprocess
import time

import config
from ending import Fail, FailOnStdout

CERTS = {"ca_file": ("ETCD_CA_CERT_FILE", "/etc/calico/certs/ca_cert.crt")}
PAIR = {
    "key_file": ("ETCD_KEY_FILE", "/etc/calico/certs/key.pem"),
    "cert_file": ("ETCD_CERT_FILE", "/etc/calico/certs/cert.crt"),
}
STARTED = "Calico node started successfully"
FOLLOWED = 10.0  # seconds of the container's log
METHODS = ("can-reach=", "interface=", "skip-interface=")
DEFAULT_METHOD = "first-found"


def require_root() -> None:
    if os.geteuid() != 0:
        raise FailOnStdout("Need super user privileges: Operation not permitted")


def check_words(options: dict) -> None:
    for name, version in (("ip", 4), ("ip6", 6)):
        text = options.get(name, "")
        if text and text != "autodetect":
            try:
                found = ipaddress.ip_address(text)
            except ValueError:
                raise FailOnStdout(f"Error executing command: invalid IP address specified: {text}") from None
            if found.version != version:
                raise Fail(f"error executing command: --{name} is wrong IP version")
    if options.get("backend", "bird") not in ("bird", "none"):
        raise Fail(f"error executing command: unknown backend '{options['backend']}'")
    for name in ("ip-autodetection-method", "ip6-autodetection-method"):
        method = options.get(name, DEFAULT_METHOD)
        if method != DEFAULT_METHOD and not method.startswith(METHODS):
            raise Fail(f"error executing command: invalid IP autodetection method: {method}")


def command(options: dict) -> list[str]:
    """The order of -e is that of a Go map: none."""
    try:
        kind, etcd = config.load(options.get("config"))
    except config.BadFile:
        raise Fail("error executing command: invalid config file") from None
    if kind != "etcdv3":
        raise Fail("error executing command: unsupported backend specified in config")
    environment = {
        "NODENAME": options.get("name") or platform.node().lower(),
        "CALICO_NETWORKING_BACKEND": options.get("backend", "bird"),
        "CALICO_MANAGE_CNI": "false",
        "ETCD_ENDPOINTS": etcd.endpoints,
        "ETCD_DISCOVERY_SRV": "",
    }
    if options.get("no-default-ippools"):
        environment["NO_DEFAULT_POOLS"] = "true"
    for name, variable in (("ip", "IP"), ("ip6", "IP6"), ("as", "AS")):
        if options.get(name):
            environment[variable] = options[name]
    for name in ("ip", "ip6"):
        method = options.get(f"{name}-autodetection-method", DEFAULT_METHOD)
        if method != DEFAULT_METHOD:
            environment[f"{name.upper()}_AUTODETECTION_METHOD"] = method
    volumes = [
        f"{options.get('log-dir', '/var/log/calico')}:/var/log/calico", "/var/run/calico:/var/run/calico",
        "/var/lib/calico:/var/lib/calico", "/lib/modules:/lib/modules", "/run:/run",
    ]  # fmt: skip
    if options.get("felix-config"):
        volumes.append(f"{options['felix-config']}:/etc/calico/felix.cfg")
    pair = PAIR if etcd.key_file and etcd.cert_file else {}
    for field, (variable, inside) in ((CERTS if etcd.ca_file else {}) | pair).items():
        environment[variable] = inside
        volumes.append(f"{getattr(etcd, field)}:{inside}")
    words = ["docker", "run", "--net=host", "--privileged", "--name=calico-node"]
    words += ["--rm"] if options.get("init-system") else ["-d", "--restart=always"]
    pairs = [f"{name}={value}" for name, value in environment.items()]
    random.shuffle(pairs)
    words += [word for pair in pairs for word in ("-e", pair)] + [word for v in volumes for word in ("-v", v)]
    return [*words, options.get("node-image", "quay.io/calico/node:latest")]


def run(options: dict) -> None:
    check_words(options)
    words = command(options)
    if options.get("dryrun"):
        return show(words, bool(options.get("init-system")))
    require_root()
    if not any(os.access(os.path.join(f, "docker"), os.X_OK) for f in os.environ.get("PATH", "").split(":")):
        raise Fail('error executing command: exec: "docker": executable file not found in $PATH')
    prepare_host()
    print("Removing old calico-node container (if running).")
    subprocess.run(["docker", "rm", "-f", "calico-node"], capture_output=True)
    print(f"Running the following command to start calico-node:\n\n{' '.join(words)}\n")
    print("Image may take a short time to download if it is not available locally.", flush=True)
    done = subprocess.run(words, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    if done.returncode != 0:
        raise Fail(f"Error executing command: exit status {done.returncode}\n | {done.stdout}")
    print("Container started, checking progress logs.\n", flush=True)
    if not follow():
        raise Fail("error executing command: calico/node has terminated, check logs for details")


def show(words: list[str], init_system: bool) -> None:
    print(f"Use the following command to start the calico/node container:\n\n{' '.join(words)}\n")
    if init_system:
        print("Use the following command to stop the calico/node container:\n\ndocker stop calico-node\n")
    else:
        print("If you are running calico/node in an init system, use the --init-system flag")
        print("to display the appropriate start and stop commands.")


def prepare_host() -> None:
    """Best effort but for forwarding: modules may be built in, and a container may not set them all."""
    print("Running command to load modules: modprobe -a xt_set ip6_tables")
    subprocess.run(["modprobe", "-a", "xt_set", "ip6_tables"], capture_output=True)
    print("Enabling IPv4 forwarding")
    write("net/ipv4/ip_forward", "1")
    print("Enabling IPv6 forwarding")
    write("net/ipv6/conf/all/forwarding", "1")
    print("Increasing conntrack limit")
    write("net/netfilter/nf_conntrack_max", "1000000")


def write(path: str, value: str) -> None:
    try:
        with open(f"/proc/sys/{path}", "w") as file:
            file.write(value)
    except OSError:
        pass


def follow() -> bool:
    """Shows the container's stdout until it says that it has started; False when it ends or 10 s are over."""
    end = time.monotonic() + FOLLOWED
    log = subprocess.Popen(["docker", "logs", "--follow", "calico-node"], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
    assert log.stdout is not None
    pending = b""
    try:
        while (left := end - time.monotonic()) > 0 and select.select([log.stdout], [], [], left)[0]:
            chunk = os.read(log.stdout.fileno(), 65536)
            if not chunk:
                return False
            *lines, pending = (pending + chunk).split(b"\n")
            for line in lines:
                text = line.decode(errors="replace")
                print(text, flush=True)
                if text == STARTED:
                    return True
        return False
    finally:
        log.kill()
        log.wait()
