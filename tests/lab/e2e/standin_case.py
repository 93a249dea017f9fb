"""What the tests of both Calico stand-ins share: shells on two hosts, programs for them, an etcd of one member."""

import subprocess
import unittest
from pathlib import Path

from site_lab import ADDRESSES, lab, lab_environment, on

IPS = {host: ADDRESSES[host] for host in ("docker1", "docker2")}
ENV: dict[str, str] = {}

ONE_MEMBER = f"""cat >/etc/default/etcd <<'EOF'
ETCD_LISTEN_CLIENT_URLS=http://0.0.0.0:2379
ETCD_ADVERTISE_CLIENT_URLS=http://{IPS["docker1"]}:2379
ETCD_ENABLE_V2=true
EOF
systemctl start etcd
"""


def shell(host: str, script: str, stdin: bytes | None = None) -> tuple[int, str, str]:
    done = subprocess.run(
        on(host, "bash", "-c", script),
        input=stdin, stdin=None if stdin is not None else subprocess.DEVNULL, capture_output=True, timeout=120,
    )  # fmt: skip
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def ok(host: str, script: str) -> str:
    rc, out, err = shell(host, script)
    if rc != 0:
        raise AssertionError(f"on {host}, status {rc}: {script}\n{out}{err}")
    return out


def raise_hosts(programs: dict[str, str]) -> None:
    """Bare hosts with these artefacts at these paths, and etcd on docker1."""
    lab("reset")
    ENV.update(lab_environment())
    for artefact, path in programs.items():
        content = Path(ENV["MRC_ARTEFACTS"], artefact).read_bytes()
        for host in IPS:
            rc, _, err = shell(host, f"mkdir -p {Path(path).parent} && cat >{path} && chmod 755 {path}", content)
            assert rc == 0, err
    ok("docker1", ONE_MEMBER)


class Case(unittest.TestCase):
    """A case whose answers are asked of `ctl`, which runs calicoctl: status, stdout, stderr."""

    maxDiff = None

    @staticmethod
    def ctl(words: str, **more) -> tuple[int, str, str]:
        raise NotImplementedError

    def says(self, words: str, rc: int, out: str, **more) -> None:
        """Exact return code and stdout."""
        got = self.ctl(words, **more)
        self.assertEqual((got[0], got[1]), (rc, out), got[2])
