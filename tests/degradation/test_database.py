"""A database that is away, and one that comes back as another process."""

import asyncio
import signal
from collections import Counter
from uuid import uuid4

import httpx
import pytest

from tests.degradation.node import Districts, send_all
from tests.e2e.journey import HOME
from tests.e2e.progress import until

pytestmark = pytest.mark.endurance

BACK_WITHIN = 20.0


def unavailable(answer: httpx.Response, language: str) -> None:
    """The answer is the problem that the table names."""
    told = answer.json()
    assert (answer.status_code, told["code"]) == (503, "database_unavailable"), told
    assert int(answer.headers["Retry-After"]) >= 1
    assert answer.headers["Content-Language"].startswith(language)
    assert answer.headers["Content-Type"].startswith("application/problem+json")


async def ready(two: Districts) -> bool:
    """Whether all three services say that they can work."""
    return await two.health("ready") == [200, 200, 200]


async def test_without_a_database_callers_are_told_to_come_again_and_nothing_acknowledged_is_lost(
    two: Districts,
) -> None:
    clerk = two.offices[HOME].clerk
    reads = (
        (clerk, "registry", f"/persons/{uuid4()}"),
        (clerk, "migrant", "/notices?limit=1"),
        (two.offices[HOME].statistician, "reporting", "/feeds/status"),
    )
    before = two.restarts()
    people = two.creations(240)
    seen: Counter[int] = Counter()
    sending = asyncio.create_task(send_all(clerk, "registry", "/persons", people, seen))

    async def some_are_in() -> bool:
        return seen[201] >= 40

    await until("the database goes away in the middle of it", some_are_in)
    async with two.without("postgres"):
        statuses, answers = await sending
        assert set(statuses) == {201, 503}, statuses
        for answer in answers:
            if answer.status_code == 503:
                unavailable(answer, "en")
        for language in ("zh", "en"):
            unavailable(await two.creations(1)[0].send(clerk, "registry", "/persons", language), language)
            for caller, service, path in reads:
                headers = {"Authorization": f"Bearer {caller.token}", "Accept-Language": language}
                unavailable(await two.http.get(two.url(service) + path, headers=headers), language)
        assert await two.health("ready") == [503, 503, 503]
        assert await two.health("live") == [200, 200, 200]
    await until("services ready again", lambda: ready(two), BACK_WITHIN)
    again, second = await send_all(clerk, "registry", "/persons", people)
    assert set(again) == {201}, again
    ids = [answer.json()["id"] for answer in second]
    for first, last in zip(answers, ids, strict=True):
        assert first.status_code == 503 or first.json()["id"] == last
    found = await two.count("registry", "SELECT count(*) FROM person WHERE id = ANY($1::uuid[])", ids)
    assert found == len(set(ids)) == len(people)
    assert two.restarts() == before, "no service was started again"


@pytest.mark.parametrize("how", [signal.SIGINT, signal.SIGKILL], ids=["restarted", "crashed"])
async def test_connections_that_died_with_the_database_are_not_handed_to_callers(
    two: Districts, how: signal.Signals
) -> None:
    clerk = two.offices[HOME].clerk
    before = two.restarts()
    _, made = await send_all(clerk, "registry", "/persons", two.creations(40))  # fills the pool
    paths = [f"/persons/{answer.json()['id']}" for answer in made]
    headers = {"Authorization": f"Bearer {clerk.token}"}
    await two.stack.supervisor.crash(two.stack.postgres.spec().name, how)
    answers = await asyncio.gather(
        *(two.http.get(two.url("registry") + path, headers=headers) for path in paths[:8])
    )
    assert {answer.status_code for answer in answers} <= {200, 503}, [one.text for one in answers]
    await until("services ready again", lambda: ready(two), BACK_WITHIN)
    people = two.creations(40)
    first, _ = await send_all(clerk, "registry", "/persons", people)
    assert set(first) <= {201, 503}, first
    again, _ = await send_all(clerk, "registry", "/persons", people)
    assert again == {201: 40}
    await until("every connection that died is found out", lambda: ready(two), BACK_WITHIN)
    assert two.restarts() == before, "no service was started again"
