"""A full disk of the database, with and without room in its log, and one of the node's broker."""

import asyncio
from collections import Counter

import httpx
import pytest

from tests.degradation.full import full_broker, full_database, full_to_the_log
from tests.degradation.node import SERVICES, Creation, Districts, send_all
from tests.degradation.test_brokers import CAUGHT_UP_WITHIN, UNPUBLISHED, feed
from tests.degradation.test_database import unavailable
from tests.e2e.api import Api
from tests.e2e.journey import HOME
from tests.e2e.progress import until

pytestmark = pytest.mark.degradation

AT_MOST = 1200
"""Creations that may still find room in the files there are."""
BATCH = 40
STUCK = (
    "SELECT count(*) FROM outbox WHERE published_at IS NULL AND recorded_at < now() - interval '3 seconds'"
)
BACK_WITHIN = 40.0
"""The server may have been ended some times and waits up to 15 seconds before the next."""


def no_room(answer: httpx.Response, language: str) -> None:
    """The answer is the problem that the table names."""
    told = answer.json()
    assert (answer.status_code, told["code"]) == (503, "database_full"), told
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.headers["Content-Language"].startswith(language)


def away_or_full(answer: httpx.Response, language: str) -> None:
    """The server has ended, or is there again and cannot open a connection: it writes a file for the first one."""
    if answer.json()["code"] == "database_full":
        no_room(answer, language)
    else:
        unavailable(answer, language)


async def read_or_not_logged(two: Districts, clerk: Api, person: str) -> None:
    """A person can be read as long as there is room to log who did, and not unlogged."""
    headers = {"Authorization": f"Bearer {clerk.token}"}
    answer = await two.http.get(f"{two.url('registry')}/persons/{person}", headers=headers)
    told = answer.json()
    if answer.status_code == 200:
        assert told["id"] == person
        return
    assert (answer.status_code, told["code"]) == (503, "reading_not_logged"), told
    assert int(answer.headers["Retry-After"]) >= 1


async def until_refused(
    two: Districts, clerk: Api
) -> tuple[list[Creation], list[httpx.Response], Counter[int]]:
    """Create people until a whole batch finds no room; returns all that was sent and answered."""
    sent: list[Creation] = []
    answers: list[httpx.Response] = []
    while len(sent) < AT_MOST:
        people = two.creations(BATCH)
        statuses, some = await send_all(clerk, "registry", "/persons", people)
        sent += people
        answers += some
        if statuses[503] == BATCH:
            break
    return sent, answers, Counter(answer.status_code for answer in answers)


async def test_with_a_full_disk_writes_are_refused_reads_go_on_and_nothing_acknowledged_is_lost(
    two: Districts,
) -> None:
    clerk = two.offices[HOME].clerk
    _, made = await send_all(clerk, "registry", "/persons", two.creations(20))
    known = [answer.json()["id"] for answer in made]
    before = two.restarts()
    async with full_database(two):
        sent, answers, statuses = await until_refused(two, clerk)
        assert set(statuses) <= {201, 503}, statuses
        assert statuses[503] >= BATCH, f"the disk was not full: {statuses}"
        for answer in answers:
            if answer.status_code == 503:
                no_room(answer, "en")
        no_room(await two.creations(1)[0].send(clerk, "registry", "/persons", "zh"), "zh")
        for person in known:
            await read_or_not_logged(two, clerk, person)
        assert (await two.offices[HOME].statistician.get("reporting", "/indicators"))["items"]
        assert await two.health("live") == [200, 200, 200]
    keys = [creation.key for creation, answer in zip(sent, answers, strict=True) if answer.is_error]
    claimed = "SELECT count(*) FROM idempotency_record WHERE key = ANY($1)"
    assert await two.count("registry", claimed, keys) == 0, "what was refused left nothing behind"
    await all_there_once(two, clerk, sent, answers)
    assert two.restarts() == before, "no service was started again"


async def readable(two: Districts) -> bool:
    """Whether the figures' service answers: after a crash a single 503 may come once it is ready again."""
    headers = {"Authorization": f"Bearer {two.offices[HOME].statistician.token}"}
    url = two.url("reporting") + "/feeds/status"
    answers = await asyncio.gather(*(two.http.get(url, headers=headers) for _ in range(8)))
    return {answer.status_code for answer in answers} == {200}


async def all_there_once(
    two: Districts, clerk: Api, sent: list[Creation], answers: list[httpx.Response]
) -> None:
    """All work again by themselves; whatever was sent is there once, and what was acknowledged as it was."""

    async def ready() -> bool:
        return await two.health("ready") == [200] * len(SERVICES)

    await until("services ready again", ready, BACK_WITHIN)
    await until("no connection of before is left", lambda: readable(two), BACK_WITHIN)
    again, second = await send_all(clerk, "registry", "/persons", sent)
    assert set(again) == {201}, again
    ids = [answer.json()["id"] for answer in second]
    for first, last in zip(answers, ids, strict=True):
        assert first.is_error or first.json()["id"] == last
    found = await two.count("registry", "SELECT count(*) FROM person WHERE id = ANY($1::uuid[])", ids)
    assert found == len(set(ids)) == len(sent)


async def test_without_room_in_its_log_either_the_database_is_away_until_there_is_room(
    two: Districts,
) -> None:
    clerk = two.offices[HOME].clerk
    people = two.creations(BATCH)
    _, answers = await send_all(clerk, "registry", "/persons", people)
    before = two.restarts()
    late = two.creations(8)
    async with full_to_the_log(two):
        statuses, refused = await send_all(clerk, "registry", "/persons", late)
        assert statuses == {503: 8}
        for answer in refused:
            away_or_full(answer, "en")
        away_or_full(await two.creations(1)[0].send(clerk, "registry", "/persons", "zh"), "zh")
        assert await two.health("ready") == [503, 503, 503]
        assert await two.health("live") == [200, 200, 200]
    await all_there_once(two, clerk, people + late, answers + refused)
    assert two.restarts() == before, "no service was started again"


async def test_with_a_full_disk_of_the_broker_work_goes_on_and_the_figures_catch_up(two: Districts) -> None:
    clerk = two.offices[HOME].clerk

    async def caught_up() -> bool:
        seen = await feed(two)
        return bool(seen["high_water"] == seen["head"])

    await until("the feed is taken in", caught_up)
    before, restarts = await feed(two), two.restarts()
    async with full_broker(two):
        made: list[httpx.Response] = []
        while len(made) < AT_MOST and not await two.count(
            "registry", STUCK
        ):  # some still find room in its files
            statuses, some = await send_all(clerk, "registry", "/persons", two.creations(BATCH))
            assert statuses == {201: BATCH}
            made += some
        assert await two.count("registry", STUCK), "the broker's disk was not full"
        person = made[0].json()["id"]
        assert (await clerk.get("registry", f"/persons/{person}"))["id"] == person

        async def all_in() -> bool:
            seen = await feed(two)
            return bool(seen["head"] >= before["head"] + len(made) and seen["high_water"] == seen["head"])

        await until("the events are in the figures, over HTTP", all_in, CAUGHT_UP_WITHIN)
    await two.stack.supervisor.crash(
        two.stack.nats.name
    )  # the operator's part: it remembers its failed writes

    async def published() -> bool:
        return await two.count("registry", UNPUBLISHED) == 0

    await until("the broker has every event", published, CAUGHT_UP_WITHIN)
    seen = await feed(two)
    assert (seen["held"], seen["incidents"]) == (before["held"], before["incidents"])
    assert two.restarts() == restarts, "no service was started again"
