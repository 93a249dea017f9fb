#!/usr/bin/env python3
"""The lab itself: hosts as a topology expects them, and mysql:5.6 as the official image behaves."""

import re
import subprocess
import sys
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent / "e2e"))
from site_lab import ADDRESSES, HOSTS, LAB, lab, lab_environment, on, wait_until  # noqa: E402

ENV: dict[str, str] = {}


def shell(host: str, script: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        on(host, "bash", "-c", script),
        capture_output=True, text=True, errors="replace", timeout=120, stdin=subprocess.DEVNULL,
    )  # fmt: skip


def ok(host: str, script: str) -> str:
    done = shell(host, script)
    if done.returncode != 0:
        raise AssertionError(f"on {host}, status {done.returncode}: {script}\n{done.stdout}{done.stderr}")
    return done.stdout


def setUpModule() -> None:
    lab("reset")
    ENV.update(lab_environment())


class Tests(unittest.TestCase):
    def test_each_file_loads(self) -> None:
        """Those of --long too, which a change beside them could break unseen."""
        files = sorted(Path(__file__).resolve().parent.glob("e2e/*_test.py"))
        self.assertGreater(len(files), 10)
        for file in files:
            done = subprocess.run(
                [sys.executable, "-c", f"import {file.stem}"], cwd=file.parent, capture_output=True, text=True, timeout=60
            )
            self.assertEqual(done.returncode, 0, f"{file.name}: {done.stderr}")


class Hosts(unittest.TestCase):
    def test_each_has_its_name_and_address(self) -> None:
        for host, address in ADDRESSES.items():
            self.assertEqual(ok(host, "hostname").strip(), f"{host}.local")
            self.assertIn(f" {address}/24 ", ok(host, "ip -4 -o addr show dev eth0"))

    def test_systemd_is_up_and_runs_docker_and_sshd(self) -> None:
        for host in HOSTS:
            self.assertEqual(ok(host, "cat /proc/1/comm"), "systemd\n")
            self.assertEqual(ok(host, "systemctl is-active docker ssh"), "active\nactive\n")
            self.assertEqual(shell(host, "systemctl --failed --no-legend").stdout, "")

    def test_host_keys_are_fresh_and_each_its_own(self) -> None:
        keys = {ok(host, "cat /etc/ssh/ssh_host_ed25519_key.pub") for host in HOSTS}
        self.assertEqual(len(keys), len(HOSTS))

    def test_docker_serves_the_old_api(self) -> None:
        for host in HOSTS:
            floor = ok(host, "docker version -f '{{.Server.MinAPIVersion}}'").strip()
            self.assertLessEqual([int(n) for n in floor.split(".")], [1, 16])

    def test_the_images_are_there_and_calico_says_stand_in(self) -> None:
        for host in HOSTS:
            listed = ok(host, "docker images --format '{{.Repository}}:{{.Tag}}'").split()
            self.assertEqual(sorted(listed), [
                "calico/node-libnetwork:v0.9.0", "calico/node:v0.22.0", "calico/node:v3.32.1", "mysql:5.6",
                "quay.io/calico/node:v3.32.1",
            ])  # fmt: skip
        for program, *words in (["calicoctl-v0.22.0", "version"], ["calicoctl-v3.32.1", "version", "--client"]):
            said = subprocess.run([Path(ENV["MRC_ARTEFACTS"], program), *words], capture_output=True, text=True, check=True).stdout
            self.assertIn("stand-in", said)

    def test_etcds_package_is_on_some_only_and_never_runs(self) -> None:
        there = {h: "ok installed" in shell(h, "dpkg-query -W -f '${Status}' etcd-server").stdout for h in HOSTS}
        self.assertEqual(there, {"docker1": True, "docker2": True, "docker3": False})
        for host in HOSTS:
            self.assertNotEqual(shell(host, "systemctl is-active etcd").returncode, 0)
        self.assertIn("Candidate: 3.", ok("docker3", "apt-cache policy etcd-server"))

    def test_iptables_and_containers_work(self) -> None:
        for host in HOSTS:
            ok(host, "iptables -t nat -S >/dev/null && docker run --rm --privileged --net=host --entrypoint true mysql:5.6")

    def test_up_again_does_nothing(self) -> None:
        before = [ok(host, "cat /proc/sys/kernel/random/boot_id; stat -c %Y /proc/1") for host in HOSTS]
        done = subprocess.run([LAB, "up"], capture_output=True, text=True, timeout=300)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertIn("3 hosts are up", done.stderr)
        self.assertEqual(before, [ok(host, "cat /proc/sys/kernel/random/boot_id; stat -c %Y /proc/1") for host in HOSTS])


class MysqlImage(unittest.TestCase):
    """Each on docker1, in a container of its own that goes with the test."""

    NAME = "lab-mysql"

    def setUp(self) -> None:
        self.addCleanup(ok, "docker1", f"docker rm -f -v {self.NAME} >/dev/null 2>&1; docker volume rm -f {self.NAME} >/dev/null")

    def run_server(self, flags: str = "", options: str = "") -> None:
        ok("docker1", f"docker run -d --name {self.NAME} {flags} mysql:5.6 {options}")

    def logs(self) -> str:
        return ok("docker1", f"docker logs {self.NAME} 2>&1")

    def sql(self, statement: str, password: str, where: str = "-h 127.0.0.1 --protocol=tcp") -> subprocess.CompletedProcess[str]:
        return shell("docker1", f"docker exec -i {self.NAME} mysql -uroot -p'{password}' {where} -N -e \"{statement}\"")

    def ready(self, password: str) -> None:
        wait_until("the real server", lambda: self.sql("SELECT 1", password).returncode == 0)

    def test_without_a_password_it_refuses_to_start(self) -> None:
        self.run_server()
        self.assertNotEqual(ok("docker1", f"docker wait {self.NAME}"), "0\n")
        self.assertIn("database is uninitialized and password option is not specified", self.logs())

    def test_root_comes_from_everywhere_and_the_time_zones_are_in_the_binary_log(self) -> None:
        self.run_server("-e MYSQL_ROOT_PASSWORD=mypassword", "--server-id=1 --log-bin --gtid_mode=ON --log-slave-updates --enforce-gtid-consistency")
        self.ready("mypassword")
        hosts = self.sql("SELECT GROUP_CONCAT(host ORDER BY host) FROM mysql.user WHERE user='root'", "mypassword").stdout
        self.assertEqual(hosts, "%,localhost\n")
        self.assertIn("MySQL init process done. Ready for start up.", self.logs())
        self.assertRegex(self.sql("SELECT @@GLOBAL.gtid_executed", "mypassword").stdout, r":1-\d+\n")
        self.assertEqual(ok("docker1", f"docker exec {self.NAME} sh -c 'cat /proc/1/comm; stat -c %u /proc/1'"), "mysqld\n999\n")

    def test_the_temporary_server_has_a_socket_and_no_network(self) -> None:
        """A statement on the socket during the initialisation is a false sign of readiness."""
        script = (
            "echo 'mysql --protocol=socket -uroot -pmypassword -N -e \"SELECT @@skip_networking\""
            " >/tmp/seen; (exec 3<>/dev/tcp/127.0.0.1/3306) 2>/tmp/tcp || echo closed >>/tmp/seen' >/tmp/look.sh;"
            f" docker run -d --name {self.NAME} -e MYSQL_ROOT_PASSWORD=mypassword"
            " -v /tmp/look.sh:/docker-entrypoint-initdb.d/look.sh mysql:5.6"
        )
        self.addCleanup(ok, "docker1", "rm -f /tmp/look.sh")
        ok("docker1", script)
        self.ready("mypassword")
        self.assertEqual(ok("docker1", f"docker exec {self.NAME} cat /tmp/seen"), "1\nclosed\n")

    def test_a_password_may_come_from_a_file_but_not_from_both(self) -> None:
        self.addCleanup(ok, "docker1", "rm -f /tmp/lab-password")
        ok("docker1", "printf 'from a file' >/tmp/lab-password")
        file = "-v /tmp/lab-password:/run/p:ro -e MYSQL_ROOT_PASSWORD_FILE=/run/p"
        self.run_server(file + " -e MYSQL_INITDB_SKIP_TZINFO=1")
        self.ready("from a file")
        ok("docker1", f"docker rm -f -v {self.NAME}")
        self.run_server(file + " -e MYSQL_ROOT_PASSWORD=x")
        self.assertEqual(ok("docker1", f"docker wait {self.NAME}"), "1\n")
        self.assertIn("are exclusive", self.logs())

    def test_a_password_with_a_quote_breaks_the_initialisation_and_leaves_root_open(self) -> None:
        """Pasted as it is; the next start of that volume takes it for initialised."""
        self.run_server(f"-v {self.NAME}:/var/lib/mysql -e MYSQL_ROOT_PASSWORD=\"it's\"")
        self.assertNotEqual(ok("docker1", f"docker wait {self.NAME}"), "0\n")
        ok("docker1", f"docker start {self.NAME}")
        wait_until(
            "root without a password",
            lambda: shell("docker1", f"docker exec {self.NAME} mysql --protocol=socket -uroot -e 'SELECT 1'").returncode == 0,
        )

    def test_an_existing_data_directory_keeps_its_password(self) -> None:
        volume = f"-v {self.NAME}:/var/lib/mysql"
        self.run_server(f"{volume} -e MYSQL_ROOT_PASSWORD=first")
        self.ready("first")
        ok("docker1", f"docker stop -t 30 {self.NAME} && docker rm {self.NAME}")
        self.run_server(f"{volume} -e MYSQL_ROOT_PASSWORD=second")
        self.ready("first")
        self.assertIn("ERROR 1045", self.sql("SELECT 1", "second").stderr)

    def test_an_unknown_option_ends_it_before_anything_is_made(self) -> None:
        self.run_server(f"-v {self.NAME}:/var/lib/mysql -e MYSQL_ROOT_PASSWORD=x", "--no-such-option=1")
        self.assertEqual(ok("docker1", f"docker wait {self.NAME}"), "1\n")
        self.assertRegex(self.logs(), r"unknown variable 'no-such-option=1'")
        self.assertEqual(ok("docker1", f"docker run --rm -v {self.NAME}:/d --entrypoint ls mysql:5.6 /d"), "")

    def test_it_is_5_6_and_other_commands_run_as_given(self) -> None:
        self.assertRegex(ok("docker1", "docker run --rm mysql:5.6 mysqld --version"), r"Ver 5\.6\.24")
        self.assertTrue(re.search("uid=0", ok("docker1", "docker run --rm mysql:5.6 id")))


if __name__ == "__main__":
    unittest.main(verbosity=2)
