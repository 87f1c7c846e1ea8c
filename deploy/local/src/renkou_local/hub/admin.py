"""What the province tells a running hub: its accounts as they are now, and streams and durables."""

import json
from collections.abc import Mapping
from pathlib import Path

import nats
from nats.aio.client import Client

from renkou_local import nats_keys, streams
from renkou_local.hub.authority import Authority, Signer


class HubRefused(RuntimeError):
    """The hub did not take an account's token."""


async def connect(url: str, user: tuple[Path, Path]) -> Client:
    """A connection with a seed and a token file; it is not tried again."""
    seed, token = user
    return await nats.connect(url, user_credentials=(str(token), str(seed)), allow_reconnect=False)


async def push(authority: Authority, url: str) -> None:
    """Give the hub the accounts: rights, signing keys and revocations hold at once. Raises HubRefused.

    Users who are not allowed any more are cut off by the hub while it answers. It keeps the tokens on disk,
    and a restart with an older configuration does not bring the older ones back.
    """
    client = await connect(url, authority.user(Signer.SYSTEM))
    try:
        for key, token in authority.accounts().items():
            answer = await client.request("$SYS.REQ.CLAIMS.UPDATE", token.encode(), timeout=10)
            told = json.loads(answer.data)
            if told.get("data", {}).get("code") != 200:
                raise HubRefused(f"{key}: {told.get('error') or told}")
    finally:
        await client.close()


async def declare(authority: Authority, url: str, *, ca_file: Path | None = None) -> list[str]:
    """Declare the streams and durables of all members; returns the streams' names. ``ca_file``: by TLS."""
    seed, token = authority.user(Signer.DECLARER)
    members = sorted(authority.record.members)
    return await streams.declare(url, seed, "hub", members, token_file=token, ca_file=ca_file)


def seed_and_token(folder: Path) -> tuple[Path, Path]:
    """The files of a district among its secrets; of the seed only the public key ever leaves it."""
    return folder / "hub_seed", folder / "hub_token"


def members(folders: Mapping[str, Path]) -> dict[str, tuple[Path, str]]:
    """Token file and public key of districts whose secrets are in these folders; a missing seed is made."""
    found = {}
    for district, folder in folders.items():
        seed, token = seed_and_token(folder)
        found[district] = token, nats_keys.seed_file(seed)[1]
    return found
