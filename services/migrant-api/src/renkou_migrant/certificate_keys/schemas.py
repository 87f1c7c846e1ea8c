"""Requests and answers about certificate keys."""

from datetime import datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field


class CompromiseCreate(BaseModel):
    """Why a key has to be taken for known to others."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "备份介质遗失 A backup disk was lost"}]}
    )

    reason: Annotated[str, Field(min_length=2, max_length=500)]


class CertificateKeyRead(BaseModel):
    """One of this district's certificate keys; never its private part."""

    kid: str
    algorithm: str
    valid_from: datetime
    valid_to: datetime | None = Field(description="exclusive; null is open")
    listed: bool = Field(description="whether the trust list accepted last names it")
    signs: bool = Field(description="whether it is the one that signs now")
    compromised_at: datetime | None = None
    compromise_reason: str | None = None


class CertificateKeyList(BaseModel):
    """This district's certificate keys."""

    items: list[CertificateKeyRead]


class CompromiseRead(BaseModel):
    """What a declaration came to."""

    kid: str
    ended: int = Field(description="entries of the status lists that were set: what this key had signed")
    next_step: str = Field(description="what remains to be done")
