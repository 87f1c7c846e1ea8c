"""Makes the secrets of district nodes and a hub for Compose or production: files, once, never overwritten.

    python -m renkou_local.provision --districts 340103,310115 --out secrets

    <out>/<district>/secrets/          what the services of a node read (names in deploy/README.md)
    <out>/<district>/operator_seed     declares the node's streams; stays with the operator
    <out>/<district>/superuser_password  of PostgreSQL; stays with the operator
    <out>/<district>/nats.env          public keys for the node's server (deploy/nats/node.conf)
    <out>/hub/operator_seed            declares the hub's streams; stays with the province
    <out>/hub/hub-users.conf           beside deploy/nats/hub.conf
    <out>/trust/anchor.json            signs the trust list; stays with the province

In production each district runs this for itself and hands only the public key of its `hub_seed` to the
province.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from renkou_local import keys, nats_keys, secret_files
from renkou_local.nats_config import HubKeys, hub_users
from renkou_local.node import make_secrets


def provision(out: Path, districts: Sequence[str]) -> None:
    """Make what is missing under `out`. Raises ValueError for a malformed district code."""
    anchor = secret_files.keep(out / "trust" / "anchor.json", keys.trust_anchor)
    _, hub_operator = nats_keys.seed_file(out / "hub" / "operator_seed")
    members = {}
    for district in districts:
        folder = out / district
        make_secrets(folder / "secrets", anchor)
        secret_files.keep(folder / "superuser_password", secret_files.password)
        _, operator = nats_keys.seed_file(folder / "operator_seed")
        _, services = nats_keys.seed_file(folder / "secrets" / "nats_seed")
        _, members[district] = nats_keys.seed_file(folder / "secrets" / "hub_seed")
        names = f"RENKOU_NATS_NODE_NKEY={services}\nRENKOU_NATS_OPERATOR_NKEY={operator}\n"
        (folder / "nats.env").write_text(names)
    (out / "hub" / "hub-users.conf").write_text(hub_users(HubKeys(hub_operator, members)))


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--districts", required=True, help="codes of six digits, separated by commas")
    parser.add_argument("--out", required=True, type=Path)
    given = parser.parse_args()
    provision(given.out, given.districts.split(","))
    print(f"secrets are in {given.out}")


if __name__ == "__main__":
    main()
