"""Requests and answers about checks."""

from datetime import date
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from renkou_common.codes.findings import CodeError
from renkou_common.codes.masking import mask_resident_id
from renkou_migrant.checks.domain import CheckResult, text_of
from renkou_migrant.checks.repository import StoredCheck
from renkou_migrant.credentials.groups import Group
from renkou_migrant.credentials.qr import MAX_TEXT
from renkou_migrant.credentials.sdjwt import MAX_PRESENTATION
from renkou_migrant.credentials.verifier import Outcome


class CheckCreate(BaseModel):
    """What was shown: a presentation or the text of a QR code; and by whom, where an arrival is known."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"qr_text": "RK1:6BF...", "arrival_id": None}]}
    )

    presentation: Annotated[str, Field(min_length=1, max_length=2 * MAX_PRESENTATION)] | None = None
    qr_text: Annotated[str, Field(min_length=1, max_length=2 * MAX_TEXT)] | None = None
    arrival_id: UUID | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.presentation is None) == (self.qr_text is None):
            raise CodeError(
                "one_of",
                "须且只须填写 presentation、qr_text 之一",
                "give exactly one of presentation and qr_text",
            )
        return self

    @property
    def text(self) -> str:
        """What was shown."""
        return self.presentation or self.qr_text or ""


class CheckRead(BaseModel):
    """What a check came to. ``claims`` are shown once and not kept; the ID number is masked."""

    id: UUID
    arrival_id: UUID | None
    result: Outcome = Field(description="valid 有效, refused 拒绝, unknown 不能确认")
    code: str
    message: str
    issuer: str | None = Field(description="district that signed; null where no signature held")
    checked_on: date
    claims: dict[str, Any]

    @classmethod
    def of(cls, check: StoredCheck, found: CheckResult, chinese: bool) -> Self:
        """Return the answer for a stored check and what is shown of the certificate now."""
        text = text_of(check.code)
        groups = found.certificate.groups if found.certificate else {}
        return cls(
            id=check.id,
            arrival_id=check.arrival_id,
            result=Outcome(check.result),
            code=check.code,
            message=text.zh if chinese else text.en,
            issuer=check.issuer,
            checked_on=check.checked_on,
            claims={
                group.value: mask_resident_id(value) if group is Group.ID_NUMBER else value
                for group, value in groups.items()
            },
        )
