"""What a woman has told about her health, sealed before it is written and opened only for a purpose."""

from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

import orjson

from renkou_common.codes.cards import ContraceptiveMethod
from renkou_common.database import Transaction
from renkou_common.errors import NotFound
from renkou_registry.cards import repository
from renkou_registry.cards.repository import CardRow, Row
from renkou_registry.persons.domain import new_id
from renkou_registry.runtime import Runtime

SEALED = "card_fact.sealed"
METHOD = "method"
EXPECTED_DELIVERY = "expected_delivery"


@dataclass(frozen=True, slots=True)
class ToldMethod:
    """A method in the clear: from when to before when she has told to use it."""

    method: ContraceptiveMethod
    started_on: date | None
    ended_on: date | None

    def used_on(self, day: date) -> bool:
        """Say whether she uses a method on a day, after what she has told."""
        begun = self.started_on is None or self.started_on <= day
        return self.method is not ContraceptiveMethod.NONE and begun and not self.over_on(day)

    def over_on(self, day: date) -> bool:
        """Say whether the use has ended by a day."""
        return self.ended_on is not None and self.ended_on <= day


@dataclass(frozen=True, slots=True)
class Fact:
    """A fact opened; exactly one of ``method`` and ``expected_on`` is there unless it was taken back."""

    id: UUID
    kind: str
    told_on: date
    current: bool
    confirmed_on: date | None
    taken_back: bool
    method: ToldMethod | None = None
    expected_on: date | None = None


def open_method(runtime: Runtime, sealed: bytes) -> ToldMethod:
    """Return a sealed method in the clear."""
    told = orjson.loads(runtime.cipher.unseal(sealed, SEALED))
    return ToldMethod(ContraceptiveMethod(told["method"]), _day(told["started_on"]), _day(told["ended_on"]))


def open_fact(runtime: Runtime, row: Row) -> Fact:
    """Return a row in the clear."""
    sealed: bytes | None = row["sealed"]
    is_method = row["kind"] == METHOD
    expected = None
    if sealed is not None and not is_method:
        expected = _day(orjson.loads(runtime.cipher.unseal(sealed, SEALED))["expected_on"])
    return Fact(
        row["id"],
        row["kind"],
        row["told_on"],
        row["current"],
        row["confirmed_on"],
        row["taken_back_at"] is not None,
        open_method(runtime, sealed) if sealed is not None and is_method else None,
        expected,
    )


def _day(text: str | None) -> date | None:
    return date.fromisoformat(text) if text else None


async def tell_method(
    runtime: Runtime, tx: Transaction, card: CardRow, told: ToldMethod, told_on: date, by: UUID
) -> None:
    """Write down a method with her consent; the one before it stays in the history."""
    await _tell(runtime, tx, card, METHOD, content_of(told), told_on, by)


def content_of(told: ToldMethod) -> dict[str, Any]:
    """Return what is sealed of a method."""
    return {"method": told.method, "started_on": told.started_on, "ended_on": told.ended_on}


async def tell_expected_delivery(
    runtime: Runtime, tx: Transaction, card: CardRow, expected_on: date, told_on: date, by: UUID
) -> None:
    """Write down an expected date of delivery with her consent."""
    await _tell(runtime, tx, card, EXPECTED_DELIVERY, {"expected_on": expected_on}, told_on, by)


async def _tell(
    runtime: Runtime,
    tx: Transaction,
    card: CardRow,
    kind: str,
    content: dict[str, Any],
    told_on: date,
    by: UUID,
) -> None:
    sealed = runtime.cipher.seal(orjson.dumps(content), SEALED)
    await repository.insert_fact(tx, new_id(), card, kind, told_on, sealed, runtime.clock.now(), by)


async def take_back(runtime: Runtime, tx: Transaction, card: CardRow, fact_id: UUID, by: UUID) -> None:
    """Destroy what she told; raises NotFound where there is nothing to destroy."""
    if not await repository.take_back(tx, card.id, fact_id, runtime.clock.now(), by):
        raise NotFound.of("已告知事项", "fact on this card")


async def told(
    runtime: Runtime, tx: Transaction, card_id: UUID, kind: str | None = None, *, current: bool = False
) -> list[Fact]:
    """Return what was told on a card in the clear, the newest first. The caller logs the reading."""
    return [open_fact(runtime, row) for row in await repository.facts(tx, card_id, kind, current=current)]


async def confirm(tx: Transaction, fact_id: UUID, on: date | None) -> None:
    """Note that a fact was confirmed at a visit."""
    await repository.confirm(tx, fact_id, on)


async def current_method(runtime: Runtime, tx: Transaction, card_id: UUID) -> Fact | None:
    """Return the method that a card's schedule follows from; for the schedule, not for showing."""
    found = await told(runtime, tx, card_id, METHOD, current=True)
    return found[0] if found else None
