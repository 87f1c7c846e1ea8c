"""Answers about cases; what is asked is the common contract."""

from uuid import UUID

from pydantic import BaseModel, Field

from renkou_migrant.registry_client import PersonShown


class CaseOut(BaseModel):
    """The record behind an event, as far as the caller may read it."""

    event_id: UUID
    event_type: str
    kind: str = Field(description="arrival, departure, certificate, application or notice")
    kind_label: str
    kind_label_en: str
    record_id: UUID
    path: str = Field(description="where the record is read, under the rights of its own")
    person: PersonShown | None = Field(
        description="as the register's lists show the person; null of a notice, and where the caller may not "
        "read the person in the register"
    )


class CasesOut(BaseModel):
    """Cases, and how many of the events asked for are none that the caller may read, or are unknown."""

    items: list[CaseOut]
    hidden: int
