"""A small client of etcd's v3 store, through its JSON gateway: what the stand-ins need, with transactions.

As Calico's, it waits for etcd for ever unless told a deadline.
"""

import base64
import http.client
import json
import ssl
import time
import urllib.parse
from dataclasses import dataclass

FIRST_LOGIN = 10.0  # the only wait that ends by itself: the first connection with user and password


class EtcdError(Exception):
    """etcd refused, or did not answer before the deadline."""


@dataclass
class Settings:
    endpoints: str = ""
    username: str = ""
    password: str = ""
    key_file: str = ""
    cert_file: str = ""
    ca_file: str = ""


@dataclass
class Value:
    text: str
    revision: int  # of its last change


def encode(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def decode(text: str) -> str:
    return base64.b64decode(text).decode()


def after(prefix: str) -> str:
    """The end of the range of all keys with this prefix."""
    return prefix[:-1] + chr(ord(prefix[-1]) + 1)


class Etcd:
    def __init__(self, settings: Settings, deadline: float | None = None) -> None:
        """`deadline` is a time of the monotonic clock, at which waiting for etcd ends."""
        self.settings = settings
        self.deadline = deadline
        self.token = ""
        self.servers = [urllib.parse.urlsplit(url.strip()) for url in settings.endpoints.split(",") if url.strip()]
        for server in self.servers:
            if server.scheme not in ("http", "https") or not server.hostname:
                raise EtcdError(f"invalid etcd endpoint: {server.geturl()}")
        if not self.servers:
            raise EtcdError("no etcd endpoints specified")
        self.tls = self.make_tls() if any(s.scheme == "https" for s in self.servers) else None
        if settings.username and settings.password:
            self.log_in()

    def make_tls(self) -> ssl.SSLContext:
        s = self.settings
        if bool(s.key_file) != bool(s.cert_file):
            raise EtcdError("tls: key and certificate are needed together")
        try:
            context = ssl.create_default_context(cafile=s.ca_file or None)
            if s.cert_file:
                context.load_cert_chain(s.cert_file, s.key_file)
        except OSError as error:
            raise EtcdError(f"tls: {error}") from None
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        return context

    def log_in(self) -> None:
        kept, self.token = self.deadline, ""
        self.deadline = min(kept or time.monotonic() + FIRST_LOGIN, time.monotonic() + FIRST_LOGIN)
        answer = self.call("auth/authenticate", {"name": self.settings.username, "password": self.settings.password})
        self.deadline, self.token = kept, answer["token"]

    def call(self, path: str, body: dict) -> dict:
        while True:
            for server in self.servers:
                answer = self.ask(server, path, body)
                if answer is not None:
                    return answer
            if self.deadline is not None and time.monotonic() > self.deadline:
                raise EtcdError("context deadline exceeded")
            time.sleep(0.2)

    def ask(self, server, path: str, body: dict) -> dict | None:
        """One server's answer; None when another, or this one later, may give one."""
        timeout = 5.0 if self.deadline is None else max(0.1, min(5.0, self.deadline - time.monotonic()))
        try:
            if server.scheme == "https":
                connection = http.client.HTTPSConnection(server.hostname, server.port, timeout=timeout, context=self.tls)
            else:
                connection = http.client.HTTPConnection(server.hostname, server.port, timeout=timeout)
            headers = {"Content-Type": "application/json"}
            if self.token:
                headers["Authorization"] = self.token
            connection.request("POST", f"/v3/{path}", json.dumps(body), headers)
            response = connection.getresponse()
            answer = json.loads(response.read() or b"{}")
            connection.close()
        except (OSError, ValueError, http.client.HTTPException):
            return None
        if response.status == 200:
            return answer
        if response.status in (503, 504):  # no leader, or not in time
            return None
        if response.status == 401 and self.token:  # it lives for minutes only
            self.log_in()
            return None
        raise EtcdError(answer.get("error") or answer.get("message") or f"etcd answered {response.status}")

    # -- reading

    def get(self, key: str) -> Value | None:
        found = self.call("kv/range", {"key": encode(key)}).get("kvs", [])
        return Value(decode(found[0].get("value", "")), int(found[0]["mod_revision"])) if found else None

    def tree(self, prefix: str) -> dict[str, Value]:
        return self.listing(prefix)[0]

    def listing(self, prefix: str) -> tuple[dict[str, Value], int]:
        """All keys with the prefix, in order, and the store's revision."""
        answer = self.call("kv/range", {"key": encode(prefix), "range_end": encode(after(prefix))})
        found = {
            decode(kv["key"]): Value(decode(kv.get("value", "")), int(kv["mod_revision"])) for kv in answer.get("kvs", [])
        }
        return dict(sorted(found.items())), int(answer["header"]["revision"])

    # -- writing: each says whether what it was conditional on held

    def create(self, key: str, text: str) -> bool:
        return self.transaction({"key": encode(key), "target": "VERSION", "version": "0"}, self.put(key, text))

    def update(self, key: str, text: str, revision: int) -> bool:
        return self.transaction(self.unchanged(key, revision), self.put(key, text))

    def delete(self, key: str, revision: int) -> bool:
        return self.transaction(self.unchanged(key, revision), {"request_delete_range": {"key": encode(key)}})

    @staticmethod
    def put(key: str, text: str) -> dict:
        return {"request_put": {"key": encode(key), "value": encode(text)}}

    @staticmethod
    def unchanged(key: str, revision: int) -> dict:
        return {"key": encode(key), "target": "MOD", "mod_revision": str(revision)}

    def transaction(self, condition: dict, action: dict) -> bool:
        answer = self.call("kv/txn", {"compare": [condition | {"result": "EQUAL"}], "success": [action]})
        return bool(answer.get("succeeded"))


class Snapshot:
    """All keys with a prefix at one moment, to be read as etcd itself."""

    def __init__(self, etcd: Etcd, prefix: str) -> None:
        self.values, self.revision = etcd.listing(prefix)

    def get(self, key: str) -> Value | None:
        return self.values.get(key)

    def tree(self, prefix: str) -> dict[str, Value]:
        return {key: value for key, value in self.values.items() if key.startswith(prefix)}

    def listing(self, prefix: str) -> tuple[dict[str, Value], int]:
        return self.tree(prefix), self.revision
