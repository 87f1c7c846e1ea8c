"""Configuration of NATS from the files in `deploy/nats/`.

Compose and production start the server with `node.conf` or `hub.conf` and names in the environment. The
local stack puts the same parts into one server: an account for each node and one for the hub. The hub's
list of districts is made here for everybody:

    python -m renkou_local.nats_config hub-users --operator UOPE... 340103=UABC... > hub-users.conf
    python -m renkou_local.nats_config public-key SEED_FILE
"""

import argparse
import os
import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from renkou_local import nats_keys, secret_files
from renkou_local.layout import NATS_FILES

DISTRICT = re.compile(r"[0-9]{6}")
PUBLIC_KEY = re.compile(r"U[A-Z2-7]{55}")


@dataclass(frozen=True)
class NodeKeys:
    """Public keys of a node's account: the services' user and the one that declares streams."""

    services: str
    operator: str


@dataclass(frozen=True)
class HubKeys:
    """Public keys of the hub's account: its operator and each district's user."""

    operator: str
    districts: Mapping[str, str]


def hub_users(hub: HubKeys, parts: str = "accounts") -> str:
    """All users of the hub's account; `parts` is the way to `deploy/nats/accounts` from there.

    Raises ValueError for a malformed code or key.
    """
    template = (NATS_FILES / "accounts" / "hub-district.conf.template").read_text()
    users = [_user(hub.operator, "hub-operator.conf", parts)]
    for district, key in sorted(hub.districts.items()):
        if not DISTRICT.fullmatch(district) or not PUBLIC_KEY.fullmatch(key):
            raise ValueError(f"not a district and its public nkey: {district}={key}")
        users.append(template.replace("@DISTRICT@", district).replace("@NKEY@", key))
    return _users(users)


def local_config(nodes: Mapping[str, NodeKeys], hub: HubKeys, folder: Path) -> str:
    """One server with an account for each node and one for the hub, from the same parts as the separate
    servers.

    `folder` is where the configuration will be: NATS resolves included paths from there.
    """
    parts = os.path.relpath(NATS_FILES, folder.resolve())
    accounts = {
        f"NODE_{district}": _users(
            [
                _user(keys.services, "node-services.conf", f"{parts}/accounts"),
                _user(keys.operator, "node-operator.conf", f"{parts}/accounts"),
            ]
        )
        for district, keys in sorted(nodes.items())
    }
    accounts["HUB"] = hub_users(hub, f"{parts}/accounts")
    body = "".join(f"{name} {{\njetstream: enabled\n{users}}}\n" for name, users in accounts.items())
    return f"include {_quoted(f'{parts}/server.conf')}\n\naccounts {{\n{body}}}\n"


def _user(key: str, part: str, folder: str) -> str:
    if not PUBLIC_KEY.fullmatch(key):
        raise ValueError(f"not a public nkey: {key}")
    return f"{{ nkey: {key}, permissions {{ include {_quoted(f'{folder}/{part}')} }} }}\n"


def _users(users: list[str]) -> str:
    return f"users: [\n{''.join(users)}]\n"


def _quoted(value: object) -> str:
    return '"' + str(value).replace("\\", "\\\\").replace('"', '\\"') + '"'


def environment(
    *, host: str, port: int, monitor_port: int, store: Path, max_file_store: str = "64GB"
) -> dict[str, str]:
    """The names that `server.conf` reads."""
    return {
        "RENKOU_NATS_HOST": _quoted(host),
        "RENKOU_NATS_PORT": str(port),
        "RENKOU_NATS_MONITOR": _quoted(f"{host}:{monitor_port}"),
        "RENKOU_NATS_STORE": _quoted(store),
        "RENKOU_NATS_MAX_FILE_STORE": max_file_store,
    }


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    users = commands.add_parser("hub-users", help="print hub-users.conf")
    users.add_argument("--operator", required=True, help="public nkey of the user that declares the streams")
    users.add_argument("district", nargs="+", help="CODE=PUBLIC_NKEY")
    key = commands.add_parser("public-key", help="print the public key of a seed file")
    key.add_argument("seed_file", type=Path)
    given = parser.parse_args()
    if given.command == "hub-users":
        districts = dict(pair.split("=", 1) for pair in given.district)
        print(hub_users(HubKeys(given.operator, districts)), end="")
    else:
        print(nats_keys.public_key(secret_files.read(given.seed_file)))


if __name__ == "__main__":
    main()
