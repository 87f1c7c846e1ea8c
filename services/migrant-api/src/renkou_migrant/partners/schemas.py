"""Requests and answers about partner districts."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from renkou_migrant.credentials.trust import MAX_TOKEN, TrustedDistrict, TrustedKey, TrustList
from renkou_migrant.partners.checks import Check, Verdict
from renkou_migrant.partners.description import MAX_DESCRIPTION, Description
from renkou_migrant.partners.repository import StoredDescription


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


class DescriptionIn(BaseModel):
    """A partner's signed description; the fingerprint where the district is not in the trust list yet."""

    model_config = ConfigDict(extra="forbid")

    description: Annotated[str, Field(min_length=1, max_length=MAX_DESCRIPTION, description="compact JWS")]
    fingerprint: Annotated[str, Field(max_length=100)] | None = Field(
        default=None, description="as the partner's office said it by other means; spaces do not matter"
    )


class DescriptionRead(BaseModel):
    """How a district describes itself for the exchange."""

    district: str
    name_zh: str
    name_en: str
    issued_at: datetime
    valid_until: datetime
    expired: bool
    subject: str = Field(description="subjects of messages to it; the last token is the sender's code")
    durable: str = Field(description="its durable consumer at the hub")
    kinds: dict[str, list[int]] = Field(description="kinds and versions that it understands")
    contact_office: str
    contact_details: str
    keys: list[KeyRead]
    fingerprint: str
    signed: str = Field(description="the description as it is handed over")

    @classmethod
    def of(cls, description: Description, now: datetime) -> Self:
        """Return the answer for a description as of an instant."""
        district = description.district
        return cls(
            district=district.code,
            name_zh=district.name_zh,
            name_en=district.name_en,
            issued_at=description.issued_at,
            valid_until=description.valid_until,
            expired=now >= description.valid_until,
            subject=description.subject,
            durable=description.durable,
            kinds={kind: sorted(versions) for kind, versions in description.kinds.items()},
            contact_office=description.office,
            contact_details=description.contact,
            keys=PartnerRead.of(district, now).keys,
            fingerprint=description.fingerprint,
            signed=description.token,
        )


class PartnerDescriptionRead(DescriptionRead):
    """A partner's description and why it is believed."""

    trusted_by: str = Field(description="trust_list, description (the one before), or fingerprint")
    accepted_at: datetime

    @classmethod
    def accepted(cls, description: Description, stored: StoredDescription, now: datetime) -> Self:
        """Return the answer for an accepted description as of an instant."""
        members = DescriptionRead.of(description, now).model_dump()
        return cls(**members, trusted_by=stored.trusted_by, accepted_at=stored.accepted_at)


class StepRead(BaseModel):
    """One thing that a check looks at."""

    code: str
    zh: str
    en: str
    verdict: Verdict


class CheckRead(BaseModel):
    """A check with a partner as it stands."""

    id: UUID
    partner: str
    started_at: datetime
    verdict: Verdict
    seconds: float | None = Field(description="from its start to the last answer, once it is passed")
    steps: list[StepRead]

    @classmethod
    def of(cls, check: Check) -> Self:
        """Return the answer for a check."""
        return cls(
            id=check.stored.id,
            partner=check.stored.partner,
            started_at=check.stored.started_at,
            verdict=check.verdict,
            seconds=check.seconds,
            steps=[StepRead(code=one.code, zh=one.zh, en=one.en, verdict=one.verdict) for one in check.steps],
        )


class CheckPage(BaseModel):
    """Checks with a partner, the latest first."""

    items: list[CheckRead]
    next: str | None = Field(description="value of `after` for the next page")


def _key(key: TrustedKey, use: str, now: datetime) -> KeyRead:
    return KeyRead(
        kid=key.kid, use=use, valid_from=key.valid_from, valid_to=key.valid_to, usable_now=key.covers(now)
    )
