"""A service that reaches its limit of memory."""

import asyncio
import time
from uuid import uuid4

import httpx
import pytest

from tests.degradation.memory import room_for
from tests.degradation.node import Creation, Districts, send_all
from tests.e2e.api import Api
from tests.e2e.journey import HOME
from tests.e2e.progress import until

pytestmark = pytest.mark.degradation

ROOM = 16_000_000
"""What is left below the limit when the load begins."""
LARGE = b"," * 24_000_000
AT_ONCE = 4
READERS = 16
ALLOWED = {202, 422, 429, 503}
ENDED_WITHIN = 60.0
BACK_WITHIN = 40.0


async def tried(creation: Creation, api: Api) -> httpx.Response | None:
    """Send it once; None where the connection ended before an answer."""
    try:
        return await creation.send(api, "registry", "/persons")
    except httpx.TransportError:
        return None


async def hand_in(two: Districts, api: Api, over: asyncio.Event) -> set[int]:
    """Hand in one large file after the other, which is no sheet; returns the statuses of the answers."""
    seen: set[int] = set()
    while not over.is_set():
        headers = {
            "Authorization": f"Bearer {api.token}",
            "Idempotency-Key": str(uuid4()),
            "Content-Type": "text/csv",
        }
        url = two.url("registry") + "/imports?kind=persons"
        try:
            answer = await two.http.post(url, content=LARGE, headers=headers)
            seen.add(answer.status_code)
        except httpx.TransportError:
            await asyncio.sleep(0.1)
    return seen


async def others_go_on(two: Districts) -> None:
    """The other services answer; raises for any refusal."""
    office = two.offices[HOME]
    await office.clerk.get("migrant", "/notices", limit=1)
    assert (await office.statistician.get("reporting", "/indicators"))["items"]


async def write_until(over: asyncio.Event, two: Districts, api: Api) -> dict[Creation, httpx.Response | None]:
    """Create one person after the other; returns what was answered."""
    answers: dict[Creation, httpx.Response | None] = {}
    while not over.is_set():
        (creation,) = two.creations(1)
        answers[creation] = await tried(creation, api)
        if answers[creation] is None:
            await asyncio.sleep(0.1)
    return answers


async def test_a_service_at_its_limit_of_memory_is_ended_and_comes_back(two: Districts) -> None:
    office = two.offices[HOME]
    clerk = office.clerk
    name = f"{HOME}-registry-main"
    process, before = two.stack.supervisor.process(name), two.restarts()
    assert process.pid is not None
    over = asyncio.Event()
    await asyncio.gather(
        *(others_go_on(two) for _ in range(READERS))
    )  # all their processes know the keys now
    begun = time.monotonic()
    async with room_for(process.pid, ROOM):
        handing = [asyncio.create_task(hand_in(two, office.approver, over)) for _ in range(AT_ONCE)]
        writing = asyncio.create_task(write_until(over, two, clerk))
        try:
            async with asyncio.timeout(ENDED_WITHIN):
                status = await process.wait()
            print(f"ended with {status} after {time.monotonic() - begun:.1f} s")
            await others_go_on(two)
        finally:
            over.set()
            seen = await asyncio.gather(*handing)
            answers = await writing
    assert set().union(*seen) <= ALLOWED, seen
    assert {answer.status_code for answer in answers.values() if answer is not None} <= {201, 429, 503}

    async def again_started() -> bool:
        return two.restarts()[name] > before[name]

    await until("the service is started again", again_started, BACK_WITHIN)
    async with asyncio.timeout(BACK_WITHIN):
        await two.stack.supervisor.wait_ready(name)
    again, second = await send_all(clerk, "registry", "/persons", list(answers))
    assert set(again) == {201}, again
    ids = [answer.json()["id"] for answer in second]
    for first, last in zip(answers.values(), ids, strict=True):
        assert first is None or first.is_error or first.json()["id"] == last
    found = await two.count("registry", "SELECT count(*) FROM person WHERE id = ANY($1::uuid[])", ids)
    assert found == len(set(ids)) == len(answers)
    assert two.restarts() == before | {name: before[name] + 1}, "only this one was started again"
