"""What callers send and get about persons' accounts."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from renkou_registry.auth.schemas import NewPassword

AccountNumber = Annotated[str, StringConstraints(pattern=r"^\d{12}$"), Field(examples=["483920175562"])]


class AccountOut(BaseModel):
    """An account of a person; its number is no secret, it opens nothing alone."""

    person_id: UUID
    account: str
    active: bool
    activated: bool
    code_expires_at: datetime | None
    opened_at: datetime


class AccountOpened(AccountOut):
    """Shown once: the one-time code for the person to choose a password with, valid for 14 days."""

    code: str = Field(examples=["7KQM-3XTR-9WPA"])


class Activation(BaseModel):
    """The code from the paper and the password that the person chooses."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"account": "483920175562", "code": "7KQM-3XTR-9WPA", "password": "a long pass phrase"}
            ]
        },
    )

    account: AccountNumber
    code: Annotated[str, StringConstraints(min_length=12, max_length=40)]
    password: NewPassword
