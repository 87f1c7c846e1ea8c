"""What callers send and get about their second factor."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

Password = Annotated[str, Field(min_length=1, max_length=1024)]
Code = Annotated[
    str, Field(min_length=6, max_length=40, description="six digits, or a recovery code", examples=["492039"])
]


class SecondFactorOut(BaseModel):
    """Whether a code is asked for at this account's sign-ins."""

    in_force: bool
    confirmed_at: datetime | None
    recovery_codes_left: int


class EnrolmentIn(BaseModel):
    """The account's password, once more."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"password": "a long pass phrase"}]}
    )

    password: Password


class EnrolmentOut(BaseModel):
    """For the authenticator; shown once. It counts when a code confirms it."""

    secret: str = Field(description="base32, to be typed in", examples=["JBSWY3DPEHPK3PXPJBSWY3DPEHPK3PXP"])
    uri: str = Field(examples=["otpauth://totp/..."])
    picture: str = Field(description="the URI as a QR code, an SVG in a data: URI")


class ConfirmationIn(BaseModel):
    """A code that the authenticator shows."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"code": "492039"}]})

    code: Code


class RecoveryCodes(BaseModel):
    """Ten codes for paper, each good once in place of the authenticator's; shown once."""

    recovery_codes: list[str] = Field(examples=[["7KQM-3XTR-9WPA-H2CD"]])


class RemovalIn(BaseModel):
    """Password and a code: both factors."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"password": "a long pass phrase", "code": "492039"}]}
    )

    password: Password
    code: Code


class ResetOut(BaseModel):
    """What became of a request to take a lost second factor away."""

    awaiting_approval: list[UUID] = Field(
        description="the request that a second person decides on (`/approvals`); empty where it is done"
    )
