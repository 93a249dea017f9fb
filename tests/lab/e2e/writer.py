"""A client outside the hosts whose acknowledged rows must be on every server in the end."""

import itertools
import threading

from site_lab import Site


class Writer:
    """A client outside the hosts that writes one row after the other, and goes on when it is refused."""

    def __init__(self, site: Site, address: str, table: str = "log") -> None:
        self.site, self.address, self.table = site, address, table
        self.acknowledged: set[int] = set()
        self.ended = threading.Event()
        self.thread = threading.Thread(target=self.write)

    def __enter__(self) -> "Writer":
        self.site.sql_outside(self.address, f"CREATE TABLE shop.{self.table} (id INT PRIMARY KEY);")
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ended.set()
        self.thread.join()

    def write(self) -> None:
        for number in itertools.count():
            if self.ended.is_set():
                return
            try:
                self.site.sql_outside(self.address, f"INSERT INTO shop.{self.table} VALUES ({number});")
                self.acknowledged.add(number)
            except AssertionError:
                pass  # not acknowledged: it may be there or not

    def rows_on(self, address: str) -> set[int]:
        return {int(row[0]) for row in self.site.sql_outside(address, f"SELECT id FROM shop.{self.table};")}
