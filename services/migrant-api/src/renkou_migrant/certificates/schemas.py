"""Requests and answers about certificates."""

from datetime import date, datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from renkou_migrant.certificates.domain import CertificateState
from renkou_migrant.certificates.records import StoredCertificate
from renkou_migrant.credentials.sdjwt import status_list_uri
from renkou_migrant.fields import Reason, area_code
from renkou_migrant.registry_client import PersonCard


class CertificateCreate(BaseModel):
    """For whom a certificate is asked for; everything it states comes from the register."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"person_id": "0197a1f0-0000-7000-8000-000000000001"}]},
    )

    person_id: UUID


class RevocationCreate(BaseModel):
    """Why a certificate is revoked."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "持有人婚姻状况变化, 申请换发"}]}
    )

    reason: Reason


class CertificateItem(BaseModel):
    """A certificate in a list: nothing that it states."""

    id: UUID
    number: str = Field(
        description="district, list and index, as the paper shows", examples=["340103-1-0482113"]
    )
    person_id: UUID
    registered_area: str
    valid_from: date
    valid_to: date = Field(description="last day")
    status: CertificateState = Field(description="state today")
    revoked_on: date | None = Field(description="first day without it")
    revocation_reason: str | None
    facts_changed: list[str] = Field(
        description="what it states and the register has said otherwise since; offer to issue it anew"
    )
    issued_at: datetime
    kid: str
    status_list: str = Field(description="URI of the status list", examples=["renkou:340103/status-lists/1"])
    status_index: int
    version: int

    @classmethod
    def of(cls, found: StoredCertificate, district: str, today: date) -> Self:
        """Return the answer for a certificate as of a day."""
        return cls(
            id=found.id,
            number=found.number,
            person_id=found.person_id,
            registered_area=area_code(found.registered_area),
            valid_from=found.valid_from,
            valid_to=found.valid_to,
            status=found.state(today),
            revoked_on=found.revoked_on,
            revocation_reason=found.revocation_reason,
            facts_changed=list(found.facts_changed),
            issued_at=found.issued_at,
            kid=found.kid,
            status_list=status_list_uri(district, found.list_number),
            status_index=found.status_index,
            version=found.version,
        )


class CertificateRead(CertificateItem):
    """One certificate, with the holder as the register shows the person to this caller."""

    person: PersonCard | None = Field(
        default=None, description="null where the caller may not see the person"
    )


class CertificatePage(BaseModel):
    """A page of certificates, the last issued first."""

    items: list[CertificateItem]
    next: str | None = Field(description="value of `after` for the next page; null on the last")
