"""Whether a genuine message may be taken, and what is stored of it."""

from collections.abc import Mapping, Sequence
from dataclasses import replace as changed
from datetime import datetime
from uuid import UUID

from pydantic import BaseModel, ValidationError

from renkou_common.clock import SHANGHAI
from renkou_common.database import Transaction
from renkou_common.ids import new_id
from renkou_migrant.agreements import service as agreements
from renkou_migrant.agreements.domain import Agreement
from renkou_migrant.exchange import effects, versions
from renkou_migrant.exchange import incoming_repository as incoming
from renkou_migrant.exchange.agreed import content_refusal, standing_refusal
from renkou_migrant.exchange.codes import Refused
from renkou_migrant.exchange.contents import area_of, day_of, decrypt, encrypt, reply_times
from renkou_migrant.exchange.contracts import REPLIES, MessageKind
from renkou_migrant.exchange.domain import ReplyTimes
from renkou_migrant.exchange.incoming_repository import Incoming
from renkou_migrant.exchange.intake.batch import REPEATED, Batch, entry_of
from renkou_migrant.exchange.wire import Envelope, Opened
from renkou_migrant.runtime import Runtime


async def check_all(
    tx: Transaction, runtime: Runtime, partner: str, fresh: Sequence[Opened], batch: Batch
) -> list[Incoming]:
    ids = [one.envelope.id for one in fresh]
    taken = await incoming.taken_ids(tx, partner, ids) if ids else {}
    relied_on = [one.envelope.agreement for one in fresh if one.envelope.agreement is not None]
    known = await agreements.get_many(tx, relied_on) if relied_on else {}
    times = await reply_times(tx, runtime)
    follow = (MessageKind.ANSWER, MessageKind.CORRECTION)
    targets = [one.envelope.in_reply_to for one in fresh if one.envelope.kind in follow]
    asked = await incoming.kinds_of(tx, [one for one in targets if one]) if targets else {}
    checked: list[Incoming] = []
    for opened in fresh:
        envelope = opened.envelope
        code, content = _check(envelope, partner, known, asked, batch.now, runtime.understood)
        sent_as = envelope.id if envelope.id in taken else None
        if sent_as is not None:
            code, content = _code_of_repeated(runtime, taken[sent_as], content), None
        local_id = envelope.id if sent_as is None else new_id()
        new = _incoming(runtime, opened, partner, local_id, code, content, times)
        taken[envelope.id] = new.content
        checked.append(changed(new, sent_as=sent_as))
        batch.entries.append(entry_of(opened, code or "accepted", batch.now))
    return checked


def _code_of_repeated(runtime: Runtime, before: bytes | None, content: BaseModel | None) -> str:
    """Return why a message is not taken whose id is known: it is the same again, or the id means another.

    A sender that was restored may number and sign again what it had sent already.
    """
    if (
        before is not None
        and content is not None
        and decrypt(runtime, before) == content.model_dump(mode="json")
    ):
        return REPEATED
    return Refused.ID_CONFLICT


def _check(
    envelope: Envelope,
    partner: str,
    known: dict[UUID, Agreement],
    asked: dict[UUID, str],
    now: datetime,
    understood: Mapping[MessageKind, frozenset[int]],
) -> tuple[str | None, BaseModel | None]:
    """Return why a genuine message may not be taken (None where it may) and its content."""
    kind = next((kind for kind in understood if kind == envelope.kind), None)
    if kind is None:
        return Refused.UNKNOWN_KIND, None
    if envelope.version not in understood[kind]:
        return Refused.UNSUPPORTED_VERSION, None
    if envelope.expires_at <= now:
        return Refused.EXPIRED, None
    agreement = known.get(envelope.agreement) if envelope.agreement else None
    signed_on = envelope.created_at.astimezone(SHANGHAI).date()
    refusal = standing_refusal(kind, agreement, partner, signed_on)
    if refusal is not None:
        return str(refusal), None
    if kind in REPLIES | effects.EFFECTIVE and envelope.in_reply_to is None:
        return Refused.BAD_CONTENT, None
    try:
        content = versions.read(kind, envelope.version, envelope.payload)
    except ValidationError:
        return Refused.BAD_CONTENT, None
    question = asked.get(envelope.in_reply_to) if envelope.in_reply_to else None
    refusal = content_refusal(kind, agreement, envelope.payload, question)
    return (None, content) if refusal is None else (str(refusal), None)


def _incoming(
    runtime: Runtime,
    opened: Opened,
    partner: str,
    local_id: UUID,
    code: str | None,
    content: BaseModel | None,
    times: ReplyTimes,
) -> Incoming:
    envelope = opened.envelope
    created_at = envelope.created_at.astimezone(SHANGHAI)
    kind = MessageKind(envelope.kind) if content else None
    due_on = times.due_on(kind, created_at, envelope.payload) if kind else None
    return Incoming(
        id=local_id,
        sent_as=None,
        partner=partner,
        kind=envelope.kind,
        version=envelope.version,
        pair_seq=envelope.pair_seq,
        thread=envelope.thread,
        in_reply_to=envelope.in_reply_to,
        agreement_id=envelope.agreement,
        area=area_of(runtime, content),
        occurred_on=day_of(content),
        created_at=created_at,
        expires_at=envelope.expires_at,
        due_on=due_on,
        digest=opened.digest,
        content=encrypt(runtime, content) if content else None,
        code=code,
    )
