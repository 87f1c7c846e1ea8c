"""Events of the migrant service (migrant-api). None carries a name, an ID number, a phone or a street."""

from datetime import date
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from renkou_common.contracts.lines import AreaText, Line


class MigrantEventType(StrEnum):
    """Closed set of type names: ``migrant.<noun>.<past participle>.v<n>``."""

    DEPARTURE_REGISTERED = "migrant.departure.registered.v1"
    DEPARTURE_RETURNED = "migrant.departure.returned.v1"
    ARRIVAL_REGISTERED = "migrant.arrival.registered.v1"
    STAY_ENDED = "migrant.stay.ended.v1"
    STAY_CORRECTED = "migrant.stay.corrected.v1"
    CERTIFICATE_ISSUED = "migrant.certificate.issued.v1"
    CERTIFICATE_REPLACED = "migrant.certificate.replaced.v1"
    CERTIFICATE_REVOKED = "migrant.certificate.revoked.v1"
    CERTIFICATE_FACTS_CHANGED = "migrant.certificate.facts-changed.v1"
    CERTIFICATE_COVERAGE_CHANGED = "migrant.certificate.coverage-changed.v1"
    CERTIFICATE_REASSIGNED = "migrant.certificate.reassigned.v1"
    CERTIFICATE_CHECKED = "migrant.certificate.checked.v1"
    APPLICATION_CHANGED = "migrant.certificate-application.changed.v1"
    REISSUE_CHANGED = "migrant.certificate-reissue.changed.v1"
    NOTICE_CHANGED = "migrant.notice.changed.v1"
    CALENDAR_CHANGED = "migrant.calendar.changed.v1"


class _MigrantEvent(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    lines: list[Line] = Field(default_factory=list)


class DepartureRegistered(_MigrantEvent):
    """Someone registered here leaves for another district; the register moves the present address."""

    departure_id: UUID
    person_ref: UUID
    departed_on: date
    destination_area: AreaText


class DepartureReturned(_MigrantEvent):
    """Someone who had left came back to ``area``."""

    departure_id: UUID
    person_ref: UUID
    returned_on: date
    area: AreaText


class ArrivalRegistered(_MigrantEvent):
    """Someone registered elsewhere lives here now (the register already holds the person).

    ``returning`` says that the person had lived here before: the register moves the present address.
    """

    arrival_id: UUID
    person_ref: UUID
    arrived_on: date
    home_area: AreaText
    present_area: AreaText
    returning: bool = False


class StayEnded(_MigrantEvent):
    """A migrant left again; the register moves the present address to ``destination_area``."""

    arrival_id: UUID
    person_ref: UUID
    departed_on: date
    destination_area: AreaText


class StayCorrected(_MigrantEvent):
    """A stay follows what the register corrected, or was taken back; the register itself has it already."""

    arrival_id: UUID
    person_ref: UUID
    arrived_on: date
    departed_on: date | None = None
    retracted: bool = False


class CertificateIssued(_MigrantEvent):
    """A marriage-and-childbearing certificate was issued."""

    certificate_id: UUID
    person_ref: UUID
    area: AreaText
    valid_from: date
    valid_to: date
    kind: str = Field(default="first", description="first, replacement or renewal")


class CertificateReplaced(_MigrantEvent):
    """Another certificate took the place of this one; ``state`` is replaced or renewed, ``code`` why."""

    certificate_id: UUID
    person_ref: UUID
    successor_id: UUID
    replaced_on: date
    state: str
    code: str | None = None


class CertificateRevoked(_MigrantEvent):
    """A certificate was revoked on a day; ``code`` says why."""

    certificate_id: UUID
    person_ref: UUID
    revoked_on: date
    code: str = "other"


class CertificateFactsChanged(_MigrantEvent):
    """The register says otherwise about some of what a certificate states; ``facts`` names them."""

    certificate_id: UUID
    person_ref: UUID
    facts: list[str]


class CertificateCoverageChanged(_MigrantEvent):
    """A certificate's overlap with its holder's absence changed because the register changed."""

    certificate_id: UUID
    person_ref: UUID


class CertificateReassigned(_MigrantEvent):
    """A certificate is another record's: the register joined ``former_ref`` to ``person_ref`` (``cause`` merged), or
    separated the two again (separated). What it covers is published apart."""

    certificate_id: UUID
    person_ref: UUID
    former_ref: UUID
    cause: str


class CertificateChecked(_MigrantEvent):
    """A certificate was checked; ``result`` is valid, refused or unknown, ``code`` the reason."""

    check_id: UUID
    arrival_id: UUID | None = None
    result: str
    code: str
    checked_on: date


class ApplicationChanged(_MigrantEvent):
    """An application for a certificate was made or came into another state."""

    application_id: UUID
    person_ref: UUID
    area: AreaText
    kind: str
    state: str
    step: str
    code: str | None = None
    certificate_id: UUID | None = None


class ReissueChanged(_MigrantEvent):
    """Certificates signed with one key are issued anew in bulk: asked for, approved, or done."""

    reissue_id: UUID
    area: AreaText
    kid: str
    state: str


class NoticeChanged(_MigrantEvent):
    """A message to or from another office changed what is counted or due of it."""

    message_id: UUID
    kind: str
    state: str
    partner: str
    withdrawn: bool = False
    corrected: bool = Field(default=False, description="this change replaced what the message says")
    reminded: bool = Field(default=False, description="this change is a reminder from office to office")


class DayOfCalendar(BaseModel):
    """A day that differs from its weekday: worked though a weekend, or free."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    day: date
    working: bool


class CalendarChanged(_MigrantEvent):
    """The schedule of working days of a year was entered, in place of what was known of the year."""

    year: int
    days: int
    schedule: list[DayOfCalendar] = Field(default=[], description="the days of the year that differ")
