"""An application that writes: what tests of the master's part run meanwhile."""

import itertools
import subprocess
import tempfile
import threading
import time
import unittest

from site_lab import ADDRESSES, HOSTS, Site, wait_until

SERVERS = {"mysql-master": "docker1", "mysql-slave1": "docker2", "mysql-slave2": "docker3"}
APP_PASSWORD = "app-Password-1"
SCHEMA = (
    "CREATE DATABASE shop; CREATE TABLE shop.log (id INT PRIMARY KEY);"
    f"CREATE USER app@'%' IDENTIFIED BY '{APP_PASSWORD}'; GRANT SELECT, INSERT ON shop.* TO app@'%';"
)


class App:
    """A client that has a row to write, tries it on one server after the other until one takes it, and goes on
    with the next: what applications with a list of servers do. Keeps when each row was acknowledged."""

    def __init__(self, first: str, port: int = 3306) -> None:
        self.at = first
        self.port = port
        self.times: list[float] = []
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.write)
        self.options = tempfile.NamedTemporaryFile("w", suffix=".cnf")
        self.options.write(f'[client]\nuser=app\npassword="{APP_PASSWORD}"\n')
        self.options.flush()

    def __enter__(self) -> "App":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.thread.join()

    def insert(self, host: str, number: int) -> bool:
        done = subprocess.run(
            ["mariadb", f"--defaults-extra-file={self.options.name}", "-h", ADDRESSES[host], "-P", str(self.port), "-N", "-B",
             "--connect-timeout=2", "-e", f"INSERT INTO shop.log VALUES ({number})"],
            capture_output=True, text=True, timeout=30,
        )  # fmt: skip
        # There already: an earlier try was taken, and the answer lost.
        return done.returncode == 0 or "ERROR 1062" in done.stderr

    def write(self) -> None:
        for number in itertools.count():
            while not self.insert(self.at, number):
                if self.ended.is_set():
                    return
                self.at = HOSTS[(HOSTS.index(self.at) + 1) % len(HOSTS)]
            self.times.append(time.monotonic())
            if self.ended.is_set():
                return

    def longest_stop(self, since: float) -> float:
        """Between two acknowledged rows, of those after the moment."""
        times = [t for t in self.times if t >= since]
        return max((b - a for a, b in itertools.pairwise(times)), default=0.0)


def rows_are_everywhere(test: unittest.TestCase, site: Site, count: int) -> None:
    """Row N is the N-th that the client had acknowledged; it asked for one more at most."""

    def read(host: str) -> list[str] | None:
        rows = [r[0] for r in site.sql_outside(ADDRESSES[host], "SELECT id FROM shop.log ORDER BY id;")]
        return rows if len(rows) >= count else None

    for host in HOSTS:
        rows = wait_until(f"{count} rows on {host}", lambda host=host: read(host))
        test.assertIn(rows, ([str(n) for n in range(count)], [str(n) for n in range(count + 1)]), host)
