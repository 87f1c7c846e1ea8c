"""What the node does with messages: raise notices, read, confirm, answer and dispute them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from dataclasses import replace as changed
from datetime import date
from typing import Any
from uuid import UUID, uuid5

import structlog
from pydantic import BaseModel

from renkou_common.database import Transaction
from renkou_common.errors import NotFound, VersionMismatch
from renkou_common.ids import new_id
from renkou_common.scope import AreaScope
from renkou_migrant.agreements import service as agreements
from renkou_migrant.agreements.domain import (
    AgreedDirection,
    Agreement,
    Refusal,
    RefusalCode,
    serving,
)
from renkou_migrant.agreements.fields import reduced
from renkou_migrant.decisions import service as decisions
from renkou_migrant.exchange import amendments_repository, errors, local, repository
from renkou_migrant.exchange.agreed import answer_refusal
from renkou_migrant.exchange.carried import Answer, BirthNotice, Confirmation, Dispute
from renkou_migrant.exchange.contents import decrypt, encrypt
from renkou_migrant.exchange.contracts import CONTENTS, MessageKind
from renkou_migrant.exchange.domain import (
    Direction,
    Message,
    MessageState,
    closed_by,
    may_reply,
    replied,
)
from renkou_migrant.exchange.events import publish_changes
from renkou_migrant.exchange.offices import is_local
from renkou_migrant.exchange.repository import Draft, Filters, StoredMessage
from renkou_migrant.purposes import service as purposes
from renkou_migrant.runtime import Runtime

_log = structlog.get_logger(__name__)
LONGEST_THREAD = 500
_BIRTH_KEYS = UUID("0197a1f0-b117-7000-8000-000000000001")


async def raise_notice(
    tx: Transaction,
    runtime: Runtime,
    *,
    kind: MessageKind,
    home_district: str,
    person_ref: UUID,
    arrival_id: UUID,
    area: int,
    occurred_on: date | None,
    content: BaseModel,
    source: dict[str, Any] | None = None,
    source_id: UUID | None = None,
) -> UUID | None:
    """Draft a notice to the home district in the caller's transaction; the worker sends it.

    ``area`` is the 12-digit key of the arrival's community, ``occurred_on`` the day the obligation arose, None
    where nobody is owed the notice (the workplace's district). ``source`` and ``source_id`` as in Draft.
    Members that the agreement does not list are left out; while it is suspended the draft waits. Returns None,
    and owes nothing, where no agreement or no purpose in force covers the kind, or the person's word is against
    one that rests on consent. Raises TypeError for content that
    is not the kind's.
    """
    if type(content) is not CONTENTS[kind]:
        raise TypeError(f"{kind} does not carry a {type(content).__name__}")
    if not await _has_purpose(tx, runtime, kind) or await decisions.forbids(tx, person_ref, kind):
        return None
    agreement = await _agreement_for(tx, runtime, home_district, kind)
    if agreement is None and not is_local(home_district):
        return None
    members = content.model_dump(mode="json")
    if agreement is not None:
        members = agreed_content(agreement, kind, members)
    draft = _notice_draft(runtime, kind, home_district, agreement, person_ref, arrival_id, area, occurred_on)
    draft = changed(draft, content=encrypt(runtime, members), source=source, source_id=source_id)
    return await write(tx, runtime, draft)


async def raise_wanted_notice(
    tx: Transaction,
    runtime: Runtime,
    *,
    kind: MessageKind,
    home_district: str,
    person_ref: UUID,
    arrival_id: UUID,
    area: int,
    occurred_on: date | None,
    wanted: dict[str, Any],
    source_id: UUID | None = None,
) -> UUID | None:
    """Draft a notice whose content the worker has yet to fetch from the register; else as ``raise_notice``.

    ``wanted`` is the source of which :mod:`.contents` makes the notice; nothing personal stands in it.
    """
    if not await _has_purpose(tx, runtime, kind) or await decisions.forbids(tx, person_ref, kind):
        return None
    agreement = await _agreement_for(tx, runtime, home_district, kind)
    if agreement is None and not is_local(home_district):
        return None
    draft = _notice_draft(runtime, kind, home_district, agreement, person_ref, arrival_id, area, occurred_on)
    return await write(tx, runtime, changed(draft, wanted=wanted, source=wanted, source_id=source_id))


async def covering(tx: Transaction, runtime: Runtime, partner: str, kind: MessageKind) -> UUID | None:
    """Return the agreement under which a kind may go to a partner today; offices of one district need none."""
    agreement = await _agreement_for(tx, runtime, partner, kind)
    return None if agreement is None else agreement.id


async def covering_content(
    tx: Transaction, runtime: Runtime, partner: str, kind: MessageKind, content: BaseModel
) -> UUID | None:
    """Return the agreement under which staff may say this to a partner; offices of one district need none.

    Raises Conflict or InvalidInput as the agreement has it, Conflict where no purpose in force covers the kind.
    """
    await _require_purpose(tx, runtime, kind)
    if is_local(partner):
        return None
    members, today = content.model_dump(mode="json"), runtime.clock.today()
    found = await agreements.permits(
        tx, partner, kind, AgreedDirection.SEND, members, today, suspended_too=True
    )
    if isinstance(found, Refusal):
        raise errors.not_agreed(found)
    return found.id


def agreed_content(agreement: Agreement, kind: MessageKind, content: Mapping[str, Any]) -> dict[str, Any]:
    """Return what a notice may say under an agreement of what it could say."""
    grant = agreement.grant(kind, AgreedDirection.SEND)
    return reduced(content, grant.fields if grant else frozenset())


async def _has_purpose(tx: Transaction, runtime: Runtime, kind: MessageKind) -> bool:
    found = kind in await purposes.kinds_in_force(tx, runtime.clock.today())
    if not found:
        _log.info("no notice: its purpose is not in force", kind=kind.value)
    return found


async def _require_purpose(tx: Transaction, runtime: Runtime, kind: MessageKind) -> None:
    if not await _has_purpose(tx, runtime, kind):
        raise errors.purpose_ended(kind)


async def _agreement_for(
    tx: Transaction, runtime: Runtime, partner: str, kind: MessageKind
) -> Agreement | None:
    if is_local(partner):
        return None
    found = await agreements.permits(
        tx, partner, kind, AgreedDirection.SEND, None, runtime.clock.today(), suspended_too=True
    )
    return None if isinstance(found, Refusal) else found


def _notice_draft(
    runtime: Runtime,
    kind: MessageKind,
    partner: str,
    agreement: Agreement | None,
    person_ref: UUID,
    arrival_id: UUID,
    area: int,
    occurred_on: date | None,
) -> Draft:
    return Draft(
        id=new_id(),
        partner=partner,
        kind=kind,
        thread=arrival_id,
        area=area,
        agreement_id=agreement.id if agreement else None,
        drafted_at=runtime.clock.now(),
        person_ref=person_ref,
        arrival_id=arrival_id,
        occurred_on=occurred_on,
    )


async def write(tx: Transaction, runtime: Runtime, draft: Draft) -> UUID:
    """Write a draft; one for an office of this district is handed over at once, if it is complete."""
    await repository.insert_draft(tx, draft)
    message = Message(
        id=draft.id,
        direction=Direction.OUT,
        partner=draft.partner,
        kind=draft.kind,
        state=MessageState.DRAFTED,
        area=draft.area,
        thread=draft.thread,
        drafted_at=draft.drafted_at,
        occurred_on=draft.occurred_on,
    )
    await publish_changes(tx, runtime, [(None, message)])
    if is_local(draft.partner) and draft.content is not None:
        await local.hand_over(tx, runtime, draft.id)
    return draft.id


async def get(tx: Transaction, areas: AreaScope, message_id: UUID) -> StoredMessage:
    """Return a message inside ``areas``; raises NotFound."""
    found = await repository.get(tx, areas, message_id)
    if found is None:
        raise NotFound.of("通报", "notice")
    return found


async def replies_to(tx: Transaction, areas: AreaScope, message_id: UUID) -> list[StoredMessage]:
    """Return what was replied to a message, oldest first."""
    return await repository.replies_to(tx, areas, message_id)


async def page(
    tx: Transaction, areas: AreaScope, filters: Filters, before: int | None, limit: int
) -> list[StoredMessage]:
    """Return messages inside ``areas``, the latest first."""
    return await repository.page(tx, areas, filters, before, limit)


async def history(tx: Transaction, message_id: UUID) -> list[dict[str, Any]]:
    """Return what a message said before each correction, oldest first; the floor shows only what is visible."""
    return await amendments_repository.history(tx, message_id)


async def conversation(tx: Transaction, areas: AreaScope, thread_id: UUID) -> list[StoredMessage]:
    """Return what was said in a thread inside ``areas``, oldest first; raises NotFound for an unknown one.

    Between offices of one district each message is there at both ends; who sees both is shown the sender's.
    """
    found = await repository.thread(tx, areas, thread_id, LONGEST_THREAD)
    if not found:
        raise NotFound.of("往来", "thread")
    sent = {one.twin for one in found if one.message.direction is Direction.OUT}
    return [one for one in found if one.message.direction is Direction.OUT or one.message.id not in sent]


async def told_about(
    tx: Transaction, refs: Sequence[UUID], before: int | None, limit: int
) -> list[StoredMessage]:
    """Return messages to other districts about a person by its references, the latest first."""
    return await repository.told_about(tx, refs, before, limit)


@dataclass(frozen=True, slots=True)
class BirthToRegister:
    """A birth notice that is being confirmed: what the home register has to enter, and under which key."""

    notice: BirthNotice
    key: str


async def birth_to_register(
    tx: Transaction, runtime: Runtime, areas: AreaScope, message_id: UUID, version: int
) -> BirthToRegister | None:
    """Return the birth that has to be registered before a notice can be confirmed, None for other kinds.

    Checks as :func:`confirm` does, without changing anything.
    """
    stored = await get(tx, areas, message_id)
    _check(stored, MessageKind.CONFIRMATION, version)
    if stored.message.kind is not MessageKind.BIRTH_NOTICE:
        return None
    content = decrypt(runtime, stored.content)
    if content is None:
        raise errors.content_missing()
    return BirthToRegister(BirthNotice.model_validate(content), str(uuid5(_BIRTH_KEYS, str(message_id))))


async def confirm(
    tx: Transaction,
    runtime: Runtime,
    areas: AreaScope,
    message_id: UUID,
    version: int,
    by: UUID,
    life_event_id: UUID | None = None,
) -> StoredMessage:
    """Confirm a service or birth notice; ``life_event_id`` is the birth that was entered for it."""
    content = Confirmation(confirmed_on=runtime.clock.today())
    kind = MessageKind.CONFIRMATION
    return await _reply(tx, runtime, areas, message_id, version, by, kind, content, life_event_id)


async def answer(
    tx: Transaction,
    runtime: Runtime,
    areas: AreaScope,
    message_id: UUID,
    version: int,
    by: UUID,
    content: Answer,
) -> StoredMessage:
    """Answer an arrival notice, an inquiry or a dispute."""
    return await _reply(tx, runtime, areas, message_id, version, by, MessageKind.ANSWER, content)


async def dispute(
    tx: Transaction,
    runtime: Runtime,
    areas: AreaScope,
    message_id: UUID,
    version: int,
    by: UUID,
    content: Dispute,
) -> StoredMessage:
    """Dispute what a notice says."""
    return await _reply(tx, runtime, areas, message_id, version, by, MessageKind.DISPUTE, content)


def _check(stored: StoredMessage, reply: MessageKind, version: int) -> None:
    message = stored.message
    if message.revision != version:
        raise VersionMismatch(message.revision)
    if message.direction is not Direction.IN or not may_reply(message, reply):
        raise errors.reply_not_possible(message.kind, message.state)


async def _reply(
    tx: Transaction,
    runtime: Runtime,
    areas: AreaScope,
    message_id: UUID,
    version: int,
    by: UUID,
    kind: MessageKind,
    content: BaseModel,
    life_event_id: UUID | None = None,
) -> StoredMessage:
    stored = await repository.get(tx, areas, message_id, lock=True)
    if stored is None:
        raise NotFound.of("通报", "notice")
    _check(stored, kind, version)
    await _require_purpose(tx, runtime, kind)
    relies_on = stored.agreement_id
    if kind is MessageKind.ANSWER and stored.agreement_id is not None:
        relies_on = await _agreement_of_answer(tx, runtime, stored, stored.agreement_id, content)
    now = runtime.clock.now()
    await repository.close(tx, message_id, closed_by(kind), now, by, life_event_id)
    after = replied(stored.message, kind, now.date())
    await publish_changes(tx, runtime, [(stored.message, after)])
    draft = Draft(
        id=new_id(),
        partner=stored.message.partner,
        kind=kind,
        thread=stored.message.thread,
        area=stored.message.area,
        agreement_id=relies_on,
        drafted_at=now,
        content=encrypt(runtime, content),
        in_reply_to=message_id,
    )
    await write(tx, runtime, draft)
    return await get(tx, areas, message_id)


async def _agreement_of_answer(
    tx: Transaction, runtime: Runtime, stored: StoredMessage, named: UUID, content: BaseModel
) -> UUID:
    """An answer tells of a person: its agreement must be in force, and list what comes back for the question."""
    today = runtime.clock.today()
    found = serving(await agreements.of_partner(tx, stored.message.partner), named, today)
    if found is None:
        raise errors.not_agreed(Refusal(RefusalCode.NO_AGREEMENT))
    members = content.model_dump(mode="json")
    refusal = found.may_leave(today, suspended_too=True) or answer_refusal(
        found, stored.message.kind, AgreedDirection.RECEIVE, members
    )
    if refusal is not None:
        raise errors.not_agreed(refusal)
    return found.id
