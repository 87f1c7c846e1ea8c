"""Finding agreements, and deciding by them what may go. How one comes about is in :mod:`.lifecycle`."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from renkou_common.database import Transaction
from renkou_common.errors import NotFound
from renkou_migrant.agreements import repository
from renkou_migrant.agreements.domain import AgreedDirection, Agreement, Refusal, RefusalCode
from renkou_migrant.agreements.repository import Event

_PARTNER_SAID = "partner_suspended"


async def get(tx: Transaction, agreement_id: UUID) -> Agreement:
    """Return one agreement; raises NotFound."""
    found = await repository.get(tx, agreement_id)
    if found is None:
        raise NotFound.of("协议", "agreement")
    return found.agreement


async def get_many(tx: Transaction, ids: Iterable[UUID]) -> dict[UUID, Agreement]:
    """Return those of ``ids`` that exist."""
    return await repository.get_many(tx, list(set(ids)))


async def of_partner(tx: Transaction, partner: str) -> list[Agreement]:
    """Return a partner's agreements, the one recorded last first."""
    return await repository.of_partner(tx, partner)


async def active(tx: Transaction) -> list[Agreement]:
    """Return agreements that both districts signed and that have not ended, by partner."""
    return await repository.active(tx)


async def page(
    tx: Transaction, partner: str | None, after: tuple[str, UUID] | None, limit: int
) -> list[Agreement]:
    """Return agreements by partner and id after the keys of a cursor."""
    return await repository.page(tx, partner, after, limit)


async def history(tx: Transaction, agreement_id: UUID) -> list[Event]:
    """Return what happened to an agreement, oldest first; raises NotFound."""
    await get(tx, agreement_id)
    return await repository.history(tx, agreement_id)


async def permits(
    tx: Transaction,
    partner: str,
    kind: str,
    direction: AgreedDirection,
    content: Mapping[str, Any] | None,
    on: date,
    *,
    suspended_too: bool = False,
) -> Agreement | Refusal:
    """Return the agreement under which a kind may go to (or come from) a partner on a day, or why it may not.

    ``content`` as plain members, None while it is not known. With ``suspended_too`` a suspended agreement
    serves as well: what is drafted under it waits. Of several the one whose version is the newest is taken;
    of several refusals the one that came furthest: a missing member tells more than a missing agreement.
    """
    return decide(await of_partner(tx, partner), kind, direction, content, on, suspended_too=suspended_too)


def decide(
    agreements: Sequence[Agreement],
    kind: str,
    direction: AgreedDirection,
    content: Mapping[str, Any] | None,
    on: date,
    *,
    suspended_too: bool = False,
) -> Agreement | Refusal:
    """Decide as :func:`permits` does among the agreements with one partner."""
    furthest = Refusal(RefusalCode.NO_AGREEMENT)
    for agreement in sorted(agreements, key=lambda one: one.terms.number, reverse=True):
        if direction is AgreedDirection.RECEIVE:
            refusal = agreement.may_arrive(on)
        else:
            refusal = agreement.may_leave(on, suspended_too=suspended_too)
        refusal = refusal or agreement.lets_go(kind, direction, content)
        if refusal is None:
            return agreement
        furthest = max(furthest, refusal, key=lambda one: _DISTANCE[one.code])
    return furthest


_DISTANCE = {
    RefusalCode.NO_AGREEMENT: 0,
    RefusalCode.NOT_IN_FORCE: 1,
    RefusalCode.SUSPENDED: 2,
    RefusalCode.NOT_AGREED: 3,
    RefusalCode.FIELD_NOT_AGREED: 4,
}


async def note_suspension_by_partner(tx: Transaction, ids: Sequence[UUID], at: datetime) -> None:
    """Hold back what waits for a partner that refused a message because it has suspended the agreement.

    ``at`` is when it signed that: a refusal that comes after the partner has resumed suspends nothing again.
    """
    for agreement_id in await repository.suspended_by_partner(tx, ids, at):
        event = Event(_PARTNER_SAID, at, None, "told by a signed receipt")
        await repository.note(tx, agreement_id, event)
