"""The store, as the environment names it."""

import os

from etcd3 import Settings

VARIABLES = {
    "ETCD_ENDPOINTS": "endpoints", "ETCD_USERNAME": "username", "ETCD_PASSWORD": "password",
    "ETCD_KEY_FILE": "key_file", "ETCD_CERT_FILE": "cert_file", "ETCD_CA_CERT_FILE": "ca_file",
}  # fmt: skip


def variable(name: str) -> str:
    """With the prefix CALICO_ it wins over the one without."""
    return os.environ.get(f"CALICO_{name}") or os.environ.get(name, "")


def load() -> tuple[str, Settings]:
    """The kind of store, and how to reach it."""
    settings = Settings(**{name: variable(key) for key, name in VARIABLES.items()})
    return variable("DATASTORE_TYPE") or kind_by(settings), settings


def kind_by(settings: Settings) -> str:
    return "etcdv3" if settings.endpoints else "kubernetes"
