"""How an agreement comes about, is suspended, resumed, replaced and ended, by two pairs of eyes at each end.

One member of staff drafts (or takes the partner's proposal in), another signs; once both districts have signed,
someone else than who signed activates it. Every step is kept in its history with the document that proves it.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from dataclasses import replace as changed
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from renkou_common.database import Transaction
from renkou_common.errors import Conflict, InvalidInput, NotFound, VersionMismatch
from renkou_migrant.agreements import document, errors, repository
from renkou_migrant.agreements.checking import check_terms
from renkou_migrant.agreements.document import MAX_DOCUMENT, Act, Signed, Statement
from renkou_migrant.agreements.domain import Agreement, AgreementState, Terms, identifier
from renkou_migrant.agreements.repository import Event, StoredAgreement
from renkou_migrant.credentials.jws import VerifyingKey
from renkou_migrant.credentials.reasons import CredentialError
from renkou_migrant.partners import service as partners
from renkou_migrant.runtime import Runtime

_ACTIVE = (AgreementState.SIGNED, AgreementState.IN_FORCE)


@dataclass(frozen=True, slots=True)
class Person:
    """Who does something to an agreement, and the version that was read."""

    id: UUID
    version: int


async def draft(tx: Transaction, runtime: Runtime, terms: Terms, by: UUID) -> UUID:
    """Write a draft down; raises InvalidInput for terms that may not be, Conflict where it is there already."""
    check_terms(terms)
    if terms.replaces is not None:
        terms = await _as_successor(tx, runtime, terms, terms.replaces)
    text = document.canonical(terms)
    agreement = Agreement(
        id=identifier(text),
        partner=terms.partner_of(runtime.settings.district),
        terms=terms,
        stored_state=AgreementState.DRAFTED,
        proposed_here=True,
        drafted_by=by,
    )
    await _insert(tx, runtime, agreement, text, None, Event("drafted", runtime.clock.now(), by))
    return agreement.id


async def propose(tx: Transaction, runtime: Runtime, agreement_id: UUID, by: Person) -> Agreement:
    """Sign a draft for this district; by someone else than who drafted it."""
    stored = await _locked(tx, agreement_id, by, (AgreementState.DRAFTED,))
    _check_time(runtime, stored.agreement)
    return await _sign(tx, runtime, stored, by, AgreementState.PROPOSED, "proposed")


async def accept(tx: Transaction, runtime: Runtime, agreement_id: UUID, by: Person) -> Agreement:
    """Sign a partner's proposal for this district; by someone else than who took it in."""
    stored = await _locked(tx, agreement_id, by, (AgreementState.PROPOSED,))
    if stored.agreement.proposed_here:
        raise errors.waits_for_partner()
    _check_time(runtime, stored.agreement)
    return await _sign(tx, runtime, stored, by, AgreementState.SIGNED, "accepted")


async def take_document(tx: Transaction, runtime: Runtime, members: Mapping[str, Any], by: UUID) -> UUID:
    """Take a proposal or an acceptance in that a partner handed over; once in effect. Returns its id."""
    signed, terms, partner = await _read(tx, runtime, members)
    agreement_id = identifier(signed.text)
    token = signed.tokens.get(partner)
    if token is None:
        raise errors.document_refused(
            "partner_signature_missing", "缺少对方签名", "the partner's signature is missing"
        )
    stored = await repository.get(tx, agreement_id, lock=True)
    now = runtime.clock.now()
    if stored is None:
        await _take_proposal(tx, runtime, terms, signed, partner, by)
    elif stored.partner_signature is None and stored.agreement.stored_state is AgreementState.PROPOSED:
        await repository.update(tx, agreement_id, state=AgreementState.SIGNED.value, partner_signature=token)
        await repository.note(tx, agreement_id, Event("accepted_by_partner", now, by, document=token))
    return agreement_id


async def activate(
    tx: Transaction, runtime: Runtime, agreement_id: UUID, by: Person, unchecked: str | None
) -> Agreement:
    """Let messages go under an agreement that both have signed; by someone else than who signed it here.

    ``unchecked`` says why it starts without a check that the partner has passed; the caller has seen to that.
    """
    stored = await _locked(tx, agreement_id, by, (AgreementState.SIGNED,))
    agreement = stored.agreement
    if agreement.signed_by == by.id:
        raise errors.same_person("启用", "activates it", "签署", "signed it")
    _check_time(runtime, agreement)
    now = runtime.clock.now()
    await repository.update(tx, agreement_id, state=AgreementState.IN_FORCE.value)
    await repository.replace(tx, agreement.lineage, agreement_id, agreement.terms.valid_from)
    await repository.note(tx, agreement_id, Event("activated", now, by.id, unchecked))
    return await _reread(tx, agreement_id)


async def suspend(
    tx: Transaction, runtime: Runtime, agreement_id: UUID, by: Person, reason: str
) -> Agreement:
    """Stop everything under an agreement at once; one person may do that alone."""
    stored = await _locked(tx, agreement_id, by, _ACTIVE)
    if stored.agreement.suspended_here_at is not None:
        raise Conflict("agreement_suspended", "本区已暂停该协议", "This district has suspended it already")
    now = runtime.clock.now()
    await repository.update(tx, agreement_id, suspended_here_at=now)
    await _declare(tx, runtime, agreement_id, "suspended", reason, by.id, now)
    return await _reread(tx, agreement_id)


async def resume(tx: Transaction, runtime: Runtime, agreement_id: UUID, by: Person, reason: str) -> Agreement:
    """Lift this district's own suspension; the partner's stays until it lifts that itself."""
    stored = await _locked(tx, agreement_id, by, _ACTIVE)
    if stored.agreement.suspended_here_at is None:
        raise Conflict("not_suspended", "本区未暂停该协议", "This district has not suspended it")
    await repository.update(tx, agreement_id, suspended_here_at=None)
    await _declare(tx, runtime, agreement_id, "resumed", reason, by.id, runtime.clock.now())
    return await _reread(tx, agreement_id)


async def end(
    tx: Transaction, runtime: Runtime, agreement_id: UUID, by: Person, reason: str | None
) -> Agreement:
    """End an agreement from today on, or turn a draft or proposal down; ended once, it stays so."""
    open_states = (AgreementState.DRAFTED, AgreementState.PROPOSED, *_ACTIVE)
    stored = await _locked(tx, agreement_id, by, open_states)
    act: Act = "ended" if stored.agreement.stored_state in _ACTIVE else "refused"
    await _close(tx, runtime, stored.agreement)
    await _declare(tx, runtime, agreement_id, act, reason or "", by.id, runtime.clock.now())
    return await _reread(tx, agreement_id)


async def take_statement(tx: Transaction, runtime: Runtime, token: str, by: UUID) -> Agreement:
    """Take in what a partner declares of an agreement; one that is older than the last changes nothing."""
    statement = await _verified(tx, runtime, token)
    stored = await repository.get(tx, statement.agreement, lock=True)
    if stored is None or stored.agreement.partner != statement.district:
        raise NotFound.of("协议", "agreement")
    if stored.heard_at is not None and statement.at <= stored.heard_at:
        return stored.agreement
    if statement.at > runtime.clock.now() + timedelta(seconds=runtime.settings.clock_skew_seconds):
        raise errors.document_refused("from_the_future", "签署时间晚于现在", "it was signed in the future")
    await repository.update(tx, statement.agreement, heard_at=statement.at)
    if statement.act == "suspended":
        await repository.update(tx, statement.agreement, suspended_there_at=statement.at)
    elif statement.act == "resumed":
        await repository.update(tx, statement.agreement, suspended_there_at=None)
    elif stored.agreement.stored_state is not AgreementState.ENDED:
        await _close(tx, runtime, stored.agreement)
    event = Event(f"partner_{statement.act}", runtime.clock.now(), by, statement.reason, token)
    await repository.note(tx, statement.agreement, event)
    return await _reread(tx, statement.agreement)


async def exported(tx: Transaction, agreement_id: UUID) -> dict[str, Any]:
    """Return the document to hand over; raises NotFound, or Conflict while nobody has signed it."""
    stored = await repository.get(tx, agreement_id)
    if stored is None:
        raise NotFound.of("协议", "agreement")
    own, partner = stored.own_signature, stored.partner_signature
    in_order = (own, partner) if stored.agreement.proposed_here else (partner, own)
    tokens = [one for one in in_order if one is not None]
    if not tokens:
        raise Conflict("not_signed", "协议尚未签署", "Nobody has signed the agreement yet")
    return document.write(tokens)


async def last_statement(tx: Transaction, agreement_id: UUID) -> str:
    """Return what this district declared last of an agreement, signed; raises NotFound."""
    for event in reversed(await repository.history(tx, agreement_id)):
        if event.what in ("suspended", "resumed", "ended", "refused") and event.document:
            return event.document
    raise NotFound.of("声明", "statement")


async def _read(tx: Transaction, runtime: Runtime, members: Mapping[str, Any]) -> tuple[Signed, Terms, str]:
    try:
        payload = members.get("payload")
        if not isinstance(payload, str) or len(payload) > MAX_DOCUMENT:
            raise errors.document_refused("malformed", "没有协议文本", "it holds no text of an agreement")
        terms = document.read_terms(document.payload_of(payload))
        partner = terms.partner_of(runtime.settings.district)
        keys = {
            runtime.settings.district: own_keys(runtime),
            partner: await partners.signing_keys(tx, runtime, partner),
        }
        return document.read(members, keys), terms, partner
    except CredentialError as error:
        raise errors.document_refused(error.reason.value, error.reason.zh, error.reason.en) from error
    except ValueError as error:
        raise errors.document_refused(
            "not_a_party", "本区不是协议一方", "this district is no party to it"
        ) from error


async def _take_proposal(
    tx: Transaction, runtime: Runtime, terms: Terms, signed: Signed, partner: str, by: UUID
) -> None:
    if runtime.settings.district in signed.tokens:
        raise errors.document_refused("unknown_agreement", "本区没有该协议", "this district does not hold it")
    check_terms(terms)
    if terms.replaces is not None and await _as_successor(tx, runtime, terms, terms.replaces) != terms:
        raise errors.document_refused(
            "lineage", "版本与所替代的协议不符", "it does not follow the one it replaces"
        )
    agreement = Agreement(
        id=identifier(signed.text),
        partner=partner,
        terms=terms,
        stored_state=AgreementState.PROPOSED,
        proposed_here=False,
        drafted_by=by,
    )
    token = signed.tokens[partner]
    event = Event("received", runtime.clock.now(), by, document=token)
    await _insert(tx, runtime, agreement, signed.text, token, event)


async def _as_successor(tx: Transaction, runtime: Runtime, terms: Terms, replaced: UUID) -> Terms:
    stored = await repository.get(tx, replaced)
    partner = terms.partner_of(runtime.settings.district)
    if stored is None or stored.agreement.partner != partner:
        raise InvalidInput.field(
            "/replaces", "not_found", "没有这份协议", "there is no such agreement with them"
        )
    before = stored.agreement
    if before.stored_state not in _ACTIVE:
        raise Conflict(
            "not_in_force", "只能替代已签署的协议", "Only an agreement that both have signed can be replaced"
        )
    return changed(terms, lineage=before.lineage, number=before.terms.number + 1)


async def _insert(
    tx: Transaction,
    runtime: Runtime,
    agreement: Agreement,
    text: bytes,
    partner_signature: str | None,
    event: Event,
) -> None:
    if not await repository.insert(tx, agreement, text, partner_signature, runtime.clock.now()):
        raise Conflict("agreement_exists", "该协议已存在", "There is an agreement with these terms already")
    await repository.note(tx, agreement.id, event)


async def _sign(
    tx: Transaction,
    runtime: Runtime,
    stored: StoredAgreement,
    by: Person,
    state: AgreementState,
    what: str,
) -> Agreement:
    if stored.agreement.drafted_by == by.id:
        raise errors.same_person("签署", "signs it", "起草或接收", "drafted it or took it in")
    token = document.sign(stored.text, runtime.exchange_keys.signer)
    agreement_id = stored.agreement.id
    await repository.update(tx, agreement_id, state=state.value, own_signature=token, signed_by=by.id)
    await repository.note(tx, agreement_id, Event(what, runtime.clock.now(), by.id, document=token))
    return await _reread(tx, agreement_id)


async def _declare(
    tx: Transaction, runtime: Runtime, agreement_id: UUID, act: Act, reason: str, by: UUID, at: datetime
) -> None:
    statement = Statement(agreement_id, runtime.settings.district, act, at, reason)
    token = document.sign_statement(statement, runtime.exchange_keys.signer)
    await repository.note(tx, agreement_id, Event(act, at, by, reason or None, token))


async def _verified(tx: Transaction, runtime: Runtime, token: str) -> Statement:
    try:
        claimed = document.district_of(token)
        keys = {claimed: await partners.signing_keys(tx, runtime, claimed)}
        return document.read_statement(token, keys)
    except CredentialError as error:
        raise errors.document_refused(error.reason.value, error.reason.zh, error.reason.en) from error


async def _close(tx: Transaction, runtime: Runtime, agreement: Agreement) -> None:
    """End with yesterday; what never was in force has had no day at all."""
    ever = agreement.stored_state in _ACTIVE
    ended_on = runtime.clock.today() if ever else agreement.terms.valid_from
    await repository.update(tx, agreement.id, state=AgreementState.ENDED.value, ended_on=ended_on)


async def _locked(
    tx: Transaction, agreement_id: UUID, by: Person, states: tuple[AgreementState, ...]
) -> StoredAgreement:
    stored = await repository.get(tx, agreement_id, lock=True)
    if stored is None:
        raise NotFound.of("协议", "agreement")
    if stored.agreement.revision != by.version:
        raise VersionMismatch(stored.agreement.revision)
    if stored.agreement.stored_state not in states:
        raise errors.wrong_state(stored.agreement.state, states)
    return stored


def _check_time(runtime: Runtime, agreement: Agreement) -> None:
    if agreement.terms.valid_to < runtime.clock.today():
        raise Conflict("agreement_over", "协议的最后一日已过", "The agreement's last day has passed")


async def _reread(tx: Transaction, agreement_id: UUID) -> Agreement:
    stored = await repository.get(tx, agreement_id)
    if stored is None:
        raise NotFound.of("协议", "agreement")
    return stored.agreement


def own_keys(runtime: Runtime) -> dict[str, VerifyingKey]:
    """Return the public parts of the keys with which this district signs, by ``kid``."""
    return {key.kid: key.public for key in runtime.exchange_keys.signing}
