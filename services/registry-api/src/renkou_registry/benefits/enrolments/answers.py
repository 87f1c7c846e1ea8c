"""From rows to what callers get about enrolments and notices."""

import asyncpg

from renkou_registry.benefits.enrolments import service
from renkou_registry.benefits.enrolments.domain import STATE_NAMES, State
from renkou_registry.benefits.enrolments.notices import WORDS
from renkou_registry.benefits.enrolments.schemas import (
    DeclaredIn,
    EnrolmentOut,
    EnrolmentSummary,
    NoticeEntryOut,
    NoticeLineOut,
    ObjectionOut,
    StepOut,
)
from renkou_registry.benefits.schemes.answers import finding_out
from renkou_registry.benefits.schemes.conditions import Finding
from renkou_registry.fields import area_code
from renkou_registry.runtime import Runtime


def summary(row: asyncpg.Record) -> EnrolmentSummary:
    """Return a case as lists show it."""
    return EnrolmentSummary(
        id=row["id"],
        scheme_id=row["scheme_id"],
        person_id=row["person_id"],
        area=area_code(row["area"]),
        state=row["state"],
        state_label=STATE_NAMES[State(row["state"])],
        applied_on=row["applied_on"],
        version=row["version"],
    )


def whole(
    runtime: Runtime, row: asyncpg.Record, steps: list[asyncpg.Record], finding: Finding | None
) -> EnrolmentOut:
    """Return a case with everything but the account's number."""
    account = service.account_of(runtime, row)
    number = account["number"]
    return EnrolmentOut(
        **summary(row).model_dump(),
        origin=row["origin"],
        previous_id=row["previous_id"],
        declared=DeclaredIn.model_validate(service.declared_of(runtime, row)),
        confirmed=row["confirmed"],
        account_bank=account["bank"],
        account_number="*" * (len(number) - 4) + number[-4:],
        notice_id=row["notice_id"],
        active_on=row["active_on"],
        ended_on=row["ended_on"],
        end_cause=row["end_cause"],
        finding=finding_out(finding) if finding else None,
        steps=[
            StepOut(
                action=step["action"],
                state=step["state"],
                state_label=STATE_NAMES[State(step["state"])],
                note=step["note"],
                taken_by=step["taken_by"],
                taken_at=step["taken_at"],
            )
            for step in steps
        ],
    )


def entry(row: asyncpg.Record) -> NoticeEntryOut:
    """Return a notice's line for the public."""
    return NoticeEntryOut(
        place=row["place"],
        area=area_code(row["area"]),
        masked_name=row["masked_name"],
        masked_number=row["masked_number"],
    )


def line(row: asyncpg.Record) -> NoticeLineOut:
    """Return a notice's line for staff."""
    return NoticeLineOut(**entry(row).model_dump(), enrolment_id=row["enrolment_id"])


def objection(runtime: Runtime, row: asyncpg.Record) -> ObjectionOut:
    """Return an objection with its words."""
    return ObjectionOut(
        id=row["id"],
        enrolment_id=row["enrolment_id"],
        words=runtime.cipher.decrypt(row["words_sealed"], WORDS),
        state=row["state"],
        resolution=row["resolution"],
        recorded_at=row["recorded_at"],
        version=row["version"],
    )
