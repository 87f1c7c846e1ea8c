"""Which record an event is about, and who may see it; no I/O.

Only what an event itself says is followed. What people chose, received, declined or missed has no case: services,
visits, pre-pregnancy checks and supplies stay counts, or two figures laid side by side would be a list of those who
declined (docs/purpose.md). Counts of methods are those of an area and name nobody anyway.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from renkou_common.contracts.registry import RegistryEventType as Type
from renkou_common.identity.roles import Scope
from renkou_common.scope import AreaScope


class Kind(NamedTuple):
    """Of what record an event is: its name, the right to read it, where its id stands and where it is read.

    ``person`` says whether the event names one.
    """

    name: str
    zh: str
    en: str
    scope: Scope
    key: str
    path: str
    person: bool = False


_PERSON = Kind(
    "person", "人员", "person", Scope.RESIDENT_READ, "life_event_id", "/persons/{person}", person=True
)
KINDS: Mapping[str, Kind] = {
    **dict.fromkeys(
        (
            Type.PERSON_REGISTERED,
            Type.BIRTH_RECORDED,
            Type.DEATH_RECORDED,
            Type.MARRIAGE_RECORDED,
            Type.MOVE_RECORDED,
            Type.DIVORCE_RECORDED,
            Type.WIDOWHOOD_RECORDED,
            Type.ADOPTION_RECORDED,
            Type.ADDRESS_CHANGED,
            Type.PERSON_REASSIGNED,
            Type.EVENT_CORRECTED,
            Type.EVENT_RETRACTED,
            Type.PERSON_MERGED,
            Type.PERSON_SEPARATED,
        ),
        _PERSON,
    ),
    Type.CARD_CHANGED: Kind(
        "card", "信息卡", "card", Scope.CARD_READ, "card_id", "/cards/{record}", person=True
    ),
    Type.ENROLMENT_CHANGED: Kind(
        "benefit", "奖励扶助", "benefit", Scope.BENEFIT_READ, "enrolment_id", "/benefit-enrolments/{record}",
        person=True,
    ),
    Type.EMPLOYER_CHANGED: Kind(
        "employer", "用人单位", "employer", Scope.OFFICE_READ, "record_id", "/employers/{record}"
    ),
    Type.RENTAL_CHANGED: Kind(
        "rental", "出租房屋", "rented house", Scope.OFFICE_READ, "record_id", "/rentals/{record}"
    ),
    Type.ACTIVITY_CHANGED: Kind(
        "activity", "活动", "activity", Scope.OFFICE_READ, "record_id", "/activities/{record}"
    ),
    Type.SURVEY_CHANGED: Kind(
        "survey", "调查", "survey", Scope.OFFICE_READ, "record_id", "/surveys/{record}"
    ),
    Type.BUDGET_CHANGED: Kind(
        "budget", "事业费", "budget line", Scope.OFFICE_READ, "record_id", "/budget-lines/{record}"
    ),
    Type.PETITION_CHANGED: Kind(
        "petition", "信访", "petition", Scope.PETITION_READ, "record_id", "/petitions/{record}"
    ),
}  # fmt: skip
SCOPES = frozenset(kind.scope for kind in KINDS.values())


@dataclass(frozen=True, slots=True)
class Case:
    """The record that an event was about; ``area`` is a 12-digit code, None where the person's own areas decide."""

    event_id: UUID
    event_type: str
    kind: Kind
    record_id: UUID
    person_ref: UUID | None
    area: str | None

    def path(self, person_id: UUID | None) -> str:
        """Return where the record is read."""
        return self.kind.path.format(record=self.record_id, person=person_id)


def case_of(event_id: UUID, event_type: str, data: Mapping[str, Any]) -> Case | None:
    """Return the case of a published event, None where it has none."""
    kind = KINDS.get(event_type)
    if kind is None:
        return None
    person = UUID(str(data["person_ref"])) if kind.person else None
    area = data.get("area")
    return Case(event_id, event_type, kind, UUID(str(data[kind.key])), person, area)


def may_see(case: Case, rights: Mapping[Scope, AreaScope]) -> bool:
    """Say whether a caller holds the right to the record where it is kept; of a person the register decides."""
    areas = rights.get(case.kind.scope)
    if areas is None:
        return False
    return case.area is None or areas.contains(int(case.area))
