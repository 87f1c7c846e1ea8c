"""Cards: open, follow the woman's history, tell and take back, decline visits.

Callers hold the transaction; nothing here commits.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.codes.area import AreaCode
from renkou_common.codes.cards import CardClosing, CardState
from renkou_common.contracts.lines import LineKey, Population, difference
from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_cards import CardChanged
from renkou_common.database import Reader, Transaction
from renkou_common.errors import Conflict, FieldError, InvalidInput, NotFound, Text
from renkou_common.http.changes import check_current
from renkou_common.identity.principal import Access
from renkou_common.scope import AreaScope
from renkou_registry.cards import facts, repository
from renkou_registry.cards.domain import (
    CardPurpose,
    CardStanding,
    Period,
    due_on,
    due_periods,
    is_asked,
    next_due,
    open_lines,
    standing,
)
from renkou_registry.cards.facts import Fact, ToldMethod
from renkou_registry.cards.repository import CardRow
from renkou_registry.life_events import history as histories
from renkou_registry.life_events.domain import LifeEvent, PersonState, Rules, derive, effective
from renkou_registry.persons import reading
from renkou_registry.persons import service as persons
from renkou_registry.persons.domain import PersonRecord, new_id
from renkou_registry.persons.events import area_text
from renkou_registry.runtime import Runtime
from renkou_registry.visits import planning

NOT_FOUND = ("信息卡", "card")
_RULES = Rules()


@dataclass(frozen=True, slots=True)
class _Life:
    """What a history leads to: the state, and when a card is due; no state where the entry was retracted."""

    state: PersonState | None
    periods: list[Period]

    def lines(self, opened_on: date) -> Counter[LineKey]:
        return open_lines(self.state, self.periods, opened_on) if self.state else Counter()


def _life(runtime: Runtime, events: Sequence[LifeEvent]) -> _Life:
    if not effective(events):
        return _Life(None, [])
    district = runtime.district.interval()
    state = derive(events, district, _RULES)
    return _Life(state, due_periods(state, district))


async def open_card(
    runtime: Runtime, tx: Transaction, scope: AreaScope, person_id: UUID, opened_on: date, by: UUID
) -> UUID:
    """Open a woman's card; returns its id. Raises NotFound, Conflict where none is due or one is there."""
    person = (await persons.lock(tx, [person_id], scope))[person_id]
    if await repository.lock_of_person(tx, person_id) is not None:
        raise Conflict("card_exists", "该人已有信息卡", "the person has a card already")
    life = _life(runtime, (await histories.of_many(tx, [person_id]))[person_id])
    if due_on(life.periods, opened_on) is None:
        raise _not_due(life, opened_on)
    card_id = await _open(runtime, tx, person, life, opened_on, by)
    assert card_id is not None  # the person's row is locked
    return card_id


def _not_due(life: _Life, day: date) -> Conflict:
    following = next_due(life.periods, day)
    if following is None:
        return Conflict(
            "card_not_due",
            f"{day} 该人不属建卡对象 (15-49 岁女性, 户籍在本区或居住满 3 个月)",
            f"on {day} no card is due: it is for women of 15-49 registered here or living here for 3 months",
        )
    return Conflict(
        "card_not_due",
        f"{day} 尚不需建卡, 自 {following.start} 起可建卡",
        f"on {day} no card is due yet; one can be opened from {following.start} on",
    )


async def _open(
    runtime: Runtime, tx: Transaction, person: PersonRecord, life: _Life, opened_on: date, by: UUID
) -> UUID | None:
    stands = standing(life.periods, opened_on, runtime.clock.today())
    assert stands is not None  # a card is due on the day
    card_id = new_id()
    card = await repository.insert(tx, card_id, person.id, opened_on, stands, runtime.clock.now(), by)
    if card is None:
        return None
    await _publish(runtime, tx, card, person.ref, stands, opened_on, life.lines(opened_on), Counter())
    return card_id


async def open_many(runtime: Runtime, tx: Transaction, ids: Sequence[UUID], opened_on: date, by: UUID) -> int:
    """Open the cards that are due today among these persons; returns how many were opened."""
    locked = await persons.lock(tx, ids, AreaScope.everything())
    known = await histories.of_many(tx, sorted(locked))
    opened = 0
    for person_id, person in locked.items():
        life = _life(runtime, known[person_id])
        if due_on(life.periods, opened_on) is not None:
            opened += await _open(runtime, tx, person, life, opened_on, by) is not None
    return opened


async def _publish(
    runtime: Runtime,
    tx: Transaction,
    card: CardRow,
    person_ref: UUID,
    stands: CardStanding,
    on: date,
    lines: Counter[LineKey],
    before: Counter[LineKey],
) -> None:
    payload = CardChanged(
        card_id=card.id,
        person_ref=person_ref,
        state=stands.state,
        closing=stands.closed_reason,
        area=area_text(stands.area),
        changed_on=on,
        lines=difference(lines, before),
    )
    await runtime.outbox.append(tx, RegistryEventType.CARD_CHANGED, person_ref, payload)


async def follow(
    runtime: Runtime,
    tx: Transaction,
    person: PersonRecord,
    before: Sequence[LifeEvent],
    after: Sequence[LifeEvent],
) -> None:
    """Let the card of a locked person, where there is one, follow a change of her history."""
    card = await repository.lock_of_person(tx, person.id)
    if card is not None:
        await _follow(runtime, tx, person.ref, card, _life(runtime, before), _life(runtime, after))


async def _follow(
    runtime: Runtime, tx: Transaction, person_ref: UUID, card: CardRow, old: _Life, new: _Life
) -> None:
    today = runtime.clock.today()
    stands = standing(new.periods, card.opened_on, today) or CardStanding(
        CardState.CLOSED, Population(card.population), card.area, CardClosing.NOT_DUE, card.opened_on, None
    )
    now = {
        "state": stands.state,
        "population": stands.population,
        "area": stands.area,
        "closed_reason": stands.closed_reason,
        "closed_on": stands.closed_on,
        "next_change_on": stands.next_change_on,
    }
    lines, published = new.lines(card.opened_on), old.lines(card.opened_on)
    moved = (card.state, card.area, card.population) != (stands.state, stands.area, stands.population)
    saved = await repository.save(tx, card.id, now)
    if moved or lines != published:
        await _publish(runtime, tx, saved, person_ref, stands, today, lines, published)
    present_area = new.state.present_area if new.state else -1
    await planning.replan(runtime, tx, saved, present_area)


async def refresh(runtime: Runtime, tx: Transaction, person_id: UUID) -> None:
    """Let a card follow the passing of time: it closes at 50 and comes back when it is due again."""
    person = (await persons.lock(tx, [person_id], AreaScope.everything()))[person_id]
    card = await repository.lock_of_person(tx, person_id)
    if card is not None:
        life = _life(runtime, (await histories.of_many(tx, [person_id]))[person_id])
        await _follow(runtime, tx, person.ref, card, life, life)


async def find(tx: Transaction, card_id: UUID, scope: AreaScope) -> asyncpg.Record:
    """Return a card in scope with the woman's record; raises NotFound."""
    row = await repository.find(tx, card_id, scope)
    if row is None:
        raise NotFound.of(*NOT_FOUND)
    return row


async def of_person(tx: Transaction, person_id: UUID) -> asyncpg.Record | None:
    """Return the card of a person whom the caller was found to see, or who is the caller."""
    return await repository.of_person(tx, person_id)


async def id_of_person(tx: Transaction, person_id: UUID) -> UUID:
    """Return the card of a person whom the caller was found to see; raises NotFound."""
    row = await repository.of_person(tx, person_id)
    if row is None:
        raise NotFound.of(*NOT_FOUND)
    found: UUID = row["id"]
    return found


async def facts_masked(
    tx: Transaction, card_id: UUID, kind: str | None = None, *, current: bool = False
) -> list[asyncpg.Record]:
    """Return what was told on a card, still sealed, the newest first."""
    return await repository.facts(tx, card_id, kind, current=current)


async def facts_in_the_clear(
    runtime: Runtime,
    tx: Transaction,
    access: Access,
    person_id: UUID,
    card_id: UUID,
    kind: str | None,
    purpose: CardPurpose,
    *,
    current: bool,
) -> list[Fact]:
    """Return what was told on a card in the clear, and log the reading with its purpose."""
    names = [kind] if kind else [facts.METHOD, facts.EXPECTED_DELIVERY]
    await reading.log_health(
        runtime, tx, access.subject, person_id, [f"card_{name}" for name in names], purpose
    )
    return await facts.told(runtime, tx, card_id, kind, current=current)


async def page(
    tx: Reader,
    scope: AreaScope,
    area: AreaCode,
    *,
    by_place: bool,
    state: str | None,
    reason: str | None,
    after: tuple[int, UUID] | None,
    limit: int,
) -> list[asyncpg.Record]:
    """Return a page of an area's cards; raises NotFound where the area is not the caller's."""
    check_area(scope, area)
    return await repository.page(
        tx, area.interval(), by_place=by_place, state=state, reason=reason, after=after, limit=limit
    )


def check_area(scope: AreaScope, area: AreaCode) -> None:
    """Raise NotFound where an area is not the caller's."""
    if not scope.covers(*area.interval()):
        raise NotFound.of("区划", "area")


async def lock(
    tx: Transaction, card_id: UUID, scope: AreaScope, version: int | None = None
) -> tuple[CardRow, PersonRecord]:
    """Lock a card and its person; raises NotFound, and VersionMismatch unless the caller saw it as it is."""
    person_id = await repository.person_of(tx, card_id)
    if person_id is None:
        raise NotFound.of(*NOT_FOUND)
    try:
        person = (await persons.lock(tx, [person_id], scope))[person_id]
    except NotFound:
        raise NotFound.of(*NOT_FOUND) from None
    card = await repository.lock_of_person(tx, person_id)
    if card is None or person.withdrawn:
        raise NotFound.of(*NOT_FOUND)
    if version is not None:
        await check_current(tx, card_id, version, card.version)
    return card, person


@dataclass(frozen=True, slots=True)
class Telling:
    """What a woman tells: a method, an expected date of delivery, or both."""

    method: ToldMethod | None = None
    method_told_on: date | None = None
    volunteered: bool = False
    expected_on: date | None = None
    expected_told_on: date | None = None


async def tell(
    runtime: Runtime, tx: Transaction, card: CardRow, person: PersonRecord, telling: Telling, by: UUID
) -> None:
    """Write down what a woman has told with her consent; her visits follow. Raises Conflict, InvalidInput."""
    if card.state != CardState.OPEN:
        raise Conflict("card_closed", "该卡已退出, 不再登记", "the card is closed; nothing more is put on it")
    begun = telling.method.started_on if telling.method else None
    _check_born(
        person,
        {
            "/method/told_on": telling.method_told_on,
            "/method/started_on": begun,
            "/expected_delivery/told_on": telling.expected_told_on,
        },
    )
    if telling.method is not None and telling.method_told_on is not None:
        if not is_asked(person.marital_status) and not telling.volunteered:
            raise InvalidInput.field(
                "/method/volunteered",
                "not_asked",
                "未婚者不询问避孕情况; 本人主动告知的, 填 true",
                "an unmarried woman is not asked; true where she told it of her own accord",
            )
        await facts.tell_method(runtime, tx, card, telling.method, telling.method_told_on, by)
    if telling.expected_on is not None and telling.expected_told_on is not None:
        await facts.tell_expected_delivery(
            runtime, tx, card, telling.expected_on, telling.expected_told_on, by
        )
    await _touch(runtime, tx, card, person)


def _check_born(person: PersonRecord, days: Mapping[str, date | None]) -> None:
    """Raise InvalidInput that lists every day (by pointer) before her birth."""
    born = person.birth_date
    text = Text(f"不能早于出生日期 {born}", f"must not be before her birth on {born}")
    found = [FieldError(at, "before_birth", text) for at, day in days.items() if day and day < born]
    if found:
        raise InvalidInput.fields(found)


async def take_back(
    runtime: Runtime, tx: Transaction, card: CardRow, person: PersonRecord, fact_id: UUID, by: UUID
) -> None:
    """Destroy what she told; offers that follow from it are withdrawn. Raises NotFound."""
    await facts.take_back(runtime, tx, card, fact_id, by)
    await _touch(runtime, tx, card, person)


async def take_all_back(runtime: Runtime, tx: Transaction, fact_ids: Sequence[UUID], by: UUID) -> int:
    """Destroy what was told for the cards of locked records; offers that follow from it are withdrawn. Returns how
    many facts there were."""
    taken = 0
    for row in await repository.with_content(tx, fact_ids):
        try:
            card, person = await lock(tx, row["card_id"], AreaScope.everything())
        except NotFound:  # of a record out of the register: no offer stands
            await repository.take_back(tx, row["card_id"], row["id"], runtime.clock.now(), by)
        else:
            await take_back(runtime, tx, card, person, row["id"], by)
        taken += 1
    return taken


async def decline_visits(
    runtime: Runtime, tx: Transaction, card: CardRow, person: PersonRecord, told_on: date
) -> None:
    """She wants no visits: the open offer is withdrawn and none follows. Nothing else follows either.

    Raises InvalidInput for a day before her birth.
    """
    _check_born(person, {"/told_on": told_on})
    if card.visits_declined_on is None:
        await _touch(runtime, tx, card, person, visits_declined_on=told_on)


async def accept_visits(runtime: Runtime, tx: Transaction, card: CardRow, person: PersonRecord) -> None:
    """She wants visits again: they are offered from today on."""
    if card.visits_declined_on is not None:
        today = runtime.clock.today()
        await _touch(runtime, tx, card, person, visits_declined_on=None, visits_resumed_on=today)


async def _touch(
    runtime: Runtime, tx: Transaction, card: CardRow, person: PersonRecord, **columns: Any
) -> None:
    saved = await repository.save(tx, card.id, columns)
    await planning.replan(runtime, tx, saved, person.present_area)
