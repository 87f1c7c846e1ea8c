"""Makes the secrets of district nodes and a hub for Compose or production: files, once, never overwritten.

    python -m renkou_local.provision --districts 340103,310115 --out secrets

    <out>/<district>/secrets/          what the services of a node read (names in deploy/README.md)
    <out>/<district>/operator_seed     declares the node's streams; stays with the operator
    <out>/<district>/superuser_password  of PostgreSQL; stays with the operator
    <out>/<district>/authority.pem, tls/  the node's certificate authority and its servers' certificates
    <out>/<district>/nats.env          public keys for the node's server (deploy/nats/node.conf)
    <out>/hub/                         the province's authority over its hub (renkou_local.hub, docs/hub.md)
    <out>/trust/anchor.json            signs the trust list; stays with the province

In production each district runs this for itself with `--no-hub`, hands only the public key of its `hub_seed` to
the province, and puts the token that comes back beside it as `hub_token`.
"""

import argparse
from collections.abc import Sequence
from pathlib import Path

from renkou_local import keys, nats_keys, secret_files
from renkou_local.certificates import make_certificates, make_hub_certificates
from renkou_local.databases import SERVICES
from renkou_local.hub.admin import members
from renkou_local.hub.authority import Authority, Signer
from renkou_local.nats_config import DISTRICT
from renkou_local.node import make_secrets


def provision(out: Path, districts: Sequence[str], *, hub: bool = True) -> None:
    """Make what is missing under `out`, a hub with these districts included. Raises ValueError for a malformed
    district code."""
    if not all(DISTRICT.fullmatch(district) for district in districts):
        raise ValueError(f"not a district among {', '.join(districts)}")
    anchor = secret_files.keep(out / "trust" / "anchor.json", keys.trust_anchor)
    for district in districts:
        folder = out / district
        make_secrets(folder / "secrets", anchor)
        make_certificates(folder, district)
        secret_files.keep(folder / "superuser_password", secret_files.password)
        _, operator = nats_keys.seed_file(folder / "operator_seed")
        users = {
            service: nats_keys.seed_file(folder / "secrets" / f"nats_{service}_seed")[1]
            for service in SERVICES
        }
        names = [
            f"RENKOU_NATS_{user.upper()}_NKEY={key}\n"
            for user, key in (users | {"operator": operator}).items()
        ]
        (folder / "nats.env").write_text("".join(names))
    if hub:
        make_hub_certificates(out / "hub", (out / district / "secrets" for district in districts))
        authority = Authority(out / "hub")
        authority.keep_tokens(members({district: out / district / "secrets" for district in districts}))
        for signer in (Signer.DECLARER, Signer.SYSTEM):
            authority.user(signer)


def main() -> None:
    """Command line entry."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--districts", required=True, help="codes of six digits, separated by commas")
    parser.add_argument("--out", required=True, type=Path)
    parser.add_argument("--no-hub", action="store_true", help="a district by itself: the hub is elsewhere")
    given = parser.parse_args()
    provision(given.out, given.districts.split(","), hub=not given.no_hub)
    print(f"secrets are in {given.out}")


if __name__ == "__main__":
    main()
