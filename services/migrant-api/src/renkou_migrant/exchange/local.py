"""Between offices of one district (人户分离): the same kinds, clocks and rights, both ends in one transaction.

No hub, no seal and no agreement: the district is one holder of the data. The purpose has to be in force all the
same. Each end has a row of its own under the area of its office, so that each sees its own end and replies to it.
"""

from dataclasses import replace
from uuid import UUID

from renkou_common.clock import SHANGHAI
from renkou_common.database import Transaction
from renkou_common.ids import new_id
from renkou_common.reach import reaching_all
from renkou_migrant.decisions import service as decisions
from renkou_migrant.exchange import amendments_repository as amendments
from renkou_migrant.exchange import effects, local_repository, repository
from renkou_migrant.exchange.codes import Refused
from renkou_migrant.exchange.contents import area_of, day_of, decrypt, encrypt, reply_times
from renkou_migrant.exchange.contracts import REPLIES, parse_content
from renkou_migrant.exchange.domain import Direction, Message, MessageState, accepts_reply, replied
from renkou_migrant.exchange.events import publish_changes
from renkou_migrant.exchange.local_repository import OtherEnd
from renkou_migrant.exchange.offices import office_of
from renkou_migrant.exchange.repository import StoredMessage
from renkou_migrant.purposes import service as purposes
from renkou_migrant.runtime import Runtime


async def hand_over(tx: Transaction, runtime: Runtime, message_id: UUID) -> None:
    """Let a complete draft for another office of this district arrive there, with all that follows from it."""
    async with reaching_all(tx):
        sent = (await amendments.lock(tx, [message_id]))[message_id]
        kind, members = sent.message.kind, decrypt(runtime, sent.content)
        now = runtime.clock.now()
        if kind not in await purposes.kinds_in_force(tx, runtime.clock.today()):
            await repository.give_up(tx, message_id, Refused.PURPOSE_ENDED, now)
            return
        if forbidden := await decisions.forbidden(tx, [message_id]):
            await repository.give_up(tx, message_id, forbidden[message_id], now)
            return
        content = parse_content(kind, members)
        due_on = (await reply_times(tx, runtime)).due_on(kind, now.astimezone(SHANGHAI), members)
        spoken_of = await _spoken_of(tx, sent)
        if members is not None and "of" in members and spoken_of is not None:
            members = {**members, "of": str(spoken_of.message.id)}
        area = spoken_of.message.area if spoken_of else area_of(runtime, content)
        other = Message(
            id=new_id(),
            direction=Direction.IN,
            partner=office_of(sent.message.area),
            kind=kind,
            state=MessageState.READ,
            area=area,
            thread=sent.message.thread,
            drafted_at=now,
            occurred_on=day_of(content),
            due_on=due_on,
        )
        end = OtherEnd(
            message=other,
            in_reply_to=spoken_of.message.id if spoken_of else None,
            version=sent.version,
            content=encrypt(runtime, members or {}),
            twin=message_id,
        )
        await local_repository.hand_over(tx, end, now)
        ours = replace(sent.message, state=MessageState.READ, sent_at=now, due_on=due_on)
        await publish_changes(tx, runtime, [(sent.message, ours), (None, other)])
        if kind in REPLIES and spoken_of is not None and accepts_reply(spoken_of.message, kind):
            after = replied(spoken_of.message, kind, now.date())
            await local_repository.close(tx, after.id, after.state, now)
            await publish_changes(tx, runtime, [(spoken_of.message, after)])
        if kind in effects.EFFECTIVE:
            await effects.apply(tx, runtime, other.partner, other.id)


async def _spoken_of(tx: Transaction, sent: StoredMessage) -> StoredMessage | None:
    """Return, at the other end, the message that a reply, an amendment or a reminder speaks of."""
    if sent.in_reply_to is None:
        return None
    here = (await amendments.lock(tx, [sent.in_reply_to]))[sent.in_reply_to]
    return None if here.twin is None else (await amendments.lock(tx, [here.twin]))[here.twin]
