"""A slow disk of the database, and one that stands still for longer than callers wait."""

import asyncio
import time
from collections import Counter

import httpx
import pytest

from tests.degradation.node import AT_ONCE, Creation, Districts, send_all
from tests.degradation.slow import slow_database
from tests.e2e.api import Api
from tests.e2e.journey import HOME
from tests.e2e.progress import until

pytestmark = pytest.mark.degradation

HELD, FREE = 0.4, 0.1
"""Four fifths of the time the disk takes nothing."""
STILL = 18.0
PATIENCE = 3.0
"""So long the impatient wait for an answer; others wait until they are told."""
BACK_WITHIN = 20.0


async def impatient(creation: Creation, api: Api) -> httpx.Response | None:
    """Send it once and hang up after a while; None where no answer came."""
    try:
        async with asyncio.timeout(PATIENCE):
            return await creation.send(api, "registry", "/persons")
    except TimeoutError:
        return None


async def there(two: Districts, ids: list[str]) -> int:
    """How many of these people the register holds."""
    return await two.count("registry", "SELECT count(*) FROM person WHERE id = ANY($1::uuid[])", ids)


async def test_with_a_slow_disk_all_is_done_only_later(two: Districts) -> None:
    clerk = two.offices[HOME].clerk
    before = two.restarts()
    begun = time.monotonic()
    assert (await send_all(clerk, "registry", "/persons", two.creations(40)))[0] == {201: 40}
    usual = time.monotonic() - begun
    async with slow_database(two, HELD, FREE):
        begun = time.monotonic()
        statuses, made = await send_all(clerk, "registry", "/persons", two.creations(40))
        slow = time.monotonic() - begun
        assert statuses == {201: 40}
        person = made[0].json()["id"]
        assert (await clerk.get("registry", f"/persons/{person}"))["id"] == person
        assert await two.health("ready") == [200, 200, 200]
    print(f"40 creations took {usual:.1f} s, with a slow disk {slow:.1f} s")
    assert slow > usual, "the disk was not slow"
    assert await there(two, [answer.json()["id"] for answer in made]) == 40
    assert two.restarts() == before, "no service was started again"


async def test_with_a_disk_that_stands_still_whoever_asks_again_has_it_once(two: Districts) -> None:
    clerk = two.offices[HOME].clerk
    before = two.restarts()
    _, made = await send_all(clerk, "registry", "/persons", two.creations(4))
    hurried, patient = two.creations(AT_ONCE), two.creations(4 * AT_ONCE)
    async with slow_database(two, STILL, 1.0):
        given_up = await asyncio.gather(*(impatient(one, clerk) for one in hurried))
        assert any(answer is None for answer in given_up), "the disk did not stand still"
        answers = await asyncio.gather(*(one.send(clerk, "registry", "/persons") for one in patient))
        statuses = Counter(answer.status_code for answer in answers)
        assert set(statuses) <= {201, 429, 503}, statuses
        assert statuses.total() > statuses[201], "nobody was told to come again"
        for answer in answers:
            assert answer.status_code == 201 or int(answer.headers["Retry-After"]) >= 1, answer.text
    print(f"given up {sum(answer is None for answer in given_up)}; told {dict(statuses)}")

    async def ready() -> bool:
        return await two.health("ready") == [200, 200, 200]

    await until("services ready again", ready, BACK_WITHIN)
    again, second = await send_all(clerk, "registry", "/persons", [*hurried, *patient])
    assert set(again) == {201}, again
    ids = [answer.json()["id"] for answer in second]
    for first, last in zip([*given_up, *answers], ids, strict=True):
        assert first is None or first.status_code != 201 or first.json()["id"] == last
    assert await there(two, ids) == len(set(ids)) == len(second)
    person = made[0].json()["id"]
    assert (await clerk.get("registry", f"/persons/{person}"))["id"] == person
    assert two.restarts() == before, "no service was started again"
