"""Who was whose spouse when, and whom a death widowed, from the histories of those concerned. No I/O.

Widowhood is never told by anybody: it follows from a spouse's death. Whatever is recorded, corrected or taken
back in a history, the widowhoods that stand are compared with those that follow from what holds then.

A death that is taken back restores the marriage, unless the survivor had remarried (Civil Code 民法典, art.
51): then the widowhood stands, and for the one who came back the marriage ended on the same day. Any other
revision after which somebody would be married to two people is refused.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from uuid import UUID

from renkou_common.errors import Conflict
from renkou_registry.kin.domain import is_unwed
from renkou_registry.life_events.domain import ENTRIES, effective
from renkou_registry.life_events.kinds import EventKind, LifeEvent
from renkou_registry.persons.domain import new_id

type Histories = Mapping[UUID, Sequence[LifeEvent]]
_ENDS = frozenset({EventKind.DIVORCE, EventKind.DISSOLUTION})


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
        elif event.kind in _ENDS and named_spouse(event) in (None, spouse):
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
    """Return what follows for spouses when histories become other ones; both name everybody concerned.

    Raises Conflict ``married_to_another`` where somebody would be married to two people at once who was not
    before.
    """
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
    _check_one_marriage(before, known, told)
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
    standing = _naming(facts[survivor], EventKind.WIDOWHOOD, dead)
    parted = _naming(facts[dead], EventKind.DISSOLUTION, survivor)
    undissolved = {**facts, dead: [event for event in facts[dead] if event not in parted]}
    wanted = death is not None and _widowed(survivor, dead, death.happened_on, undissolved, told)
    kept = (
        not wanted
        and bool(standing)
        and (death is None or bool(parted))
        and _remarried(facts[survivor], told.get(survivor), dead, standing[0].happened_on)
    )
    _take_back(plan, survivor, standing[1:] if wanted or kept else standing)
    _take_back(plan, dead, parted[1:] if kept else parted)
    if kept and not parted:
        data = {"spouse_id": str(survivor), "counterpart": str(standing[0].id)}
        dissolution = LifeEvent(new_id(), EventKind.DISSOLUTION, standing[0].happened_on, data)
        plan.after.append((dead, dissolution))
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


def _naming(facts: Sequence[LifeEvent], kind: EventKind, spouse: UUID) -> list[LifeEvent]:
    return [event for event in facts if event.kind is kind and named_spouse(event) == spouse]


def _take_back(plan: Following, person: UUID, events: Iterable[LifeEvent]) -> None:
    for event in events:
        retraction = LifeEvent(new_id(), EventKind.RETRACTION, event.happened_on, retracts=event.id)
        plan.before.append((person, retraction))


def _remarried(facts: Sequence[LifeEvent], link: UUID | None, dead: UUID, day: date) -> bool:
    """Say whether somebody who lost a spouse on a day married another one from then on."""
    later = (event for event in facts if event.kind is EventKind.MARRIAGE and event.happened_on >= day)
    before = [event for event in facts if event.kind in ENTRIES or event.happened_on < day]
    return spouse_on(before, link, day) == dead and any(named_spouse(event) != dead for event in later)


def _check_one_marriage(before: Histories, after: Histories, told: Mapping[UUID, UUID]) -> None:
    known = {pair for each in before for pair in _second_marriages(each, effective(before[each]), told)}
    for person, history in sorted(after.items()):
        for event_id, day in _second_marriages(person, effective(history), told):
            if (event_id, day) not in known:
                raise Conflict(
                    "married_to_another",
                    f"与 {day} 登记的另一婚姻重叠; 如该婚姻有误, 请先更正或撤销",
                    f"overlaps another marriage of {day}; correct or retract that one first if it is wrong",
                )


def _second_marriages(
    person: UUID, facts: Sequence[LifeEvent], told: Mapping[UUID, UUID]
) -> list[tuple[UUID, date]]:
    """Return the marriages (event, day) of somebody who was married to another known person that day."""
    if not facts or facts[0].kind not in ENTRIES:
        return []
    found = []
    spouse = None if is_unwed(str(facts[0].data["marital_status"])) else told.get(person)
    for event in facts[1:]:
        named = named_spouse(event)
        if event.kind is EventKind.MARRIAGE:
            if spouse is not None and named != spouse:
                found.append((event.id, event.happened_on))
            spouse = named
        elif (event.kind in _ENDS and named in (None, spouse)) or (
            event.kind is EventKind.WIDOWHOOD and named == spouse
        ):
            spouse = None
    return found


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
