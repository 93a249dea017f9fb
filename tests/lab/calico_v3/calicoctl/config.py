"""Where the store is: the config file, or the environment, and never both."""

import os

import environment
import yaml_text
from ending import FailOnStdout
from etcd3 import Etcd, EtcdError, Settings
from store import Store

DEFAULT_FILE = "/etc/calico/calicoctl.cfg"
FILE_KEYS = {
    "etcdEndpoints": "endpoints", "etcdUsername": "username", "etcdPassword": "password",
    "etcdKeyFile": "key_file", "etcdCertFile": "cert_file", "etcdCACertFile": "ca_file",
}  # fmt: skip
OTHER_FILE_KEYS = ("datastoreType", "etcdDiscoverySrv", "etcdKey", "etcdCert", "etcdCACert", "kubeconfig")


class BadFile(Exception):
    """The config file is not there, or not as it must be."""


def load(path: str | None) -> tuple[str, Settings]:
    """The kind of store, and how to reach it. A file that is there hides the environment completely."""
    file = path or DEFAULT_FILE
    if not os.path.exists(file):
        if file != DEFAULT_FILE:
            raise BadFile(file)
        return environment.load()
    try:
        with open(file) as text:
            documents = yaml_text.load_all(text.read())
    except (OSError, ValueError):
        raise BadFile(file) from None
    return from_file(documents, file)


def from_file(documents: list, file: str) -> tuple[str, Settings]:
    whole = documents[0] if len(documents) == 1 and isinstance(documents[0], dict) else {}
    spec = whole.get("spec") or {}
    known = {"apiVersion", "kind", "metadata", "spec"}
    if (
        whole.get("apiVersion") != "projectcalico.org/v3" or whole.get("kind") != "CalicoAPIConfig"
        or set(whole) - known or set(spec) - set(FILE_KEYS) - set(OTHER_FILE_KEYS)
    ):  # fmt: skip
        raise BadFile(file)
    settings = Settings(**{name: str(spec[key]) for key, name in FILE_KEYS.items() if spec.get(key)})
    return str(spec.get("datastoreType") or environment.kind_by(settings)), settings


def connect(path: str | None) -> Store:
    try:
        kind, settings = load(path)
    except BadFile as error:
        raise FailOnStdout(f"Error reading config file: {error}") from None
    before = "Failed to create Calico API client"
    if kind == "kubernetes":
        raise FailOnStdout(
            f"{before}: invalid configuration: no configuration has been provided, try setting KUBERNETES_MASTER environment variable"
        )
    if kind != "etcdv3":
        raise FailOnStdout(f"{before}: unknown datastore type: {kind}")
    try:
        return Store(Etcd(settings))
    except EtcdError as error:
        raise FailOnStdout(f"{before}: {error}") from None
