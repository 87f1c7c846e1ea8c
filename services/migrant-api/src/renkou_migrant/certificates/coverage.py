"""Keeping certificates true to the register: what an absence that changed, or a death, makes of them."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel

from renkou_common.contracts.lines import difference
from renkou_common.contracts.migrant import CertificateCoverageChanged, MigrantEventType
from renkou_common.database import Transaction
from renkou_migrant.certificates import repository
from renkou_migrant.certificates.records import Holder, StoredCertificate
from renkou_migrant.outflow import service as outflow
from renkou_migrant.outflow.domain import Mark
from renkou_migrant.runtime import Runtime
from renkou_migrant.status_lists import service as status_lists

STATED = frozenset(
    {"name", "resident_id", "sex", "birth_date", "marital_status", "registered_area", "children"}
)
"""Facts that a certificate states and that may be others in the register later on."""


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
        await _write(tx, ref, change, before, after)
        lines = difference(after.lines(), before.lines())
        if lines:
            event = CertificateCoverageChanged(certificate_id=held[-1].id, person_ref=ref, lines=lines)
            events.append((MigrantEventType.CERTIFICATE_COVERAGE_CHANGED, ref, event))
    await runtime.outbox.append_many(tx, events)


async def mark_facts_changed(tx: Transaction, ref: UUID, names: Sequence[str], at: datetime) -> None:
    """Note on a holder's certificates which of the facts they state the register has corrected since."""
    stated = sorted(STATED & set(names))
    if stated:
        await repository.mark_facts_changed(tx, ref, stated, at)


async def _write(tx: Transaction, ref: UUID, change: RegisterChange, before: Holder, after: Holder) -> None:
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
        if was.ended != now.ended:
            await status_lists.set_ended(tx, now.list_number, now.status_index, now.ended)
