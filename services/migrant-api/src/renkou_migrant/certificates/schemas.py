"""Requests and answers about certificates."""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from renkou_migrant.certificates import history, reasons
from renkou_migrant.certificates.domain import CertificateRules, CertificateState, change_report_due
from renkou_migrant.certificates.reasons import ReplacementReason, RevocationReason
from renkou_migrant.certificates.records import ActorKind, Recorded, StoredCertificate
from renkou_migrant.credentials.groups import Group
from renkou_migrant.credentials.sdjwt import status_list_uri
from renkou_migrant.fields import Reason, area_code
from renkou_migrant.registry_client import PersonCard


class CertificateCreate(BaseModel):
    """Which approved application is issued; everything the certificate states comes from the register."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"application_id": "0197a1f0-0000-7000-8000-000000000001"}]},
    )

    application_id: UUID


class RevocationCreate(BaseModel):
    """Why a certificate is revoked, as a code; in words where the code does not say it."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"reason": "holder_request", "note": "持有人来电申请注销"}]},
    )

    reason: RevocationReason
    note: Reason | None = None


class ReplacementOffer(BaseModel):
    """What the office may offer: an application for a replacement, which stays the holder's choice."""

    kind: str = Field(examples=["replacement"])
    reason: ReplacementReason
    reason_label: str = Field(examples=["登记内容变化"])
    report_by: date | None = Field(description="day by which the holder tells of the change")


class HistoryStep(BaseModel):
    """One step: what happened, since when, when it was recorded, who did it, why."""

    step: str
    step_label: str
    happened_on: date
    recorded_at: datetime
    actor_kind: ActorKind = Field(description="person 本人, staff 工作人员, register 人口登记, system 系统")
    actor_id: UUID | None = Field(
        description="account; null for the register and for the mere passing of time"
    )
    reason: str | None
    reason_label: str | None
    reason_label_en: str | None
    note: str | None

    @classmethod
    def of(cls, one: Recorded, label: str) -> Self:
        """Return the answer for a step under its name."""
        zh, en = reasons.label(one.reason)
        return cls(
            step=one.step,
            step_label=label,
            happened_on=one.happened_on,
            recorded_at=one.recorded_at,
            actor_kind=one.actor.kind,
            actor_id=one.actor.id,
            reason=one.reason,
            reason_label=zh,
            reason_label_en=en,
            note=one.note,
        )


@dataclass(frozen=True, slots=True)
class Asked:
    """When and where a certificate is read: what its answer depends on besides itself."""

    district: str
    today: date
    rules: CertificateRules
    compromised: Collection[str]
    """Names of keys of which nothing is believed any more."""


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
    groups: list[Group] = Field(description="what the holder agreed to have in it")
    revoked_on: date | None = Field(description="first day without it")
    revocation_reason: str | None = Field(description="code")
    revocation_note: str | None
    replaced_on: date | None = Field(description="first day on which its successor stands")
    replacement_reason: str | None = Field(description="code")
    successor_id: UUID | None
    facts_changed: list[str] = Field(description="what it states and the register has said otherwise since")
    offer: ReplacementOffer | None = Field(description="where it stands and another should take its place")
    issued_at: datetime
    kid: str
    key_compromised: bool = Field(
        description="verifiers refuse it, whatever its status: its key was declared compromised; it is to be reissued"
    )
    status_list: str = Field(description="URI of the status list", examples=["renkou:340103/status-lists/1"])
    status_index: int
    version: int

    @classmethod
    def of(cls, found: StoredCertificate, asked: "Asked") -> Self:
        """Return the answer for a certificate."""
        today = asked.today
        return cls(
            id=found.id,
            number=found.number,
            person_id=found.person_id,
            registered_area=area_code(found.registered_area),
            valid_from=found.valid_from,
            valid_to=found.valid_to,
            status=found.state(today),
            groups=[Group(name) for name in found.groups],
            revoked_on=found.revoked_on,
            revocation_reason=found.revocation_reason,
            revocation_note=found.revocation_note,
            replaced_on=found.replaced_on,
            replacement_reason=found.replacement_reason,
            successor_id=found.successor_id,
            facts_changed=list(found.facts_changed),
            offer=_offer(found, today, asked.rules),
            issued_at=found.issued_at,
            kid=found.kid,
            key_compromised=found.kid in asked.compromised,
            status_list=status_list_uri(asked.district, found.list_number),
            status_index=found.status_index,
            version=found.version,
        )


def _offer(found: StoredCertificate, today: date, rules: CertificateRules) -> ReplacementOffer | None:
    if not found.facts_changed or found.state(today) is not CertificateState.VALID:
        return None
    since = found.facts_changed_on
    return ReplacementOffer(
        kind="replacement",
        reason=ReplacementReason.FACTS_CHANGED,
        reason_label=reasons.REPLACEMENTS.entry(ReplacementReason.FACTS_CHANGED).zh,
        report_by=change_report_due(since, rules) if since else None,
    )


class CertificateRead(CertificateItem):
    """One certificate with its history, and the holder as the register shows the person to this caller."""

    person: PersonCard | None = Field(
        default=None, description="null where the caller may not see the person"
    )
    history: list[HistoryStep] = Field(default_factory=list, description="in order")


def history_of(steps: Sequence[Recorded]) -> list[HistoryStep]:
    """Return the answer for a certificate's history."""
    return [HistoryStep.of(one, history.text_of(one.step).zh) for one in steps]


class CertificatePage(BaseModel):
    """A page of certificates, the last issued first."""

    items: list[CertificateItem]
    next: str | None = Field(description="value of `after` for the next page; null on the last")
