"""Addresses over time as a history tells them, and how new knowledge rewrites what was written down. No I/O.

A spell is one kind of address from a day to a day. ``counted_from`` is the day from which the register counts
it: nobody is on a list of this register before the day of the entry, however long ago the person moved there.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from uuid import UUID

from renkou_registry.life_events.domain import ENTRIES, LifeEvent, PersonState
from renkou_registry.life_events.kinds import EventKind


class AddressKind(StrEnum):
    """Which address a spell tells of."""

    REGISTERED = "registered"  # 户籍地
    PRESENT = "present"  # 现居住地
    USUAL = "usual"  # 常住地: derived, without a street


@dataclass(frozen=True, slots=True)
class Place:
    """What is more exact than the community: a street line (personal) and a building of the register."""

    street: str | None = None
    place_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Spell:
    """One kind of address; ``valid_until`` is the first day without it, None while it lasts.

    ``event_id`` is the event that led to it, None for what follows from elapsed time. ``carried`` says that
    only the division changed: the place is the one before.
    """

    kind: AddressKind
    area: int
    valid_from: date
    counted_from: date
    valid_until: date | None
    event_id: UUID | None
    carried: bool = False
    place: Place = Place()

    @property
    def origin(self) -> tuple[AddressKind, UUID | None]:
        """What tells a spell from the others when dates are corrected."""
        return self.kind, self.event_id


@dataclass(frozen=True, slots=True)
class Rewriting:
    """What changes in what is known: spells that no longer hold, spells that hold now."""

    superseded: list[Spell]
    new: list[Spell]
    current: dict[AddressKind, Spell]


def spells_of(facts: Sequence[LifeEvent], state: PersonState) -> list[Spell]:
    """Return the spells that facts (in the order of ``effective``) and the state after them tell."""
    found: list[Spell] = []
    open_at: dict[AddressKind, int] = {}

    def begin(kind: AddressKind, area: int, since: date, event: LifeEvent) -> None:
        if kind in open_at:
            found[open_at[kind]] = replace(found[open_at[kind]], valid_until=event.happened_on)
        open_at[kind] = len(found)
        carried = event.kind is EventKind.AREA_CHANGE
        found.append(Spell(kind, area, since, max(since, state.entered_on), None, event.id, carried))

    by_event = {address.event: address for address in state.addresses}
    for fact in facts:
        address = by_event.get(fact.id)
        if address is not None:
            since = _since(fact)
            for kind, area in (
                (AddressKind.REGISTERED, address.registered),
                (AddressKind.PRESENT, address.present),
            ):
                if kind not in open_at or found[open_at[kind]].area != area:
                    begin(kind, area, since[kind], fact)
        elif fact.kind is EventKind.ADDRESS:
            kind = AddressKind(fact.data["address"])
            begin(kind, found[open_at[kind]].area, fact.happened_on, fact)
    found += _usual(state)
    return [_ended(spell, state.died_on) for spell in found if _lasts(spell)]


def entry_spells(event: LifeEvent, state: PersonState, places: Mapping[AddressKind, Place]) -> list[Spell]:
    """Return the spells after an entry alone: what :func:`spells_of` tells, for many persons at once."""
    since = _since(event)
    nowhere = Place()
    return [
        Spell(
            kind,
            area,
            since[kind],
            max(since[kind], state.entered_on),
            None,
            event.id,
            place=places.get(kind, nowhere),
        )
        for kind, area in (
            (AddressKind.REGISTERED, state.registered_area),
            (AddressKind.PRESENT, state.present_area),
        )
    ] + _usual(state)


def _since(fact: LifeEvent) -> dict[AddressKind, date]:
    if fact.kind in ENTRIES:
        registered = fact.data.get("registered_since") or fact.happened_on
        return {AddressKind.REGISTERED: registered, AddressKind.PRESENT: fact.data["present_since"]}
    return dict.fromkeys(AddressKind, fact.happened_on)


def _usual(state: PersonState) -> list[Spell]:
    days = [since for since, _ in state.usual]
    return [
        Spell(AddressKind.USUAL, area, since, since, until, None)
        for (since, area), until in zip(state.usual, [*days[1:], None], strict=False)
    ]


def _ended(spell: Spell, died_on: date | None) -> Spell:
    if died_on is None or spell.valid_until is not None:
        return spell
    return replace(spell, valid_until=died_on)


def _lasts(spell: Spell) -> bool:
    """Say whether a spell is more than a day that ended where the next began; death may end one at once."""
    return spell.valid_until is None or spell.valid_from < spell.valid_until


def rewriting(
    known: Sequence[Spell],
    ever: Sequence[Spell],
    told: Sequence[Spell],
    given: Mapping[AddressKind, Place],
    event_id: UUID | None,
) -> Rewriting:
    """Return how the ``known`` spells become the ``told`` ones.

    ``ever`` are all spells ever written, oldest knowledge first: from them streets are kept when a date is
    corrected. ``given`` are the places that the newest event brings: they belong to the spell that it leads
    to, else to the last one.
    """
    places = {spell.origin: spell.place for spell in (*ever, *known)}
    places |= {(kind, event_id): place for kind, place in given.items()}
    origins = {spell.origin for spell in told}
    current: dict[AddressKind, Spell] = {}
    placed: list[Spell] = []
    for spell in told:
        before = current.get(spell.kind)
        place = places.get(spell.origin, Place())
        if spell.carried and before is not None:
            place = before.place
        current[spell.kind] = replace(spell, carried=False, place=place)
        placed.append(current[spell.kind])
    for kind, place in given.items():
        if kind in current and (kind, event_id) not in origins:
            position = placed.index(current[kind])
            current[kind] = placed[position] = replace(current[kind], place=place)
    return Rewriting(
        superseded=[spell for spell in known if spell not in placed],
        new=[spell for spell in placed if spell not in known],
        current=current,
    )
