"""A small client of etcd's v2 API: what the stand-ins need, with compare-and-swap."""

import http.client
import json
import os
import urllib.parse


class EtcdError(Exception):
    """etcd could not be reached or refused; `code` is etcd's own, 0 for a lost connection."""

    def __init__(self, message: str, code: int = 0) -> None:
        super().__init__(message)
        self.code = code


NOT_FOUND, COMPARE_FAILED, EXISTS, NOT_A_FILE, DIR_NOT_EMPTY = 100, 101, 105, 102, 108


class Etcd:
    def __init__(self, endpoints: list[tuple[str, int]]) -> None:
        self.endpoints = endpoints

    @staticmethod
    def from_environment() -> "Etcd":
        """ETCD_ENDPOINTS wins over ETCD_AUTHORITY, whose default is this host."""
        urls = os.environ.get("ETCD_ENDPOINTS")
        if urls:
            found = []
            for url in urls.split(","):
                parts = urllib.parse.urlsplit(url)
                if parts.scheme not in ("http", "https") or not parts.hostname or not parts.port or parts.path:
                    raise ValueError(urls)
                found.append((parts.hostname, parts.port))
            return Etcd(found)
        host, _, port = os.environ.get("ETCD_AUTHORITY", "127.0.0.1:2379").partition(":")
        return Etcd([(host, int(port))])

    def request(self, method: str, key: str, query: dict | None = None, form: dict | None = None, timeout: float = 10):
        path = "/v2/keys" + urllib.parse.quote(key)
        if query:
            path += "?" + urllib.parse.urlencode(query)
        body = urllib.parse.urlencode(form) if form is not None else None
        headers = {"Content-Type": "application/x-www-form-urlencoded"} if body is not None else {}
        last = "no endpoint"
        for host, port in self.endpoints:
            try:
                connection = http.client.HTTPConnection(host, port, timeout=timeout)
                connection.request(method, path, body, headers)
                answer = connection.getresponse()
                data = json.loads(answer.read() or b"{}")
                connection.close()
            except (OSError, ValueError, http.client.HTTPException) as error:
                last = f"Connection to etcd failed due to {error} at {host}:{port}"
                continue
            if "errorCode" in data:
                if data["errorCode"] >= 300:  # no leader and the like: another member may do
                    last = data.get("message", "error")
                    continue
                raise EtcdError(data.get("message", "error"), data["errorCode"])
            return data
        raise EtcdError(last)

    def get(self, key: str) -> str | None:
        node = self.node(key)
        return None if node is None or node.get("dir") else node.get("value", "")

    def node(self, key: str, recursive: bool = False) -> dict | None:
        try:
            return self.request("GET", key, {"recursive": "true"} if recursive else None)["node"]
        except EtcdError as error:
            if error.code == NOT_FOUND:
                return None
            raise

    def tree(self, key: str) -> dict[str, str]:
        """All values below a key, by full key."""
        found: dict[str, str] = {}
        open_nodes = [self.node(key, recursive=True)]
        while open_nodes:
            node = open_nodes.pop()
            if node is None:
                continue
            if node.get("dir"):
                open_nodes += node.get("nodes", [])
            else:
                found[node["key"]] = node.get("value", "")
        return found

    def children(self, key: str) -> list[str]:
        node = self.node(key)
        return sorted(n["key"].rsplit("/", 1)[1] for n in (node or {}).get("nodes", []))

    def set(self, key: str, value: str) -> None:
        self.request("PUT", key, form={"value": value})

    def create(self, key: str, value: str) -> bool:
        return self._conditional(key, {"prevExist": "false"}, value)

    def swap(self, key: str, before: str, value: str) -> bool:
        return self._conditional(key, {"prevValue": before}, value)

    def _conditional(self, key: str, condition: dict, value: str) -> bool:
        try:
            self.request("PUT", key, condition, {"value": value})
            return True
        except EtcdError as error:
            if error.code in (COMPARE_FAILED, EXISTS, NOT_FOUND):
                return False
            raise

    def mkdir(self, key: str) -> None:
        try:
            self.request("PUT", key, {"dir": "true"}, {})
        except EtcdError as error:
            if error.code not in (NOT_A_FILE, EXISTS):
                raise

    def delete(self, key: str, recursive: bool = False) -> bool:
        try:
            self.request("DELETE", key, {"recursive": "true"} if recursive else None)
            return True
        except EtcdError as error:
            if error.code == NOT_FOUND:
                return False
            raise
