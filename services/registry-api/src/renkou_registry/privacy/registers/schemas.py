"""What the registers look like."""

from builtins import list as many
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, Field


class Kept(BaseModel):
    """How long a kind of record of a purpose is kept."""

    code: str
    zh: str
    en: str
    days: int | None = Field(description="null: as a law or a schedule of archives has it")
    law: str | None


class ProcessingOut(BaseModel):
    """A purpose with all that is done for it (处理活动)."""

    code: str
    zh: str
    en: str
    articles: str = Field(description="its legal basis")
    in_force: bool
    active_from: date
    active_to: date | None
    sensitive: bool
    separate_consent: str | None = Field(description="the separate consent that is needed")
    tables: list[str]
    fields: int
    encrypted_fields: list[str]
    health_fields: list[str]
    lists: list[str] = Field(description="lists that may be exported for it")
    roles: list[str] = Field(description="built-in roles that may ask for those lists")
    notices: list[str] = Field(description="kinds of message to other districts")
    retention: list[Kept]
    assessment_grounds: list[str] = Field(description="of article 55", examples=[["55(1)"]])
    impact: str = Field(description="low, medium or high")
    rows: int = Field(description="held now, about")
    exports: int = Field(description="made within a year")
    exported_rows: int


class ProcessingRegister(BaseModel):
    """The register of processing."""

    made_at: datetime
    district: str
    items: list[ProcessingOut]


class SharingOut(BaseModel):
    """A list that somebody took out."""

    at: datetime
    by: UUID
    by_name: str | None
    list: str
    columns: many[str]
    rows: int
    purpose_code: str | None
    articles: str | None = Field(description="the legal basis of the purpose, as it is now")
    purpose: str


class SharingPage(BaseModel):
    """A page of the register of sharing, the last first."""

    items: many[SharingOut]
    next: str | None
