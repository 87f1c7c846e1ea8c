"""What callers send and get when signing in."""

from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from renkou_common.identity.roles import Scope

Secret = Annotated[str, Field(min_length=1, max_length=1024)]
NewPassword = Annotated[
    str,
    Field(min_length=12, max_length=256, description="12 characters or more; no common password, no name"),
]


class TokenRequest(BaseModel):
    """`username` and `password` (staff), `account` and `password` (a person), or `client_id` and
    `client_secret` (a service).
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"username": "clerk.sanxiaokou", "password": "a long pass phrase"},
                {"account": "483920175562", "password": "a long pass phrase"},
                {"client_id": "migrant-api", "client_secret": "from the secret file"},
            ]
        },
    )

    username: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    account: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    password: Secret | None = None
    code: (
        Annotated[str, Field(min_length=6, max_length=40, description="second factor of a staff account")]
        | None
    ) = None
    client_id: Annotated[str, Field(min_length=1, max_length=100)] | None = None
    client_secret: Secret | None = None


class RefreshRequest(BaseModel):
    """The refresh token of the answer before."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"refresh_token": "dGhlIHJlZnJlc2ggdG9rZW4gb2YgdGhlIGxhc3QgYW5zd2Vy"}]
        },
    )

    refresh_token: Annotated[str, Field(min_length=20, max_length=200)]


class TokenResponse(BaseModel):
    """A bearer token. With `password_change_required` it opens only POST /auth/password."""

    access_token: str
    token_type: str = "Bearer"  # noqa: S105
    expires_in: int = Field(description="seconds", examples=[900])
    password_change_required: bool
    second_factor_enrolment_required: bool = Field(
        default=False, description="the token opens only POST /auth/totp and its confirmation"
    )
    refresh_token: str | None = Field(
        default=None, description="for POST /auth/refresh, once; none for services and a first sign-in"
    )
    session_id: UUID | None = Field(default=None, description="DELETE /auth/sessions/{session_id} signs out")
    session_expires_at: datetime | None = Field(
        default=None, description="when to sign in again, however often the sign-in is renewed"
    )


class PasswordChange(BaseModel):
    """The password in force and the one to come."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"current": "given by the administrator", "new": "a long pass phrase"}]
        },
    )

    current: Secret
    new: NewPassword


class MyAssignment(BaseModel):
    """A role over an area and everything below it."""

    role: str = Field(examples=["subdistrict_clerk"])
    area: str = Field(examples=["340103009"])
    valid_from: date | None = Field(description="起始日; null: without a limit")
    valid_to: date | None = Field(description="截止日 (含当日); null: without a limit")


class MyDuty(MyAssignment):
    """A role exercised for somebody on leave."""

    acting_for: UUID
    acting_for_name: str


class Me(BaseModel):
    """Who calls, and with which rights."""

    id: UUID
    kind: str = Field(description="staff, service or setup", examples=["staff"])
    name: str = Field(description="user name or client id", examples=["clerk.sanxiaokou"])
    display_name: str | None
    district: str = Field(description="the district of this node", examples=["340103"])
    assignments: list[MyAssignment]
    duties: list[MyDuty] = Field(default=[], description="代理职责: exercised for others on leave")
    scopes: list[Scope]
