"""Who a person's parents and spouse were on a day, by a history and by links told without an event. No I/O.

A link that is put right by hand was wrong from the beginning; an adoption or the end of a marriage changes
who it is from its day on.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from uuid import UUID

from renkou_common.codes.lists import KinKind, MaritalStatus
from renkou_registry.life_events.domain import EventKind, LifeEvent, PersonState, effective
from renkou_registry.life_events.marriages import links, spouse_on


def with_relatives(
    state: PersonState,
    person_id: UUID,
    history: Sequence[LifeEvent],
    linked: Mapping[KinKind, UUID],
    on: date,
) -> PersonState:
    """Return the state of a day with its relatives; ``linked`` are those known at the same moment as
    ``history``."""
    facts = effective(history)
    if not any(each.kind is EventKind.ADOPTION for each in facts):
        state = replace(state, mother_id=linked.get(KinKind.MOTHER), father_id=linked.get(KinKind.FATHER))
    if state.spouse_id is None and state.alive and MaritalStatus(int(state.marital_status)).is_married:
        link = linked.get(KinKind.SPOUSE) or links({person_id: facts}).get(person_id)
        state = replace(state, spouse_id=spouse_on(facts, link, on))
    return state
