"""A holder's certificates under another reference: two records of the register were joined, or separated again."""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from uuid import UUID

from pydantic import BaseModel

from renkou_common.contracts.lines import difference
from renkou_common.contracts.migrant import (
    CertificateCoverageChanged,
    CertificateFactsChanged,
    CertificateReassigned,
    MigrantEventType,
)
from renkou_common.database import Transaction
from renkou_migrant.certificates import history, repository
from renkou_migrant.certificates.coverage import follow_death
from renkou_migrant.certificates.domain import CertificateState, outdated
from renkou_migrant.certificates.records import Actor, ActorKind, CertificateStep, Holder, StoredCertificate
from renkou_migrant.outflow import service as outflow
from renkou_migrant.outflow.domain import Mark, died_on
from renkou_migrant.runtime import Runtime

_REGISTER = Actor(ActorKind.REGISTER)


class Cause(StrEnum):
    """Why certificates are another record's."""

    MERGED = "merged"
    SEPARATED = "separated"


@dataclass(frozen=True, slots=True)
class Owner:
    """The record that certificates come to. ``registered_area`` is None outside this district."""

    ref: UUID
    person_id: UUID
    sex: int
    birth_month: str
    registered_area: int | None


async def move(
    tx: Transaction,
    runtime: Runtime,
    giver_ref: UUID,
    taker: Owner,
    cause: Cause,
    *,
    only: Collection[UUID] | None = None,
) -> list[StoredCertificate]:
    """Move a holder's certificates to another record, all or ``only`` some; returns them as they were.

    What is published of both follows the marks that the register has published of each. Both are locked.
    """
    held = await repository.of_holders(tx, [giver_ref])
    moving = [one for one in held if only is None or one.id in only]
    if not moving:
        return []
    marks = await outflow.marks_of(tx, [giver_ref, taker.ref])
    known = await repository.of_holders(tx, [taker.ref])
    died = died_on(marks[taker.ref])
    moved = [replace(one, person_ref=taker.ref, person_id=taker.person_id, died_on=died) for one in moving]
    await repository.reassign(tx, [one.id for one in moving], taker.ref, taker.person_id)
    await repository.follow_register(
        tx,
        taker.ref,
        sex=taker.sex,
        birth_month=taker.birth_month,
        died_on=died,
        registered_area=taker.registered_area,
    )
    events: list[tuple[str, UUID | str, BaseModel]] = []
    for was, now in zip(moving, moved, strict=True):
        on = runtime.clock.today()
        await history.note(tx, runtime, now.id, CertificateStep(cause.value), on, _REGISTER)
        await follow_death(tx, runtime, was, now)
        event = CertificateReassigned(
            certificate_id=now.id, person_ref=taker.ref, former_ref=giver_ref, cause=cause
        )
        events.append((MigrantEventType.CERTIFICATE_REASSIGNED, taker.ref, event))
    staying = [one for one in held if one not in moving]
    events += _coverage(giver_ref, marks[giver_ref], held, staying)
    events += _coverage(taker.ref, marks[taker.ref], known, [*known, *moved], taker)
    await runtime.outbox.append_many(tx, events)
    return moving


def _coverage(
    ref: UUID,
    marks: Mapping[Mark, int],
    before: Sequence[StoredCertificate],
    after: Sequence[StoredCertificate],
    now: Owner | None = None,
) -> list[tuple[str, UUID | str, BaseModel]]:
    """Return the event of what a holder's certificates cover, if that is something else than before."""
    one = (before or after)[-1]
    was = Holder(one.sex, one.birth_month, marks, before)
    holds = Holder(now.sex, now.birth_month, marks, after) if now else replace(was, certificates=after)
    lines = difference(holds.lines(), was.lines())
    if not lines:
        return []
    event = CertificateCoverageChanged(certificate_id=one.id, person_ref=ref, lines=lines)
    return [(MigrantEventType.CERTIFICATE_COVERAGE_CHANGED, ref, event)]


async def note_differences(
    tx: Transaction, runtime: Runtime, moved: Collection[UUID], names: Sequence[str], happened_on: date
) -> dict[UUID, list[str]]:
    """Note on certificates that came to another record which facts they state otherwise than that one.

    ``names`` are the facts in which the records differ. Returns those added, by certificate.
    """
    today, added = runtime.clock.today(), {}
    for one in await repository.find_many(tx, moved):
        stated = sorted(set(outdated(names, one.groups)) - set(one.facts_changed))
        if not stated or one.state(today) is not CertificateState.VALID:
            continue
        added[one.id] = stated
        now = sorted({*one.facts_changed, *stated})
        await repository.mark_facts_changed(tx, one.id, now, happened_on, runtime.clock.now())
        await history.note(tx, runtime, one.id, CertificateStep.FACTS_CHANGED, happened_on, _REGISTER)
        event = CertificateFactsChanged(certificate_id=one.id, person_ref=one.person_ref, facts=now)
        await runtime.outbox.append(tx, MigrantEventType.CERTIFICATE_FACTS_CHANGED, one.person_ref, event)
    return added


async def withdraw_differences(tx: Transaction, noted: Mapping[UUID, Sequence[str]]) -> None:
    """Take back what ``note_differences`` added."""
    for certificate_id, names in noted.items():
        await repository.unmark_facts(tx, certificate_id, names)
