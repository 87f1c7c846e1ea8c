"""What callers get about their sessions."""

from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, Field


class SessionOut(BaseModel):
    """A sign-in that is in force. Address and program are those of its last renewal."""

    id: UUID
    current: bool = Field(description="whether the request itself belongs to it")
    created_at: datetime
    last_used_at: datetime = Field(description="when it was opened or last renewed")
    expires_at: datetime = Field(description="when it ends however much it is used")
    address: str = Field(examples=["192.0.2.17"])
    agent: str = Field(examples=["Mozilla/5.0"])


class SessionList(BaseModel):
    """Newest first, 200 at most."""

    items: list[SessionOut]
