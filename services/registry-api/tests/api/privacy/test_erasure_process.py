"""A deletion on request in the worker as a process that is killed in the middle of it."""

import asyncio
import signal
from uuid import UUID

import pytest

from renkou_common.scope import AreaScope
from renkou_local.nats import EmbeddedNats
from renkou_registry.privacy.erasure import service
from renkou_registry.privacy.erasure.rules import Effect

from ...support import Registry
from ..duplicates.records import open_records
from ..me.test_own_account import WAITED_FOR
from ..test_worker_process import worker
from .test_erasure import ordered, result

pytestmark = pytest.mark.endurance


@pytest.mark.timeout(180)
async def test_a_killed_worker_leaves_whole_steps_and_the_next_one_does_the_rest(
    fresh_registry: Registry, nats_server: EmbeddedNats
) -> None:
    registry, runtime = fresh_registry, fresh_registry.runtime
    records = await open_records(registry)
    person = await records.woman("card", "services", "supplies", "consent", phone="13855559999")
    async with runtime.database.transaction(AreaScope.everything()) as tx:
        planned = await service.plan(runtime, tx, UUID(person["id"]))
    erasure = await ordered(registry, person)
    async with (
        worker(registry, nats_server) as killed,
        asyncio.timeout(60),
        runtime.database.transaction(AreaScope.everything()) as holding,
    ):
        await holding.execute("SELECT FROM supply_user FOR UPDATE")
        while not await holding.fetchval(WAITED_FOR):  # noqa: ASYNC110
            await asyncio.sleep(0.05)
        assert await killed.end(signal.SIGKILL) == -signal.SIGKILL
    told = await result(registry, erasure)
    assert "supplies" in {each.code for each in told.waiting}
    assert {each.step for each in told.erased} >= {"consents", "card_facts", "services"}
    assert not {each.table for each in told.erased} & {"supply_recipient", "supply_user"}, "half a step"
    async with worker(registry, nats_server) as last:
        await last.until("a deletion on request went on")
        assert await last.end(signal.SIGTERM) == 0
    told = await result(registry, erasure)
    assert (told.state, told.waiting) == ("finished", [])
    assert {(each.table, each.effect, each.rows) for each in told.erased} == {
        (each.table, each.effect, each.rows) for each in planned if each.effect is not Effect.KEEP
    }
