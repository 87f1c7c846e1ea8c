"""What a woman herself may do with her card and her visits, as the services offer it."""

from uuid import UUID

import pytest

from renkou_common.errors import NotFound
from renkou_common.scope import AreaScope
from renkou_registry.cards import own as own_card
from renkou_registry.visits import own as own_visits

from ..api.cards.women import Women
from ..support import Registry


async def test_she_reads_her_card_declines_accepts_and_takes_back(registry: Registry) -> None:
    women = Women(registry, await registry.staff("community_worker", "340103001"))
    card, visit = await women.offered()
    _, foreign = await women.offered()
    runtime, me = registry.runtime, UUID(card["person_id"])
    async with runtime.database.transaction(AreaScope.everything()) as tx:
        mine = await own_card.read(runtime, tx, me)
        assert mine is not None
        assert [fact.method for fact in mine.facts] == ["supplies"]
        await own_visits.accept(runtime, tx, me, UUID(visit["id"]), 1)
        with pytest.raises(NotFound):
            await own_visits.decline(runtime, tx, me, UUID(foreign["id"]), 1)
        await own_visits.decline(runtime, tx, me, UUID(visit["id"]), 2)
        assert [each.state for each in await own_visits.read(runtime, tx, me)] == ["offered", "declined"]
        await own_card.decline_visits(runtime, tx, me)
        assert [each.state for each in await own_visits.read(runtime, tx, me)] == ["withdrawn", "declined"]
        await own_card.accept_visits(runtime, tx, me)
        assert (await own_visits.read(runtime, tx, me))[0].state == "offered"
        await own_card.take_back(runtime, tx, me, mine.facts[0].id)
        emptied = await own_card.read(runtime, tx, me)
    assert emptied is not None
    assert [(fact.taken_back, fact.method) for fact in emptied.facts] == [(True, None)]
