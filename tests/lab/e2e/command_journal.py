"""Every command that could change a host, as mrc calls it there: wrappers in front of the real ones write it down.

A wrapper logs its name and arguments, one line each, and becomes the real program. What needs no program
(redirections of the shell) is seen by comparing snapshots instead.
"""

import re

from site_lab import Site

FOLDER = "/usr/local/lib/mrc-test-journal"
LOG = "/run/mrc-test-journal"
# Whatever in a host's PATH can change something that outlives it.
NAMES = (
    "apt-get apt dpkg docker iptables iptables-restore iptables-nft iptables-legacy ip ipset sysctl systemctl modprobe etcd etcdctl"
    " calicoctl mysql mkdir rmdir rm mv cp ln install touch tee chmod chown truncate kill pkill mount umount dd sed"
    " useradd userdel hostname sync nsenter curl wget"
).split()

# Reading, word by word. Whatever a call writes must lie in the session's own folder, which goes with it.
OWN = r"(/dev/shm|/run|/tmp|/var/tmp)/mrc\.\w+(/\S*)?"
READING = [
    r"docker (version|info|inspect|image inspect|container inspect|ps|images|network inspect|exec -i \S+ sh -c .*mysql .*)\b.*",
    r"(iptables|iptables-nft|iptables-legacy)(-save)? .*(-S|--version|-V|-L|-n)\b.*",
    r"ip( -\S+)* (addr|address|route|link|neigh|rule)( show| list| get)?( .*)?",
    r"ip (-V|netns identify.*)",
    r"ipset (list|-v|--version).*",
    r"sysctl (-n |-a|-e )*[\w./]+",
    r"systemctl (show|is-active|is-enabled|is-failed|cat|list-units|list-unit-files|--version)\b.*",
    r"etcd --version",
    r"etcdctl (--\S+ )*(version|member list|endpoint health|endpoint status|cluster-health|get)\b.*",
    r"calicoctl (version|status|node show|pool show|profile show|endpoint show)\b.*",
    r"modprobe -n .*",
    r"nsenter .* ip .*(addr|route|link)( show)?( .*)?",
    r"(curl|wget) .*http://.*",
    r"kill -0 .*",
    r"dd bs=\d+ count=\d+ iflag=fullblock",
    r"sed (?!.*\s-i).*",
    rf"(mkdir|rmdir|rm|chmod|touch|cp|mv|ln|tee|truncate)( -\S+)*( [0-7]+)?( {OWN})+",
    rf"ln -s /var/tmp/mrc\S+ {OWN}",
    r"hostname",
    r"apt-get --version",
]  # fmt: skip


def install(site: Site, host: str) -> None:
    """Puts the wrappers where a login finds them first."""
    site.sh(
        host,
        f"mkdir -p {FOLDER}; : >{LOG}\n"
        f"for n in {' '.join(NAMES)}; do real=$(command -v $n) || continue; case $real in /*) ;; *) continue ;; esac\n"
        f"[ ! -e /usr/local/sbin/$n ] || continue\n"
        "printf '#!/bin/sh\\n"
        f'printf "%%s\\\\n" "$(printf "%%s " "${{0##*/}}" "$@" | tr "\\\\n" " ")" >>{LOG}\\nexec %s "$@"\\n\' $real '
        ">/usr/local/sbin/$n && chmod 755 /usr/local/sbin/$n && echo $n >>" + FOLDER + "/names; done\n",
    )


def remove(site: Site, host: str) -> None:
    site.sh(host, f"cd /usr/local/sbin && rm -f $(cat {FOLDER}/names) && rm -rf {FOLDER} {LOG}")


def take(site: Site, host: str) -> list[str]:
    """The calls since the last time, without those of this reading."""
    lines = site.sh(host, f"cat {LOG}; : >{LOG}").splitlines()
    return [line.strip() for line in lines if line.strip()]


def changing(calls: list[str]) -> list[str]:
    """Those that are not known to read only."""
    return [call for call in calls if not any(re.fullmatch(pattern, call) for pattern in READING)]
