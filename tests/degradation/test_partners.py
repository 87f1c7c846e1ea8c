"""One partner's way to the hub is slow, and another partner is not."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest

from tests.degradation.node import Creation, Districts, districts, send_all
from tests.e2e.journey import HOME, RESIDENCE
from tests.e2e.progress import until

pytestmark = pytest.mark.degradation

SLOW = "440305"
DELAY = 1.0
"""Seconds that anything takes between the slow partner and the hub, each way; the exchange takes several ways."""
PAIRS = 8
USUAL = 10.0
"""No notice of the other partner takes longer than this, as long as the slow one's does at least."""
ARRIVED_WITHIN = 60.0


@pytest.fixture(scope="module")
async def three(tmp_path_factory: pytest.TempPathFactory) -> AsyncIterator[Districts]:
    """A district with two partners."""
    folder = tmp_path_factory.mktemp("partners")
    async with districts(folder, (HOME, RESIDENCE, SLOW)) as running:
        yield running


async def incoming(three: Districts, district: str, sender: str) -> int:
    """How many notices of arrival a district has got from another."""
    items = await three.offices[district].clerk.pages("migrant", "/notices", limit=200)
    found = [one for one in items if (one["direction"], one["kind"]) == ("in", "arrival_notice")]
    return sum(one["partner"] == sender for one in found)


async def seconds_to_arrive(three: Districts, sender: str, receiver: str, people: list[Creation]) -> float:
    """Register people as arrived at the sender's; how long until the receiver has the notice of each."""
    before, begun = await incoming(three, receiver, sender), time.monotonic()
    clerk = three.offices[sender].clerk
    statuses, answers = await send_all(clerk, "migrant", "/arrivals", people)
    assert statuses == {201: len(people)}, [one.text for one in answers if one.is_error]

    async def arrived() -> bool:
        return await incoming(three, receiver, sender) >= before + len(people)

    await until(f"{sender}'s notices are at {receiver}", arrived, ARRIVED_WITHIN)
    assert await incoming(three, receiver, sender) == before + len(people), "each once"
    return time.monotonic() - begun


async def there_and_back(three: Districts, partner: str) -> list[float]:
    """Seconds for notices from a partner and to it, side by side."""
    people = three.arrivals(PAIRS, of=HOME, at=partner), three.arrivals(PAIRS, of=partner, at=HOME)
    return list(
        await asyncio.gather(
            seconds_to_arrive(three, partner, HOME, people[0]),
            seconds_to_arrive(three, HOME, partner, people[1]),
        )
    )


async def test_a_slow_partner_slows_nobody_else_down(three: Districts) -> None:
    before = three.restarts()
    usual = await there_and_back(three, RESIDENCE)
    with three.slow("hub", SLOW, DELAY):
        waiting = asyncio.create_task(there_and_back(three, SLOW))
        try:
            meanwhile = await there_and_back(three, RESIDENCE)
        finally:
            slow = await waiting
    print(f"usual {usual}, beside the slow partner {meanwhile}, the slow one {slow}")
    assert max(meanwhile) < max(USUAL, 2 * max(usual)), meanwhile
    assert min(slow) > 2 * DELAY, "the partner was not slow"
    assert three.restarts() == before, "no service was started again"
