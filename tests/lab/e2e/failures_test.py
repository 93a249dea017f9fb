#!/usr/bin/env python3
"""What mrc says when something is broken: each fault is induced, the report is compared with a golden file, the
fault is mended, and the command that the report names goes on from there.

MRC_UPDATE_GOLDEN=1 rewrites tests/golden/failures; read the diff: would an operator know what to do?
"""

import os
import re
import shlex
import subprocess
import sys
import tempfile
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from hosts import container, cut_power  # noqa: E402
from resume_test import Run, cut_connections  # noqa: E402
from site_lab import ADDRESSES, HOSTS, NETWORK_PREFIX, REPL_PASSWORD, ROOT, ROOT_PASSWORD, Site, lab, load_json, summary, wait_until  # noqa: E402
from story import Story  # noqa: E402

GOLDEN = ROOT / "tests/golden/failures"
# What differs from run to run, from lab to lab and from kernel to kernel.
MASKS = (
    (r"\d{4}-\d\d-\d\dT\d{6}Z-(apply|destroy)(-\d+)?", r"RUN"),
    (r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d(\.\d+)?", "TIME"),
    (r"(TIME) \d+ (\[)", r"\1 N \2"),
    (r"\S*/mrc-e2e-\w+", "STATE"),
    (re.escape(NETWORK_PREFIX) + r"\.", "192.168.55."),
    (r"\b[0-9a-f]{16,64}\b", "ID"),
    (r"pid[= ]\d+", "pid N"),
    (r"fd=\d+", "fd=N"),
    (r":\d{5}\b", ":PORT"),
    (r"\d+\.\d+ s (ahead|behind)", r"SOME s \1"),
    (r"(Error response from daemon: ).*", r"\1<whatever keeps the registry away>"),
)  # fmt: skip


def report_of(said: str) -> str:
    """From the first failure to the last hint, without what is never twice the same."""
    found = re.search(r"^(FAILED|warning) on .*", said, re.M | re.S)
    if not found:
        raise AssertionError(f"no failure is told:\n{said}")
    lines = []
    for line in found[0].splitlines():
        if re.match(r"\d+ of \d+ steps in ", line) or line.startswith(("ok ", "... ", "skip ")):
            continue
        lines.append(line)
    text = "\n".join(lines).rstrip() + "\n"
    for pattern, by in MASKS:
        text = re.sub(pattern, by, text)
    return text


class Failures(Story):
    site: Site

    @classmethod
    def setUpClass(cls) -> None:
        lab("reset")
        cls.runtime = tempfile.TemporaryDirectory(prefix="mrc-rt-")
        cls.site = Site(ROOT / "examples/blog-2016.yaml")
        cls.site.env["XDG_RUNTIME_DIR"] = cls.runtime.name
        # Reports name the file as it was given; this test writes other files beside it.
        cls.site.topology = cls.site.write_topology("blog.yaml", (ROOT / "examples/blog-2016.yaml").read_text())

    def told(self, name: str, said: str, unstable: str | None = None) -> str:
        """Compares the report with its golden file. Lines of evidence that match `unstable` come as they like."""
        for word in (ROOT_PASSWORD, REPL_PASSWORD):
            self.assertNotIn(word, said)
        text = report_of(said)
        if unstable:
            text = re.sub(rf"(^      \| (?:{unstable}).*\n)+", "      | <lines of that log>\n", text, flags=re.M)
            # Two hosts' logs may be alike or not.
            text = re.sub(r"^    docker\d:\n(?=      \| )", "", text, flags=re.M)
            text = re.sub(r"((?:^      \| .*\n)+?)\1+", r"\1", text, flags=re.M)
        file = GOLDEN / f"{name}.txt"
        if os.environ.get("MRC_UPDATE_GOLDEN") == "1":
            file.write_text(text)
        self.assertTrue(file.exists(), f"{file} is missing; MRC_UPDATE_GOLDEN=1 makes it:\n{text}")
        self.assertEqual(file.read_text(), text, said)
        return said

    def goes_on(self, said: str, code: int = 0) -> subprocess.CompletedProcess[str]:
        """Types what the report says to type."""
        found = re.search(r"^Go on with: +mrc (.*)$", said, re.M)
        assert found, said
        done = self.site.bare_mrc(*shlex.split(found[1]), timeout=900)
        if (done.returncode, code) == (5, 0):
            # All is done; some checks do not wait for the moment that a new route takes to the other hosts.
            wait_until("verify to hold", lambda: self.site.mrc("verify", "--no-write").returncode == 0, 30)
            return done
        self.assertEqual(done.returncode, code, summary(done))
        return done

    def fails(self, name: str, code: int, *command: str, unstable: str | None = None) -> str:
        done = self.site.mrc(*command, timeout=900)
        self.assertEqual(done.returncode, code, summary(done))
        return self.told(name, done.stderr, unstable)

    def shows(self, said: str) -> None:
        """The other command that the report names."""
        found = re.search(r"^Step by step: +mrc (.*)$", said, re.M)
        assert found, said
        done = self.site.bare_mrc(*shlex.split(found[1]))
        self.assertEqual(done.returncode, 0, summary(done))
        self.assertRegex(done.stdout, r"(?m)^failed ")

    # -- before anything is changed

    def before(self, name: str, hosts: tuple[str, ...], breaks: str, mends: str, code: int = 3) -> None:
        for host in hosts:
            self.site.sh(host, breaks)
        cut_connections(self.site)
        said = self.fails(name, code, "plan")
        for host in hosts:
            self.site.sh(host, mends)
        self.goes_on(said, 2)

    def test_01_two_hosts_are_down(self) -> None:
        self.before("hosts-down", ("docker2", "docker3"), "systemctl stop ssh", "systemctl start ssh", 7)

    def test_02_sudo_is_refused(self) -> None:
        original = self.site.topology
        text = original.read_text().replace("user: root", "user: op\n  become: true", 1)
        self.site.topology = self.site.write_topology("sudo.yaml", text)
        try:
            allow = "echo 'op ALL=(ALL) NOPASSWD: ALL' >/etc/sudoers.d/99-op"
            said = self.fails("sudo-refused", 7, "plan")
            for host in HOSTS:
                self.site.sh(host, allow)
            self.goes_on(said, 2)
            for host in HOSTS:
                self.site.sh(host, "rm /etc/sudoers.d/99-op")
        finally:
            self.site.topology = original

    def test_03_docker_is_stopped(self) -> None:
        self.before("docker-stopped", ("docker2",), "systemctl stop docker.socket docker", "systemctl start docker")

    def test_04_docker_is_too_new(self) -> None:
        wrapper = (
            "cat >/usr/local/bin/docker <<'EOF'\n#!/bin/sh\n"
            "[ \"$1\" = version ] || exec /usr/bin/docker \"$@\"\n"
            "/usr/bin/docker \"$@\" | sed 's/\"MinAPIVersion\":\"[0-9.]*\"/\"MinAPIVersion\":\"1.24\"/g'\n"
            "EOF\nchmod 755 /usr/local/bin/docker"
        )
        self.before("docker-too-new", ("docker1", "docker3"), wrapper, "rm /usr/local/bin/docker")

    def test_05_an_etcd_of_somebody_else_has_left_its_data(self) -> None:
        data = "/var/lib/etcd/default.etcd"
        self.before("etcd-foreign-data", ("docker1",), f"mkdir -p {data}/member", f"rm -r {data}")

    def test_06_a_port_is_taken(self) -> None:
        self.before(
            "port-taken", ("docker2",),
            "systemd-run -q --unit=lab-taken systemd-socket-activate -l 2380 cat; sleep 0.5; ss -Hltn 'sport = :2380' | grep -q .",
            "systemctl stop lab-taken",
        )  # fmt: skip

    def test_07_a_foreign_rule_takes_the_exposed_port(self) -> None:
        rule = "PREROUTING -p tcp -m tcp --dport 3306 -j DNAT --to-destination 10.9.9.9:3306"
        self.before("rule-in-the-way", ("docker1",), f"iptables -t nat -A {rule}", f"iptables -t nat -D {rule}")

    def test_08_a_foreign_container_has_the_name(self) -> None:
        self.before("container-foreign", ("docker3",), "docker create --name mysql-slave2 mysql:5.6", "docker rm mysql-slave2")

    def test_09_a_clock_is_wrong(self) -> None:
        wrapper = (
            "cat >/usr/local/bin/date <<'EOF'\n#!/bin/sh\n"
            "if [ \"$*\" = +%s%3N ]; then echo $(($(/bin/date +%s%3N) + 90000)); else exec /bin/date \"$@\"; fi\n"
            "EOF\nchmod 755 /usr/local/bin/date"
        )
        self.before("clock-off", ("docker2",), wrapper, "rm /usr/local/bin/date")

    def test_10_a_record_is_garbage(self) -> None:
        self.before(
            "record-garbage", ("docker3",),
            "mkdir -m 700 /var/lib/mrc; echo '{\"mrc\": 1, \"name' >/var/lib/mrc/blog-2016.json",
            "rm -r /var/lib/mrc",
        )  # fmt: skip

    # -- in the middle of the first apply

    def test_20_the_image_is_missing_and_cannot_be_pulled(self) -> None:
        hosts = ("docker2", "docker3")
        for host in hosts:
            self.site.sh(host, "docker tag mysql:5.6 kept:1 && docker rmi mysql:5.6")
        said = self.fails("image-missing", 4, "apply", "--yes")
        self.shows(said)
        for host in hosts:
            self.site.sh(host, "docker tag kept:1 mysql:5.6 && docker rmi kept:1")

    def test_21_the_disk_is_full(self) -> None:
        self.site.sh("docker2", "mkdir -p /opt/Docker/mysql-slave1 && mount -t tmpfs -o size=16m lab /opt/Docker/mysql-slave1")
        said = self.fails("disk-full", 4, "apply", "--yes", unstable=r"TIME|\d{6}")
        self.site.sh("docker2", "docker rm -f -v mysql-slave1.mrc-init; umount /opt/Docker/mysql-slave1")
        self.goes_on(said)
        self.assertEqual(self.site.mrc("plan").returncode, 0)

    # -- what broke later

    def test_30_the_root_password_is_another_one(self) -> None:
        self.site.env["MRC_ROOT_PASSWORD"] = "not the one it was made with"
        try:
            said = self.fails("root-password-wrong", 3, "apply", "--yes")
        finally:
            self.site.env["MRC_ROOT_PASSWORD"] = ROOT_PASSWORD
        self.goes_on(said)

    def test_31_mysqld_refuses_an_option(self) -> None:
        original = self.site.topology.read_text()
        self.site.topology.write_text(original.replace("  data_root:", "  options: {max_conections: 123}\n  data_root:"))
        done = self.site.mrc("apply", "--yes", "--json")
        self.assertEqual(done.returncode, 4, summary(done))
        said = self.told("option-refused", done.stderr)
        record = load_json(done)
        self.assertEqual([one["steps"][0]["step"] for one in record["failures"]], ["mysql/mysql-slave1/container"])
        self.assertIn("mysql/mysql-master/container", record["failures"][0]["not_reached"])
        self.assertRegex(said, rf"(?m)^Go on with: +{re.escape(record['next']['again'])}$")
        self.site.topology.write_text(original)
        self.goes_on(said)

    def test_32_one_server_crashes_and_another_cannot_apply(self) -> None:
        data = "/opt/Docker/mysql-slave2/data"
        self.site.stop_server("docker3", "mysql-slave2")
        self.site.sh("docker3", f"chmod 000 {data}/ibdata1")
        table = "CREATE DATABASE shop; CREATE TABLE shop.log (id INT PRIMARY KEY);"
        self.site.sql_outside(ADDRESSES["docker1"], table)
        there = "SELECT COUNT(*) FROM information_schema.tables WHERE table_name='log';"
        wait_until("the table on the slave", lambda: self.site.sql_outside(ADDRESSES["docker2"], there) == [["1"]])
        self.site.sql_outside(ADDRESSES["docker2"], "SET sql_log_bin=0; INSERT INTO shop.log VALUES (5);")
        self.site.sql_outside(ADDRESSES["docker1"], "INSERT INTO shop.log VALUES (5);")
        wait_until(
            "the duplicate key",
            lambda: "Slave_SQL_Running: No" in self.site.sql_inside("docker2", "mysql-slave1", "SHOW SLAVE STATUS"),
        )
        said = self.fails("crash-and-duplicate-key", 4, "apply", "--yes", unstable=r"TIME|\d{6}")
        self.site.sh("docker3", f"chmod 660 {data}/ibdata1")
        self.site.sql_outside(ADDRESSES["docker2"], "SET sql_log_bin=0; DELETE FROM shop.log WHERE id=5;")
        self.goes_on(said)

    def test_33_the_master_refuses_the_replication_account(self) -> None:
        # A narrower account of the same name wins, and has another password.
        self.site.sql_outside(ADDRESSES["docker1"], "CREATE USER repl@'192.168.0.52' IDENTIFIED BY 'another';")
        self.site.sql_inside("docker3", "mysql-slave2", "STOP SLAVE")
        said = self.fails("account-refused", 4, "apply", "--yes")
        self.site.sql_outside(ADDRESSES["docker1"], "DROP USER repl@'192.168.0.52';")
        self.goes_on(said)

    def test_34_calicos_image_is_missing(self) -> None:
        image = "calico/node:v0.22.0"
        self.site.sh("docker3", f"docker rm -f calico-node && docker tag {image} kept:1 && docker rmi {image}")
        said = self.fails("calico-image-missing", 4, "apply", "--yes")
        self.site.sh("docker3", f"docker tag kept:1 {image} && docker rmi kept:1")
        self.goes_on(said)

    def broken_in(self, step: str, breaks) -> str:
        """Breaks something when that step has begun; what the run said."""
        run = Run(self.site, "apply", str(self.site.topology), "--yes")
        self.assertTrue(run.started(step), run.said())
        breaks()
        self.assertEqual(run.end(), 4, run.said())
        return run.said()

    # The link's end is told by whoever notices first.
    LINK = (r"on (docker\d): (the host closed the connection|the connection (broke|was reset)|the host does not answer"
            r"|there is no route to the host|nothing listens on the SSH port|the link went dead"
            r"|the host takes the connection, but its sshd does not answer"
            r"|sshd closed the connection at once.*)\n")  # fmt: skip

    def link_lost(self, name: str, said: str) -> None:
        self.assertRegex(said, self.LINK)
        said = re.sub(self.LINK, r"on \1: <how the link ended>\n", said)
        self.told(name, re.sub(r"(?m)^      \| .*\n", "", said))  # ssh's own words for it

    def test_35_ssh_ends_in_the_middle_of_a_step(self) -> None:
        self.site.stop_server("docker3", "mysql-slave2")
        said = self.broken_in(
            "mysql/mysql-slave2/start",
            lambda: self.site.sh("docker3", "systemctl stop ssh; kill $(pidof sshd) || :"),
        )
        self.link_lost("ssh-cut", said)
        self.site.sh("docker3", "systemctl start ssh")
        self.goes_on(said)

    # As a power failure does it: nobody on the host can say anything any more.
    def test_36_a_host_is_rebooted_in_the_middle_of_a_step(self) -> None:
        self.site.stop_server("docker2", "mysql-slave1")
        said = self.broken_in(
            "mysql/mysql-slave1/start",
            lambda: cut_power("docker2"),
        )
        subprocess.run(["docker", "start", container("docker2")], check=True, capture_output=True)
        self.link_lost("host-rebooted", said)
        wait_until("docker2", lambda: "active" in self.site.sh("docker2", "docker info >/dev/null && systemctl is-active ssh", check=False).split())
        self.goes_on(said)

    def test_37_etcd_has_no_quorum(self) -> None:
        for host in ("docker2", "docker3"):
            self.site.sh(host, "systemctl stop etcd && chmod 644 /usr/bin/etcd")
        said = self.fails("etcd-without-quorum", 4, "apply", "--yes", unstable="(?!journalctl)")
        for host in ("docker2", "docker3"):
            self.site.sh(host, "chmod 755 /usr/bin/etcd")
        self.goes_on(said)
        self.assertEqual(self.site.mrc("plan").returncode, 0)

    def test_38_docker_hangs_on_one_host_and_the_other_checks_are_made(self) -> None:
        self.site.sh("docker2", "pkill -STOP -x dockerd")
        done = self.site.mrc("verify", "--json", timeout=300)
        self.site.sh("docker2", "pkill -CONT -x dockerd")
        self.assertEqual(done.returncode, 5, summary(done))
        checks = load_json(done)["checks"]
        failed = [check for check in checks if check["level"] == "fail"]
        self.assertEqual({check["host"] for check in failed}, {"docker2"}, summary(done))
        self.assertTrue(any("no answer in time" in check["detail"] for check in failed), summary(done))
        of_etcd = {check["level"] for check in checks if check["host"] == "docker2" and check["group"] == "etcd"}
        self.assertEqual(of_etcd, {"ok"}, summary(done))
        self.assertEqual(self.site.mrc("verify", "--no-write").returncode, 0)

    # -- destroy

    def test_40_destroy_finds_docker_stopped(self) -> None:
        self.site.sh("docker2", "systemctl stop docker.socket docker")
        done = self.site.mrc("destroy", "--yes", "--delete-data")
        self.assertNotEqual(done.returncode, 0, summary(done))
        said = self.told("destroy-docker-stopped", done.stderr, unstable="(?!calicoctl)")
        self.site.sh("docker2", "systemctl start docker")
        self.goes_on(said)


if __name__ == "__main__":
    unittest.main(verbosity=2, failfast=True)
