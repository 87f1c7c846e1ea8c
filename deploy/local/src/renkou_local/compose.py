"""Prepares Docker Compose: every secret file that docker-compose.yml names, and the settings it reads.

    python -m renkou_local.compose prepare --data .local/compose [--districts 340103,310115]
    docker compose --env-file .local/compose/compose.env up --build --wait
    python -m renkou_local.compose renew --data .local/compose       # new certificates of all servers

Run it again at any time: secrets are never overwritten. The first district is the node that always runs, the
second the one of the profile `two-districts`. Files are laid out as in `renkou_local.provision`; beside them
`compose.env`, which holds no secret.
"""

import argparse
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path

from renkou_local.__main__ import names_of
from renkou_local.databases import SERVICES
from renkou_local.hub.authority import Authority, Signer
from renkou_local.nats_config import DISTRICT
from renkou_local.provision import provision

SUFFIXES = ("", "_B")  # of the names that docker-compose.yml reads for the first and the second node


def prepare(data: Path, districts: Sequence[str], ports: Mapping[str, Sequence[int]] | None = None) -> Path:
    """Make what is missing under `data`; returns the path of `compose.env`.

    `ports` gives a district the loopback ports of its three services; without it the defaults of
    docker-compose.yml hold. Raises ValueError for districts that are not one or two codes of six digits.
    """
    if not 1 <= len(set(districts)) == len(districts) <= len(SUFFIXES):
        raise ValueError("docker-compose.yml holds one district or two different ones")
    if not all(DISTRICT.fullmatch(district) for district in districts):
        raise ValueError("districts are codes of six digits")
    data = data.resolve()
    data.mkdir(mode=0o700, parents=True, exist_ok=True)
    data.chmod(0o700)
    provision(data, districts)
    _let_containers_read(data, districts)
    path = data / "compose.env"
    path.write_text(_settings(data, districts, ports or {}), encoding="utf-8")
    return path


def renew(data: Path) -> list[str]:
    """Make new certificates and keys for the servers of every district under `data` and of its hub, by the same
    authorities; returns the districts. Clients need nothing new, the servers have to be created again."""
    districts = sorted(folder.name for folder in data.iterdir() if DISTRICT.fullmatch(folder.name))
    if not districts:
        raise ValueError(f"nothing was prepared in {data}")
    for owner in (*districts, "hub"):
        for file in (data / owner / "tls").glob("*.pem"):
            file.unlink()
    provision(data, districts)
    _let_containers_read(data, districts)
    return districts


def _let_containers_read(data: Path, districts: Sequence[str]) -> None:
    """Let a container's user read the files it is given.

    Compose mounts a secret file as it is on the host, owner and mode included, and the processes in the
    containers are neither its owner nor root (10001 for the services, 999 for PostgreSQL). So the files are
    readable by all, and what protects them is the folder: only its owner may enter it. The private key of
    the trust list and the keys of all authorities are no container's business and stay as they are.
    """
    files = list(Authority(data / "hub").user(Signer.DECLARER))
    for district in districts:
        files += [data / district / "operator_seed", data / district / "superuser_password"]
        files += (data / district / "secrets").iterdir()
        files += (data / district / "tls").iterdir()
    files += (data / "hub" / "tls").iterdir()
    for file in files:
        file.chmod(0o444)
    (data / "hub" / "server" / "hub-trust.conf").chmod(0o644)


def _settings(data: Path, districts: Sequence[str], ports: Mapping[str, Sequence[int]]) -> str:
    names = names_of(districts)
    lines = [
        "# Written by `python -m renkou_local.compose prepare`; holds no secret.",
        f"RENKOU_SECRETS={data}",
    ]
    for district, suffix in zip(districts, SUFFIXES, strict=False):
        name_zh, name_en = names.get(district, ("", ""))
        lines += [
            f"RENKOU_DISTRICT{suffix}={district}",
            f"RENKOU_DISTRICT{suffix}_NAME_ZH={name_zh}",
            f"RENKOU_DISTRICT{suffix}_NAME_EN={name_en}",
        ]
        given = zip(SERVICES, ports.get(district, ()), strict=False)
        lines += [f"RENKOU_{service.upper()}_PORT{suffix}={port}" for service, port in given]
    return "\n".join(lines) + "\n"


def main(arguments: list[str] | None = None) -> int:
    """Command line entry; returns the exit status."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    commands = parser.add_subparsers(dest="command", required=True)
    preparing = commands.add_parser("prepare", help="make secrets and settings that are missing")
    preparing.add_argument("--data", type=Path, default=Path(".local/compose"))
    preparing.add_argument("--districts", default="340103,310115", help="one code of six digits, or two")
    renewing = commands.add_parser("renew", help="make new certificates for the servers")
    renewing.add_argument("--data", type=Path, default=Path(".local/compose"))
    given = parser.parse_args(arguments)
    try:
        if given.command == "renew":
            renew(given.data.resolve())
            print(
                "now: docker compose ... up --detach --wait --force-recreate, with the names of the servers"
            )
            return 0
        path = prepare(given.data, given.districts.split(","))
    except (OSError, ValueError) as error:
        print(error, file=sys.stderr)
        return 1
    print(f"now: docker compose --env-file {path} up --build --wait")
    return 0


if __name__ == "__main__":
    sys.exit(main())
