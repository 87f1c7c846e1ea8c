"""The node's broker away, and the hub away: work goes on, and what waited arrives once."""

import time
from collections import Counter

import pytest

from tests.degradation.node import Districts, send_all
from tests.e2e.api import Json
from tests.e2e.journey import HOME, RESIDENCE
from tests.e2e.progress import until

pytestmark = pytest.mark.endurance

ORDINARY_PER_SECOND = 1.0
"""Creations of a district of a million at its busiest hour: 3,600 births, moves, arrivals and services an hour."""
OUTAGE_SECONDS = 600
CAUGHT_UP_WITHIN = 120.0
ARRIVED_WITHIN = 60.0
UNPUBLISHED = "SELECT count(*) FROM outbox WHERE published_at IS NULL"


async def feed(two: Districts) -> Json:
    """The registry's feed as the figures see it."""
    told = await two.offices[HOME].statistician.get("reporting", "/feeds/status")
    return dict(next(one for one in told["items"] if one["feed"] == "registry"))


async def test_without_the_broker_work_goes_on_and_figures_catch_up_within_two_minutes(
    two: Districts,
) -> None:
    """Ten minutes are not waited for: what ordinary load makes in ten minutes is written without the broker."""
    clerk, statistician = two.offices[HOME].clerk, two.offices[HOME].statistician

    async def caught_up() -> bool:
        seen = await feed(two)
        return bool(seen["high_water"] == seen["head"])

    await until("the feed is taken in", caught_up)
    before, restarts = await feed(two), two.restarts()
    backlog = int(ORDINARY_PER_SECOND * OUTAGE_SECONDS)
    async with two.without("nats"):
        statuses, made = await send_all(clerk, "registry", "/persons", two.creations(backlog))
        assert statuses == {201: backlog}
        assert await two.count("registry", UNPUBLISHED) >= backlog, "the broker was not away"
        person = made[0].json()["id"]
        assert (await clerk.get("registry", f"/persons/{person}"))["id"] == person
        assert (await statistician.get("reporting", "/indicators"))["items"]
    begun = time.monotonic()

    async def all_in() -> bool:
        seen = await feed(two)
        return bool(seen["head"] >= before["head"] + backlog and seen["high_water"] == seen["head"])

    await until("ten minutes' events are in the figures", all_in, CAUGHT_UP_WITHIN)
    print(f"{backlog} creations caught up in {time.monotonic() - begun:.1f} s")
    seen = await feed(two)
    assert (seen["held"], seen["incidents"]) == (before["held"], before["incidents"])
    assert two.restarts() == restarts, "no service was started again"


async def incoming(two: Districts) -> Counter[str]:
    """Notices of arrival that the home district has got, by the message they came with."""
    items = await two.offices[HOME].clerk.pages("migrant", "/notices", limit=200)
    return Counter(one["id"] for one in items if (one["direction"], one["kind"]) == ("in", "arrival_notice"))


async def test_without_the_hub_both_districts_work_and_every_notice_arrives_once_afterwards(
    two: Districts,
) -> None:
    there = two.offices[RESIDENCE].clerk
    before = await incoming(two)
    people = two.arrivals(20)
    async with two.without("hub", RESIDENCE), two.without("hub", HOME):
        statuses, _ = await send_all(there, "migrant", "/arrivals", people)
        assert statuses == {201: 20}
        for district in (HOME, RESIDENCE):
            await two.offices[district].clerk.get("migrant", "/notices", limit=1)  # raises for any refusal
        statuses, _ = await send_all(two.offices[HOME].clerk, "registry", "/persons", two.creations(20))
        assert statuses == {201: 20}

        async def drafted() -> bool:
            items = await there.pages("migrant", "/notices", limit=200)
            return bool(sum(one["kind"] == "arrival_notice" for one in items) >= 20)

        await until("the notices wait", drafted)
        assert await incoming(two) == before

    async def arrived() -> bool:
        return len(await incoming(two)) >= len(before) + 20

    await until("the notices arrived", arrived, ARRIVED_WITHIN)
    again, _ = await send_all(there, "migrant", "/arrivals", people)
    assert again == {201: 20}
    assert len(await incoming(two)) == len(before) + 20
