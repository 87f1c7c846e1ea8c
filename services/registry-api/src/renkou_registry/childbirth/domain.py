"""A childbirth registration: a record, not a permission. No I/O.

    recorded ──> linked (to the child once born) ──┐
        └──────────────────────────────────────────┴──> withdrawn, by the person

There is no state in which somebody decides: nobody approves or refuses. Marital status and the number of
children are not asked (domain document, part 5).
"""

from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from typing import Any
from uuid import UUID

from renkou_common.codes.maternal import CHILDBIRTH_ADDRESSES, CHILDBIRTH_STATES
from renkou_common.errors import Conflict


class State(StrEnum):
    """Where a registration stands."""

    RECORDED = "recorded"  # 已登记
    LINKED = "linked"  # 已关联出生
    WITHDRAWN = "withdrawn"  # 本人撤回


class Address(StrEnum):
    """Which of the person's addresses the registration is recorded at; in this district either will do."""

    REGISTERED = "registered"  # 户籍地
    PRESENT = "present"  # 现居住地


STATE_LABELS = {state: CHILDBIRTH_STATES.entry(state).zh for state in State}
ADDRESS_LABELS = {
    each: (CHILDBIRTH_ADDRESSES.entry(each).zh, CHILDBIRTH_ADDRESSES.entry(each).en) for each in Address
}


@dataclass(frozen=True, slots=True)
class Registration:
    """One registration; ``area`` is the 12-digit key of the address it is recorded at.

    The partner is optional: a person of the register, or a name, or nobody.
    """

    id: UUID
    number: str
    person_id: UUID
    partner_id: UUID | None
    partner_name: str | None
    address: Address
    area: int
    child_ordinal: int | None
    registered_on: date
    state: State = State.RECORDED
    withdrawn_on: date | None = None
    version: int = 1


def number_of(district: str, year: int, position: int) -> str:
    """Return the number of the ``position``-th registration: ``SY-340103-2026-0000123``."""
    return f"SY-{district}-{year}-{position:07d}"


def area_at(address: Address, registered: int, present: int, district: tuple[int, int]) -> int:
    """Return the area of the chosen address; raises Conflict where that lies outside this district."""
    area = registered if address is Address.REGISTERED else present
    if not district[0] <= area <= district[1]:
        zh, en = ADDRESS_LABELS[address]
        raise Conflict(
            "address_elsewhere",
            f"该人的{zh}不在本区; 可在另一地址登记, 或由{zh}所在区登记",
            f"the {en} lies outside this district; register at the other address, or there",
        )
    return area


def linked(registration: Registration) -> Registration:
    """Return the registration with a birth linked to it."""
    _require_standing(registration)
    return replace(registration, state=State.LINKED)


def unlinked(registration: Registration, remaining: int) -> Registration:
    """Return the registration after a wrong link was taken away and so many remain."""
    _require_standing(registration)
    return replace(registration, state=State.LINKED if remaining else State.RECORDED)


def check_child(registration: Registration, mother: UUID | None, father: UUID | None) -> None:
    """Raise Conflict unless the child is one of the person's or the partner's."""
    parents = {each for each in (registration.person_id, registration.partner_id) if each}
    if not parents & {mother, father}:
        raise Conflict(
            "not_their_child",
            "登记中该孩子的父母不是本次登记的双方",
            "the register does not name either of the two as a parent of this child",
        )


def changed(registration: Registration, changes: dict[str, Any]) -> Registration:
    """Return the registration as the person wants it changed."""
    _require_standing(registration)
    return replace(registration, **changes)


def withdrawn(registration: Registration, on: date) -> Registration:
    """Return the registration withdrawn by the person."""
    _require_standing(registration)
    if on < registration.registered_on:
        raise Conflict(
            "before_registration", "撤回日期早于登记日期", "the withdrawal is dated before the registration"
        )
    return replace(registration, state=State.WITHDRAWN, withdrawn_on=on)


def _require_standing(registration: Registration) -> None:
    if registration.state is State.WITHDRAWN:
        raise Conflict("withdrawn", "该登记已由本人撤回", "the person has withdrawn this registration")
