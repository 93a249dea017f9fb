"""What both plugins take from their config: etcd, the node's name, the state of the store."""

import os
import platform

from contract import CniError
from etcd3 import Etcd, EtcdError, Settings
from store import NotFound, Store

NODENAME = "/var/lib/calico/nodename"


def connect(config: dict, deadline: float | None = None) -> Store:
    """/etc/calico/calicoctl.cfg is not read here; user and password come from the environment only."""
    if config.get("datastore_type", "etcdv3") != "etcdv3":
        raise CniError(f"error creating calico client: unknown datastore type: {config['datastore_type']}")
    settings = Settings(
        endpoints=config.get("etcd_endpoints") or os.environ.get("ETCD_ENDPOINTS", ""),
        username=os.environ.get("ETCD_USERNAME", ""),
        password=os.environ.get("ETCD_PASSWORD", ""),
        key_file=config.get("etcd_key_file", ""),
        cert_file=config.get("etcd_cert_file", ""),
        ca_file=config.get("etcd_ca_cert_file", ""),
    )
    try:
        return Store(Etcd(settings, deadline))
    except EtcdError as error:
        raise CniError(f"error creating calico client: {error}") from None


def require_ready(store: Store) -> None:
    try:
        information = store.get("ClusterInformation", "default")
    except (NotFound, EtcdError) as error:
        raise CniError(f"error getting ClusterInformation: {error}") from None
    if not information["spec"].get("datastoreReady"):
        raise CniError("Calico is currently not ready to process requests")


def require_nodename_file(config: dict) -> None:
    """It must be there even when the config names the node."""
    path = config.get("nodename_file") or NODENAME
    if not config.get("nodename_file_optional") and not os.path.exists(path):
        raise CniError(
            f"stat {path}: no such file or directory: check that the calico/node container is running and has mounted "
            "/var/lib/calico/"
        )


def nodename(config: dict) -> str:
    """The config's, else the file's as it is, else the system's."""
    for key in ("nodename", "hostname"):
        if config.get(key):
            return config[key]
    try:
        with open(config.get("nodename_file") or NODENAME) as file:
            if text := file.read():
                return text
    except OSError:
        pass
    return platform.node().lower()


def handle(config: dict, container: str) -> str:
    """Of the addresses of one container; the interface is no part of it."""
    return f"{config['name']}.{container}"
