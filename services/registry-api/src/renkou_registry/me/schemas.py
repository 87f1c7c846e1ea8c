"""What a person sees of the own record."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from renkou_registry.consents.domain import ConsentPurpose
from renkou_registry.honour.schemas import CertificateOut
from renkou_registry.persons.schemas import PersonOut


class OwnRecord(PersonOut):
    """The own record; number and phone in the clear where asked for."""


class ConsentOut(BaseModel):
    """One purpose, whether it is agreed to, and since when."""

    purpose: ConsentPurpose
    text_zh: str
    text_en: str
    given: bool
    given_at: datetime | None
    withdrawn_at: datetime | None = Field(description="of the last consent that was withdrawn")


class Consents(BaseModel):
    """Every purpose there is."""

    items: list[ConsentOut]


class ConsentChange(BaseModel):
    """Agree or withdraw."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"given": True}]})

    given: bool = Field(strict=True)


class OwnHousehold(BaseModel):
    """A household the caller belongs to."""

    household_id: UUID
    number: str
    area: str
    kind: str = Field(description="registered 户籍 or living 居住")
    relation: str = Field(description="relation to the head")
    since: date | None


class OwnHouseholds(BaseModel):
    """At most one registered and those lived in."""

    items: list[OwnHousehold]


class OwnHonour(BaseModel):
    """Honour certificates that name the caller."""

    items: list[CertificateOut]


class OwnIds(BaseModel):
    """The references under which other services know the person."""

    person_id: UUID
    person_ref: UUID
