"""Rules of the exchange: states, clocks, what figures count. No I/O; those of the transport are in :mod:`.protocol`.

A message is in one state at each end. At the sender: drafted, sent (the hub has it), delivered (the
partner's node has verified and stored it), read (taken in, in its turn), answered, confirmed, disputed;
expired (not delivered in time), dead (refused by the partner, or impossible to send). At the receiver:
delivered (waits for an earlier one), read, answered, confirmed, disputed, dead (refused). The evidence of a
later state stands for all before it, as receipts may overtake each other.
"""

from collections import Counter
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from uuid import UUID

from renkou_common.contracts.lines import LineKey, Measure, Population
from renkou_migrant.exchange.contracts import NOTICES, MessageKind


class Direction(StrEnum):
    """Which way a message goes, seen from this node."""

    OUT = "out"  # 发出
    IN = "in"  # 收到


class MessageState(StrEnum):
    """State of a message at this end."""

    DRAFTED = "drafted"  # 已起草
    SENT = "sent"  # 已发送
    DELIVERED = "delivered"  # 已送达
    READ = "read"  # 已阅
    ANSWERED = "answered"  # 已回复
    CONFIRMED = "confirmed"  # 已确认
    DISPUTED = "disputed"  # 有异议
    EXPIRED = "expired"  # 已过期
    DEAD = "dead"  # 被拒或无法送达


_RANK = {
    MessageState.DRAFTED: 0,
    MessageState.SENT: 1,
    MessageState.EXPIRED: 2,
    MessageState.DELIVERED: 3,
    MessageState.READ: 4,
}
CLOSED = frozenset({MessageState.ANSWERED, MessageState.CONFIRMED, MessageState.DISPUTED, MessageState.DEAD})
CONFIRMABLE = frozenset({MessageKind.SERVICE_NOTICE, MessageKind.BIRTH_NOTICE})
ANSWERABLE = frozenset({MessageKind.ARRIVAL_NOTICE, MessageKind.INQUIRY, MessageKind.DISPUTE})
DISPUTABLE = NOTICES
_CLOSING_STATES = {
    MessageKind.ANSWER: MessageState.ANSWERED,
    MessageKind.CONFIRMATION: MessageState.CONFIRMED,
    MessageKind.DISPUTE: MessageState.DISPUTED,
}


@dataclass(frozen=True, slots=True)
class Message:
    """A message as this end knows it, without its content. Times are of the domain's clock."""

    id: UUID
    direction: Direction
    partner: str
    kind: MessageKind
    state: MessageState
    area: int
    thread: UUID
    drafted_at: datetime
    occurred_on: date | None = None
    sent_at: datetime | None = None
    due_on: date | None = None
    revision: int = 1


@dataclass(frozen=True, slots=True)
class ReplyTimes:
    """Days in which each kind has to be answered."""

    answer: int = 30
    inquiry: int = 15
    confirmation: int = 30
    dispute: int = 15

    def due_on(self, kind: MessageKind, created_at: datetime) -> date | None:
        """Return the last day in time, None for a kind that asks for nothing but a receipt.

        ``created_at`` is the instant the sender signed, in Asia/Shanghai, so that both ends count alike.
        """
        days = {
            MessageKind.ARRIVAL_NOTICE: self.answer,
            MessageKind.INQUIRY: self.inquiry,
            MessageKind.SERVICE_NOTICE: self.confirmation,
            MessageKind.BIRTH_NOTICE: self.confirmation,
            MessageKind.DISPUTE: self.dispute,
        }.get(kind)
        return None if days is None else created_at.date() + timedelta(days=days)


def is_overdue(state: MessageState, due_on: date | None, today: date) -> bool:
    """Whether a reply was due before today and has not come."""
    return due_on is not None and due_on < today and state not in CLOSED


def advance(state: MessageState, evidence: MessageState) -> MessageState:
    """Return the state after the transport has shown ``evidence`` (sent, delivered, read, expired).

    A closed message stays closed, and nothing moves backwards.
    """
    if state in CLOSED or _RANK[evidence] <= _RANK[state]:
        return state
    return evidence


def closed_by(reply: MessageKind) -> MessageState:
    """Return the state into which a reply puts the message it replies to; raises KeyError for no reply."""
    return _CLOSING_STATES[reply]


def may_reply(message: Message, reply: MessageKind) -> bool:
    """Whether a message may still be replied to in this way by the one who received it."""
    if message.state is not MessageState.READ:
        return False
    allowed = {
        MessageKind.ANSWER: ANSWERABLE,
        MessageKind.CONFIRMATION: CONFIRMABLE,
        MessageKind.DISPUTE: DISPUTABLE,
    }
    return message.kind in allowed[reply]


def accepts_reply(message: Message, reply: MessageKind) -> bool:
    """Whether a reply that arrives may close our message: of a fitting kind, and the first to come."""
    as_if_read = Message(
        message.id,
        message.direction,
        message.partner,
        message.kind,
        MessageState.READ,
        message.area,
        message.thread,
        message.drafted_at,
    )
    return message.direction is Direction.OUT and message.state not in CLOSED and may_reply(as_if_read, reply)


def notice_lines(message: Message) -> Counter[LineKey]:
    """Return what the notice figures count of a message: owed, sent, to be confirmed, confirmed.

    Only notices that this node sends are counted, at the residence's community and on the day the obligation
    arose. Which district answers for a notice is the one that owes it, so the receiving end counts nothing.
    """
    lines: Counter[LineKey] = Counter()
    if message.direction is not Direction.OUT or message.kind not in NOTICES or message.occurred_on is None:
        return lines

    def count(measure: Measure) -> None:
        key = LineKey(Population.MIGRANT_IN, f"{message.area:012d}", message.occurred_on or date.min, measure)
        lines[key] += 1

    count(Measure.NOTICE_DUE)
    if message.sent_at is None:
        return lines
    count(Measure.NOTICE_SENT)
    if message.kind in CONFIRMABLE:
        count(Measure.NOTICE_CONFIRMABLE)
        if message.state is MessageState.CONFIRMED:
            count(Measure.NOTICE_CONFIRMED)
    return lines
