"""calicoctl v0.22.0, a stand-in for the lab: commands, their words, and their return codes."""

import os
import signal
import sys
import traceback

import containers
import nodes
import pools
import profiles
from etcd2 import Etcd, EtcdError
from text import Exit, complain, fail_paragraph, say

USAGE = """Usage:
  calicoctl node [--ip=<IP>] [--ip6=<IP6>] [--node-image=<IMG>] [--runtime=<R>] [--as=<AS>] [--log-dir=<DIR>] [--detach=<D>] [--no-pull] [--libnetwork [--libnetwork-image=<IMG>]]
  calicoctl node stop [--force]
  calicoctl node remove [--hostname=<H>] [--remove-endpoints]
  calicoctl node show
  calicoctl pool add <CIDRS>... [--ipip] [--nat-outgoing]
  calicoctl pool remove <CIDRS>...
  calicoctl pool show [--ipv4|--ipv6]
  calicoctl profile add|remove <PROFILE>
  calicoctl profile show [--detailed]
  calicoctl profile <PROFILE> tag show|(add|remove <TAG>)
  calicoctl profile <PROFILE> rule show|json|update
  calicoctl profile <PROFILE> rule add|remove (inbound|outbound) [--at=<N>] (allow|deny) ...
  calicoctl container add <C> <IP> [--interface=<I>]
  calicoctl container remove <C>
  calicoctl container <C> ip add|remove <IP> [--interface=<I>]
  calicoctl container <C> profile append|remove|set [<P>...]
  calicoctl container <C> endpoint show
  calicoctl endpoint show [--host=<H>] [--orchestrator=<O>] [--workload=<W>] [--endpoint=<E>] [--detailed]
  calicoctl endpoint <E> profile show|append|remove|set [<P>...]
  calicoctl ipam info|release <IP>
  calicoctl status
  calicoctl checksystem [--libnetwork] [--fix]
  calicoctl version
"""
HELP = f"calicoctl\n\nOverride the host:port of the ETCD server by setting the environment variable\nETCD_AUTHORITY [default: 127.0.0.1:2379]\n\n{USAGE}"


class Usage(Exception):
    """The words fit no usage: on stderr, rc 1."""


def parse(words: list[str], flags: dict[str, bool]) -> tuple[list[str], dict[str, str | bool]]:
    """Options apart from words; `flags` says which exist and whether they take a value."""
    plain, options = [], {}
    rest = iter(words)
    for word in rest:
        if not word.startswith("--"):
            plain.append(word)
            continue
        name, equals, value = word[2:].partition("=")
        if name not in flags or (equals and not flags[name]):
            raise Usage
        if flags[name] and not equals:
            value = next(rest, None)
            if value is None:
                raise Usage
        options[name] = value if flags[name] else True
    return plain, options


def node(etcd: Etcd, words: list[str]) -> None:
    if words[:1] == ["stop"]:
        plain, options = parse(words[1:], {"force": False})
        return nodes.stop(etcd, bool(options.get("force"))) if not plain else usage()
    if words[:1] == ["remove"]:
        plain, options = parse(words[1:], {"hostname": True, "remove-endpoints": False})
        return nodes.remove(etcd, options.get("hostname"), bool(options.get("remove-endpoints"))) if not plain else usage()
    if words[:1] == ["show"]:
        return nodes.show(etcd) if len(words) == 1 else usage()
    plain, options = parse(
        words,
        {n: True for n in ("ip", "ip6", "node-image", "runtime", "as", "log-dir", "detach", "libnetwork-image")}
        | {"no-pull": False, "libnetwork": False},
    )
    return nodes.start(etcd, options) if not plain else usage()


def pool(etcd: Etcd, words: list[str]) -> None:
    verb, *rest = words or [""]
    if verb == "add":
        plain, options = parse(rest, {"ipip": False, "nat-outgoing": False})
        return pools.add(etcd, plain, "ipip" in options, "nat-outgoing" in options) if plain else usage()
    if verb == "remove":
        return pools.remove(etcd, rest) if rest else usage()
    if verb == "show":
        plain, options = parse(rest, {"ipv4": False, "ipv6": False})
        return pools.show(etcd, [v for v in (4, 6) if not options or f"ipv{v}" in options]) if not plain else usage()
    return usage()


def profile(etcd: Etcd, words: list[str]) -> None:
    if words[:1] == ["show"]:
        plain, options = parse(words[1:], {"detailed": False})
        return profiles.show(etcd, bool(options)) if not plain else usage()
    if words[:1] in (["add"], ["remove"]):
        plain, options = parse(words[1:], {"no-check": False})
        if len(plain) != 1:
            return usage()
        return profiles.add(etcd, plain[0]) if words[0] == "add" else profiles.remove(etcd, plain[0], bool(options))
    if len(words) >= 3 and words[1] == "tag":
        return profiles.tag(etcd, words[0], words[2:]) or None
    if len(words) >= 3 and words[1] == "rule":
        verb, rest = words[2], words[3:]
        if verb in ("show", "json", "update") and not rest:
            return getattr(profiles, f"rule_{verb}")(etcd, words[0])
        if verb in ("add", "remove"):
            plain, options = parse(rest, {"at": True})
            rule = profiles.parse_rule(plain)
            if rule is None:
                return usage()
            return profiles.rule_change(etcd, words[0], verb, *rule, options.get("at"))
    return usage()


def container(etcd: Etcd, words: list[str]) -> None:
    plain, options = parse(words, {"interface": True})
    interface = str(options.get("interface", "eth1"))
    match plain:
        case ["add", name, address]:
            return containers.add(etcd, name, address, interface)
        case ["remove", name]:
            return containers.remove(etcd, name)
        case [name, "ip", "add" | "remove" as verb, address]:
            return containers.change_address(etcd, name, verb, address, interface)
        case [name, "profile", "append" | "remove" | "set" as verb, *names]:
            return containers.change_profiles(etcd, name, verb, names)
        case [name, "endpoint", "show"]:
            return containers.show_endpoint(etcd, name)
    return usage()


def endpoint(etcd: Etcd, words: list[str]) -> None:
    plain, options = parse(
        words, {"host": True, "orchestrator": True, "workload": True, "endpoint": True, "detailed": False}
    )
    match plain:
        case ["show"]:
            return containers.show_endpoints(etcd, options)
        case [ident, "profile", "show" | "append" | "remove" | "set" as verb, *names]:
            return containers.endpoint_profiles(etcd, ident, verb, names, options)
    return usage()


def ipam(etcd: Etcd, words: list[str]) -> None:
    match words:
        case ["info" | "release" as verb, address]:
            return containers.ipam(etcd, verb, address)
    return usage()


def usage() -> None:
    raise Usage


def environment() -> Etcd:
    """The settings are checked before anything else, `version` included."""
    authority = os.environ.get("ETCD_AUTHORITY")
    if authority is not None and "ETCD_ENDPOINTS" not in os.environ:
        if authority.count(":") != 1 or not authority.split(":")[1].isdigit():
            raise fail_paragraph(
                "Invalid ETCD_AUTHORITY. Address must take the form <address>:<port>. Value provided is "
                f"'{authority}'"
            )
    try:
        return Etcd.from_environment()
    except ValueError:
        raise fail_paragraph(
            "Invalid ETCD_ENDPOINTS. It must be a comma separated list of http or https URLs, each with a port and "
            "without a path."
        ) from None


def main(words: list[str]) -> int:
    commands = {
        "node": node, "pool": pool, "profile": profile, "container": container, "endpoint": endpoint, "ipam": ipam,
        "status": lambda etcd, w: nodes.status(etcd) if not w else usage(),
        "checksystem": lambda etcd, w: nodes.checksystem(),
        "version": lambda etcd, w: say("0.22.0\nstand-in of the lab"),
    }  # fmt: skip
    try:
        etcd = environment()
        if not words or words[0] not in commands:
            say(HELP)
            return 0
        if "--help" in words or "-h" in words:
            say(HELP)
            return 0
        commands[words[0]](etcd, words[1:])
        return 0
    except Exit as end:
        return end.code
    except Usage:
        complain(USAGE)
        return 1
    except EtcdError as error:
        caller = traceback.extract_tb(error.__traceback__)[-3].name
        try:
            fail_paragraph(f"{caller}: Error accessing etcd ({error}).  Is etcd running?")
        except Exit:
            pass
        return 1
    except KeyboardInterrupt:
        say("Aborted command.")
        return 0
    except Exception as error:  # as the real one: type and message, then a traceback on stderr
        say(f"{type(error).__name__}: {error}\n")
        traceback.print_exc()
        return 1


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(main(sys.argv[1:]))
