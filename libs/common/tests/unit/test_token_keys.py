"""Keys of tokens change while people are signed in, and strangers' tokens do not make a service ask for keys."""

import asyncio
import json
import os
import time
from base64 import urlsafe_b64decode
from pathlib import Path
from typing import Any
from uuid import uuid4

import httpx
import pytest
from joserfc.jwk import OKPKey

from renkou_common.errors import Unauthenticated, Unavailable
from renkou_common.identity.token_keys import RemoteKeys, TokenKeyFile, kid_of
from renkou_common.identity.tokens import TokenIssuer, TokenVerifier

ISSUER = "renkou:340103"
STAFF = uuid4()


def new_key() -> dict[str, Any]:
    return dict(OKPKey.generate_key("Ed25519", private=True, auto_kid=True).as_dict(private=True))


class KeyFile:
    """A key file that is replaced, and seen at once: tests do not wait for the second look."""

    def __init__(self, path: Path, *keys: dict[str, Any]) -> None:
        self.path = path
        self.write({"keys": list(keys)})
        self.file = TokenKeyFile(path)
        self.issuer = TokenIssuer(self.file, ISSUER)
        self.asked = 0

    def write(self, content: object) -> None:
        partial = self.path.with_suffix(".partial")
        partial.write_text(content if isinstance(content, str) else json.dumps(content))
        os.replace(partial, self.path)

    def replace(self, content: object) -> None:
        self.write(content)
        self.file._look_again = 0.0

    async def published(self) -> dict[str, Any]:
        self.asked += 1
        return self.issuer.public_keys()

    def kids(self) -> list[str]:
        return [key["kid"] for key in self.issuer.public_keys()["keys"]]


def token(keys: KeyFile) -> str:
    return keys.issuer.issue(STAFF, "staff", "clerk")


async def test_a_new_key_is_known_before_it_signs_and_nobody_is_signed_out(tmp_path: Path) -> None:
    old, new = new_key(), new_key()
    keys = KeyFile(tmp_path / "keys", old)
    verifier = TokenVerifier(ISSUER, keys.published, keep_seconds=0, pause_seconds=0)
    of_old = token(keys)
    await verifier.verify(of_old)
    keys.replace({"keys": [new | {"not_before": time.time() + 300}, old]})
    assert keys.kids() == [new["kid"], old["kid"]]
    assert json.loads(_header(token(keys)))["kid"] == old["kid"]
    keys.replace({"keys": [new | {"not_before": time.time() - 1}, old]})
    of_new = token(keys)
    assert json.loads(_header(of_new))["kid"] == new["kid"]
    for each in (of_old, of_new):
        assert (await verifier.verify(each)).subject == STAFF


async def test_a_key_that_was_taken_away_opens_nothing_any_more(tmp_path: Path) -> None:
    stolen, new = new_key(), new_key()
    keys = KeyFile(tmp_path / "keys", stolen)
    verifier = TokenVerifier(ISSUER, keys.published, keep_seconds=0, pause_seconds=0)
    of_thief = token(keys)
    await verifier.verify(of_thief)
    keys.replace({"keys": [new]})
    with pytest.raises(Unauthenticated):
        await verifier.verify(of_thief)


@pytest.mark.parametrize(
    "content",
    ["", "{", "[]", '{"keys": []}', json.dumps({"kty": "oct", "k": "AAAA"}), "waiting"],
    ids=["empty", "half", "list", "no key", "a shared secret", "all keys wait"],
)
async def test_a_file_that_is_no_key_set_changes_nothing(tmp_path: Path, content: str) -> None:
    key = new_key()
    keys = KeyFile(tmp_path / "keys", key)
    waiting = json.dumps(new_key() | {"not_before": time.time() + 900})
    keys.replace(waiting if content == "waiting" else content)
    assert keys.kids() == [key["kid"]]
    token(keys)
    with pytest.raises((ValueError, KeyError, TypeError, AttributeError)):
        TokenKeyFile(keys.path)


async def test_a_single_key_is_a_key_file_too(tmp_path: Path) -> None:
    (tmp_path / "key").write_text(json.dumps(new_key()))
    keys = TokenKeyFile(tmp_path / "key").current()
    assert "d" not in keys.public()["keys"][0]
    assert keys.public()["keys"][0]["kid"] == kid_of(keys.signing())


async def test_strangers_names_of_keys_do_not_make_a_service_ask(tmp_path: Path) -> None:
    keys = KeyFile(tmp_path / "keys", new_key())
    verifier = TokenVerifier(ISSUER, keys.published)
    await verifier.verify(token(keys))
    for _ in range(50):
        stranger = TokenIssuer(OKPKey.generate_key("Ed25519", {"kid": str(uuid4())}, private=True), ISSUER)
        with pytest.raises(Unauthenticated):
            await verifier.verify(stranger.issue(STAFF, "staff", "clerk"))
    assert keys.asked == 1


async def test_many_at_once_ask_once(tmp_path: Path) -> None:
    keys = KeyFile(tmp_path / "keys", new_key())
    verifier = TokenVerifier(ISSUER, keys.published)
    await asyncio.gather(*(verifier.verify(token(keys)) for _ in range(20)))
    assert keys.asked == 1


async def test_while_the_keys_cannot_be_had_those_known_go_on(tmp_path: Path) -> None:
    keys = KeyFile(tmp_path / "keys", new_key())
    reachable = False

    async def published() -> dict[str, Any]:
        if not reachable:
            raise httpx.ConnectError("down")
        return keys.issuer.public_keys()

    verifier = TokenVerifier(ISSUER, published, keep_seconds=0, pause_seconds=0)
    with pytest.raises(Unavailable):
        await verifier.verify(token(keys))
    reachable = True
    await verifier.verify(token(keys))
    reachable = False
    await verifier.verify(token(keys))


def _header(text: str) -> bytes:
    first = text.split(".")[0]
    return urlsafe_b64decode(first + "=" * (-len(first) % 4))


async def test_a_service_that_never_answered_is_not_asked_by_every_caller() -> None:
    asked = 0

    async def fetch() -> dict[str, Any]:
        nonlocal asked
        asked += 1
        await asyncio.sleep(0.05)
        raise httpx.ConnectTimeout("nobody answers")

    keys = RemoteKeys(fetch)
    told = await asyncio.gather(*(keys.get("any") for _ in range(50)), return_exceptions=True)
    assert all(isinstance(each, Unavailable) for each in told)
    assert asked == 1
