"""The feed over HTTP: pages in order, bounds, rights, and envelopes that prove their content."""

import httpx
import orjson
import pytest

from renkou_common.messaging.envelope import parse_envelope
from renkou_common.messaging.feed import FeedClient, FeedUnavailable
from renkou_common.messaging.nats_client import NatsClient

from .support import TOKEN, Publisher, eventually, people, relay_of, running


@pytest.fixture
async def url(publisher: Publisher, nats: NatsClient) -> str:
    """Address of a feed with 25 events."""
    await publisher.write(people(25))
    async with running(relay_of(publisher, nats).run):
        await eventually(publisher.all_numbered)
    await publisher.write(people(3))
    return publisher.address


async def test_a_feed_is_read_in_pages_up_to_its_head(url: str, http: httpx.AsyncClient) -> None:
    after, numbers = 0, []
    while True:
        answer = await http.get(url, params={"after": after, "limit": 10}, headers=_bearer(TOKEN))
        page = answer.json()
        assert page["head"] == 25
        if not page["items"]:
            break
        numbers += [parse_envelope(item).seq for item in page["items"]]
        after = page["next_after"]
    assert numbers == list(range(1, 26))
    assert after == page["next_after"] == 25


@pytest.mark.parametrize("query", [{"limit": 0}, {"limit": 1001}, {"after": -1}, {"after": "x"}])
async def test_what_is_out_of_bounds_is_refused(
    url: str, http: httpx.AsyncClient, query: dict[str, str]
) -> None:
    answer = await http.get(url, params=query, headers=_bearer(TOKEN))
    assert answer.status_code == 422


async def test_a_feed_needs_the_right_to_read_it(
    url: str, publisher: Publisher, http: httpx.AsyncClient
) -> None:
    assert (await http.get(url)).status_code == 401
    with pytest.raises(FeedUnavailable, match="401"):
        await publisher.client(http, "another token").read(0, 10)


async def test_the_client_returns_events_and_head(
    url: str, publisher: Publisher, http: httpx.AsyncClient
) -> None:
    events, head = await publisher.client(http).read(20, 100)
    assert [event.seq for event in events] == [21, 22, 23, 24, 25]
    assert head == 25
    assert events[0].data["staff_id"] == events[0].subject


async def test_an_envelope_is_a_cloudevent_of_version_one(url: str, http: httpx.AsyncClient) -> None:
    answer = await http.get(url, params={"limit": 1}, headers=_bearer(TOKEN))
    [envelope] = orjson.loads(answer.content)["items"]
    assert envelope["specversion"] == "1.0"
    assert envelope["type"] == "registry.staff.changed.v1"
    assert {"id", "source", "subject", "time", "datacontenttype", "data"} <= envelope.keys()
    assert envelope["feedseq"] == 1
    assert len(envelope["contenthash"]) == 64


async def test_a_service_that_cannot_be_reached_is_told_apart_from_an_empty_feed(
    url: str, publisher: Publisher, http: httpx.AsyncClient
) -> None:
    client: FeedClient = publisher.client(http)
    await publisher.stop_http()
    with pytest.raises(FeedUnavailable):
        await client.read(0, 10)


def _bearer(token: str) -> dict[str, str]:
    return {"Authorization": f"Bearer {token}"}
