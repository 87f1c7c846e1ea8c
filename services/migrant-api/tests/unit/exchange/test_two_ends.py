"""A notice at both ends while replies, corrections and withdrawals cross each other in any order.

Each end applies its own doing at once and hears the other's in the order in which it was said. When everything
has arrived, both ends agree: on the state, on what the notice says, on whether it stands.
"""

from collections import deque
from dataclasses import dataclass, replace
from datetime import date, datetime
from uuid import uuid4

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from renkou_common.clock import SHANGHAI
from renkou_migrant.exchange.contracts import MessageKind
from renkou_migrant.exchange.domain import (
    Direction,
    Message,
    MessageState,
    accepts_reply,
    advance,
    closed_by,
    may_amend,
    may_reply,
    message_lines,
    reopened,
    replied,
    taken_back,
)

TODAY = date(2026, 3, 2)
KINDS = [
    MessageKind.ARRIVAL_NOTICE,
    MessageKind.SERVICE_NOTICE,
    MessageKind.BIRTH_NOTICE,
    MessageKind.REGISTRATION_NOTICE,
    MessageKind.DEPARTURE_NOTICE,
    MessageKind.INQUIRY,
]
ANSWERS = [MessageKind.ANSWER, MessageKind.CONFIRMATION, MessageKind.DISPUTE]


@dataclass
class End:
    """What one end knows of the notice."""

    message: Message
    says: int = 0
    reply: MessageKind | None = None


class TwoEnds(RuleBasedStateMachine):
    """The sender's end and the receiver's, with a line in each direction that keeps the order."""

    def __init__(self) -> None:
        super().__init__()
        self.said: deque[tuple[MessageKind, int]] = deque()
        self.heard: deque[tuple[MessageKind, MessageKind]] = deque()
        self.said_so_far = 0
        self.sender: End | None = None
        self.receiver: End | None = None

    @precondition(lambda self: self.sender is None)
    @rule(kind=st.sampled_from(KINDS))
    def send(self, kind: MessageKind) -> None:
        message = Message(
            id=uuid4(),
            direction=Direction.OUT,
            partner="340103",
            kind=kind,
            state=MessageState.SENT,
            area=310115005001,
            thread=uuid4(),
            drafted_at=datetime(2026, 3, 1, tzinfo=SHANGHAI),
            occurred_on=TODAY,
            sent_at=datetime(2026, 3, 1, tzinfo=SHANGHAI),
            due_on=date(2026, 3, 31),
        )
        self.sender = End(message)
        self.receiver = End(
            replace(message, direction=Direction.IN, partner="310115", state=MessageState.READ)
        )

    @precondition(lambda self: self.sender is not None)
    @rule()
    def receipt(self) -> None:
        assert self.sender
        self.sender.message = replace(
            self.sender.message, state=advance(self.sender.message.state, MessageState.READ)
        )

    @precondition(lambda self: self.sender is not None)
    @rule(amendment=st.sampled_from([MessageKind.CORRECTION, MessageKind.WITHDRAWAL]))
    def amend(self, amendment: MessageKind) -> None:
        assert self.sender
        if not may_amend(self.sender.message, amendment):
            return
        if amendment is MessageKind.CORRECTION:
            self.said_so_far += 1
            self.sender.says = self.said_so_far
        else:
            self.sender.message = taken_back(self.sender.message)
        self.said.append((amendment, self.said_so_far))

    @precondition(lambda self: self.receiver is not None)
    @rule(reply=st.sampled_from(ANSWERS))
    def answer(self, reply: MessageKind) -> None:
        assert self.receiver
        if may_reply(self.receiver.message, reply):
            self.receiver.message = replied(self.receiver.message, reply, TODAY)
            self.receiver.reply = reply
            self.heard.append((reply, reply))

    @precondition(lambda self: self.receiver is not None and self.receiver.reply is not None)
    @rule()
    def take_the_reply_back(self) -> None:
        assert self.receiver
        assert self.receiver.reply
        reply, self.receiver.reply = self.receiver.reply, None
        self.receiver.message = reopened(self.receiver.message, reply)
        self.heard.append((MessageKind.WITHDRAWAL, reply))

    @precondition(lambda self: bool(self.said))
    @rule()
    def deliver_to_the_receiver(self) -> None:
        assert self.receiver
        amendment, says = self.said.popleft()
        assert may_amend(self.receiver.message, amendment), "what was sent is always expected"
        if amendment is MessageKind.CORRECTION:
            self.receiver.says = says
        else:
            self.receiver.message = taken_back(self.receiver.message)

    @precondition(lambda self: bool(self.heard))
    @rule()
    def deliver_to_the_sender(self) -> None:
        assert self.sender
        what, reply = self.heard.popleft()
        if what is MessageKind.WITHDRAWAL:
            self.sender.message = reopened(self.sender.message, reply)
        else:
            assert accepts_reply(self.sender.message, reply), "what was replied is always expected"
            self.sender.message = replied(self.sender.message, reply, TODAY)

    @invariant()
    def both_ends_agree_when_all_has_arrived(self) -> None:
        if self.sender is None or self.receiver is None or self.said or self.heard:
            return
        ours, theirs = self.sender.message, self.receiver.message
        state = MessageState.READ if ours.state is MessageState.SENT else ours.state  # receipt under way
        assert (state, ours.withdrawn, ours.closed_on) == (theirs.state, theirs.withdrawn, theirs.closed_on)
        assert self.sender.says == self.receiver.says

    @invariant()
    def what_does_not_stand_counts_nowhere(self) -> None:
        for end in (self.sender, self.receiver):
            if end is not None and end.message.withdrawn:
                assert not message_lines(end.message)

    @invariant()
    def a_closed_notice_is_closed_by_the_reply_that_stands(self) -> None:
        if self.receiver is not None and self.receiver.reply is not None:
            assert self.receiver.message.state is closed_by(self.receiver.reply)


TestTwoEnds = TwoEnds.TestCase
TestTwoEnds.settings = settings(max_examples=200, stateful_step_count=30, deadline=None)
