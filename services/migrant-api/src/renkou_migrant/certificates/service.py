"""Issuing, replacing, revoking and reading certificates."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from renkou_common.codes.area import AreaCode
from renkou_common.contracts.lines import difference
from renkou_common.contracts.migrant import (
    CertificateIssued,
    CertificateReplaced,
    CertificateRevoked,
    MigrantEventType,
)
from renkou_common.database import Transaction
from renkou_common.errors import Conflict, NotFound
from renkou_common.http.conditions import check_version
from renkou_common.ids import new_id
from renkou_common.scope import AreaScope
from renkou_migrant.certificates import entitlement, history, repository
from renkou_migrant.certificates.domain import CertificateState, Kind, Validity
from renkou_migrant.certificates.reasons import ReplacementReason, RevocationReason
from renkou_migrant.certificates.records import Actor, CertificateStep, Holder, StoredCertificate
from renkou_migrant.certificates.repository import Filters
from renkou_migrant.credentials import holder, sdjwt
from renkou_migrant.credentials.groups import CertificateFacts, Group
from renkou_migrant.departures import service as departures
from renkou_migrant.fields import area_text
from renkou_migrant.outflow import service as outflow
from renkou_migrant.registry_client import PersonFacts
from renkou_migrant.runtime import Runtime
from renkou_migrant.status_lists import service as status_lists

FACTS_PURPOSE = "certificate"


@dataclass(frozen=True, slots=True)
class Order:
    """What is to be issued: to whom, with which groups, in the place of which certificate, and by whom.

    ``reason`` goes with a replacement. ``holder_key`` is the public JWK to bind it to, None for none.
    ``actor`` has an id.
    """

    person_id: UUID
    groups: Sequence[str]
    kind: Kind
    reason: ReplacementReason | None
    actor: Actor
    holder_key: Mapping[str, Any] | None = None


def sealed_column(certificate_id: UUID) -> str:
    """Return the name under which a certificate's text is sealed: no other row can pass for it."""
    return f"certificate.sealed:{certificate_id}"


def paper_column(certificate_id: UUID) -> str:
    return f"certificate.paper_sealed:{certificate_id}"


async def check_order(
    tx: Transaction, runtime: Runtime, facts: PersonFacts, kind: Kind
) -> tuple[Validity, list[StoredCertificate]]:
    """Return how long a certificate issued today would stand, and what stands now (see ``check_standing``).

    Holds the person until the transaction ends. Raises Conflict with every reason against it.
    """
    await outflow.lock_persons(tx, [facts.person_ref])
    today = runtime.clock.today()
    departed_on = await departures.away_since(tx, facts.person_ref)
    validity = entitlement.validity(runtime, facts, departed_on, today)
    held = await repository.of_holders(tx, [facts.person_ref])
    return validity, entitlement.check_standing(held, kind, today, entitlement.rules_of(runtime))


async def issue(tx: Transaction, runtime: Runtime, order: Order, facts: PersonFacts) -> UUID:
    """Issue a certificate on the facts that the register tells now; raises Conflict.

    What stands is replaced or renewed by it on the same day.
    """
    fresh, standing = await check_order(tx, runtime, facts, order.kind)
    validity = entitlement.validity_after(standing, fresh, order.kind, order.reason)
    earlier = await repository.of_holders(tx, [facts.person_ref])
    marks = (await outflow.marks_of(tx, [facts.person_ref]))[facts.person_ref]
    new = await _signed(tx, runtime, order, facts, validity)
    before = Holder(new.sex, new.birth_month, marks, earlier)
    for old in standing:
        before = await _supersede(tx, runtime, order, before, old, new)
    after = replace(before, certificates=[*before.certificates, new])
    await history.note(
        tx, runtime, new.id, CertificateStep.ISSUED, validity.first_day, order.actor, order.reason
    )
    event = CertificateIssued(
        certificate_id=new.id,
        person_ref=new.person_ref,
        area=area_text(new.registered_area),
        valid_from=new.valid_from,
        valid_to=new.valid_to,
        kind=order.kind,
        lines=difference(after.lines(), before.lines()),
    )
    await runtime.outbox.append(tx, MigrantEventType.CERTIFICATE_ISSUED, new.person_ref, event)
    return new.id


async def _supersede(
    tx: Transaction,
    runtime: Runtime,
    order: Order,
    before: Holder,
    old: StoredCertificate,
    new: StoredCertificate,
) -> Holder:
    """End ``old`` on the day on which ``new`` begins; returns the holder after it."""
    state = CertificateState.RENEWED if order.kind is Kind.RENEWAL else CertificateState.REPLACED
    on = new.valid_from
    await repository.supersede(tx, old.id, on, state, order.reason, new.id)
    await status_lists.set_ended(tx, old.list_number, old.status_index, True)
    step = CertificateStep.RENEWED if state is CertificateState.RENEWED else CertificateStep.REPLACED
    await history.note(tx, runtime, old.id, step, on, order.actor, order.reason)
    ended = replace(old, replaced_on=on, replaced_as=state, successor_id=new.id)
    after = replace(before, certificates=[ended if one.id == old.id else one for one in before.certificates])
    event = CertificateReplaced(
        certificate_id=old.id,
        person_ref=old.person_ref,
        successor_id=new.id,
        replaced_on=on,
        state=state,
        code=order.reason,
        lines=difference(after.lines(), before.lines()),
    )
    await runtime.outbox.append(tx, MigrantEventType.CERTIFICATE_REPLACED, old.person_ref, event)
    return after


async def _signed(
    tx: Transaction, runtime: Runtime, order: Order, facts: PersonFacts, validity: Validity
) -> StoredCertificate:
    now: datetime = runtime.clock.now()
    certificate_id = new_id()
    key = await status_lists.signing_key(tx, runtime)
    list_number, index = await status_lists.allocate(tx, runtime, certificate_id, key.kid)
    values = contents(runtime, facts, order.groups)
    sign = partial(
        sdjwt.issue,
        values,
        district=str(runtime.district),
        issued_at=now,
        expires_at=validity.expires_at,
        status_index=index,
        key=key,
        status_list_number=list_number,
    )
    token = sign(cnf=holder.confirmation(order.holder_key) if order.holder_key else None)
    new = StoredCertificate(
        id=certificate_id,
        position=0,
        number=f"{runtime.district}-{list_number}-{index:07d}",
        person_id=order.person_id,
        person_ref=facts.person_ref,
        registered_area=AreaCode.parse(facts.registered_area).key,
        birth_month=f"{facts.birth_date:%Y-%m}",
        sex=facts.sex,
        valid_from=validity.first_day,
        valid_to=validity.last_day,
        limited_by=validity.limited_by,
        revoked_on=None,
        revocation_reason=None,
        died_on=None,
        list_number=list_number,
        status_index=index,
        kid=key.kid,
        issued_at=now,
        version=1,
        groups=[group.value for group in values],
        holder_key=order.holder_key,
    )
    sealed = runtime.cipher.encrypt(token, sealed_column(certificate_id))
    paper = runtime.cipher.encrypt(sign(), paper_column(certificate_id)) if order.holder_key else None
    assert order.actor.id is not None
    await repository.insert(tx, new, sealed, paper, order.actor.id)
    return new


def contents(runtime: Runtime, facts: PersonFacts, groups: Sequence[str]) -> dict[Group, Any]:
    """Return what a certificate with these groups states, as it is signed."""
    district = str(runtime.district)
    stated = CertificateFacts(
        name=facts.name,
        sex=facts.sex,
        birth_date=facts.birth_date,
        area_code=district,
        area_name=runtime.settings.district_name_zh or district,
        marital_status=facts.marital_status or "90",
        children_count=facts.children_count,
        id_number=facts.resident_id,
        children_birth_dates=facts.children_birth_dates,
    )
    return {group: value for group, value in stated.to_groups().items() if group.value in groups}


async def revoke(
    tx: Transaction,
    runtime: Runtime,
    scope: AreaScope,
    certificate_id: UUID,
    version: int,
    reason: RevocationReason,
    note: str | None,
    actor: Actor,
) -> StoredCertificate:
    """Revoke from today on; raises NotFound, VersionMismatch, or Conflict for one that no longer stands."""
    found = await get(tx, scope, certificate_id)
    await outflow.lock_persons(tx, [found.person_ref])
    found = await get(tx, scope, certificate_id, lock=True)
    check_version(version, found.version)
    today = runtime.clock.today()
    if found.state(today) is not CertificateState.VALID:
        raise Conflict(
            "certificate_not_standing", "该证明已不再有效, 无需撤销", "The certificate no longer stands"
        )
    marks = (await outflow.marks_of(tx, [found.person_ref]))[found.person_ref]
    before = await _holder(tx, found, marks)
    assert actor.id is not None
    await repository.revoke(tx, certificate_id, today, reason, note, actor.id)
    await status_lists.set_ended(tx, found.list_number, found.status_index, True)
    await history.note(tx, runtime, found.id, CertificateStep.REVOKED, today, actor, reason, note)
    after = await _holder(tx, found, marks)
    event = CertificateRevoked(
        certificate_id=certificate_id,
        person_ref=found.person_ref,
        revoked_on=today,
        code=reason,
        lines=difference(after.lines(), before.lines()),
    )
    await runtime.outbox.append(tx, MigrantEventType.CERTIFICATE_REVOKED, found.person_ref, event)
    return await get(tx, scope, certificate_id)


async def _holder(tx: Transaction, of: StoredCertificate, marks: Counter[outflow.Mark]) -> Holder:
    return Holder(of.sex, of.birth_month, marks, await repository.of_holders(tx, [of.person_ref]))


async def get(
    tx: Transaction, scope: AreaScope, certificate_id: UUID, *, lock: bool = False
) -> StoredCertificate:
    """Return a certificate in scope; raises NotFound."""
    found = await repository.find(tx, scope, certificate_id, lock=lock)
    if found is None:
        raise NotFound.of("证明", "certificate")
    return found


async def page(
    tx: Transaction, scope: AreaScope, filters: Filters, before: int | None, limit: int
) -> list[StoredCertificate]:
    """Return certificates in scope, the last issued first."""
    return await repository.page(tx, scope, filters, before, limit)


async def full_text(tx: Transaction, runtime: Runtime, scope: AreaScope, certificate_id: UUID) -> str:
    """Return the certificate as issued, every group disclosed; raises NotFound."""
    sealed = await repository.sealed(tx, scope, certificate_id)
    if sealed is None:
        raise NotFound.of("证明", "certificate")
    return runtime.cipher.decrypt(sealed, sealed_column(certificate_id))


async def paper_text(
    tx: Transaction, runtime: Runtime, scope: AreaScope, certificate_id: UUID, actor: Actor
) -> str:
    """Return what paper carries of a certificate, every group disclosed; raises NotFound.

    One bound to a holder's key is shown with a proof, which paper can't give: its paper carries a form without
    the key, signed with it and of the same entry in the status list. That this was handed out, and to whom,
    is noted in its history. Raises Conflict for one that no longer stands, and for one issued before there were
    such forms.
    """
    found = await get(tx, scope, certificate_id)
    if found.state(runtime.clock.today()) is not CertificateState.VALID:
        raise Conflict(
            "certificate_not_standing", "该证明已不再有效, 不再打印", "It no longer stands and is not printed"
        )
    if found.holder_key is None:
        return await full_text(tx, runtime, scope, certificate_id)
    sealed = await repository.paper_sealed(tx, scope, certificate_id)
    if sealed is None:
        raise Conflict(
            "paper_form_missing",
            "该证明签发时尚无纸质形式, 请申请换发 (content_changed)",
            "There was no form for paper when it was issued; apply for a replacement (content_changed)",
        )
    await history.note(tx, runtime, found.id, CertificateStep.PRINTED, runtime.clock.today(), actor)
    return runtime.cipher.decrypt(sealed, paper_column(certificate_id))
