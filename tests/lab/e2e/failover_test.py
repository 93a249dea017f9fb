#!/usr/bin/env python3
"""The master's host dies hard, or its server does, under a client that writes and tries again: every row that was
acknowledged and received by a slave is there afterwards, whoever is killed meanwhile, and the old master comes back
as a slave or is told with exactly what it alone has.

`Pass` is one such loss, from the death to the old master's return; `Failover` all that may come between.
MRC_TEST_TOPOLOGY as in switchover_test.py.
"""

import itertools
import re
import signal
import subprocess
import sys
import time
import unittest
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parent))
sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "lib"))
from app import SCHEMA, SERVERS, App  # noqa: E402
from engine import docker  # noqa: E402
from hosts import container  # noqa: E402
from resume_test import Run  # noqa: E402
from site_lab import ADDRESSES, MRC, Site, lab_for, load_json, summary, wait_until  # noqa: E402
from story import Story  # noqa: E402
from switchover_test import TOPOLOGY  # noqa: E402


def die(host: str) -> None:
    docker("kill", "-s", "KILL", container(host))


def transactions(text: str) -> set[tuple[str, int]]:
    """Each of a set: "UUID:1-3:5,UUID:1"; or of MariaDB's last ones by domain and server: "0-1-26,0-102-31"."""
    found = set()
    for part in text.replace("\\n", "").replace("\n", "").replace(" ", "").split(","):
        source, *ranges = part.split(":") if ":" in part else part.rsplit("-", 1)
        for numbers in ranges:
            first, _, last = numbers.partition("-") if ":" in part else ("1", "", numbers)
            found |= {(source, number) for number in range(int(first), int(last or first) + 1)}
    return found


class Dialect:
    """What servers of this version call what is asked here."""

    def __init__(self, version: str) -> None:
        mariadb = "Maria" in version
        self.slave = "SLAVE" if mariadb or version.startswith("5.") else "REPLICA"
        self.executed = "@@GLOBAL.gtid_binlog_state" if mariadb else "@@GLOBAL.gtid_executed"
        self.received = "Gtid_IO_Pos" if mariadb else "Retrieved_Gtid_Set"
        # As mrc tells of them.
        self.range = r"domain 0: \d+-\d+" if mariadb else r"[0-9a-f-]{36}:\d+-\d+"


class Loss(Story):
    """What is asked and done in both."""

    site: Site

    @classmethod
    def setUpClass(cls) -> None:
        lab_for(TOPOLOGY)
        cls.site = Site(TOPOLOGY)
        cls.site.topology = cls.site.write_topology("failover.yaml", cls.site.topology.read_text())

    def apply_and_make_a_table(self) -> None:
        done = self.site.mrc("apply", "--yes", timeout=900)
        self.assertEqual(done.returncode, 0, summary(done))
        self.site.sql_outside(ADDRESSES["docker1"], SCHEMA)
        type(self).dialect = Dialect(self.site.sql_outside(ADDRESSES["docker1"], "SELECT VERSION();")[0][0])

    def master(self) -> str:
        return re.search(r"^  master: (\S+)", self.site.topology.read_text(), re.M)[1]

    def ask(self, server: str, sql: str) -> list[list[str]]:
        """Nothing when it does not answer."""
        try:
            return self.site.sql_outside(ADDRESSES[SERVERS[server]], sql, patience=3)
        except AssertionError:
            return []

    def writable(self) -> list[str]:
        return [name for name in SERVERS if self.ask(name, "SELECT @@GLOBAL.read_only;") == [["0"]]]

    def executed(self, server: str) -> set[tuple[str, int]]:
        """Nothing when it does not answer."""
        rows = self.ask(server, f"SELECT {self.dialect.executed};")
        return transactions(rows[0][0]) if rows else set()

    def all_have_all(self) -> None:
        master = self.master()
        wait_until("the slaves to have all", lambda: all(self.executed(s) == self.executed(master) for s in SERVERS))

    def failover(self, *words: str) -> subprocess.CompletedProcess[str]:
        name = [word for word in words if not word.startswith("-")]
        flags = [word for word in words if word.startswith("-")]
        return self.site.bare_mrc("failover", *name, str(self.site.topology), "--yes", *flags)

    def settled(self, master: str) -> None:
        """Nothing is left to do, and this one alone takes writes."""
        done = self.site.mrc("plan")
        self.assertEqual(done.returncode, 0, summary(done))
        done = self.site.mrc("verify")
        self.assertEqual(done.returncode, 0, summary(done))
        self.assertEqual(self.writable(), [master])
        self.assertEqual(self.master(), master)

    def is_up(self, host: str) -> bool:
        """The host is there, and its unit has brought its server back."""
        server = next(name for name, at in SERVERS.items() if at == host)
        deployment = re.search(r"^name: *(\S+)", self.site.topology.read_text(), re.M)[1]
        state = self.site.sh(host, f"cat /run/mrc-{deployment}.{server}/state", check=False)
        return state.startswith("whole ") and self.ask(server, "SELECT 1;") == [["1"]]

    def come_back(self, host: str) -> None:
        docker("start", container(host))
        wait_until(f"{host} to be back", lambda: self.is_up(host), 120)

    def rejoin(self, host: str) -> None:
        """The old master's host comes back, its server takes writes, and apply makes it a slave."""
        self.come_back(host)
        done = self.site.mrc("apply", "--yes")
        self.assertEqual(done.returncode, 0, summary(done))
        self.settled(self.master())

    def acknowledged_and_received(self, app: App, by: str) -> int:
        """A number of first rows that the slave has received by now."""
        count = len(app.times)
        has = self.executed(self.master())
        wait_until("the slave to receive them", lambda: has <= self.executed(by) | self.retrieved(by))
        return count

    def retrieved(self, server: str) -> set[tuple[str, int]]:
        said = self.site.sql_inside(SERVERS[server], server, f"SHOW {self.dialect.slave} STATUS")
        found = re.search(rf"{self.dialect.received}: ((?:[^\n]*,\n)*[^\n]*)", said)
        return transactions(found[1]) if found else set()

    def rows_are_there(self, count: int, server: str) -> None:
        rows = {int(r[0]) for r in self.site.sql_outside(ADDRESSES[SERVERS[server]], "SELECT id FROM shop.log;")}
        self.assertEqual(set(range(count)) - rows, set(), server)


class Pass(Loss):
    def test_1_apply(self) -> None:
        self.apply_and_make_a_table()

    def test_2_the_master_is_lost_and_comes_back_as_a_slave(self) -> None:
        with App("docker1") as app:
            wait_until("the first rows", lambda: len(app.times) > 5)
        count = len(app.times)
        self.all_have_all()
        begun = time.monotonic()
        die("docker1")
        done = self.failover()
        self.assertEqual(done.returncode, 0, summary(done))
        print(f"\nfrom the death to the end of mrc failover {time.monotonic() - begun:.0f} s", file=sys.stderr)
        self.assertNotEqual(self.master(), "mysql-master")
        self.assertEqual(self.writable(), [self.master()])
        self.rows_are_there(count, self.master())
        self.rejoin("docker1")
        self.rows_are_there(count, "mysql-master")


class Failover(Loss):
    @classmethod
    def setUpClass(cls) -> None:
        super().setUpClass()
        cls.table: list[tuple[str, str, str]] = []

    @classmethod
    def tearDownClass(cls) -> None:
        print("\nwhere mrc failover was killed, and what became of it:", file=sys.stderr)
        for step, moment, outcome in cls.table:
            print(f"  {step:32} {moment:16} {outcome}", file=sys.stderr)

    def test_01_apply(self) -> None:
        self.apply_and_make_a_table()

    def test_02_a_client_opens_in_a_server_and_leaves_nothing(self) -> None:
        def run(*words: str, stdin: str = "") -> subprocess.CompletedProcess[str]:
            return subprocess.run(
                [str(MRC), *words], env=self.site.env, input=stdin, capture_output=True, text=True, timeout=120
            )

        file = str(self.site.topology)
        done = run("mysql", "mysql-slave1", file, "-e", "SELECT CURRENT_USER() AS me, @@server_id", "--", "-N")
        self.assertEqual((done.returncode, done.stdout), (0, "root@localhost\t101\n"), summary(done))
        done = run("mysql", "mysql-master", file, stdin="SELECT 'it''s' AS word;\n")
        self.assertEqual((done.returncode, done.stdout), (0, "word\nit's\n"), summary(done))
        done = run("mysql", "mysql-master", file, "-e", "SELECT FROM")
        self.assertEqual(done.returncode, 1, summary(done))
        self.assertIn("ERROR 1064", done.stderr)
        done = run("mysql", "nobody", file)
        self.assertEqual(done.returncode, 1, summary(done))
        # A terminal of its own, which is cut while the client waits.
        cut = subprocess.Popen(
            ["script", "-qec", f"{MRC} mysql mysql-slave1 {file}", "/dev/null"],
            env=self.site.env, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
        )  # fmt: skip
        said = b""
        while not re.search(rb"(mysql|\(none\)\])> $", said):  # servers of MySQL may have MariaDB's client
            some = cut.stdout.read(1)
            self.assertTrue(some, said)
            said += some
        self.assertEqual(self.site.sh("docker2", "docker exec mysql-slave1 sh -c 'ls -A /tmp'"), "")
        processes = self.site.sh("docker2", "cat /proc/[0-9]*/cmdline /proc/[0-9]*/environ 2>/dev/null | tr '\\0' '\\n'")
        self.assertNotIn(self.site.root_password, processes)
        cut.kill()
        cut.communicate()
        wait_until(
            "what ran on the host to end with its terminal",
            lambda: not self.site.sh("docker2", "pgrep -f '^docker exec -it mysql-slave1'", check=False),
        )
        self.assertEqual(self.site.sh("docker2", "docker exec mysql-slave1 sh -c 'ls -A /tmp'"), "")
        done = run("ssh", "docker2", file, "--", "sh", "-c", "hostname | cut -d. -f1; exit 7")
        self.assertEqual((done.returncode, done.stdout), (7, "docker2\n"), summary(done))

    def test_03_a_master_that_answers_is_not_lost(self) -> None:
        done = self.failover()
        self.assertEqual(done.returncode, 0, summary(done))
        self.assertIn("mysql-master answers and takes writes", done.stderr)
        done = self.failover("mysql-slave1")
        self.assertEqual(done.returncode, 3, summary(done))
        self.assertIn("mrc promote mysql-slave1", done.stderr)
        self.settled("mysql-master")

    def test_04_nor_is_one_that_only_mrc_cannot_reach(self) -> None:
        away = "-p tcp --dport 22 -j DROP"
        docker("exec", container("docker1"), "sh", "-c", f"iptables -I INPUT {away}")
        try:
            done = self.failover()
        finally:
            docker("exec", container("docker1"), "sh", "-c", f"iptables -D INPUT {away}")
        self.assertEqual(done.returncode, 3, summary(done))
        self.assertIn("FAILED on docker2, docker3: <server> still hears mysql-master: it is not lost", done.stderr)
        self.assertNotIn("is lost, and how much", done.stderr)
        self.settled("mysql-master")

    def test_05_the_host_dies_and_the_slave_with_the_most_takes_over(self) -> None:
        with App("docker1") as app:
            wait_until("the first rows", lambda: len(app.times) > 5)
            # One that has less, and one that has received more than it has applied.
            self.site.sql_inside("docker2", "mysql-slave1", f"STOP {self.dialect.slave} IO_THREAD")
            self.site.sql_inside("docker3", "mysql-slave2", f"STOP {self.dialect.slave} SQL_THREAD")
            before = len(app.times)
            wait_until("more rows", lambda: len(app.times) > before + 10)
            count = self.acknowledged_and_received(app, "mysql-slave2")
            die("docker1")
            done = self.failover("mysql-slave1")
            self.assertEqual(done.returncode, 3, summary(done))
            self.assertRegex(done.stderr, r"mysql-slave2 has received \d+ transactions that mysql-slave1 lacks")
            self.assertRegex(done.stderr, self.dialect.range)
            self.assertEqual(self.master(), "mysql-master")
            done = self.failover()
            self.assertEqual(done.returncode, 0, summary(done))
            self.assertIn("is lost, and how much that is cannot be told", done.stderr)
            self.assertEqual(self.master(), "mysql-slave2")
            self.assertEqual(self.writable(), ["mysql-slave2"])
            written = len(app.times)
            wait_until("a row after it", lambda: len(app.times) > written)
        for server in ("mysql-slave1", "mysql-slave2"):
            wait_until("the last rows", lambda server=server: self.executed(server) == self.executed("mysql-slave2"))
            self.rows_are_there(count, server)
        # Once more: there is nothing to do.
        done = self.failover()
        self.assertEqual(done.returncode, 0, summary(done))

    def test_06_the_old_master_comes_back_and_becomes_a_slave(self) -> None:
        self.come_back("docker1")
        self.assertEqual(sorted(self.writable()), ["mysql-master", "mysql-slave2"])
        alone = self.executed("mysql-master") - self.executed("mysql-slave2")
        done = self.site.mrc("apply", "--yes")
        self.assertEqual(self.writable(), ["mysql-slave2"], summary(done))
        if not alone:
            self.assertEqual(done.returncode, 0, summary(done))
            self.settled("mysql-slave2")
            return
        # It had written what no slave received.
        self.assertIn("mysql-master was the master and has transactions that mysql-slave2 lacks", done.stderr)
        self.tells_of(alone, done)
        self.make_anew("mysql-master", "docker1")

    def tells_of(self, alone: set[tuple[str, int]], done: subprocess.CompletedProcess[str]) -> None:
        """The ends of each range, and where the transactions are from if they have a name for that."""
        for source in {source for source, _ in alone}:
            if len(source) == 36:
                self.assertIn(source, done.stderr)
            numbers = [number for one, number in alone if one == source]
            for number in (min(numbers), max(numbers)):
                self.assertRegex(done.stderr, rf"\b{number}\b")

    def make_anew(self, server: str, host: str) -> None:
        """As the report says: out of the file, its data deleted, into the file again, as another number."""
        whole = self.site.topology.read_text()
        line = re.search(rf"^    {server}: .*\n", whole, re.M)[0]
        self.site.topology.write_text(whole.replace(line, ""))
        done = self.site.mrc("apply", "--yes")
        self.assertEqual(done.returncode, 0, summary(done))
        root = re.search(r"^  data_root: (\S+)", whole, re.M)
        self.site.sh(host, f"rm -rf {root[1] if root else '/opt/Docker'}/{server}")
        # A server skips what has its own number: it would never get what it wrote as the master.
        self.site.topology.write_text(whole.replace(line, re.sub(r"server_id: (\d+)", r"server_id: \g<1>7", line)))
        done = self.site.mrc("apply", "--yes")
        self.assertEqual(done.returncode, 0, summary(done))
        self.settled(self.master())

    def kill_at(self, steps: list[str], seconds: float) -> str:
        """Kills a failover so long after the first of these steps began; which one it was."""
        run = Run(self.site, "failover", str(self.site.topology), "--yes")
        step = started_any(run, steps)
        self.assertTrue(step, run.said())
        time.sleep(seconds)
        run.process.kill()
        code = run.end()
        self.assertIn(code, (0, -signal.SIGKILL), run.said())
        # What ran on the hosts may come to its end yet.
        self.assertLessEqual(len(self.writable()), 1)
        self.table.append((step, f"{seconds:.1f} s after", "had ended" if code == 0 else "killed"))
        return step

    def became(self, outcome: str) -> None:
        step, moment, before = self.table[-1]
        self.table[-1] = (step, moment, f"{before}; {outcome}")

    def goes_on(self, old: str) -> None:
        """The same command again, and another one is the master."""
        begun = time.monotonic()
        done = self.failover("--lock-wait=10s")
        self.assertEqual(done.returncode, 0, summary(done))
        self.assertNotEqual(self.master(), old)
        self.assertEqual(self.writable(), [self.master()])
        self.became(f"again: {self.master()} has the part after {time.monotonic() - begun:.0f} s")

    def test_07_mrc_killed_at_each_step_is_gone_on_with(self) -> None:
        for step, delay in itertools.product(("drain", "compare", "replicate", "succeed"), (0.0, 0.4)):
            old = self.master()
            self.all_have_all()
            die(SERVERS[old])
            self.kill_at([f"mysql/{name}/{step}" for name in SERVERS if name != old], delay)
            self.goes_on(old)
            self.rejoin(SERVERS[old])
            self.became(f"{old} came back as its slave")

    def test_08_killed_and_the_old_master_comes_back_before_it_is_gone_on_with(self) -> None:
        old = self.master()
        self.all_have_all()
        die(SERVERS[old])
        self.kill_at([f"mysql/{name}/replicate" for name in SERVERS if name != old], 0.0)
        self.come_back(SERVERS[old])
        done = self.failover("--lock-wait=10s")
        self.assertEqual(done.returncode, 3, summary(done))
        self.assertIn(f"{old} answers: it is not lost", done.stderr)
        self.assertEqual(self.writable(), [old])
        done = self.site.mrc("apply", "--yes")
        self.assertEqual(done.returncode, 0, summary(done))
        self.settled(self.master())
        self.assertNotEqual(self.master(), old)
        self.became(f"{old} came back first, and handed the part to {self.master()}")

    def test_09_a_server_that_cannot_start_on_a_host_that_is_there(self) -> None:
        for kill in (True, False):
            old = self.master()
            host = SERVERS[old]
            self.all_have_all()
            data = self.site.sh(host, f"docker inspect -f '{{{{range .Mounts}}}}{{{{.Source}}}}{{{{end}}}}' {old}").strip()
            self.site.sh(host, f"echo nonsense=1 >>{data}/my.cnf; docker kill {old} >/dev/null; docker start {old} >/dev/null")
            wait_until("the server to be gone", lambda: not self.ask(old, "SELECT 1;"))
            if kill:
                self.kill_at([f"mysql/{old}/fence"], 0.0)
                self.goes_on(old)
            else:
                done = self.failover()
                self.assertEqual(done.returncode, 0, summary(done))
                self.assertEqual(self.writable(), [self.master()])
            self.assertEqual(self.site.sh(host, f"docker inspect -f '{{{{.State.Running}}}}' {old}"), "false\n")
            done = self.site.mrc("apply", "--yes")
            self.assertEqual(done.returncode, 0, summary(done))
            self.settled(self.master())

    def test_10_what_the_old_master_alone_has_is_told_and_kept(self) -> None:
        old = self.master()
        host = SERVERS[old]
        self.all_have_all()
        die(host)
        done = self.failover()
        self.assertEqual(done.returncode, 0, summary(done))
        new = self.master()
        self.come_back(host)
        self.site.sql_outside(ADDRESSES[host], "CREATE DATABASE odd;")
        alone = self.executed(old) - self.executed(new)
        self.assertEqual(len(alone), 1)
        for code in (5, 3):  # closed by the first, and nothing else can be done
            done = self.site.mrc("apply", "--yes")
            self.assertEqual(done.returncode, code, summary(done))
            self.assertIn(f"{old} was the master and has transactions that {new} lacks", done.stderr)
            self.tells_of(alone, done)
            self.assertEqual(self.writable(), [new])
        self.assertEqual(self.ask(old, "SHOW DATABASES LIKE 'odd';"), [["odd"]])
        self.make_anew(old, host)
        self.assertEqual(self.ask(old, "SHOW DATABASES LIKE 'odd';"), [])

    def test_11_what_drifts_afterwards_is_called_drift(self) -> None:
        # The record that told was on the host of the one that was lost.
        master = self.master()
        self.site.sql_outside(ADDRESSES[SERVERS[master]], "GRANT SELECT ON *.* TO repl@'%';")
        steps = load_json(self.site.mrc("plan", "--json"))["steps"]
        self.assertEqual([(s["id"], s["cause"]) for s in steps], [(f"mysql/{master}/account", "drift")])
        done = self.site.mrc("apply", "--yes")
        self.assertEqual(done.returncode, 0, summary(done))
        self.settled(master)


def started_any(run: Run, steps: list[str]) -> str:
    """Waits until one of the steps begins, and gives it; none when the run ends without."""
    end = time.monotonic() + 300
    while time.monotonic() < end:
        over = run.process.poll() is not None
        for file in set(run.folder.glob("*.jsonl")) - run.known:
            lines = [line for line in file.read_text().splitlines() if '"started"' in line]
            for step in steps:
                if any(f'"step":"{step}"' in line for line in lines):
                    return step
        if over:
            return ""
        time.sleep(0.005)
    raise AssertionError(f"none of {steps} began in 300 s\n{run.said()}")


if __name__ == "__main__":
    unittest.main(verbosity=2, failfast=True)
