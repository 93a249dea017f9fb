"""calicoctl v3.32.1, a stand-in for the lab: commands, their words, and their statuses."""

import signal
import sys

import config
import crud
import ipam_words
import node_run
import node_status
from ending import Fail, FailOnStdout, Usage
from etcd3 import EtcdError
from store import VERSION, NotFound, StoreError

HELP = """Usage:
  calicoctl [options] <command> [<args>...]

    create       Create a resource by file, directory or stdin.
    replace      Replace a resource by file, directory or stdin.
    apply        Apply a resource by file, directory or stdin.
    delete       Delete a resource identified by file, directory, stdin or resource type and name.
    get          Get a resource identified by file, directory, stdin or resource type and name.
    patch        Patch a pre-existing resource in place.
    validate     Validate a resource by file, directory or stdin without applying it.
    ipam         IP address management.
    node         Calico node management.
    version      Display the version of this binary.
    datastore    Calico datastore management.

Options:
  -h --help                    Show this screen.
  -l --log-level=<level>       Set the log level (one of panic, fatal, error, warn, info, debug) [default: panic]
     --context=<context>       The name of the kubeconfig context to use.
     --allow-version-mismatch  Allow client and cluster versions mismatch.
"""
LEVELS = ("panic", "fatal", "error", "warn", "warning", "info", "debug", "trace")
SHORT = {"p": "patch", "t": "type", "f": "filename", "R": "recursive", "n": "namespace", "c": "config", "o": "output", "A": "all-namespaces",
         "a": "all-namespaces", "s": "skip-not-exists", "h": "help", "l": "log-level"}  # fmt: skip

# Flags of each command, and whether they take a value.
EVERYWHERE = {"config": True, "context": True, "allow-version-mismatch": False, "help": False}
FILES = EVERYWHERE | {"filename": True, "recursive": False, "skip-empty": False, "namespace": True}
NODE_RUN = EVERYWHERE | {
    n: True for n in ("name", "ip", "ip6", "as", "ip-autodetection-method", "ip6-autodetection-method", "log-dir",
                      "node-image", "backend", "felix-config")
} | {n: False for n in ("no-default-ippools", "dryrun", "init-system")}  # fmt: skip


def parse(words: list[str], flags: dict[str, bool]) -> tuple[list[str], dict]:
    """Options apart from words."""
    plain, options = [], {}
    rest = iter(words)
    for word in rest:
        if word == "-" or not word.startswith("-"):
            plain.append(word)
            continue
        if word.startswith("--"):
            name, equals, value = word[2:].partition("=")
        else:
            name, value = SHORT.get(word[1], ""), word[2:].removeprefix("=")
            equals = value
        if name not in flags or (equals and not flags[name]):
            raise Usage
        if flags[name] and not equals:
            value = next(rest, None)
            if value is None:
                raise Usage
        options[name] = value if flags[name] else True
    return plain, options


def with_file(action, more: dict[str, bool] | None = None):
    def run(words: list[str]) -> None:
        plain, options = parse(words, FILES | (more or {}))
        if plain or "filename" not in options:
            raise Usage
        action(options)

    return run


def delete(words: list[str]) -> None:
    plain, options = parse(words, FILES | {"skip-not-exists": False})
    if ("filename" in options) == (len(plain) >= 2):
        raise Usage
    crud.delete(options, plain)


def get(words: list[str]) -> None:
    plain, options = parse(words, FILES | {"output": True, "all-namespaces": False, "export": False})
    if ("filename" in options) == bool(plain):
        raise Usage
    crud.get(options, plain)


def patch(words: list[str]) -> None:
    plain, options = parse(words, EVERYWHERE | {"patch": True, "type": True, "namespace": True})
    if len(plain) != 2 or "patch" not in options:
        raise Usage
    crud.patch(options, plain)


def ipam(words: list[str]) -> None:
    verb, *rest = words or [""]
    if verb == "show":
        flags = {"ip": True, "show-blocks": False, "show-borrowed": False, "show-configuration": False}
        plain, options = parse(rest, EVERYWHERE | flags)
        return ipam_words.show(options) if not plain else usage()
    if verb == "release":
        plain, options = parse(rest, EVERYWHERE | {"ip": True})
        return ipam_words.release(options) if not plain and "ip" in options else usage()
    if verb == "configure":
        plain, options = parse(rest, EVERYWHERE | {"strictaffinity": True, "max-blocks-per-host": True})
        return ipam_words.configure(options) if not plain and "strictaffinity" in options else usage()
    if verb == "check":
        return ipam_words.check()
    return usage()


def node(words: list[str]) -> None:
    verb, *rest = words or [""]
    if verb == "run":
        plain, options = parse(rest, NODE_RUN)
        return node_run.run(options) if not plain else usage()
    plain, _ = parse(rest, EVERYWHERE)
    if verb == "status" and not plain:
        return node_status.status()
    if verb == "checksystem" and not plain:
        return node_status.checksystem()
    return usage()


def version(words: list[str]) -> None:
    plain, options = parse(words, EVERYWHERE | {"client": False})
    if plain:
        raise Usage
    print(f"Client Version:    {VERSION}\nGit commit:        stand-in of the lab")
    if options.get("client"):
        return
    try:
        spec = config.connect(options.get("config")).get("ClusterInformation", "default")["spec"]
    except NotFound as error:
        raise Fail(f"unable to retrieve Cluster Version or Type: {error}") from None
    print(f"Cluster Version:   {spec.get('calicoVersion') or 'unknown'}\nCluster Type:      {spec.get('clusterType') or 'unknown'}")


def datastore(words: list[str]) -> None:
    plain, options = parse(words, EVERYWHERE)
    if plain[:1] != ["migrate"] or plain[1:] not in (["lock"], ["unlock"]):
        raise Usage
    store = config.connect(options.get("config"))
    information = store.get("ClusterInformation", "default")
    information["spec"]["datastoreReady"] = plain[1] == "unlock"
    store.update(information)
    print(f"Datastore {plain[1]}ed.")


def usage() -> None:
    raise Usage


COMMANDS = {
    "create": with_file(crud.create, {"skip-exists": False}), "apply": with_file(crud.apply),
    "replace": with_file(crud.replace), "validate": with_file(crud.validate), "delete": delete, "get": get,
    "patch": patch,
    "ipam": ipam, "node": node, "version": version, "datastore": datastore,
}  # fmt: skip


def main(words: list[str]) -> int:
    before: list[str] = []
    rest = list(words)
    while rest and rest[0].startswith("-"):
        before.append(rest.pop(0))
        if before[-1] in ("-l", "--log-level", "--context") and rest:
            before.append(rest.pop(0))
    try:
        _, options = parse(before, {"log-level": True, "context": True, "allow-version-mismatch": False, "help": False})
        if options.get("help") or not rest and not before:
            print(HELP, end="")
            return 0 if words else 1
        if options.get("log-level", "panic") not in LEVELS:
            raise FailOnStdout(f"Unknown log level: {options['log-level']}, expected one of: \npanic, fatal, error, warn, info, debug.")
        if not rest or rest[0] not in COMMANDS:
            raise FailOnStdout(f"Invalid option: 'calicoctl {' '.join(words)}'. Use flag '--help' to read about a specific subcommand.")
        later = [w for w in rest[1:]] + (["--allow-version-mismatch"] if "allow-version-mismatch" in options else [])
        if "--help" in later or "-h" in later:
            print(HELP, end="")
            return 0
        try:
            COMMANDS[rest[0]](later)
        except (StoreError, EtcdError) as error:
            raise Fail(str(error)) from None
        except Usage:
            raise Fail(
                f"invalid option: 'calicoctl {' '.join(rest)}'. Use flag '--help' to read about a specific subcommand"
            ) from None
        return 0
    except Usage:
        print(f"Invalid option: 'calicoctl {' '.join(words)}'. Use flag '--help' to read about a specific subcommand.")
    except FailOnStdout as error:
        print(error)
    except Fail as error:
        sys.stdout.flush()
        print(error, file=sys.stderr)
    except KeyboardInterrupt:
        return 130
    return 1


if __name__ == "__main__":
    signal.signal(signal.SIGPIPE, signal.SIG_DFL)
    sys.exit(main(sys.argv[1:]))
