"""Events about benefit schemes and their payments. None carries a name, a number or an account."""

from datetime import date
from typing import Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from renkou_common.contracts.lines import AreaText, Line

type SchemeCode = str


class SchemeActivated(BaseModel):
    """A version of a benefit scheme came into force."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    scheme: SchemeCode
    number: int = Field(ge=1)
    valid_from: date
    valid_to: date | None = None


class EnrolmentChanged(BaseModel):
    """An enrolment in a benefit scheme took a step, or what is due or paid changed.

    The lines say what became due or was paid: persons and amounts in fen, ``detail`` the scheme's code.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    person_ref: UUID
    enrolment_id: UUID
    scheme: SchemeCode
    state: str
    area: AreaText
    changed_on: date
    lines: list[Line] = Field(default_factory=list)


class BatchChanged(BaseModel):
    """A payment batch took a step: how many lines for how much (in fen)."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    batch_id: UUID
    scheme: SchemeCode
    period: str
    area: AreaText
    state: Literal["draft", "approved", "exported", "settled", "closed", "cancelled"]
    changed_on: date
    line_count: int = Field(ge=0)
    total_fen: int = Field(ge=0)
