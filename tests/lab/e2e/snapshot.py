"""What a host looks like, in every respect that mrc could leave a trace in."""

from site_lab import Site

# Each part is one shell command whose lines are compared as a set. What changes by itself is left
# out: logs, caches, package databases, the container engine's own storage, pids, counters.
PARTS = {
    "packages": "dpkg-query -W -f '${Package} ${Status}\\n' | grep 'ok installed' || :",
    "files": (
        "find / -xdev \\( -path /proc -o -path /sys -o -path /dev -o -path /tmp -o -path /var/lib/docker"
        " -o -path /var/cache -o -path /var/lib/apt -o -path /var/lib/dpkg -o -path /var/backups -o -path /var/log/journal"
        " -o -path /var/lib/systemd -o -path /var/lib/containerd -o -path /var/lib/ucf"
        " -o -path /root/.cache \\) -prune -o \\( -type f -o -type l -o -type d \\) -print"
        " | grep -vE '^/(var/log/(apt|dpkg|alternatives|lastlog|wtmp|btmp)|etc/(passwd|group|shadow|gshadow)-?$"
        "|etc/subuid|etc/subgid|etc/ld.so.cache|etc/.*-$)' || :"
    ),
    "contents": "find /etc -xdev -type f ! -name '*-' ! -name passwd ! -name group ! -name shadow ! -name gshadow"
    " ! -name ld.so.cache ! -name 'subuid' ! -name 'subgid' -exec sha256sum {} + | sort -k2",
    "run": "find /run /dev/shm -xdev \\( -path /run/systemd -o -path /run/docker -o -path /run/containerd"
    " -o -path /run/log -o -path /run/udev -o -path /run/user -o -path /run/sudo -o -path /run/adduser \\) -prune -o -print",
    "units": "systemctl list-unit-files --no-legend --plain --type=service,timer,socket | awk '{print $1, $2}'",
    "active": "systemctl list-units --no-legend --plain --type=service --state=active,failed"
    " | awk '{print $1, $3, $4}' | grep -vE '^(user|session|apt|dpkg|systemd-(tmpfiles|hostnamed|timedated))' || :",
    "containers": "docker ps -a --format '{{.Names}} {{.Image}}'",
    "images": "docker images --format '{{.Repository}}:{{.Tag}} {{.ID}}'",
    "docker networks": "docker network ls --format '{{.Name}} {{.Driver}}'",
    "docker volumes": "docker volume ls --format '{{.Name}}'",
    "interfaces": "ip -o link | awk -F': ' '{print $2}' | sed 's/@.*//'",
    "addresses": "ip -o addr | awk '{print $2, $3, $4}'",
    "routes": "ip route show table all | grep -v '^broadcast' | sed 's/ expires [0-9]*sec//'",
    "ipsets": "ipset list -n 2>/dev/null || :",
    "iptables": "iptables-save | grep -v '^#' | sed -e 's/\\[[0-9]*:[0-9]*\\]//'",
    "ip6tables": "ip6tables-save | grep -v '^#' | sed -e 's/\\[[0-9]*:[0-9]*\\]//'",
    "sysctls": "sysctl -a 2>/dev/null | grep -E '^net\\.(ipv4\\.(ip_forward|conf\\.(all|default)\\.(rp_filter|forwarding))"
    "|netfilter\\.nf_conntrack_max) ' || :",
    "processes": "ps -eo comm= | sort -u | grep -E '^(etcd|mysqld|calico|bird|felix)' || :",
}


def take(site: Site, host: str) -> dict[str, set[str]]:
    """One reading of the host, a set of lines for each part."""
    script = "".join(f"echo '@@ {name}'\n{{ {command}\n}}\n" for name, command in PARTS.items())
    parts: dict[str, set[str]] = {}
    current: set[str] = set()
    for line in site.sh(host, script).splitlines():
        if line.startswith("@@ "):
            current = parts.setdefault(line[3:], set())
        else:
            current.add(line)
    missing = set(PARTS) - set(parts)
    if missing:
        raise AssertionError(f"the snapshot of {host} lacks {missing}")
    return parts


def differences(before: dict[str, set[str]], after: dict[str, set[str]]) -> list[str]:
    """One line for each thing that is there only before (-) or only after (+)."""
    found = []
    for part in PARTS:
        found += [f"- {part}: {line}" for line in sorted(before[part] - after[part])]
        found += [f"+ {part}: {line}" for line in sorted(after[part] - before[part])]
    return found
