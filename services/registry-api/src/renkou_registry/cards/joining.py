"""The card of a record that joins another. Callers hold the transaction and let it reach everywhere.

Where the record that stays has no card, it takes the card over with its visits, which goes on under that
record's history. Where both have one, the other's card closes with its record; what was told on it and its
visits are put on the card that stays. All of it comes back when the merge is undone.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from renkou_common.codes.cards import VisitState
from renkou_common.database import Transaction
from renkou_registry.cards import repository, service
from renkou_registry.life_events import history as histories
from renkou_registry.persons.domain import PersonRecord
from renkou_registry.runtime import Runtime
from renkou_registry.visits import planning
from renkou_registry.visits import repository as visits


async def before_leaving(
    runtime: Runtime, tx: Transaction, gone: PersonRecord, kept: PersonRecord
) -> dict[str, Any]:
    """Take the card over where the kept record has none; returns what the steps that follow need."""
    card = await repository.lock_of_person(tx, gone.id)
    if card is None:
        return {}
    offer = await visits.open_of(tx, gone.id)
    told: dict[str, Any] = {
        "card": str(card.id),
        "offer": [str(offer["id"]), offer["state"]] if offer is not None else None,
        "taken": await repository.lock_of_person(tx, kept.id) is None,
    }
    if told["taken"]:
        known = await histories.of_many(tx, [gone.id, kept.id])
        await repository.give_to(tx, card.id, kept.id)
        await service.follow(runtime, tx, kept, known[gone.id], known[kept.id])
    return told


async def after_leaving(
    runtime: Runtime, tx: Transaction, kept: PersonRecord, told: Mapping[str, Any]
) -> dict[str, Any]:
    """Put what stood on a card that closed on the kept record's; returns what undoing needs."""
    if not told or told["taken"]:
        return dict(told)
    card = await repository.lock_of_person(tx, kept.id)
    assert card is not None  # it was there before
    facts, moved = await repository.put_on(tx, UUID(told["card"]), card.id, kept.id)
    await service.refresh(runtime, tx, kept.id)
    return {
        **told,
        "facts": [[str(fact_id), current] for fact_id, current in facts],
        "visits": [str(each) for each in moved],
    }


async def before_return(runtime: Runtime, tx: Transaction, gone_id: UUID, told: Mapping[str, Any]) -> None:
    """Give back what was told and visited on the other card, and the offer that stood on it."""
    if not told or told["taken"]:
        return
    card_id = UUID(told["card"])
    facts = [(UUID(fact_id), current) for fact_id, current in told["facts"]]
    moved = [UUID(each) for each in told["visits"]]
    for row in await repository.offers_since(tx, [fact_id for fact_id, _ in facts], moved):
        await _unoffer(runtime, tx, row)
    await repository.take_off(tx, facts, moved, card_id, gone_id)
    await _offer_again(runtime, tx, told)


async def after_return(
    runtime: Runtime, tx: Transaction, kept: PersonRecord, gone_id: UUID, told: Mapping[str, Any]
) -> None:
    """Give a card back that was taken over; its visits follow the history of the record it belongs to."""
    if not told:
        return
    if not told["taken"]:
        await service.refresh(runtime, tx, kept.id)
        return
    known = await histories.of_many(tx, [gone_id, kept.id])
    await _offer_again(runtime, tx, told)
    await service.follow(runtime, tx, kept, known[kept.id], known[gone_id])
    await repository.give_to(tx, UUID(told["card"]), gone_id)


async def _offer_again(runtime: Runtime, tx: Transaction, told: Mapping[str, Any]) -> None:
    """Let an offer stand again that the merge had withdrawn, in place of one made since."""
    if told["offer"] is None:
        return
    visit_id, state = UUID(told["offer"][0]), told["offer"][1]
    row = await repository.visit_of(tx, visit_id)
    if row is None or row["state"] != VisitState.WITHDRAWN:
        return
    standing = await visits.open_of(tx, row["person_id"])
    if standing is not None:
        if standing["state"] != VisitState.OFFERED:
            return
        await _unoffer(runtime, tx, standing)
    await planning.change(runtime, tx, row, {"state": state})


async def _unoffer(runtime: Runtime, tx: Transaction, row: repository.Row) -> None:
    """Withdraw an offer that only the merge had led to, as if it had not been made."""
    await planning.change(runtime, tx, row, {"state": VisitState.WITHDRAWN})
    await repository.forget_offer(tx, row["id"])
