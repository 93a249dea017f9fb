"""The lab as these tests see it: shells on three hosts, mrc as a program, a client outside the hosts.

Everything here asks the hosts by hand; nothing goes through mrc but `mrc()` itself.
"""

import json
import os
import re
import shlex
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from hosts import container  # noqa: E402

ROOT = Path(__file__).resolve().parents[3]
LAB = ROOT / "tests/lab/lab"
MRC = Path(os.environ.get("MRC", ROOT / "build/dev/src/cli/mrc"))
HOSTS = ("docker1", "docker2", "docker3")
# The lab of this number has its own networks; topologies are written for those of number 0. In the second one
# stand the hosts that `lab reset --far` puts behind a router.
NUMBER = int(os.environ.get("MRC_LAB") or 0)
NETWORK_PREFIX = f"192.168.{55 + NUMBER}"
FAR_PREFIX = f"192.168.{155 + NUMBER}"
ADDRESSES = {host: f"{NETWORK_PREFIX}.{111 + i}" for i, host in enumerate(HOSTS)}

# Nasty on purpose: image entrypoints paste passwords unescaped, shells and SQL have their own ideas.
ROOT_PASSWORD = "it's \"q\" $HOME \\; rm -rf / `id` #%&|<>*?~!()[]{}^ 0123456789abcd"
REPL_PASSWORD = "r'e\"p\\l $(id);# `x` 012345678901"


def on(host: str, *words: str) -> list[str]:
    """A command on a lab host, with this stdin. Not by ssh, whose logins cost tests more time than what they ask; mrc
    logs in, as its users do."""
    return ["docker", "exec", "-i", container(host), *words]


def lab(*args: str, timeout: int = 900) -> str:
    """Runs tests/lab/lab; its failure is the test's."""
    done = subprocess.run([str(LAB), *args], capture_output=True, text=True, errors="replace", timeout=timeout)
    if done.returncode != 0:
        raise AssertionError(f"lab {' '.join(args)} ended {done.returncode}:\n{done.stdout}{done.stderr}")
    return done.stdout


def lab_for(topology: Path, *how: str) -> None:
    """Bare hosts that have the server which the topology asks for; it would be pulled elsewhere."""
    image = re.search(r"^  image: (\S+)", topology.read_text(), re.M)[1]
    lab("reset", *how, *having(image))


def having(image: str) -> list[str]:
    """Words of `lab reset` for hosts that have it."""
    return ["--server", image] if image != "mysql:5.6" else []


def lab_environment() -> dict[str, str]:
    """What `lab env` exports, as a dictionary."""
    found = {}
    for line in lab("env").splitlines():
        for word in shlex.split(line):
            name, equals, value = word.partition("=")
            if equals and re.fullmatch(r"[A-Z_]+", name):
                found[name] = value
    return found


def option_value(text: str) -> str:
    """Inside the quotes of a client's option file."""
    return text.replace("\\", "\\\\").replace('"', '\\"')


class Site:
    """One lab with one topology file."""

    def __init__(self, topology: Path, root: str = ROOT_PASSWORD, repl: str = REPL_PASSWORD) -> None:
        self.root_password = root
        self.state = tempfile.TemporaryDirectory(prefix="mrc-e2e-")
        self.topology = self.write_topology(topology.name, topology.read_text()) if NETWORK_PREFIX != "192.168.55" else topology
        self.env = dict(os.environ) | lab_environment()
        self.env |= {"MRC_ROOT_PASSWORD": root, "MRC_REPL_PASSWORD": repl, "XDG_STATE_HOME": self.state.name}

    def write_topology(self, name: str, text: str) -> Path:
        """A topology file of this site, moved into this lab's networks."""
        path = Path(self.state.name, name)
        path.write_text(text.replace("192.168.55.", NETWORK_PREFIX + ".").replace("192.168.155.", FAR_PREFIX + "."))
        return path

    def mrc(self, *args: str, timeout: int = 600) -> subprocess.CompletedProcess[str]:
        """Runs mrc on the topology: `mrc("plan", "--json")`."""
        return self.bare_mrc(args[0], str(self.topology), *args[1:], timeout=timeout)

    def bare_mrc(self, *args: str, timeout: int = 600) -> subprocess.CompletedProcess[str]:
        """Runs mrc with just these words."""
        return subprocess.run(
            [str(MRC), *args], env=self.env, capture_output=True, text=True, errors="replace", timeout=timeout, stdin=subprocess.DEVNULL
        )

    def sh(self, host: str, script: str, timeout: int = 120, check: bool = True) -> str:
        """A shell script on a lab host, given on stdin; its stdout."""
        done = subprocess.run(
            on(host, "sh", "-s"),
            input=script,
            capture_output=True,
            text=True, errors="replace",
            timeout=timeout,
        )
        if check and done.returncode != 0:
            raise AssertionError(f"on {host}, status {done.returncode}:\n{script}\n{done.stdout}{done.stderr}")
        return done.stdout

    def stop_server(self, host: str, server: str) -> None:
        """Stops it as for maintenance: its unit first, which would start it again."""
        name = re.search(r"^name: *(\S+)", self.topology.read_text(), re.M)[1]
        self.sh(host, f"systemctl stop mrc-{name}.{server} && docker stop -t 60 {server} >/dev/null")

    def sql_outside(
        self, address: str, statement: str, password: str | None = None, port: int = 3306, patience: int = 10
    ) -> list[list[str]]:
        """Rows of a statement sent by a client on the workstation to the host's exposed port."""
        word = option_value(password if password is not None else self.root_password)
        with tempfile.NamedTemporaryFile("w", suffix=".cnf") as options:
            options.write(f'[client]\nuser=root\npassword="{word}"\n')
            options.flush()
            done = subprocess.run(
                ["mariadb", f"--defaults-extra-file={options.name}", "-h", address, "-P", str(port), "-N", "-B",
                 f"--connect-timeout={patience}", "--default-character-set=utf8mb4"],
                input=statement,
                capture_output=True,
                text=True, errors="replace",
                timeout=60,
            )
        if done.returncode != 0:
            raise AssertionError(f"{address}: {done.stderr}")
        return [line.split("\t") for line in done.stdout.splitlines()]

    def sql_inside(self, host: str, container: str, statement: str, layout: str = "-E") -> str:
        """Output of a statement by the container's own client on its socket, vertical or as `layout` says. Newer images of
        MariaDB have it by the name mariadb alone."""
        word = option_value(self.root_password)
        options = shlex.quote(f'[client]\nuser=root\npassword="{word}"\n')
        return self.sh(
            host,
            f"printf %s {options} | docker exec -i {container} sh -c 'cat >/tmp/e2e.cnf'\n"
            f"client=mysql; docker exec {container} which $client >/dev/null || client=mariadb\n"
            f"docker exec -i {container} $client --defaults-extra-file=/tmp/e2e.cnf {layout} "
            f"-e {shlex.quote(statement)}; rc=$?\n"
            f"docker exec {container} rm /tmp/e2e.cnf; exit $rc\n",
        )

    def as_replication_user(self, host: str, container: str, words: str, client: str = "mysql") -> str:
        """What the container's own client says over TCP, in its error too, as the replication user with these words."""
        login = shlex.quote(REPL_PASSWORD)
        return self.sh(host, f"MYSQL_PWD={login} docker exec -e MYSQL_PWD {container} {client} -urepl -h127.0.0.1 -N {words} 2>&1 || :")


def wait_until(what: str, condition, seconds: float = 60):
    """Polls until the condition gives something true; its value."""
    end = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        if time.monotonic() > end:
            raise AssertionError(f"gave up waiting for {what} after {seconds} s")
        time.sleep(0.3)


def summary(done: subprocess.CompletedProcess[str]) -> str:
    """What mrc said, for a failed assertion."""
    return f"exit {done.returncode}\n--- stdout\n{done.stdout}\n--- stderr\n{done.stderr}"


def load_json(done: subprocess.CompletedProcess[str]):
    return json.loads(done.stdout)
