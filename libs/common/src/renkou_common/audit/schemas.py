"""What the auditor sees of the audit log: references and names of fields, never a name of a person or a value."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field


class Action(StrEnum):
    """What was done."""

    READ = "read"
    UNMASK = "unmask"
    EXPORT = "export"
    SEARCH = "search"
    CREATE = "create"
    CHANGE = "change"
    DELETE = "delete"


class AuditEntryOut(BaseModel):
    """One reading or change."""

    id: str
    seq: str | None = Field(description="place in the chain; null for a second or so until it is sealed")
    at: datetime
    actor_id: UUID | None
    actor_kind: str = Field(
        description="staff, person, service, import; database: by hand, past the services"
    )
    actor_name: str = Field(description="user name or service as known then")
    acting_for: UUID | None = Field(description="the colleague whose duties were done")
    session: str | None = Field(description="the sign-in, or the job of an import")
    address: str | None = Field(description="address of the client as the service saw it")
    agent: str | None = Field(description="the client's program, shortened")
    trace_id: str | None = Field(description="what happened in the same request has the same")
    action: str
    action_label: str
    what: str = Field(description="what an answer showed, or the table that was changed")
    what_label: str
    purpose: str | None
    reason: str | None
    person_ids: list[UUID]
    record_id: str | None
    version: int | None
    records: int = Field(description="how many records were changed; an import makes one entry for many")
    fields: list[str] = Field(description="names of fields read in the clear or changed; never values")


class AuditEntryPage(BaseModel):
    """Entries, the last first."""

    items: list[AuditEntryOut]
    next: str | None


class AuditRootOut(BaseModel):
    """The signature under the log as far as ``last``."""

    number: int
    first: str
    last: str
    at: datetime
    token: str = Field(description="compact JWS; keep it: it shows later that nothing before was changed")


class AuditRootPage(BaseModel):
    """Roots in their order."""

    items: list[AuditRootOut]
    next: str | None


class AuditExport(BaseModel):
    """What is to be exported, and why."""

    model_config = ConfigDict(extra="forbid")

    reason: str = Field(min_length=2, max_length=500, description="why; stands in the log itself")
    since: datetime | None = Field(default=None, description="from the root that holds this moment on")
    until: datetime | None = Field(default=None, description="to the root that holds this moment")


class AuditKeys(BaseModel):
    """Public keys that roots are verified with, a JWK set."""

    keys: list[dict[str, str]]


class ReadingOut(BaseModel):
    """Who read the record, what of it and when."""

    read_at: datetime
    reader: str = Field(description="display name of staff, or the service", examples=["张经办"])
    reader_kind: str = Field(description="staff, service or person")
    what: str
    what_label: str = Field(description="in plain words, with the fields", examples=["明文查阅: 电话"])
    fields: list[str] = Field(description="what was read in the clear; empty where all was masked")
    purpose: str | None


class ReadingPage(BaseModel):
    """A page of readings, the last first."""

    items: list[ReadingOut]
    next: str | None
