"""Events of the register (registry-api). None carries a name, an ID number, a phone or a street."""

from datetime import date
from enum import StrEnum
from typing import Literal
from uuid import UUID

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from renkou_common.contracts.lines import AreaText, BirthMonth, Line


class RegistryEventType(StrEnum):
    """Closed set of type names: ``registry.<noun>.<past participle>.v<n>``."""

    PERSON_REGISTERED = "registry.person.registered.v1"
    BIRTH_RECORDED = "registry.birth.recorded.v1"
    DEATH_RECORDED = "registry.death.recorded.v1"
    MARRIAGE_RECORDED = "registry.marriage.recorded.v1"
    MOVE_RECORDED = "registry.move.recorded.v1"
    DIVORCE_RECORDED = "registry.divorce.recorded.v1"
    WIDOWHOOD_RECORDED = "registry.widowhood.recorded.v1"
    ADOPTION_RECORDED = "registry.adoption.recorded.v1"
    ADDRESS_CHANGED = "registry.address.changed.v1"
    PERSON_REASSIGNED = "registry.person.reassigned.v1"
    AREA_CHANGED = "registry.area.changed.v1"
    EVENT_CORRECTED = "registry.event.corrected.v1"
    EVENT_RETRACTED = "registry.event.retracted.v1"
    SERVICE_GIVEN = "registry.service.given.v1"
    PERSON_MERGED = "registry.person.merged.v1"
    PERSON_SEPARATED = "registry.person.separated.v1"
    SERVICE_CHANGED = "registry.service.changed.v1"
    PREPREGNANCY_CHANGED = "registry.prepregnancy.changed.v1"
    CHILDBIRTH_REGISTERED = "registry.childbirth.registered.v1"
    CHILDBIRTH_CHANGED = "registry.childbirth.changed.v1"
    HONOUR_ISSUED = "registry.honour.issued.v1"
    HONOUR_CANCELLED = "registry.honour.cancelled.v1"
    SCHEME_ACTIVATED = "registry.scheme.activated.v1"
    ENROLMENT_CHANGED = "registry.enrolment.changed.v1"
    BENEFIT_BATCH_CHANGED = "registry.benefit-batch.changed.v1"
    STAFF_CHANGED = "registry.staff.changed.v1"
    SESSION_ENDED = "registry.session.ended.v1"
    DETAILS_CHANGED = "registry.person.details-changed.v1"
    HOUSEHOLD_CHANGED = "registry.household.changed.v1"
    KIN_CHANGED = "registry.kin.changed.v1"
    PLACE_CHANGED = "registry.place.changed.v1"
    CARD_CHANGED = "registry.card.changed.v1"
    VISIT_CHANGED = "registry.visit.changed.v1"
    METHOD_USE_COUNTED = "registry.method-use.counted.v1"
    SUPPLY_CATALOGUE_CHANGED = "registry.supply-catalogue.changed.v1"
    SUPPLY_POINT_CHANGED = "registry.supply-point.changed.v1"
    SUPPLY_POSTED = "registry.supply.posted.v1"
    SUPPLY_TRANSFER_CHANGED = "registry.supply-transfer.changed.v1"
    SUPPLY_COUNT_CHANGED = "registry.supply-count.changed.v1"
    SUPPLY_USER_CHANGED = "registry.supply-user.changed.v1"
    EMPLOYER_CHANGED = "registry.employer.changed.v1"
    RENTAL_CHANGED = "registry.rental.changed.v1"
    ACTIVITY_CHANGED = "registry.activity.changed.v1"
    PETITION_CHANGED = "registry.petition.changed.v1"
    SURVEY_CHANGED = "registry.survey.changed.v1"
    BUDGET_CHANGED = "registry.budget.changed.v1"
    PURPOSE_CHANGED = "registry.purpose.changed.v1"
    PERSON_RESTRICTED = "registry.person.restricted.v1"
    CONSENT_CHANGED = "registry.consent.changed.v1"
    PERSON_ERASED = "registry.person.erased.v1"


class PersonEvent(BaseModel):
    """What every event about a person says: who by reference, when, the state after it, and the lines.

    ``present_area`` may lie outside the district (6 digits known at least, zero-padded to 12).
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    person_ref: UUID
    life_event_id: UUID
    happened_on: date
    sex: int = Field(ge=0, le=9)
    birth_month: BirthMonth
    alive: bool
    marital_status: str = Field(pattern=r"^\d{2}$")
    children_count: int = Field(default=0, ge=0)
    registered_area: AreaText
    present_area: AreaText
    present_since: date
    facts_changed: list[str] = Field(
        default_factory=list,
        description="which of the facts that a certificate states this event changed, by name alone",
    )
    lines: list[Line] = Field(default_factory=list)


class PersonRegistered(PersonEvent):
    """A person entered the register: from a roster (opening), or on arrival."""


class BirthRecorded(PersonEvent):
    """A live birth; ``person_ref`` is the child's. Also says which child of the mother it is."""

    mother_ref: UUID | None = None
    father_ref: UUID | None = None
    parity: int = Field(ge=1, le=30)


class DeathRecorded(PersonEvent):
    """A death."""


class MarriageRecorded(PersonEvent):
    """A marriage, once for each spouse who is in the register."""

    spouse_ref: UUID | None = None


class MoveRecorded(PersonEvent):
    """A move in, out or within the district, with or without transfer of the household registration."""

    origin_area: AreaText
    destination_area: AreaText
    registration_transferred: bool = False


class EventCorrected(PersonEvent):
    """An earlier life event was corrected; the lines reverse what was wrong and state what is right."""

    corrected_event_id: UUID
    corrected_kind: str = Field(default="", description="kind of that event, as in a history")
    previously_on: date | None = Field(default=None, description="when that event was said to have happened")
    parity: int | None = Field(default=None, ge=1, le=30, description="of a birth, where it was corrected")
    parent_refs: list[UUID] = Field(default_factory=list, description="of whom it changes a child's facts")
    parents_corrected: list[Literal["father_id", "mother_id"]] = Field(
        default_factory=list, description="of a birth, which parent was corrected"
    )
    mother_ref: UUID | None = Field(
        default=None, description="of a birth whose parents were corrected, since"
    )
    father_ref: UUID | None = Field(
        default=None, description="of a birth whose parents were corrected, since"
    )


class EventRetracted(PersonEvent):
    """An earlier life event never happened; the lines reverse it."""

    retracted_event_id: UUID
    retracted_kind: str = Field(default="", description="kind of that event, as in a history")
    previously_on: date | None = Field(default=None, description="when that event was said to have happened")
    parent_refs: list[UUID] = Field(default_factory=list, description="who have one child less by it")


class ServiceGiven(BaseModel):
    """A free service was given; the home district may be told only where ``share_with_home`` (consent)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    person_ref: UUID
    service_id: UUID
    kind: str
    given_on: date
    area: AreaText
    share_with_home: bool
    lines: list[Line] = Field(default_factory=list)


class StaffAssignment(BaseModel):
    """A role in an area (its subtree).

    ``scopes`` are the rights that the role bundles now; without them it is a built-in role as of old.
    It holds from ``valid_from`` (included) to ``valid_to`` (excluded). ``acting_for`` is the account whose duty is
    exercised while its holder is on leave.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    role: str
    area: AreaText
    area_high: AreaText
    scopes: list[str] | None = None
    valid_from: AwareDatetime | None = None
    valid_to: AwareDatetime | None = None
    acting_for: UUID | None = None


class SessionEnded(BaseModel):
    """A sign-in session was ended before its time; other services refuse its access tokens from now on.

    The last of them runs out at ``until``: afterwards the end need not be remembered.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    session_id: UUID
    until: AwareDatetime


class StaffChanged(BaseModel):
    """The whole new state of a staff account's rights; other services keep a copy of it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    staff_id: UUID
    active: bool
    assignments: list[StaffAssignment]
