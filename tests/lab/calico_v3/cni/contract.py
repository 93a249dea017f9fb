"""The contract of every CNI plugin: what is asked of the call, in which order, and how errors are told."""

import json
import os
import re
import sys
from collections.abc import Callable
from dataclasses import dataclass

VERSIONS = ["0.1.0", "0.2.0", "0.3.0", "0.3.1", "0.4.0", "1.0.0"]
NEEDED = {
    "ADD": ("CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_PATH"),
    "CHECK": ("CNI_CONTAINERID", "CNI_NETNS", "CNI_IFNAME", "CNI_PATH"),
    "DEL": ("CNI_CONTAINERID", "CNI_IFNAME", "CNI_PATH"),
    "VERSION": (),
}
OTHER, VARIABLES, UNDECODABLE, BAD_NETWORK, SAME_NETNS, VERSION = 999, 4, 6, 7, 8, 1


class CniError(Exception):
    def __init__(self, message: str, code: int = OTHER, details: str = "") -> None:
        super().__init__(message)
        self.code = code
        self.details = details


@dataclass
class Call:
    command: str
    container: str
    netns: str
    interface: str
    path: str
    arguments: dict[str, str]
    config: dict
    stdin: str


def report(error: CniError) -> int:
    """On stdout, 4 blanks deep; status 1."""
    value = {"code": error.code, "msg": str(error)} | ({"details": error.details} if error.details else {})
    print(json.dumps(value, indent=4))
    return 1


def log(text: str) -> None:
    print(text, file=sys.stderr)


def perform(about: str, actions: dict[str, Callable[[Call], None]]) -> int:
    """Checks the call, does it, and says how it went."""
    command = os.environ.get("CNI_COMMAND", "")
    if not command:
        log(f"{about}\nCNI protocol versions supported: {', '.join(VERSIONS)}")
        return 0
    try:
        call = read_call(command)
        if command == "VERSION":
            print(json.dumps({"cniVersion": "1.1.0", "supportedVersions": VERSIONS}))
            return 0
        check_version(call)
        actions[command](call)
        if call.netns and same_netns(call.netns):
            raise CniError("plugin's netns and netns from CNI_NETNS should not be the same", SAME_NETNS)
    except CniError as error:
        log(f"Final result of CNI {command} was an error. error={error}")
        return report(error)
    return 0


def read_call(command: str) -> Call:
    if command not in NEEDED:
        raise CniError(f"unknown CNI_COMMAND: {command}", VARIABLES)
    missing = [name for name in NEEDED[command] if not os.environ.get(name)]
    if missing:
        raise CniError(f"required env variables [{','.join(missing)}] missing", VARIABLES)
    stdin = "" if command == "VERSION" else sys.stdin.read()
    call = Call(
        command, os.environ.get("CNI_CONTAINERID", ""), os.environ.get("CNI_NETNS", ""),
        os.environ.get("CNI_IFNAME", ""), os.environ.get("CNI_PATH", ""), arguments(), {}, stdin,
    )  # fmt: skip
    if command != "VERSION":
        call.config = decode(stdin)
        check_names(call)
    return call


def arguments() -> dict[str, str]:
    found = {}
    for pair in filter(None, os.environ.get("CNI_ARGS", "").split(";")):
        name, equals, value = pair.partition("=")
        if not equals:
            raise CniError(f"ARGS: invalid pair {json.dumps(pair)}")
        found[name] = value
    return found


def decode(stdin: str) -> dict:
    try:
        config = json.loads(stdin)
        if not isinstance(config, dict):
            raise ValueError("not an object")
        return config
    except ValueError as error:
        raise CniError(f"error unmarshall network config: {error}", UNDECODABLE) from None


def check_names(call: Call) -> None:
    name = call.config.get("name", "")
    if not name:
        raise CniError("missing network name", BAD_NETWORK)
    if not re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_.\-]*", name):
        raise CniError("invalid characters found in network name", BAD_NETWORK, name)
    if not re.fullmatch(r"[a-zA-Z0-9][a-zA-Z0-9_.\-]*", call.container):
        raise CniError("invalid characters in containerID", VARIABLES, call.container)
    if len(call.interface) > 15:
        raise CniError("interface name is too long", VARIABLES, "interface name should be less than 16 characters")
    if call.interface in (".", "..") or re.search(r"[/:\s]", call.interface):
        raise CniError("interface name contains / or : or whitespace characters", VARIABLES)


def check_version(call: Call) -> None:
    version = call.config.get("cniVersion") or "0.1.0"
    if version not in VERSIONS:
        raise CniError(
            "incompatible CNI versions", VERSION, f'config is "{version}", plugin supports {json.dumps(VERSIONS)}'
        )
    if call.command == "CHECK" and VERSIONS.index(version) < VERSIONS.index("0.4.0"):
        raise CniError("config version does not allow CHECK", VERSION)


def same_netns(path: str) -> bool:
    """Asked when all the work is done, as the library does."""
    try:
        return os.stat(path).st_ino == os.stat("/proc/self/ns/net").st_ino
    except OSError:
        return False


def render(result: dict, version: str) -> str:
    """A result in the shape of its version."""
    ips = []
    for address in result["ips"]:
        ips.append({"version": "4"} | address if version != "1.0.0" else address)
    whole: dict = {"cniVersion": version}
    if result.get("interfaces"):
        whole["interfaces"] = result["interfaces"]
    whole["ips"] = ips
    if result.get("routes"):
        whole["routes"] = result["routes"]
    if version != "1.0.0":
        whole["dns"] = {}
    return json.dumps(whole, indent=4)
