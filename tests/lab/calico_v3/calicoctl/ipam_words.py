"""calicoctl ipam: what is taken of the pools, by whom, and giving back."""

import ipaddress

import crud
from ending import Fail, FailOnStdout
from ipam import Ipam
from tables import frame


def address(text: str) -> ipaddress.IPv4Address:
    try:
        return ipaddress.IPv4Address(text)
    except ValueError:
        raise FailOnStdout(f"Error executing command: invalid IP address specified: {text}") from None


def show(options: dict) -> None:
    ipam = Ipam(crud.connect(options))
    if options.get("ip"):
        show_address(ipam, address(options["ip"]))
    elif options.get("show-borrowed"):
        show_borrowed(ipam)
    elif options.get("show-configuration"):
        show_configuration(ipam)
    else:
        show_use(ipam, bool(options.get("show-blocks")))


def show_address(ipam: Ipam, wanted: ipaddress.IPv4Address) -> None:
    found = ipam.assignment(wanted)
    if found is None:
        print(f"{wanted} is not assigned")
        return
    print(f"IP {wanted} is in use\nHandle ID: {found['handle_id']}\nActive Owner Attributes:")
    for key, value in sorted(found["secondary"].items()):
        print(f"  {key}: {value}")


def cells(kind: str, cidr: str, total: int, used: int) -> list[str]:
    return [kind, cidr, f"{total:.5g}", *(f"{n:.5g} ({100 * n / total:.0f}%)" for n in (used, total - used))]


def show_use(ipam: Ipam, with_blocks: bool) -> None:
    rows = []
    blocks = [(ipaddress.ip_network(b["cidr"]), sum(a is not None for a in b["allocations"])) for b in ipam.blocks()]
    for pool in ipam.pools():
        net = ipaddress.ip_network(pool["cidr"])
        inside = [(block, used) for block, used in blocks if block.subnet_of(net)]
        rows.append(cells("IP Pool", str(net), net.num_addresses, sum(used for _, used in inside)))
        if with_blocks:
            rows += [cells("Block", str(block), block.num_addresses, used) for block, used in inside]
    print(frame(["GROUPING", "CIDR", "IPS TOTAL", "IPS IN USE", "IPS FREE"], rows, right=(2, 3, 4)), end="")


def show_borrowed(ipam: Ipam) -> None:
    rows = []
    for block in ipam.blocks():
        net, owner = ipaddress.ip_network(block["cidr"]), (block["affinity"] or "").removeprefix("host:")
        for ordinal, index in enumerate(block["allocations"]):
            node = "" if index is None else block["attributes"][index]["secondary"].get("node", "")
            if node and node != owner:
                rows.append([str(net[ordinal]), node, str(net), owner, "", ""])
    print(frame(["IP", "BORROWING-NODE", "BLOCK", "BLOCK OWNER", "TYPE", "ALLOCATED-TO"], rows), end="")


def show_configuration(ipam: Ipam) -> None:
    found = ipam.configuration()
    rows = [
        ["StrictAffinity", str(found["strict_affinity"]).lower()],
        ["AutoAllocateBlocks", str(found["auto_allocate_blocks"]).lower()],
        ["MaxBlocksPerHost", str(found["maxBlocksPerHost"])],
    ]
    print(frame(["PROPERTY", "VALUE"], rows), end="")


def release(options: dict) -> None:
    wanted = address(options["ip"])
    if not Ipam(crud.connect(options)).release_address(wanted):
        raise Fail(f"IP address {wanted} is not assigned")
    print(f"Successfully released IP address {wanted}")


def configure(options: dict) -> None:
    value = options["strictaffinity"]
    if value not in ("true", "false"):
        raise Fail(f"invalid value. Use true or false to set strict affinity: {value}")
    wanted: dict = {"strict_affinity": value == "true"}
    if "max-blocks-per-host" in options:
        wanted["maxBlocksPerHost"] = int(options["max-blocks-per-host"])
    Ipam(crud.connect(options)).configure(wanted)
    print(f"Successfully set StrictAffinity to: {value}")


def check() -> None:
    raise Fail("KUBECONFIG environment variable or --kubeconfig parameter not set")
