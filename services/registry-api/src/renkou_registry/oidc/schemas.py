"""What callers send and get about signing in by a provider."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from renkou_registry.oidc.domain import LONGEST_SUBJECT


class ProviderOut(BaseModel):
    """By which provider staff sign in: an OpenID Connect client does the rest by its discovery."""

    issuer: str = Field(examples=["https://id.example.gov.cn"])
    client_id: str = Field(examples=["renkou-340103"])


class ProviderSignIn(BaseModel):
    """The ID token that the provider gave, and the secret whose hash is the token's nonce."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "id_token": "eyJhbGciOiJFUzI1NiIsImtpZCI6ImsxIn0.eyJzdWIiOiJ3YW5nIn0.c2lnbmF0dXJl",
                    "nonce_secret": "a2V0ZWxnZXNwcmFlY2gtbWl0LTMyLXplaWNoZW4tbWluZA",
                }
            ]
        },
    )

    id_token: Annotated[str, Field(min_length=20, max_length=8192)]
    nonce_secret: Annotated[
        str,
        Field(
            min_length=32,
            max_length=200,
            description="random, known to nobody but the front end; the nonce is base64url(SHA-256) of it",
        ),
    ]
    code: (
        Annotated[str, Field(min_length=6, max_length=40, description="our own second factor, where asked")]
        | None
    ) = None


class IdentityIn(BaseModel):
    """By which name the provider knows the holder of the account."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"subject": "wang.fang"}]})

    subject: Annotated[str, Field(min_length=1, max_length=LONGEST_SUBJECT, pattern=r"^[^\x00-\x1f\x7f]+$")]


class IdentityOut(BaseModel):
    """A link between an account and the provider."""

    staff_id: UUID
    issuer: str
    subject: str | None = Field(description="null while a second person has not agreed yet")
    made_by: UUID | None
    made_at: datetime | None
    awaiting_approval: list[UUID] = Field(description="requests for approval of a link (`/approvals`)")
