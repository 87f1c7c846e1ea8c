"""Configuration of NATS from the files in `deploy/nats/`.

Compose and production start a node's server with `node.conf` and names in the environment. The local stack puts
the same parts into one server with an account for each node. A hub is a server of its own everywhere
(`renkou_local.hub`).
"""

import os
import re
from collections.abc import Mapping
from pathlib import Path

from renkou_local.layout import NATS_FILES
from renkou_local.nats_keys import USER_KEY

DISTRICT = re.compile(r"[0-9]{6}")


NODE_USERS = ("registry", "migrant", "reporting", "operator")
"""Users of a node's account: one for each service, and the one that declares the streams."""


def replies(user: str) -> str:
    """Where the answers to a user come, and nobody else may listen (`_INBOX_registry`)."""
    return f"_INBOX_{user}"


def local_config(nodes: Mapping[str, Mapping[str, str]], folder: Path) -> str:
    """One server with an account for each node, from the same parts as the separate servers.

    `nodes` gives the public key of each of `NODE_USERS` by district. `folder` is where the configuration will be:
    NATS resolves included paths from there.
    """
    parts = os.path.relpath(NATS_FILES, folder.resolve())
    accounts = {
        f"NODE_{district}": _users(
            [_user(keys[user], f"node-{user}.conf", f"{parts}/accounts") for user in NODE_USERS]
        )
        for district, keys in sorted(nodes.items())
    }
    body = "".join(f"{name} {{\njetstream: enabled\n{users}}}\n" for name, users in accounts.items())
    return f"include {_quoted(f'{parts}/server.conf')}\n\naccounts {{\n{body}}}\n"


def _user(key: str, part: str, folder: str) -> str:
    if not USER_KEY.fullmatch(key):
        raise ValueError(f"not a public nkey: {key}")
    return f"{{ nkey: {key}, permissions {{ include {_quoted(f'{folder}/{part}')} }} }}\n"


def _users(users: list[str]) -> str:
    return f"users: [\n{''.join(users)}]\n"


def _quoted(value: object) -> str:
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def certificate(folder: Path, server: str) -> dict[str, str]:
    """The names that `tls.conf` reads, of a server's certificate among those of its authority."""
    return {
        "RENKOU_NATS_TLS_CERTIFICATE_FILE": _quoted(folder / f"{server}.pem"),
        "RENKOU_NATS_TLS_KEY_FILE": _quoted(folder / f"{server}_key.pem"),
    }


def environment(
    *,
    host: str,
    port: int,
    monitor_port: int,
    store: Path,
    max_file_store: str = "64GB",
    accounts: Path | None = None,
) -> dict[str, str]:
    """The names that `server.conf` reads, and with `accounts` the one of `hub.conf`."""
    names = {
        "RENKOU_NATS_HOST": _quoted(host),
        "RENKOU_NATS_PORT": str(port),
        "RENKOU_NATS_MONITOR": _quoted(f"{host}:{monitor_port}"),
        "RENKOU_NATS_STORE": _quoted(store),
        "RENKOU_NATS_MAX_FILE_STORE": max_file_store,
    }
    return names | ({"RENKOU_NATS_ACCOUNTS": _quoted(accounts)} if accounts else {})
