"""Agreements of tests: as two districts make them, and as one end holds them without the other."""

from datetime import date, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from renkou_common.clock import SHANGHAI
from renkou_common.scope import AreaScope
from renkou_migrant.agreements import document, lifecycle, repository, service
from renkou_migrant.agreements.domain import Agreement, AgreementState, Grant, Terms, identifier
from renkou_migrant.agreements.lifecycle import Person
from renkou_migrant.agreements.purposes import needs
from renkou_migrant.credentials.jws import SigningKey
from renkou_migrant.exchange.contracts import AGREED, MessageKind
from renkou_migrant.runtime import Runtime

EVERYTHING = AreaScope.everything()
DRAFTED_AT = datetime(2026, 1, 1, tzinfo=SHANGHAI)


def terms_between(
    one: str, other: str, today: date, kinds: frozenset[MessageKind] = AGREED, **changes: Any
) -> Terms:
    """Terms by which both may send the given kinds with all that their purposes need."""
    first, second = sorted((one, other))
    grants = []
    for sender in (first, second):
        for kind in sorted(kinds):
            needed = needs(kind)
            grants.append(
                Grant(sender, kind.value, needed.purpose, needed.legal_basis, needed.fields, needed.answer)
            )
    members: dict[str, Any] = {
        "parties": (first, second),
        "valid_from": today - timedelta(days=1),
        "valid_to": today + timedelta(days=2500),
        "legal_basis": "双向管理协议",
        "grants": tuple(grants),
        "drafted_at": DRAFTED_AT,
        **changes,
    }
    return Terms(**members)


async def agree(one: Runtime, other: Runtime, terms: Terms) -> UUID:
    """Draft, propose, accept and activate at both ends, by two people each; returns the agreement's id."""
    drafter, signer, receiver, accepter = (uuid4() for _ in range(4))
    agreement_id = await _draft(one, terms, drafter)
    await _step(one, lifecycle.propose, agreement_id, signer)
    await _take(other, await _exported(one, agreement_id), receiver)
    await _step(other, lifecycle.accept, agreement_id, accepter)
    await _take(one, await _exported(other, agreement_id), drafter)
    await _step(one, lifecycle.activate, agreement_id, drafter, "测试")
    await _step(other, lifecycle.activate, agreement_id, receiver, "测试")
    return agreement_id


async def hold(runtime: Runtime, terms: Terms) -> UUID:
    """Write an agreement as one end holds it in force; the partner's signature is of a key nobody knows."""
    text = document.canonical(terms)
    agreement = Agreement(
        id=identifier(text),
        partner=terms.partner_of(runtime.settings.district),
        terms=terms,
        stored_state=AgreementState.PROPOSED,
        proposed_here=False,
        drafted_by=uuid4(),
    )
    theirs = document.sign(text, SigningKey.generate("unknown-1", "EdDSA"))
    ours = document.sign(text, runtime.exchange_keys.signer)
    async with runtime.database.transaction(EVERYTHING) as tx:
        await repository.insert(tx, agreement, text, theirs, runtime.clock.now())
        await repository.update(tx, agreement.id, state="in_force", own_signature=ours)
    return agreement.id


async def _draft(runtime: Runtime, terms: Terms, by: UUID) -> UUID:
    async with runtime.database.transaction(EVERYTHING) as tx:
        return await lifecycle.draft(tx, runtime, terms, by)


async def _step(runtime: Runtime, step: Any, agreement_id: UUID, by: UUID, *more: Any) -> None:
    async with runtime.database.transaction(EVERYTHING) as tx:
        version = (await service.get(tx, agreement_id)).revision
        await step(tx, runtime, agreement_id, Person(by, version), *more)


async def _exported(runtime: Runtime, agreement_id: UUID) -> dict[str, Any]:
    async with runtime.database.transaction(EVERYTHING) as tx:
        return await lifecycle.exported(tx, agreement_id)


async def _take(runtime: Runtime, members: dict[str, Any], by: UUID) -> None:
    async with runtime.database.transaction(EVERYTHING) as tx:
        await lifecycle.take_document(tx, runtime, members, by)
