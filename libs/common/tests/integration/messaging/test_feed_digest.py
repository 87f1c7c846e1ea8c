"""Digests over a feed: computed by the database as its definition says, so that both sides get the same."""

from hashlib import sha256

import httpx
import pytest

from renkou_common.messaging.digest import BLOCK
from renkou_common.messaging.envelope import Event, parse_envelope
from renkou_common.messaging.feed import LINES
from renkou_common.messaging.nats_client import NatsClient

from .support import TOKEN, Publisher, eventually, people, relay_of, running

NUMBER = 2 * BLOCK + 100


@pytest.fixture
async def url(publisher: Publisher, nats: NatsClient) -> str:
    """Address of a feed with events in three blocks."""
    for _ in range(4):
        await publisher.write(people(NUMBER // 4))
    async with running(relay_of(publisher, nats).run):
        await eventually(publisher.all_numbered)
    return publisher.address


def by_definition(events: list[Event]) -> str:
    blocks: dict[int, bytes] = {}
    for event in events:
        told = event.seq.to_bytes(8, "big") + event.id.bytes + event.content_hash
        blocks[(event.seq - 1) // BLOCK] = blocks.get((event.seq - 1) // BLOCK, b"") + told
    digests = b"".join(sha256(blocks[block]).digest() for block in sorted(blocks))
    return sha256(digests).hexdigest() if digests else ""


@pytest.mark.parametrize(
    ("first", "last", "parts"),
    [
        (1, NUMBER, 1),
        (1, NUMBER, 64),
        (5, 1500, 2),
        (1025, 2048, 3),
        (2040, 2060, 2),
        (NUMBER + 1, NUMBER + 9, 4),
    ],
)
async def test_digests_are_what_their_definition_says(
    url: str, publisher: Publisher, http: httpx.AsyncClient, first: int, last: int, parts: int
) -> None:
    client = publisher.client(http)
    events: list[Event] = []
    while len(events) < NUMBER:
        events += (await client.read(len(events), 1000))[0]
    answer = await client.read_digest(first, last, parts)
    assert answer.head == NUMBER
    assert (answer.parts[0].first, answer.parts[-1].last) == (first, last)
    for part in answer.parts:
        within = [event for event in events if part.first <= event.seq <= part.last]
        assert (part.number, part.digest) == (len(within), by_definition(within))


@pytest.mark.parametrize(
    "query", [{"from": 0, "to": 5}, {"from": 9, "to": 8}, {"from": 1, "to": 2**21}, {"from": 1}]
)
async def test_a_range_out_of_bounds_is_refused(
    publisher: Publisher, http: httpx.AsyncClient, query: dict[str, int]
) -> None:
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    answer = await http.get(f"{publisher.address}/digest", params=query, headers=bearer)
    assert answer.status_code == 422
    assert (await http.get(f"{publisher.address}/digest", params={"from": 1, "to": 2})).status_code == 401


async def test_a_page_in_lines_is_the_page(url: str, http: httpx.AsyncClient) -> None:
    bearer = {"Authorization": f"Bearer {TOKEN}"}
    page = (await http.get(url, params={"after": 7, "limit": 5}, headers=bearer)).json()
    answer = await http.get(url, params={"after": 7, "limit": 5}, headers=bearer | {"Accept": LINES})
    assert answer.headers["content-type"].startswith(LINES)
    head, *lines = answer.content.split(b"\n")
    assert head.decode() == f'{{"head":{page["head"]},"next_after":{page["next_after"]}}}'
    assert [parse_envelope(line) for line in lines] == [parse_envelope(item) for item in page["items"]]
