"""Requests and answers about partner districts."""

from datetime import datetime
from typing import Annotated, Any, Self

from pydantic import BaseModel, ConfigDict, Field

from renkou_migrant.credentials.trust import MAX_TOKEN, TrustedDistrict, TrustedKey, TrustList


class TrustListPut(BaseModel):
    """A trust list as the anchor signed it."""

    model_config = ConfigDict(extra="forbid")

    trust_list: Annotated[str, Field(min_length=1, max_length=MAX_TOKEN, description="compact JWS")]


class TrustListRead(BaseModel):
    """The trust list accepted last."""

    sequence: int
    issued_at: datetime
    expires_at: datetime
    stale: bool
    districts: int
    digest: str

    @classmethod
    def of(cls, trust: TrustList, now: datetime) -> Self:
        """Return the answer for a list as of an instant."""
        return cls(
            sequence=trust.sequence,
            issued_at=trust.issued_at,
            expires_at=trust.expires_at,
            stale=trust.is_stale(now),
            districts=len(trust.districts),
            digest=trust.digest,
        )


class KeyRead(BaseModel):
    """A partner's key and the time in which it may be used."""

    kid: str
    use: str
    valid_from: datetime
    valid_to: datetime | None
    usable_now: bool


class PartnerRead(BaseModel):
    """A district of the trust list."""

    district: str
    name_zh: str
    name_en: str
    keys: list[KeyRead]

    @classmethod
    def of(cls, district: TrustedDistrict, now: datetime) -> Self:
        """Return the answer for a district as of an instant."""
        by_use = {
            "certificate": district.certificate_keys,
            "exchange_signing": district.exchange_signing_keys,
            "exchange_encryption": district.exchange_encryption_keys,
        }
        keys = [_key(key, use, now) for use, found in by_use.items() for key in found.values()]
        return cls(district=district.code, name_zh=district.name_zh, name_en=district.name_en, keys=keys)


class PartnerPage(BaseModel):
    """Partner districts by code, without this one."""

    items: list[PartnerRead]
    next: str | None = Field(description="value of `after` for the next page")
    trust_list: TrustListRead | None


class OwnDescription(BaseModel):
    """What the operator of the trust list needs to know of this district: public keys only."""

    description: dict[str, Any]
    signed: str = Field(description="the description as a JWS of this district's exchange key")


def _key(key: TrustedKey, use: str, now: datetime) -> KeyRead:
    return KeyRead(
        kid=key.kid, use=use, valid_from=key.valid_from, valid_to=key.valid_to, usable_now=key.covers(now)
    )
