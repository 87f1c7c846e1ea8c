"""Requests and answers about checks."""

from datetime import date
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from renkou_common.codes.masking import mask_resident_id
from renkou_migrant.checks.domain import CheckResult, text_of
from renkou_migrant.checks.repository import StoredCheck
from renkou_migrant.credentials.groups import Group
from renkou_migrant.credentials.sdjwt import MAX_PRESENTATION
from renkou_migrant.credentials.text import china_day
from renkou_migrant.credentials.verifier import Outcome


class VerificationCreate(BaseModel):
    """What was shown: a presentation (SD-JWT) or the text of a QR code."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"text": "RK1:6BF..."}]})

    text: Annotated[str, Field(min_length=1, max_length=2 * MAX_PRESENTATION)]
    nonce: Annotated[str, Field(min_length=16, max_length=200)] | None = Field(
        default=None, description="what the holder was asked to sign, for a certificate bound to a key"
    )


class CheckCreate(VerificationCreate):
    """What was shown, and by whom."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"text": "RK1:6BF...", "arrival_id": "0197a1f0-0000-7000-8000-000000000001"}]
        },
    )

    arrival_id: UUID


class VerificationRead(BaseModel):
    """What a verification came to. ``claims`` are shown once and not kept; the ID number is masked."""

    result: Outcome = Field(description="valid 有效, refused 拒绝, unknown 不能确认")
    code: str
    reason_zh: str
    reason_en: str
    issuer: str | None = Field(description="district that signed; null where no signature held")
    issued_on: date | None
    valid_until: date | None = Field(description="last day")
    claims: dict[str, Any]

    @classmethod
    def of(cls, found: CheckResult) -> Self:
        """Return the answer for what is shown of a certificate now."""
        return cls.model_validate(_told(found))


class CheckRead(VerificationRead):
    """A check as it was kept, with what is shown of the certificate now."""

    id: UUID
    arrival_id: UUID
    checked_on: date

    @classmethod
    def of_stored(cls, check: StoredCheck, found: CheckResult) -> Self:
        """Return the answer for a stored check."""
        text = text_of(check.code)
        stored = {
            "id": check.id,
            "arrival_id": check.arrival_id,
            "checked_on": check.checked_on,
            "result": Outcome(check.result),
            "code": check.code,
            "reason_zh": text.zh,
            "reason_en": text.en,
            "issuer": check.issuer,
        }
        return cls.model_validate(_told(found) | stored)


def _told(found: CheckResult) -> dict[str, Any]:
    text, shown = text_of(found.code), found.certificate
    return {
        "result": found.result,
        "code": found.code,
        "reason_zh": text.zh,
        "reason_en": text.en,
        "issuer": shown.district if shown else None,
        "issued_on": china_day(shown.issued_at) if shown else None,
        "valid_until": china_day(shown.expires_at - 1) if shown else None,
        "claims": {
            group.value: mask_resident_id(value) if group is Group.ID_NUMBER else value
            for group, value in (shown.groups if shown else {}).items()
        },
    }
