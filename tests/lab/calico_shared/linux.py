"""This host's network: programs, and the kernel's settings."""

import subprocess


def run(*words: str, text: str | None = None) -> str:
    """A program's stdout; a failure is CalledProcessError."""
    return subprocess.run(words, input=text, capture_output=True, text=True, check=True, timeout=20).stdout


def succeeds(*words: str) -> bool:
    return subprocess.run(words, capture_output=True, timeout=20).returncode == 0


def sysctl(path: str, value: str) -> None:
    with open(f"/proc/sys/{path}", "w") as file:
        file.write(value)


def own_addresses() -> dict[str, tuple[str, str]]:
    """IPv4 addresses of this host, in the kernel's order: with their prefix lengths and interfaces."""
    found = {}
    for line in run("ip", "-o", "-4", "addr").splitlines():
        words = line.split()
        address, _, length = words[3].partition("/")
        found[address] = (length or "32", words[1])
    return found


def host_link(interface: str) -> bool:
    """Is it there, and up?"""
    try:
        with open(f"/sys/class/net/{interface}/operstate") as file:
            return file.read().strip() == "up"
    except OSError:
        return False
