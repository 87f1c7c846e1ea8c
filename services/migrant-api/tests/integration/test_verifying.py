"""Verifying at the counter and on the public page with nothing but this node's own database."""

import asyncio
import sys
from collections.abc import AsyncIterator, Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import urlencode
from uuid import uuid4

import pytest_asyncio

from renkou_local.databases import DatabaseAccess
from renkou_migrant.certificate_keys import service as certificate_keys
from renkou_migrant.certificates import service as certificates
from renkou_migrant.certificates import shown
from renkou_migrant.certificates.domain import Kind
from renkou_migrant.certificates.records import Actor, ActorKind
from renkou_migrant.certificates.service import Order
from renkou_migrant.checks import repository
from renkou_migrant.checks import service as checks
from renkou_migrant.credentials import holder
from renkou_migrant.credentials.groups import MINIMAL_GROUPS
from renkou_migrant.credentials.jws import SigningKey
from renkou_migrant.runtime import VerificationCache
from renkou_migrant.status_lists import service as status_lists

from ..support import EVERYTHING, HOME, Clerk, Databases, Json, Node, open_node, trust_list
from .test_certificates import facts

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest_asyncio.fixture
async def access(databases: Databases) -> DatabaseAccess:
    """A database of the home district."""
    return await databases(HOME)


@pytest_asyncio.fixture
async def home(access: DatabaseAccess, tmp_path: Path, anchor: SigningKey) -> AsyncIterator[Node]:
    """A district whose hub does not exist, with a trust list and a signed status list."""
    made = await open_node(HOME, access, tmp_path / "home", anchor)
    await made.accept(trust_list(anchor, [made.runtime]))
    yield made
    await made.close()


@pytest_asyncio.fixture
async def beside(access: DatabaseAccess, anchor: SigningKey, tmp_path: Path) -> AsyncIterator[Node]:
    """Another process of the same district on the same database."""
    made = await open_node(HOME, access, tmp_path / "beside", anchor)
    yield made
    await made.close()


async def presentation(node: Node, holder_key: Json | None = None) -> str:
    """A certificate that shows the person; the status list knows of it."""
    async with node.runtime.database.transaction(EVERYTHING) as tx:
        order = Order(uuid4(), ["person"], Kind.FIRST, None, Actor(ActorKind.STAFF, uuid4()), holder_key)
        certificate_id = await certificates.issue(tx, node.runtime, order, facts())
        full = await certificates.full_text(tx, node.runtime, EVERYTHING, certificate_id)
        await status_lists.sign_due(tx, node.runtime)
    return full


async def code(node: Node) -> str:
    """The text of a certificate's QR code."""
    return shown.packed(await presentation(node), MINIMAL_GROUPS)


def watched_connections() -> Callable[[], list[str]]:
    """Return what tells which connections this process has tried to open from now on."""
    tried: list[str] = []

    def hook(event: str, arguments: tuple[Any, ...]) -> None:
        if event in ("socket.connect", "socket.getaddrinfo", "socket.sendto"):
            tried.append(f"{event} {arguments[-1]}")

    sys.addaudithook(hook)
    return lambda: tried


async def test_it_goes_on_with_register_and_hub_away(home: Node) -> None:
    text, clerk = await code(home), await home.clerk()
    await clerk.get("/certificates")  # the register's keys of tokens are known from now on
    home.register.down = True
    body = {"text": text}
    answer = await clerk.request("POST", "/certificate-verifications", json=body)
    assert (answer.status_code, answer.json()["result"]) == (200, "valid")
    page = await home.client.post("/verify", content=urlencode(body), headers=FORM)
    assert 'id="result" class="valid"' in page.text


async def test_nothing_is_called_over_a_network_and_the_database_is_asked_once_a_second(
    home: Node,
) -> None:
    text, clerk = await code(home), await home.clerk()
    body = {"text": text}

    async def verified() -> Json:
        answer = await clerk.request("POST", "/certificate-verifications", json=body)
        return dict(answer.json())

    assert (await verified())["result"] == "valid"
    home.register.down = True
    connections = watched_connections()
    assert (await verified())["result"] == "valid"
    assert connections() == []
    held = replace(home.runtime, verification=VerificationCache(keep_seconds=3600))
    assert (await checks.verify(held, text)).code == "valid"
    await home.runtime.database.close()
    assert [(await checks.verify(held, text)).code for _ in range(3)] == ["valid"] * 3
    assert connections() == []


async def test_another_list_counts_at_once_and_one_from_another_process_within_a_second(
    home: Node,
) -> None:
    text = await code(home)
    other = replace(home.runtime, verification=VerificationCache(keep_seconds=0.0))
    slow = replace(home.runtime, verification=VerificationCache(keep_seconds=3600))
    for runtime in (home.runtime, other, slow):
        assert (await checks.verify(runtime, text)).code == "valid"
    listed = slow.verification.lists[f"renkou:{HOME}/status-lists/1"]
    assert listed is not None
    slow.verification.forget()
    await checks.verify(slow, text)
    assert slow.verification.lists[f"renkou:{HOME}/status-lists/1"] is listed
    await home.rows("UPDATE status_entry SET ended = true RETURNING 1")
    await home.rows("UPDATE status_list SET revision = revision + 1 RETURNING 1")
    async with home.runtime.database.transaction(EVERYTHING) as tx:
        await status_lists.sign_due(tx, home.runtime)
    assert (await checks.verify(home.runtime, text)).code == "revoked"
    assert (await checks.verify(other, text)).code == "revoked"
    assert (await checks.verify(slow, text)).code == "valid"


async def test_a_key_declared_compromised_takes_its_status_lists_with_it(home: Node) -> None:
    text = await code(home)
    assert (await checks.verify(home.runtime, text)).code == "valid"
    async with home.runtime.database.transaction(EVERYTHING) as tx:
        await certificate_keys.declare(tx, home.runtime, f"{HOME}-1", "备份遗失", uuid4())
    assert (await checks.verify(home.runtime, text)).code == "unknown_key"


async def test_a_proof_counts_once_whichever_process_it_is_shown_to(home: Node, beside: Node) -> None:
    key = SigningKey.generate("own", "EdDSA")
    shown = await presentation(home, holder.confirmation(key.public.to_jwk())["jwk"])
    clerks = [await home.clerk(), await beside.clerk()]

    async def told(clerk: Clerk, text: str, nonce: str) -> str:
        body = {"text": text, "nonce": nonce}
        return str((await clerk.request("POST", "/certificate-verifications", json=body)).json()["code"])

    def proof(nonce: str) -> str:
        now = home.runtime.clock.now()
        return holder.prove(shown, key=key, audience=f"renkou:{HOME}", nonce=nonce, now=now)

    nonce = uuid4().hex
    text = proof(nonce)
    assert await told(clerks[0], text, uuid4().hex) == "holder_proof_nonce"
    codes = [await told(clerk, text, nonce) for clerk in (clerks[0], clerks[1], clerks[0])]
    assert codes == ["valid", "holder_proof_replayed", "holder_proof_replayed"]
    page = await beside.client.post("/verify", content=urlencode({"text": text}), headers=FORM)
    assert 'id="result" class="refused"' in page.text

    nonce = uuid4().hex
    text = proof(nonce)
    at_once = await asyncio.gather(*(told(clerk, text, nonce) for clerk in clerks * 3))
    assert sorted(at_once) == ["holder_proof_replayed"] * 5 + ["valid"]
    assert len(await home.rows("SELECT 1 FROM holder_proof")) == 2


async def test_proofs_are_forgotten_once_they_are_too_old_anyway(home: Node) -> None:
    now = home.runtime.clock.now()
    async with home.runtime.database.transaction(EVERYTHING) as tx:
        assert await repository.take_proof(tx, b"old", now - timedelta(seconds=1))
        assert await repository.take_proof(tx, b"new", now + timedelta(minutes=5))
        assert not await repository.take_proof(tx, b"new", now + timedelta(minutes=5))
        await checks.forget_proofs(tx, home.runtime)
    assert await home.rows("SELECT digest FROM holder_proof") == [{"digest": b"new"}]
