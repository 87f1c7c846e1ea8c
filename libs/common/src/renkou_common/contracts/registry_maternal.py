"""Events of services, pre-pregnancy checks, childbirth registrations and honour certificates.

None carries a result, a risk, a method, a name or a number.
"""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from renkou_common.contracts.lines import AreaText, Line


class ServiceChanged(BaseModel):
    """The record of a service changed: offered, answered, cancelled or corrected; the lines count it."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    person_ref: UUID
    service_id: UUID
    area: AreaText
    changed_on: date
    kind: str | None = None
    given_on: date | None = Field(default=None, description="null: not given, or no more")
    share_with_home: bool | None = Field(
        default=None, description="whether the home district may be told (consent)"
    )
    lines: list[Line] = Field(default_factory=list)


class PrepregnancyChanged(BaseModel):
    """A couple's pre-pregnancy check changed what is counted; says nothing of who the couple is."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    check_id: UUID
    area: AreaText
    changed_on: date
    lines: list[Line] = Field(default_factory=list)


class ChildbirthRegistered(BaseModel):
    """A childbirth registration was recorded at the registered or the present address."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    person_ref: UUID
    registration_id: UUID
    area: AreaText
    registered_on: date


class ChildbirthChanged(BaseModel):
    """A registration was linked to a birth, changed by the person, or withdrawn by the person."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    person_ref: UUID
    registration_id: UUID
    area: AreaText
    state: Literal["recorded", "linked", "withdrawn"]
    changed_on: date
    born_on: date | None = None


class HonourIssued(BaseModel):
    """An only-child parents' honour certificate stands: entered from paper, issued, or replaced."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    certificate_id: UUID
    holder_refs: list[UUID]
    child_ref: UUID
    area: AreaText
    kind: Literal["existing", "issued", "replacement"]
    issued_on: date


class HonourCancelled(BaseModel):
    """An honour certificate no longer stands: cancelled, or lost and replaced."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    certificate_id: UUID
    holder_refs: list[UUID]
    child_ref: UUID
    area: AreaText
    cancelled_on: date
    grounds: str = Field(pattern=r"^[a-z_]+$", description="code: at_request, error, lost, ...")
