"""A person as entered in the register: what is written down, and how the entry counts. No I/O."""

from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum
from uuid import UUID, uuid4

from renkou_common.errors import Conflict
from renkou_common.ids import new_id

__all__ = ["EntryKind", "FactsPurpose", "PersonEntry", "PersonRecord", "check_alive", "new_id"]


def check_alive(born: date, died_on: date | None, on: date) -> None:
    """Raise Conflict ``not_alive`` for a day before somebody's birth or after the death."""
    if born > on or (died_on is not None and died_on < on):
        raise Conflict("not_alive", "该日期不在其生存期间", "the person was not alive on that day")


class EntryKind(StrEnum):
    """How a person comes into the register."""

    OPENING = "opening"  # 期初建档: already here on the stock date
    ARRIVAL = "arrival"  # 流入: came to live here on the day
    BIRTH = "birth"  # 出生: entered with the birth, by POST /life-events/births


class FactsPurpose(StrEnum):
    """What the full facts of a person may be read for."""

    CERTIFICATE = "certificate"  # 开具婚育证明
    BIRTH_NOTICE = "birth_notice"  # 出生通报
    SERVICE_NOTICE = "service_notice"  # 服务通报
    ARRIVAL_NOTICE = "arrival_notice"  # 流入通报
    REGISTRATION_NOTICE = "registration_notice"  # 生育登记通报
    INQUIRY = "inquiry"  # 协查
    DEPARTURE = "departure"  # 流出登记
    CERTIFICATE_CHECK = "certificate_check"  # 查验证明


@dataclass(frozen=True, slots=True)
class PersonEntry:
    """One person to enter, already validated.

    ``registered_area`` and ``present_area`` are 12-digit integer keys. ``entered_on`` is the stock date of an
    opening, the day of an arrival or the birth date. ``resident_id`` is the number itself (18 characters) or
    None, ``document_number`` that of a passport or a birth certificate (``document_kind``); both are sealed
    before they are stored. ``id`` is given beforehand, so that entries of one batch can name
    each other as mother, father or spouse.
    """

    name: str
    sex: int
    birth_date: date
    registered_area: int
    present_area: int
    kind: EntryKind
    entered_on: date
    document_kind: str = "resident_id"
    resident_id: str | None = None
    document_number: str | None = None
    nationality: str = "01"
    marital_status: str = "90"
    registered_street: str | None = None
    registered_since: date | None = None
    present_street: str | None = None
    present_since: date | None = None
    place_id: UUID | None = None
    phone: str | None = None
    employer: str | None = None
    mother_id: UUID | None = None
    father_id: UUID | None = None
    spouse_id: UUID | None = None
    children_count: int = 0
    parity: int = 0
    mother_usual_area: int | None = None
    mother_age: int | None = None
    id: UUID = field(default_factory=new_id)
    ref: UUID = field(default_factory=uuid4)

    @property
    def present_from(self) -> date:
        """Since when the person lives at the present address: as told, else since the entry."""
        return self.present_since or self.entered_on


@dataclass(frozen=True, slots=True)
class PersonRecord:
    """The stored state of a person without protected fields; ``version`` counts its changes."""

    id: UUID
    ref: UUID
    name: str
    sex: int
    birth_date: date
    nationality: str
    marital_status: str
    registered_area: int
    registered_street: str | None
    registered_since: date | None
    present_area: int
    present_street: str | None
    present_since: date
    employer: str | None
    mother_id: UUID | None
    father_id: UUID | None
    spouse_id: UUID | None
    children_count: int
    alive: bool
    died_on: date | None
    withdrawn: bool
    version: int
    place_id: UUID | None
    restricted: bool
