"""One message that nobody can read: it is set aside where operators see it, and what follows is delivered."""

import pytest

from tests.degradation.node import Districts, send_all
from tests.degradation.poison import exchanged, to_the_feed, to_the_hub, to_the_outbox
from tests.degradation.test_brokers import CAUGHT_UP_WITHIN, feed, incoming
from tests.e2e.api import Json
from tests.e2e.journey import HOME, RESIDENCE
from tests.e2e.progress import until

pytestmark = pytest.mark.endurance

DELIVERED_WITHIN = 90.0


async def gauge(two: Districts, service: str, name: str) -> float:
    """What a service's /metrics say."""
    text = (await two.http.get(two.url(service) + "/metrics")).text
    return sum(float(line.rsplit(" ", 1)[1]) for line in text.splitlines() if line.startswith(name))


async def letters(two: Districts) -> list[Json]:
    """The home district's dead letters."""
    told = await two.offices[HOME].administrator.get("migrant", "/exchange/dead-letters", limit=100)
    return list(told["items"])


async def test_what_a_partner_sends_and_nobody_can_read_is_a_dead_letter_and_the_next_arrives(
    two: Districts,
) -> None:
    there = two.offices[RESIDENCE].clerk
    before, known, restarts = await incoming(two), len(await letters(two)), two.restarts()
    counted = await gauge(two, "migrant", "renkou_exchange_dead_letters")
    poison = await exchanged(two)
    await to_the_hub(two, list(poison.values()))
    statuses, _ = await send_all(there, "migrant", "/arrivals", two.arrivals(5))
    assert statuses == {201: 5}

    async def arrived() -> bool:
        return len(await incoming(two)) >= len(before) + 5

    await until("the notices behind them arrived", arrived, DELIVERED_WITHIN)
    assert len(await incoming(two)) == len(before) + 5
    found = (await letters(two))[: len(await letters(two)) - known]
    codes = {one["code"] for one in found}
    assert codes >= poison.keys() - {"bad_content"}, codes
    assert all(one["code_label"] and one["code_label_en"] for one in found)
    assert await gauge(two, "migrant", "renkou_exchange_dead_letters") == counted + len(found)
    refused = "SELECT count(*) FROM message_log WHERE direction = 'in' AND outcome = 'bad_content'"
    assert await two.count("migrant", refused) >= 1, "the numbered one is refused by a receipt"
    assert two.restarts() == restarts, "no service was started again"


async def test_an_event_that_nobody_can_read_is_held_or_noted_and_the_figures_go_on(two: Districts) -> None:
    async def caught_up() -> bool:
        seen = await feed(two)
        return bool(seen["high_water"] == seen["head"])

    await until("the feed is taken in", caught_up)
    before, restarts = await feed(two), two.restarts()
    await to_the_feed(two, b"not an event")
    await to_the_outbox(two)
    clerk, statistician = two.offices[HOME].clerk, two.offices[HOME].statistician
    statuses, _ = await send_all(clerk, "registry", "/persons", two.creations(40))
    assert statuses == {201: 40}

    async def all_in() -> bool:
        seen = await feed(two)
        through = seen["high_water"] == seen["head"] and seen["head"] >= before["head"] + 41
        return bool(through and seen["incidents"] > before["incidents"])

    await until("what follows is in the figures", all_in, CAUGHT_UP_WITHIN)
    seen = await feed(two)
    assert (seen["held"], seen["incidents"]) == (before["held"] + 1, before["incidents"] + 1)
    told = await statistician.get("reporting", "/feeds/status")
    (held,) = [one for one in told["held"] if one["seq"] > before["head"]]
    assert held["state"] == "failed"
    assert held["reason"]
    incidents = await statistician.get("reporting", "/incidents")
    assert any(one["kind"] == "corrupt" for one in incidents["items"])
    assert await gauge(two, "reporting", 'renkou_feed_held{feed="registry"') >= 1
    assert await gauge(two, "reporting", 'renkou_feed_incidents{feed="registry"') >= 1
    assert two.restarts() == restarts, "no service was started again"
