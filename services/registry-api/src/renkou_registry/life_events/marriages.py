"""Who was whose spouse when, and whom a death widowed, from the histories of those concerned. No I/O.

Widowhood is never told by anybody: it follows from a spouse's death. Whatever is recorded, corrected or taken
back in a history, the widowhoods that stand are compared with those that follow from what holds then.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from renkou_registry.kin.domain import is_unwed
from renkou_registry.life_events.domain import ENTRIES, effective
from renkou_registry.life_events.kinds import EventKind, LifeEvent
from renkou_registry.persons.domain import new_id

type Histories = Mapping[UUID, Sequence[LifeEvent]]
UNIONS = frozenset({EventKind.MARRIAGE, EventKind.DIVORCE, EventKind.DEATH, EventKind.WIDOWHOOD})


@dataclass(frozen=True, slots=True)
class Following:
    """What follows for spouses: widowhoods to take back before the leading event is recorded, widowhoods to
    record or date anew after it, and whose spouse is another one then."""

    before: list[tuple[UUID, LifeEvent]] = field(default_factory=list)
    after: list[tuple[UUID, LifeEvent]] = field(default_factory=list)
    spouses: dict[UUID, UUID | None] = field(default_factory=dict)

    @property
    def persons(self) -> set[UUID]:
        """Whose history or state changes."""
        return {person for person, _ in (*self.before, *self.after)} | set(self.spouses)


def named_spouse(event: LifeEvent) -> UUID | None:
    """Return the spouse in the register whom an event names."""
    found = event.data.get("spouse_id")
    return UUID(str(found)) if found else None


def partners(history: Sequence[LifeEvent]) -> set[UUID]:
    """Return everybody whom a history ever named as spouse."""
    return {each for each in map(named_spouse, history) if each is not None}


def spouse_on(facts: Sequence[LifeEvent], link: UUID | None, day: date) -> UUID | None:
    """Return the spouse by whom a death on a day would widow a person; ``link`` is one without a marriage in
    the register, married before the entry."""
    if not facts or facts[0].kind not in ENTRIES:
        return None
    spouse = None if is_unwed(str(facts[0].data["marital_status"])) else link
    for event in facts[1:]:
        if event.happened_on > day:
            break
        if event.kind is EventKind.MARRIAGE:
            spouse = named_spouse(event)
        elif event.kind is EventKind.DIVORCE and named_spouse(event) in (None, spouse):
            spouse = None
    return spouse


def links(histories: Histories, unlinked: Iterable[frozenset[UUID]] = ()) -> dict[UUID, UUID]:
    """Return the spouses whom histories name without a marriage: linked when entered or by hand.

    ``unlinked`` are couples whose link was taken away as wrong.
    """
    wrong = set(unlinked)
    found: dict[UUID, UUID] = {}
    for person, history in histories.items():
        wed = {named_spouse(event) for event in history if event.kind is EventKind.MARRIAGE}
        for event in history:
            other = named_spouse(event)
            if other is not None and other not in wed and frozenset((person, other)) not in wrong:
                found[person] = other
    return {other: person for person, other in found.items()} | found


def following(before: Histories, after: Histories, unlinked: Iterable[frozenset[UUID]] = ()) -> Following:
    """Return what follows for spouses when histories become other ones; both name everybody concerned."""
    told = links(after, unlinked)
    plan = Following()
    facts = {person: effective(history) for person, history in after.items()}
    for survivor in sorted(after):
        if facts[survivor]:
            for dead in sorted(partners(after[survivor]) | ({told[survivor]} if survivor in told else set())):
                if facts.get(dead):
                    _settle(plan, survivor, dead, facts, told)
    known = {person: [*history] for person, history in after.items()}
    for person, event in (*plan.before, *plan.after):
        known[person].append(event)
    old, new = _spouses(before, told), _spouses(known, told)
    plan.spouses.update(
        {person: new[person] for person in new if facts[person] and old[person] != new[person]}
    )
    return plan


def _settle(
    plan: Following,
    survivor: UUID,
    dead: UUID,
    facts: Mapping[UUID, list[LifeEvent]],
    told: Mapping[UUID, UUID],
) -> None:
    """Compare the widowhoods of one person by the death of another with the one that follows, if any."""
    death = _death(facts[dead])
    wanted = death is not None and _widowed(survivor, dead, death.happened_on, facts, told)
    standing = [
        event
        for event in facts[survivor]
        if event.kind is EventKind.WIDOWHOOD and named_spouse(event) == dead
    ]
    for event in standing[1:] if wanted else standing:
        retraction = LifeEvent(new_id(), EventKind.RETRACTION, event.happened_on, retracts=event.id)
        plan.before.append((survivor, retraction))
    if not wanted or death is None:
        return
    day = death.happened_on
    if not standing:
        data = {"spouse_id": str(dead), "counterpart": str(death.id)}
        plan.after.append((survivor, LifeEvent(new_id(), EventKind.WIDOWHOOD, day, data)))
    elif standing[0].happened_on != day:
        changes = {"changes": {"happened_on": day}}
        correction = LifeEvent(new_id(), EventKind.CORRECTION, day, changes, corrects=standing[0].id)
        plan.after.append((survivor, correction))


def _widowed(
    survivor: UUID, dead: UUID, day: date, facts: Mapping[UUID, list[LifeEvent]], told: Mapping[UUID, UUID]
) -> bool:
    own = _death(facts[survivor])
    if own is not None and own.happened_on <= day:
        return False
    return (
        spouse_on(facts[survivor], told.get(survivor), day) == dead
        and spouse_on(facts[dead], told.get(dead), day) == survivor
    )


def _death(facts: Sequence[LifeEvent]) -> LifeEvent | None:
    return next((event for event in facts if event.kind is EventKind.DEATH), None)


def _spouses(histories: Histories, told: Mapping[UUID, UUID]) -> dict[UUID, UUID | None]:
    """Return who names whom as spouse at the end: both or neither, as far as both are known."""
    last = {person: _last_spouse(effective(each), told.get(person)) for person, each in histories.items()}
    return {
        person: spouse if spouse is None or last.get(spouse, person) == person else None
        for person, spouse in last.items()
    }


def _last_spouse(facts: Sequence[LifeEvent], link: UUID | None) -> UUID | None:
    if _death(facts) is not None:
        return None
    spouse = spouse_on(facts, link, date.max)
    widowed = {named_spouse(event) for event in facts if event.kind is EventKind.WIDOWHOOD}
    return None if spouse in widowed else spouse
