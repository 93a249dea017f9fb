"""The hosts: containers that boot systemd, with their own sshd, Docker, etcd package and iptables."""

import shutil
import subprocess
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import networks
from common import NAME, NETWORK_PREFIX, OURS, RUN, LabError, run, say, succeeds, wait_for
from engine import docker
from images import Built

FIRST = 111
WITH_ETCD = ("docker1", "docker2")  # the package is there, as an operator may have it; the others get it from mrc

# Where this process lacks CAP_SYS_RESOURCE, --privileged fails; these flags come near enough.
NEARLY_PRIVILEGED = [
    "--cap-add", "ALL", "--cap-drop", "SYS_RESOURCE",
    "--security-opt", "seccomp=unconfined", "--security-opt", "apparmor=unconfined",
    "--security-opt", "systempaths=unconfined", "--device-cgroup-rule", "a *:* rwm",
]  # fmt: skip


@dataclass(frozen=True)
class Lineup:
    """How many hosts, and how many of the last ones stand in the other network."""

    count: int
    far: int = 0

    def names(self) -> list[str]:
        return [f"docker{i}" for i in range(1, self.count + 1)]

    def is_far(self, name: str) -> bool:
        return int(name.removeprefix("docker")) > self.count - self.far

    def network(self, name: str) -> str:
        return networks.FAR if self.is_far(name) else networks.NEAR

    def address(self, name: str) -> str:
        prefix = networks.FAR_PREFIX if self.is_far(name) else NETWORK_PREFIX
        return f"{prefix}.{FIRST - 1 + int(name.removeprefix('docker'))}"


def container(name: str) -> str:
    return f"{NAME}-{name}"


def remove_container(name: str) -> None:
    if succeeds("docker", "container", "inspect", name):
        docker("rm", "-f", "-v", name)


def start_container(name: str, image: str, storage: Path, network: list[str]) -> None:
    """Boots one host. `--privileged` first, as elsewhere it just works."""
    common = [
        "--name", name, "--label", OURS, "--tmpfs", "/run", "--tmpfs", "/tmp", "--cgroupns", "host",
        "-v", "/sys/fs/cgroup:/sys/fs/cgroup:rw", "-v", f"{storage}:/var/lib/docker",
        "--stop-signal", "SIGRTMIN+3", *network, image, "/sbin/init",
    ]  # fmt: skip
    for flags in (["--privileged"], NEARLY_PRIVILEGED):
        done = subprocess.run(["docker", "run", "-d", *flags, *common], capture_output=True, text=True)
        if done.returncode == 0:
            return
        remove_container(name)
    raise LabError(f"cannot start {name}: {done.stderr}")


def cut_power(name: str) -> None:
    """As by its switch: nobody on the host can say or write anything any more."""
    # Docker stops waiting for a container's end after 10 s and calls that a failure; on a busy machine it takes longer.
    killed = subprocess.run(["docker", "kill", "-s", "KILL", container(name)], capture_output=True, text=True)
    wait_for(
        f"the end of {name}",
        lambda: docker("container", "inspect", "-f", "{{.State.Running}}", container(name)).strip() == "false",
        60,
        lambda: killed.stderr,
    )


def inside(name: str, *words: str) -> list[str]:
    return ["docker", "exec", container(name) if name.startswith("docker") else name, *words]


def wait_docker(name: str) -> None:
    wait_for(
        f"Docker in {name}",
        lambda: succeeds(*inside(name, "docker", "info")),
        90,
        lambda: subprocess.run(
            inside(name, "journalctl", "--no-pager", "-n", "40"), capture_output=True, text=True
        ).stdout,
    )


def up(lineup: Lineup, built: Built, fresh: bool) -> None:
    wanted = lineup.names()
    current = [n for n in wanted if is_current(n, lineup, built)]
    if not fresh and current == wanted and (RUN / "ssh_config").exists() and not extra(wanted):
        say(f"{lineup.count} hosts are up")
        return
    clear()
    RUN.mkdir(parents=True, exist_ok=True)
    RUN.chmod(0o700)
    run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "mrc-lab", "-f", RUN / "id_ed25519")
    networks.create(far=lineup.far > 0)

    def raise_host(name: str) -> None:
        start_host(name, lineup, built)
        prepare_host(name, built)

    with ThreadPoolExecutor() as each:
        list(each.map(raise_host, wanted))
    write_ssh_files(lineup)
    for name in wanted:
        wait_for(f"sshd of {name}", lambda name=name: succeeds("ssh", "-F", RUN / "ssh_config", name, "true"), 60, lambda: "")
    (RUN / "artefacts").symlink_to(built.artefacts)


def load(image: str) -> None:
    """Puts an image of the outer engine on every host of this lab that lacks it, all at once."""
    wanted = docker("image", "inspect", "-f", "{{.Id}}", image).strip()
    there = docker("ps", "--filter", f"label={OURS}", "--format", "{{.Names}}").split()
    lacking = [name for name in there if not has_image(name, image, wanted)]
    if not there:
        raise LabError("the lab is down: tests/lab/lab up")
    if not lacking:
        return
    archive = RUN / "image.tar"
    docker("save", "-o", archive, image)
    with ThreadPoolExecutor() as each:
        list(each.map(lambda name: load_into(name, archive), lacking))
    archive.unlink()


def has_image(name: str, image: str, wanted: str) -> bool:
    words = ["docker", "exec", name, "docker", "image", "inspect", "-f", "{{.Id}}", image]
    return subprocess.run(words, capture_output=True, text=True).stdout.strip() == wanted


def load_into(name: str, archive: Path) -> None:
    with open(archive, "rb") as content:
        subprocess.run(["docker", "exec", "-i", name, "docker", "load", "-q"], stdin=content, check=True, capture_output=True)


def is_current(name: str, lineup: Lineup, built: Built) -> bool:
    if not succeeds("docker", "container", "inspect", container(name)):
        return False
    state, image = docker("inspect", "-f", "{{.State.Running}} {{.Config.Image}}", container(name)).split()
    return state == "true" and image == built.host and address_of(container(name)) == lineup.address(name)


def address_of(container: str) -> str:
    """Also while it does not run."""
    return docker(
        "inspect", "-f", "{{range .NetworkSettings.Networks}}{{.IPAMConfig.IPv4Address}}{{end}}", container
    ).strip()


def extra(wanted: list[str]) -> bool:
    """Hosts of an earlier, larger lab."""
    there = docker("ps", "-a", "--filter", f"label={OURS}", "--format", "{{.Names}}").split()
    return bool(set(there) - {container(n) for n in wanted})


def start_host(name: str, lineup: Lineup, built: Built) -> None:
    storage = RUN / name / "docker"
    storage.mkdir(0o710, parents=True)
    copy_seed(built.seed, storage)
    apt = ["-v", f"{built.debs}:/var/lib/lab-apt:ro"]
    start_container(
        container(name), built.host, storage,
        ["--hostname", f"{name}.local", "--network", lineup.network(name), "--ip", lineup.address(name), *apt],
    )  # fmt: skip


def copy_seed(seed: Path, storage: Path) -> None:
    """The images' layers are never written to, so copies share their files; all else is Docker's own to change."""
    for part in sorted(seed.iterdir()):
        run("cp", "-a", *(["--link"] if part.name == "overlay2" else []), part, storage)


def prepare_host(name: str, built: Built) -> None:
    wait_docker(name)
    key = (RUN / "id_ed25519.pub").read_text()
    script = (
        "set -e; for h in root op; do d=$(getent passwd $h | cut -d: -f6); mkdir -p $d/.ssh; cat >$d/.ssh/authorized_keys"
        " <<'EOF'\n" + key + "EOF\nchown -R $h $d/.ssh; chmod 700 $d/.ssh; done\napt-get -q update >/dev/null\n"
    )
    if name in WITH_ETCD:
        script += (
            "systemctl mask --quiet etcd; DEBIAN_FRONTEND=noninteractive apt-get -q install -y etcd-server etcd-client"
            " >/dev/null; systemctl unmask --quiet etcd; systemctl disable --quiet etcd\n"
        )
    run(*inside(name, "sh", "-c", script))


def write_ssh_files(lineup: Lineup) -> None:
    known, config = [], []
    for name in lineup.names():
        address = lineup.address(name)
        key = run(*inside(name, "cat", "/etc/ssh/ssh_host_ed25519_key.pub")).split()
        known.append(f"{name},{name}.local,{address} {key[0]} {key[1]}\n")
        config.append(f"Host {name} {name}.local {address}\n  HostName {address}\n")
    (RUN / "known_hosts").write_text("".join(known))
    config.append(
        f"Host *\n  User root\n  IdentityFile {RUN}/id_ed25519\n  IdentitiesOnly yes\n"
        f"  UserKnownHostsFile {RUN}/known_hosts\n  GlobalKnownHostsFile /dev/null\n  StrictHostKeyChecking yes\n"
        "  HostKeyAlgorithms ssh-ed25519\n"
    )
    (RUN / "ssh_config").write_text("".join(config))


def clear() -> None:
    """Takes away hosts, networks and run folder, of this or of a killed run."""
    with ThreadPoolExecutor() as each:
        list(each.map(lambda one: docker("rm", "-f", "-v", one), docker("ps", "-aq", "--filter", f"label={OURS}").split()))
    networks.remove()
    if RUN.exists():
        shutil.rmtree(RUN)


def down() -> None:
    if succeeds("docker", "info"):
        clear()


def status() -> int:
    if not succeeds("docker", "info"):
        print("down: no Docker Engine runs here")
        return 1
    lines = docker("ps", "-a", "--filter", f"label={OURS}", "--format", "{{.Names}}\t{{.Status}}").splitlines()
    for line in sorted(lines):
        name, state = line.split("\t")
        print(f"{name.removeprefix(NAME + '-'):10} {address_of(name):16} {state}")
    if not lines:
        print("down")
    return 0 if lines else 1


def exports() -> str:
    if not (RUN / "ssh_config").exists():
        raise LabError("the lab is down: tests/lab/lab up")
    return f"export MRC_SSH_CONFIG={RUN}/ssh_config MRC_ARTEFACTS={RUN}/artefacts"
