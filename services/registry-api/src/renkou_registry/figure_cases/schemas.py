"""Answers about cases; what is asked is the common contract."""

from uuid import UUID

from pydantic import BaseModel, Field

from renkou_registry.persons.schemas import PersonSummary


class CaseOut(BaseModel):
    """The record behind an event, as far as the caller may read it."""

    event_id: UUID
    event_type: str
    kind: str = Field(description="person, card, benefit, petition, employer ...")
    kind_label: str
    kind_label_en: str
    record_id: UUID
    path: str = Field(description="where the record is read, under the rights of its own")
    person: PersonSummary | None = Field(
        description="as lists show a person; null where the event names nobody"
    )


class CasesOut(BaseModel):
    """Cases, and how many of the events asked for are none that the caller may read, or are unknown."""

    items: list[CaseOut]
    hidden: int


class PersonsOut(BaseModel):
    """Persons, and how many of those asked for the caller may not read, or are unknown."""

    items: list[PersonSummary]
    hidden: int
