"""Verifying at the counter and on the public page with nothing but this node's own database."""

from collections.abc import AsyncIterator
from pathlib import Path
from urllib.parse import urlencode
from uuid import uuid4

import pytest_asyncio

from renkou_migrant.certificates import service as certificates
from renkou_migrant.certificates import shown
from renkou_migrant.certificates.domain import Kind
from renkou_migrant.certificates.records import Actor, ActorKind
from renkou_migrant.certificates.service import Order
from renkou_migrant.credentials.groups import MINIMAL_GROUPS
from renkou_migrant.credentials.jws import SigningKey
from renkou_migrant.status_lists import service as status_lists

from ..support import EVERYTHING, HOME, Databases, Node, open_node, trust_list
from .test_certificates import facts

FORM = {"Content-Type": "application/x-www-form-urlencoded"}


@pytest_asyncio.fixture
async def home(databases: Databases, tmp_path: Path, anchor: SigningKey) -> AsyncIterator[Node]:
    """A district whose hub does not exist, with a trust list and a signed status list."""
    made = await open_node(HOME, await databases(HOME), tmp_path / "home", anchor)
    await made.accept(trust_list(anchor, [made.runtime]))
    yield made
    await made.close()


async def code(node: Node) -> str:
    """The text of a certificate's QR code; the status list knows of it."""
    async with node.runtime.database.transaction(EVERYTHING) as tx:
        order = Order(uuid4(), ["person"], Kind.FIRST, None, Actor(ActorKind.STAFF, uuid4()))
        certificate_id = await certificates.issue(tx, node.runtime, order, facts())
        full = await certificates.full_text(tx, node.runtime, EVERYTHING, certificate_id)
        await status_lists.sign_due(tx, node.runtime)
    return shown.packed(full, MINIMAL_GROUPS)


async def test_it_goes_on_with_register_and_hub_away(home: Node) -> None:
    text, clerk = await code(home), await home.clerk()
    await clerk.get("/certificates")  # the register's keys of tokens are known from now on
    home.register.down = True
    body = {"text": text}
    answer = await clerk.request("POST", "/certificate-verifications", json=body)
    assert (answer.status_code, answer.json()["result"]) == (200, "valid")
    page = await home.client.post("/verify", content=urlencode(body), headers=FORM)
    assert 'id="result" class="valid"' in page.text


async def test_a_list_is_verified_once_and_again_when_it_is_another_one(home: Node) -> None:
    text, cache = await code(home), home.runtime.status_lists
    verified = []
    for _ in range(3):
        await home.client.post("/verify", content=urlencode({"text": text}), headers=FORM)
        token = (await home.rows("SELECT token FROM status_list"))[0]["token"]
        trust = home.runtime.trust.current
        assert trust
        verified.append(cache.get(f"renkou:{HOME}/status-lists/1", token, trust.digest))
    assert verified[0] is not None
    assert verified[0] is verified[1] is verified[2]
    await home.rows("UPDATE status_entry SET ended = true RETURNING 1")
    await home.rows("UPDATE status_list SET revision = revision + 1 RETURNING 1")
    async with home.runtime.database.transaction(EVERYTHING) as tx:
        await status_lists.sign_due(tx, home.runtime)
    page = await home.client.post("/verify", content=urlencode({"text": text}), headers=FORM)
    assert 'id="result" class="refused"' in page.text
