"""The Docker Engine API as this program speaks it: 1.16 over the local socket."""

import http.client
import json
import os
import socket


class DockerError(Exception):
    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class _Unix(http.client.HTTPConnection):
    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.connect(os.environ.get("DOCKER_HOST", "unix://var/run/docker.sock").replace("unix://", "/").replace("//", "/"))


def request(method: str, path: str, body: dict | None = None, version: str = "v1.16", raw: bool = False):
    connection = _Unix("docker", timeout=None if raw else 60)
    connection.request(
        method,
        f"/{version}{path}",
        json.dumps(body) if body is not None else None,
        {"Content-Type": "application/json"},
    )
    answer = connection.getresponse()
    if raw and answer.status < 300:
        return answer
    data = answer.read()
    if answer.status >= 300 and answer.status != 304:  # 304: it was so already
        try:
            message = json.loads(data)["message"]
        except (ValueError, KeyError, TypeError):
            message = data.decode(errors="replace").strip()
        raise DockerError(answer.status, message)
    return json.loads(data) if data.strip().startswith((b"{", b"[")) else data


def serves_us() -> bool:
    """False when the engine's minimum API is newer than 1.16."""
    try:
        request("GET", "/version")
        return True
    except DockerError as error:
        if error.status == 400:
            return False
        raise


def container(name: str) -> dict | None:
    try:
        return request("GET", f"/containers/{name}/json")
    except DockerError as error:
        if error.status == 404:
            return None
        raise


def has_image(name: str) -> bool:
    try:
        request("GET", f"/images/{name}/json")
        return True
    except DockerError as error:
        if error.status == 404:
            return False
        raise


def pull(name: str) -> bool:
    image, _, tag = name.rpartition(":")
    try:
        answer = request("POST", f"/images/create?fromImage={image}&tag={tag}", raw=True)
    except DockerError:
        return False
    answer.read()
    return has_image(name)


def remove(name: str) -> None:
    try:
        request("DELETE", f"/containers/{name}?force=1")
    except DockerError as error:
        if error.status != 404:
            raise
