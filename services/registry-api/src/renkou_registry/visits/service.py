"""Visits: accept, settle, plan, list. Callers hold the transaction; nothing here commits."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import asyncpg
import orjson

from renkou_common.codes.area import AreaCode
from renkou_common.codes.cards import VisitState
from renkou_common.database import Transaction
from renkou_common.errors import Conflict, InvalidInput, NotFound
from renkou_common.http.changes import check_current
from renkou_common.scope import AreaScope
from renkou_registry.cards import facts
from renkou_registry.cards import service as cards
from renkou_registry.cards.repository import CardRow, Row
from renkou_registry.persons import service as persons
from renkou_registry.persons.domain import PersonRecord
from renkou_registry.runtime import Runtime
from renkou_registry.visits import planning, repository
from renkou_registry.visits.domain import has_lapsed

OUTCOME = "visit.outcome_sealed"
PLAN_AHEAD_DAYS = 92
_LAST = UUID(int=2**128 - 1)


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of an offer. ``all_visits``: she declines not only this one but all."""

    result: VisitState
    on: date
    effect: str | None = None
    problem: str | None = None
    note: str | None = None
    still_used: bool | None = None
    all_visits: bool = False


@dataclass(frozen=True, slots=True)
class Held:
    """A visit locked with its card and its person."""

    visit: asyncpg.Record
    card: CardRow
    person: PersonRecord


async def find(tx: Transaction, visit_id: UUID, scope: AreaScope) -> asyncpg.Record:
    """Return a visit in scope; raises NotFound."""
    row = await repository.find(tx, visit_id, scope)
    if row is None:
        raise _unknown()
    return row


def _unknown() -> NotFound:
    return NotFound.of("随访", "visit")


async def hold(tx: Transaction, visit_id: UUID, scope: AreaScope, version: int | None = None) -> Held:
    """Lock a visit through its person; raises NotFound, and VersionMismatch unless seen as it is."""
    row = await find(tx, visit_id, scope)
    card, person = await cards.lock(tx, row["card_id"], scope)
    visit = await find(tx, visit_id, scope)
    if version is not None:
        await check_current(tx, visit_id, version, visit["version"])
    return Held(visit, card, person)


async def accept(runtime: Runtime, tx: Transaction, held: Held, on: date) -> None:
    """She accepts the offer. Raises Conflict unless the offer is open, InvalidInput."""
    _check_open(held.visit)
    _check_since(held, on)
    await planning.change(runtime, tx, held.visit, {"state": VisitState.ACCEPTED, "accepted_on": on})


def _check_since(held: Held, on: date) -> None:
    """Raise InvalidInput for a day before there was a card, and so before there could be an offer."""
    first = held.card.opened_on
    if on < first:
        raise InvalidInput.field(
            "/on", "before_opening", f"不能早于建卡日期 {first}", f"must not be before the card, {first}"
        )


def _check_open(visit: Row) -> None:
    if not VisitState(visit["state"]).is_open:
        raise Conflict(
            "visit_not_open", "该次随访已结束或已撤回", "the offer of this visit is no longer open"
        )


async def settle(runtime: Runtime, tx: Transaction, held: Held, outcome: Outcome, by: UUID) -> None:
    """Write down what became of an offer, or correct it; the next visit is offered.

    Raises Conflict, InvalidInput.
    """
    visit = held.visit
    if visit["state"] == VisitState.WITHDRAWN:
        raise Conflict("visit_withdrawn", "该次随访已撤回", "the offer of this visit was withdrawn")
    _check_since(held, outcome.on)
    told = {"effect": outcome.effect, "problem": outcome.problem, "note": outcome.note}
    following = await _following(runtime, tx, held, outcome)
    columns = {
        "state": outcome.result,
        "settled_on": outcome.on,
        "settled_by": by,
        "outcome_sealed": runtime.cipher.seal(orjson.dumps(told), OUTCOME) if any(told.values()) else None,
        "next_due_on": following,
    }
    await planning.change(runtime, tx, visit, columns)
    if outcome.still_used is not None:
        await facts.confirm(tx, visit["basis"], outcome.on if outcome.still_used else None)
    if outcome.all_visits:
        await cards.decline_visits(runtime, tx, held.card, held.person, outcome.on)
    else:
        await planning.replan(runtime, tx, held.card, held.person.present_area)


async def _following(runtime: Runtime, tx: Transaction, held: Held, outcome: Outcome) -> date | None:
    if outcome.all_visits:
        return None
    standing = await repository.open_of(tx, held.person.id)
    if standing is not None and standing["id"] != held.visit["id"]:
        due: date = standing["due_on"]
        return due
    settled = max(held.visit["due_on"], outcome.on)
    return await planning.following_day(runtime, tx, held.card, held.person.present_area, settled)


async def reschedule(runtime: Runtime, tx: Transaction, held: Held, changes: Mapping[str, Any]) -> None:
    """Plan an open visit for another day or worker. Raises Conflict, InvalidInput."""
    _check_open(held.visit)
    today = runtime.clock.today()
    planned: date | None = changes.get("planned_on")
    if planned is not None and not today <= planned <= today + timedelta(days=PLAN_AHEAD_DAYS):
        raise InvalidInput.field(
            "/planned_on",
            "plan_day",
            f"应在今天 {today} 起 {PLAN_AHEAD_DAYS} 天内",
            f"must lie within {PLAN_AHEAD_DAYS} days from today, {today}",
        )
    worker: UUID | None = changes.get("worker_id")
    if worker is not None and not await repository.is_staff(tx, worker, held.visit["place"]):
        raise InvalidInput.field(
            "/worker", "worker", "该工作人员不负责此地", "nobody with a post at this place has this id"
        )
    await planning.change(runtime, tx, held.visit, dict(changes))


async def lapse(runtime: Runtime, tx: Transaction, person_id: UUID) -> bool:
    """End a person's open offer as missed where it stood open too long; the next is offered."""
    person = (await persons.lock(tx, [person_id], AreaScope.everything()))[person_id]
    standing = await repository.open_of(tx, person_id)
    today = runtime.clock.today()
    if standing is None or not has_lapsed(standing["planned_on"], today, planning.rules_of(runtime)):
        return False
    card, _ = await cards.lock(tx, standing["card_id"], AreaScope.everything())
    following = await planning.following_day(runtime, tx, card, person.present_area, today)
    columns = {"state": VisitState.MISSED, "settled_on": today, "next_due_on": following}
    await planning.change(runtime, tx, standing, columns)
    await planning.replan(runtime, tx, card, person.present_area)
    return True


def open_outcome(runtime: Runtime, visit: Row) -> dict[str, str | None]:
    """Return effect, problem and note of a visit in the clear. The caller logs the reading."""
    sealed: bytes | None = visit["outcome_sealed"]
    empty: dict[str, str | None] = {"effect": None, "problem": None, "note": None}
    return empty if sealed is None else orjson.loads(runtime.cipher.unseal(sealed, OUTCOME))


async def of_card(
    tx: Transaction, card_id: UUID, after: tuple[date, UUID] | None, limit: int
) -> list[asyncpg.Record]:
    """Return a page of the visits of a card that the caller was found to see, or that is the caller's own."""
    return await repository.of_card(tx, card_id, after, limit)


async def worklist(
    tx: Transaction,
    scope: AreaScope,
    area: AreaCode,
    on: date,
    worker: UUID | None,
    *,
    unassigned_too: bool,
    after: tuple[int, date, UUID] | None,
    limit: int,
) -> list[asyncpg.Record]:
    """Return a page of the visits to make in an area on a day; raises NotFound for a foreign area."""
    cards.check_area(scope, area)
    return await repository.worklist(
        tx, area.interval(), on, worker, unassigned_too=unassigned_too, after=after, limit=limit
    )


async def now(tx: Transaction) -> tuple[int, UUID]:
    """Return the place in the sequence of changes before which everything is in what is read from now on."""
    return await repository.horizon(tx) - 1, _LAST


async def changes(
    tx: Transaction, scope: AreaScope, after: tuple[int, UUID], limit: int
) -> tuple[list[asyncpg.Record], tuple[int, UUID]]:
    """Return visits changed after a place of the sequence, and the place to go on from."""
    below = await repository.horizon(tx)
    rows = await repository.changes(tx, after, below, scope, limit)
    if len(rows) == limit:
        return rows, (rows[-1]["changed_in"], rows[-1]["id"])
    return rows, max(after, (below - 1, _LAST))
