"""The commands of docs/hub.md, as the province's operator and a district type them."""

import asyncio
import re
import shlex
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from renkou_local import nats_keys
from renkou_local.hub.server import EmbeddedHub
from renkou_local.layout import REPOSITORY

from .hub_client import connected, is_refused

PAGE = (REPOSITORY / "docs" / "hub.md").read_text(encoding="utf-8")
DISTRICT = "340103"


@pytest.fixture
async def hub(tmp_path: Path) -> AsyncIterator[EmbeddedHub]:
    """A hub that nobody has joined."""
    server = EmbeddedHub(tmp_path / "hub", {})
    await server.start()
    yield server
    await server.stop()


async def type_in(command: str) -> str:
    """Run a command as documented; returns what it prints. A failure fails the test."""
    _, _, module, *arguments = shlex.split(command)
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        module,
        *arguments,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    said, _ = await process.communicate()
    assert process.returncode == 0, said.decode()
    return said.decode()


async def documented(name: str, **filling: object) -> str:
    """Run the command of this name as the page has it, with its example values replaced."""
    found = re.search(rf"^ {{4,}}(python -m renkou_local\.hub {name}\b.*)$", PAGE, re.MULTILINE)
    assert found, f"docs/hub.md does not show `{name}`"
    command = found[1]
    for what, value in filling.items():
        command = re.sub(rf"(?<!\w){re.escape(EXAMPLES[what])}", str(value), command)
    return await type_in(command)


EXAMPLES = {
    "seed": "secrets/340103/secrets/hub_seed",
    "folder": "/srv/hub-authority",
    "url": "nats://hub.example:4222",
    "key": "UABC...",
    "old": "UOLD...",
}


async def test_a_district_joins_changes_its_key_and_leaves(hub: EmbeddedHub, tmp_path: Path) -> None:
    place = {"folder": hub.authority.folder, "url": hub.url}
    seed, _ = nats_keys.seed_file(tmp_path / "hub_seed")
    key = (await documented("public-key", seed=seed)).strip()
    assert key.startswith("U")

    assert "declared EXCHANGE_" in await documented("admit", key=key, **place)
    token = (hub.authority.folder / "districts" / f"{DISTRICT}.token").read_text()
    async with connected(hub.port, seed, token) as district:
        assert await district.refused([f"in.{DISTRICT}.{DISTRICT}"]) == set()

        second, new_key = nats_keys.seed_file(tmp_path / "hub_seed_new")
        await documented("admit", key=new_key, **place)
        renewed = (hub.authority.folder / "districts" / f"{DISTRICT}.token").read_text()
        assert not await is_refused(hub.port, second, renewed)
        assert await district.settled() == []
        assert f"revoked: {DISTRICT} {key}" in await documented("revoke", old=key, **place)
        assert "revoked" in (await district.cut_off(5)).lower()
    assert not await is_refused(hub.port, second, renewed)
    assert "members 1, keys revoked 1" in await documented("show", folder=place["folder"])


async def test_signing_keys_are_changed(hub: EmbeddedHub, tmp_path: Path) -> None:
    place = {"folder": hub.authority.folder, "url": hub.url}
    seed, key = nats_keys.seed_file(tmp_path / "hub_seed")
    await documented("admit", key=key, **place)
    file = hub.authority.folder / "districts" / f"{DISTRICT}.token"
    old = file.read_text()
    assert "the hub knows" in await documented("rotate", **place)
    assert "renewed: 1" in await documented("renew", folder=place["folder"])
    assert not await is_refused(hub.port, seed, old)
    assert "dropped: district" in await documented("retire", **place)
    assert await is_refused(hub.port, seed, old)
    assert not await is_refused(hub.port, seed, file.read_text())


async def test_a_mistake_is_told_and_changes_nothing(hub: EmbeddedHub) -> None:
    before = hub.authority.trust.read_text()
    for wrong in ("340103=SUAEXAMPLE", "3401=UABC", "340103"):
        with pytest.raises(AssertionError, match="Error"):
            await type_in(f"python -m renkou_local.hub admit --folder {hub.authority.folder} {wrong}")
    assert hub.authority.trust.read_text() == before
    assert hub.authority.record.members == {}
