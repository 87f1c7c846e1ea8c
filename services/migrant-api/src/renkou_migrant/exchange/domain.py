"""Rules of the exchange: states, clocks, what figures count. No I/O; those of the transport are in :mod:`.protocol`.

A message is in one state at each end. At the sender: drafted, sent (the hub has it), delivered (the
partner's node has verified and stored it), read (taken in, in its turn), answered, confirmed, disputed;
expired (not delivered in time), dead (refused by the partner, or impossible to send). At the receiver:
delivered (waits for an earlier one), read, answered, confirmed, disputed, dead (refused). The evidence of a
later state stands for all before it, as receipts may overtake each other.
"""

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from renkou_common.codes.working_days import WEEKENDS, WorkingDays
from renkou_common.contracts.lines import LineKey, Measure, Population
from renkou_migrant.exchange.contracts import AMENDMENTS, NOTICES, REPLIES, MessageKind
from renkou_migrant.exchange.offices import is_local


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
REPLIED = frozenset({MessageState.ANSWERED, MessageState.CONFIRMED, MessageState.DISPUTED})
CONFIRMABLE = frozenset(
    {MessageKind.SERVICE_NOTICE, MessageKind.BIRTH_NOTICE, MessageKind.REGISTRATION_NOTICE}
)
ANSWERABLE = frozenset({MessageKind.ARRIVAL_NOTICE, MessageKind.INQUIRY, MessageKind.DISPUTE})
DISPUTABLE = NOTICES | {MessageKind.ANSWER}
BY_HAND = REPLIES | {MessageKind.INQUIRY}
"""What staff themselves correct and take back; notices follow the register and nothing else."""
UNCORRECTABLE = frozenset({MessageKind.CONFIRMATION, MessageKind.INQUIRY})
"""What is taken back and sent anew rather than corrected."""
_CLOSING_STATES = {
    MessageKind.ANSWER: MessageState.ANSWERED,
    MessageKind.CONFIRMATION: MessageState.CONFIRMED,
    MessageKind.DISPUTE: MessageState.DISPUTED,
}


@dataclass(frozen=True, slots=True)
class Message:
    """A message as this end knows it, without its content. Times are of the domain's clock.

    ``withdrawn`` is told apart from the state: the one is the sender's word, the other the receiver's, and
    each end hears both in the order in which they were said, so that the two ends agree whatever crosses.
    """

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
    closed_on: date | None = None
    withdrawn: bool = False
    revision: int = 1


@dataclass(frozen=True, slots=True)
class ReplyTimes:
    """Days in which each kind has to be answered; ``urgent`` counts working days, the others all days.

    A last day that is no working day stays the last day: the rule counts days, and both districts come to
    the same date without sharing a calendar. Only what counts working days hangs on the calendar.
    """

    answer: int = 30
    inquiry: int = 15
    confirmation: int = 30
    dispute: int = 15
    urgent: int = 7
    working: WorkingDays = WEEKENDS

    def due_on(
        self, kind: MessageKind, created_at: datetime, payload: Mapping[str, Any] | None = None
    ) -> date | None:
        """Return the last day in time, None for a kind that asks for nothing but a receipt.

        ``created_at`` is the instant the sender signed, in Asia/Shanghai, so that both ends count alike.
        ``payload`` says whether an inquiry is urgent.
        """
        if kind is MessageKind.INQUIRY and payload is not None and payload.get("urgent") is True:
            return self.working.add(created_at.date(), self.urgent)
        days = {
            MessageKind.ARRIVAL_NOTICE: self.answer,
            MessageKind.INQUIRY: self.inquiry,
            MessageKind.SERVICE_NOTICE: self.confirmation,
            MessageKind.BIRTH_NOTICE: self.confirmation,
            MessageKind.REGISTRATION_NOTICE: self.confirmation,
            MessageKind.DISPUTE: self.dispute,
        }.get(kind)
        return None if days is None else created_at.date() + timedelta(days=days)


def is_overdue(state: MessageState, due_on: date | None, today: date, *, withdrawn: bool = False) -> bool:
    """Whether a reply was due before today and has not come; nothing is due of what was taken back."""
    return due_on is not None and due_on < today and state not in CLOSED and not withdrawn


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
    if message.state is not MessageState.READ or message.withdrawn:
        return False
    return _takes(message.kind, reply)


def _takes(kind: MessageKind, reply: MessageKind) -> bool:
    allowed = {
        MessageKind.ANSWER: ANSWERABLE,
        MessageKind.CONFIRMATION: CONFIRMABLE,
        MessageKind.DISPUTE: DISPUTABLE,
    }
    return kind in allowed[reply]


def accepts_reply(message: Message, reply: MessageKind) -> bool:
    """Whether a reply that arrives may close our message: of a fitting kind, and the first to come.

    One that crossed our withdrawal is taken: it was given before the withdrawal had come.
    """
    return message.direction is Direction.OUT and message.state not in CLOSED and _takes(message.kind, reply)


def replied(message: Message, reply: MessageKind, on: date) -> Message:
    """Return a message after a reply that was given (or came) on a day."""
    return replace(message, state=closed_by(reply), closed_on=on)


def reopened(message: Message, reply: MessageKind) -> Message:
    """Return a message after its reply was taken back: it waits for another; unchanged for an older reply."""
    if message.state is not closed_by(reply):
        return message
    return replace(message, state=MessageState.READ, closed_on=None)


def taken_back(message: Message) -> Message:
    """Return a message after its sender took it back; its state stays what the replies made it."""
    return replace(message, withdrawn=True)


def may_amend(message: Message, amendment: MessageKind) -> bool:
    """Whether the sender may still correct or withdraw a message: not a dead one, nor one taken back."""
    if message.withdrawn or message.state is MessageState.DEAD or amendment not in AMENDMENTS:
        return False
    if amendment is MessageKind.CORRECTION and message.kind in UNCORRECTABLE:
        return False
    return message.kind in NOTICES | BY_HAND


def may_remind(message: Message, today: date, reminded_on: date | None, pause_days: int) -> bool:
    """Whether the other office may be reminded of a message: overdue, and not reminded of these days."""
    if message.direction is not Direction.OUT:
        return False
    if not is_overdue(message.state, message.due_on, today, withdrawn=message.withdrawn):
        return False
    return reminded_on is None or reminded_on + timedelta(days=pause_days) <= today


def notice_lines(message: Message) -> Counter[LineKey]:
    """Return what the notice figures count of a message: owed, sent, to be confirmed, confirmed.

    Only notices that this node sends are counted, at the residence's community and on the day the obligation
    arose. Which district answers for a notice is the one that owes it, so the receiving end counts nothing.
    What was taken back was never owed; between offices of one district nobody is a migrant.
    """
    lines: Counter[LineKey] = Counter()
    if message.direction is not Direction.OUT or message.kind not in NOTICES or message.occurred_on is None:
        return lines
    if message.withdrawn or is_local(message.partner):
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


def reply_lines(message: Message) -> Counter[LineKey]:
    """Return what the reply figures count of a message that came: a reply due, and given in time.

    Both stand on the last day in time, at the area that answers, and belong to no population: an office's
    work is counted. A reply that was taken back, and a message that was, count no more.
    """
    lines: Counter[LineKey] = Counter()
    in_turn = message.state in REPLIED or message.state is MessageState.READ
    if message.direction is not Direction.IN or message.due_on is None or not in_turn or message.withdrawn:
        return lines
    area = f"{message.area:012d}"
    lines[LineKey(Population.OFFICE, area, message.due_on, Measure.REPLY_DUE)] += 1
    if message.closed_on is not None and message.closed_on <= message.due_on:
        lines[LineKey(Population.OFFICE, area, message.due_on, Measure.REPLY_ON_TIME)] += 1
    return lines


def message_lines(message: Message) -> Counter[LineKey]:
    """Return everything that figures count of a message."""
    return notice_lines(message) + reply_lines(message)
