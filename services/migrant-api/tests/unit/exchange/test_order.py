"""The order of reception under any schedule of loss, repetition and overtaking."""

from hashlib import sha256

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from renkou_migrant.exchange.protocol.reception import WINDOW, Reception, receive, releasable


def digest(seq: int, content: int = 0) -> bytes:
    return sha256(f"{seq}/{content}".encode()).digest()


class Receiver:
    """What a node keeps of one partner, with the pure rules deciding."""

    def __init__(self) -> None:
        self.next_in = 1
        self.stored: dict[int, bytes] = {}
        self.applied: list[int] = []
        self.conflicts = 0

    @property
    def held(self) -> dict[int, bytes]:
        return {seq: found for seq, found in self.stored.items() if seq >= self.next_in}

    def take(self, seq: int, content: int = 0) -> Reception:
        known = self.stored.get(seq)
        decision = receive(self.next_in, self.held, known, seq, digest(seq, content))
        if decision in (Reception.APPLY, Reception.HOLD):
            self.stored[seq] = digest(seq, content)
            for turn in releasable(self.next_in, self.held):
                self.applied.append(turn)
                self.next_in = turn + 1
        self.conflicts += decision is Reception.CONFLICT
        return decision


@given(st.lists(st.integers(1, 12), max_size=80))
def test_each_message_is_applied_once_and_in_order_whatever_comes(schedule: list[int]) -> None:
    receiver = Receiver()
    for seq in schedule:
        receiver.take(seq)
    assert receiver.applied == list(range(1, len(receiver.applied) + 1))
    assert set(receiver.applied) | set(receiver.held) == set(schedule)


@given(st.lists(st.tuples(st.integers(1, 8), st.integers(0, 1)), max_size=60))
def test_the_first_content_of_a_number_stays_and_another_is_always_noticed(
    schedule: list[tuple[int, int]],
) -> None:
    receiver = Receiver()
    first: dict[int, int] = {}
    for seq, content in schedule:
        first.setdefault(seq, content)
        decision = receiver.take(seq, content)
        assert (decision is Reception.CONFLICT) == (content != first[seq])
    assert all(receiver.stored[seq] == digest(seq, content) for seq, content in first.items())


@given(st.integers(1, 10**9), st.integers(0, 3 * WINDOW))
def test_only_what_lies_in_the_window_is_held(next_in: int, ahead: int) -> None:
    decision = receive(next_in, {}, None, next_in + ahead, b"x")
    if ahead == 0:
        assert decision is Reception.APPLY
    else:
        assert decision is (Reception.HOLD if ahead <= WINDOW else Reception.TOO_FAR)


class LossyExchange(RuleBasedStateMachine):
    """A sender that sends again until a receipt comes, over a network that loses, repeats and reorders."""

    def __init__(self) -> None:
        super().__init__()
        self.last_out = 0
        self.unreceipted: set[int] = set()
        self.on_the_way: list[int] = []
        self.receipts: list[int] = []
        self.receiver = Receiver()

    @rule()
    def write(self) -> None:
        self.last_out += 1
        self.unreceipted.add(self.last_out)
        self.on_the_way.append(self.last_out)

    @precondition(lambda self: self.unreceipted)
    @rule()
    def send_again(self) -> None:
        self.on_the_way += sorted(self.unreceipted)

    @precondition(lambda self: self.on_the_way)
    @rule(data=st.data(), lost=st.booleans())
    def carry(self, data: st.DataObject, lost: bool) -> None:
        seq = self.on_the_way.pop(data.draw(st.integers(0, len(self.on_the_way) - 1)))
        if lost:
            return
        before = len(self.receiver.applied)
        decision = self.receiver.take(seq)
        assert decision in (Reception.APPLY, Reception.HOLD, Reception.DUPLICATE)
        self.receipts += self.receiver.applied[before:]
        if decision is Reception.DUPLICATE and seq < self.receiver.next_in:
            self.receipts.append(seq)

    @precondition(lambda self: self.receipts)
    @rule(data=st.data(), lost=st.booleans())
    def carry_receipt(self, data: st.DataObject, lost: bool) -> None:
        seq = self.receipts.pop(data.draw(st.integers(0, len(self.receipts) - 1)))
        if not lost:
            self.unreceipted.discard(seq)

    @invariant()
    def nothing_is_applied_twice_or_out_of_turn(self) -> None:
        assert self.receiver.applied == list(range(1, len(self.receiver.applied) + 1))

    @invariant()
    def nothing_is_forgotten_before_it_was_applied(self) -> None:
        assert set(range(1, self.last_out + 1)) - self.unreceipted <= set(self.receiver.applied)

    def teardown(self) -> None:
        while self.unreceipted:
            for seq in sorted(self.unreceipted):
                self.receiver.take(seq)
            self.unreceipted -= set(self.receiver.applied)
        assert self.receiver.applied == list(range(1, self.last_out + 1))


TestLossyExchange = LossyExchange.TestCase
TestLossyExchange.settings = settings(max_examples=40, stateful_step_count=40, deadline=None)
