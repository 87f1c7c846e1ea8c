"""Keeping certificates true to the register: what an absence that changed, or a death, makes of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel

from renkou_common.contracts.lines import difference
from renkou_common.contracts.migrant import (
    CertificateCoverageChanged,
    CertificateFactsChanged,
    MigrantEventType,
)
from renkou_common.database import Transaction
from renkou_migrant.certificate_keys import service as certificate_keys
from renkou_migrant.certificates import history, repository
from renkou_migrant.certificates.domain import CertificateState, outdated
from renkou_migrant.certificates.records import (
    Actor,
    ActorKind,
    CertificateStep,
    Holder,
    StoredCertificate,
)
from renkou_migrant.outflow import service as outflow
from renkou_migrant.outflow.domain import Mark
from renkou_migrant.runtime import Runtime
from renkou_migrant.status_lists import service as status_lists

_REGISTER = Actor(ActorKind.REGISTER)


@dataclass(frozen=True, slots=True)
class RegisterChange:
    """What the register has published about one person: what the marks gain or lose, and the state after it.

    ``registered_area`` is None where the person is not registered in this district (any more).
    """

    marks: Counter[Mark]
    sex: int
    birth_month: str
    registered_area: int | None


async def take_over(tx: Transaction, runtime: Runtime, changes: Mapping[UUID, RegisterChange]) -> None:
    """Write the marks, and publish what they change in the coverage of holders' certificates."""
    refs = list(changes)
    await outflow.lock_persons(tx, refs)
    certificates: dict[UUID, list[StoredCertificate]] = {}
    for certificate in await repository.of_holders(tx, refs):
        certificates.setdefault(certificate.person_ref, []).append(certificate)
    known = await outflow.marks_of(tx, list(certificates))
    await outflow.add(tx, {ref: change.marks for ref, change in changes.items() if change.marks})
    events: list[tuple[str, UUID | str, BaseModel]] = []
    for ref, held in certificates.items():
        before = Holder(held[-1].sex, held[-1].birth_month, known[ref], held)
        change = changes[ref]
        after = before.following(change.marks, change.sex, change.birth_month)
        await _write(tx, runtime, ref, change, before, after)
        lines = difference(after.lines(), before.lines())
        if lines:
            event = CertificateCoverageChanged(certificate_id=held[-1].id, person_ref=ref, lines=lines)
            events.append((MigrantEventType.CERTIFICATE_COVERAGE_CHANGED, ref, event))
    await runtime.outbox.append_many(tx, events)


async def mark_facts_changed(
    tx: Transaction, runtime: Runtime, ref: UUID, names: Sequence[str], happened_on: date, at: datetime
) -> None:
    """Note on a holder's certificates which facts they state the register says otherwise since ``at``.

    ``happened_on`` is the day from which the holder had time to tell of the change.
    """
    today = runtime.clock.today()
    for one in await repository.of_holders(tx, [ref]):
        stated = set(outdated(names, one.groups)) - set(one.facts_changed)
        if not stated or one.issued_at >= at or one.state(today) is not CertificateState.VALID:
            continue
        now = sorted({*one.facts_changed, *stated})
        await repository.mark_facts_changed(tx, one.id, now, happened_on, at)
        await history.note(tx, runtime, one.id, CertificateStep.FACTS_CHANGED, happened_on, _REGISTER)
        event = CertificateFactsChanged(certificate_id=one.id, person_ref=ref, facts=now)
        await runtime.outbox.append(tx, MigrantEventType.CERTIFICATE_FACTS_CHANGED, ref, event)


async def _write(
    tx: Transaction, runtime: Runtime, ref: UUID, change: RegisterChange, before: Holder, after: Holder
) -> None:
    """Let the rows follow; set or clear the bits of certificates that a death or its retraction touches."""
    died_on = after.certificates[-1].died_on
    await repository.follow_register(
        tx,
        ref,
        sex=change.sex,
        birth_month=change.birth_month,
        died_on=died_on,
        registered_area=change.registered_area,
    )
    for was, now in zip(before.certificates, after.certificates, strict=True):
        await follow_death(tx, runtime, was, now)


async def follow_death(
    tx: Transaction, runtime: Runtime, was: StoredCertificate, now: StoredCertificate
) -> None:
    """Set or clear a certificate's bit, and note it, where a death or its retraction ends or restores it.

    The bit of one that a compromised key signed stays.
    """
    if was.ended != now.ended and (now.ended or now.kid not in await certificate_keys.compromised(tx)):
        await status_lists.set_ended(tx, now.list_number, now.status_index, now.ended)
    if was.died_on != now.died_on:
        step = CertificateStep.DEATH_RECORDED if now.died_on else CertificateStep.DEATH_RETRACTED
        on = now.died_on or runtime.clock.today()
        await history.note(tx, runtime, now.id, step, on, _REGISTER)
