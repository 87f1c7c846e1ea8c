"""What the auditor gets of the record of sign-ins."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field

from renkou_registry.sign_in_events.domain import Outcome


class SignInEventOut(BaseModel):
    """One thing that happened to an account's access."""

    id: str
    happened_at: datetime
    outcome: Outcome
    kind: str = Field(description="staff, person or service", examples=["staff"])
    subject: UUID | None = Field(description="the account; null where the name given belongs to nobody")
    name: str | None = Field(
        description="user name, account number or client id", examples=["clerk.sanxiaokou"]
    )
    session_id: UUID | None
    done_by: UUID | None = Field(description="who did it, where that is not the holder")
    address: str | None = Field(examples=["192.0.2.17"])
    agent: str | None


class SignInEventPage(BaseModel):
    """Newest first; `next` continues after the last one."""

    items: list[SignInEventOut]
    next: str | None
