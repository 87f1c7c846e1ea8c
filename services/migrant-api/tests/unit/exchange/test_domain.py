"""States, clocks and what the notice figures count."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date, datetime
from itertools import product
from typing import Any
from uuid import uuid4

import pytest

from renkou_common.clock import SHANGHAI
from renkou_common.contracts.lines import LineKey, Measure, Population
from renkou_migrant.exchange.contracts import AGREED, MessageKind
from renkou_migrant.exchange.domain import (
    CLOSED,
    Direction,
    Message,
    MessageState,
    ReplyTimes,
    accepts_reply,
    advance,
    is_overdue,
    may_reply,
    notice_lines,
)
from renkou_migrant.exchange.protocol.sending import resend_after

NOON = datetime(2026, 3, 1, 12, tzinfo=SHANGHAI)


def message(
    kind: MessageKind = MessageKind.SERVICE_NOTICE, state: MessageState = MessageState.DRAFTED, **changes: Any
) -> Message:
    fields: dict[str, Any] = {
        "id": uuid4(),
        "direction": Direction.OUT,
        "partner": "340103",
        "kind": kind,
        "state": state,
        "area": 310115005001,
        "thread": uuid4(),
        "drafted_at": NOON,
        "occurred_on": date(2026, 2, 27),
    }
    return Message(**(fields | changes))


@pytest.mark.parametrize(
    ("kind", "due_on"),
    [
        (MessageKind.ARRIVAL_NOTICE, date(2026, 3, 31)),
        (MessageKind.INQUIRY, date(2026, 3, 16)),
        (MessageKind.SERVICE_NOTICE, date(2026, 3, 31)),
        (MessageKind.BIRTH_NOTICE, date(2026, 3, 31)),
        (MessageKind.DISPUTE, date(2026, 3, 16)),
        (MessageKind.CERTIFICATE_CHECKED, None),
        (MessageKind.DEPARTURE_NOTICE, None),
        (MessageKind.ANSWER, None),
        (MessageKind.CONFIRMATION, None),
    ],
)
def test_each_kind_has_its_clock(kind: MessageKind, due_on: date | None) -> None:
    assert ReplyTimes().due_on(kind, NOON) == due_on


def test_the_last_day_is_still_in_time() -> None:
    assert not is_overdue(MessageState.READ, date(2026, 3, 31), date(2026, 3, 31))
    assert is_overdue(MessageState.READ, date(2026, 3, 31), date(2026, 4, 1))
    assert not is_overdue(MessageState.CONFIRMED, date(2026, 3, 31), date(2026, 4, 1))
    assert not is_overdue(MessageState.READ, None, date(2026, 4, 1))


def test_no_evidence_takes_a_state_back() -> None:
    order = [MessageState.DRAFTED, MessageState.SENT, MessageState.DELIVERED, MessageState.READ]
    for (i, state), (j, evidence) in product(enumerate(order), enumerate(order)):
        assert advance(state, evidence) is order[max(i, j)]
    for state, evidence in product(CLOSED, order):
        assert advance(state, evidence) is state


def test_what_expired_may_still_turn_out_to_be_read() -> None:
    assert advance(MessageState.EXPIRED, MessageState.READ) is MessageState.READ
    assert advance(MessageState.EXPIRED, MessageState.SENT) is MessageState.EXPIRED
    assert advance(MessageState.DELIVERED, MessageState.EXPIRED) is MessageState.DELIVERED


@pytest.mark.parametrize(
    ("kind", "replies"),
    [
        (MessageKind.ARRIVAL_NOTICE, {MessageKind.ANSWER, MessageKind.DISPUTE}),
        (MessageKind.INQUIRY, {MessageKind.ANSWER}),
        (MessageKind.SERVICE_NOTICE, {MessageKind.CONFIRMATION, MessageKind.DISPUTE}),
        (MessageKind.BIRTH_NOTICE, {MessageKind.CONFIRMATION, MessageKind.DISPUTE}),
        (MessageKind.CERTIFICATE_CHECKED, {MessageKind.DISPUTE}),
        (MessageKind.DEPARTURE_NOTICE, {MessageKind.DISPUTE}),
        (MessageKind.DISPUTE, {MessageKind.ANSWER}),
        (MessageKind.CONFIRMATION, set()),
    ],
)
def test_each_kind_takes_only_its_replies_and_only_once(kind: MessageKind, replies: set[MessageKind]) -> None:
    every = (MessageKind.ANSWER, MessageKind.CONFIRMATION, MessageKind.DISPUTE)
    read = message(kind, MessageState.READ, direction=Direction.IN)
    assert {reply for reply in every if may_reply(read, reply)} == replies
    sent = message(kind, MessageState.SENT)
    assert {reply for reply in every if accepts_reply(sent, reply)} == replies
    for state in CLOSED:
        assert not any(may_reply(replace(read, state=state), reply) for reply in every)
        assert not any(accepts_reply(replace(sent, state=state), reply) for reply in every)


def measures(found: Mapping[LineKey, int]) -> list[str]:
    return sorted(str(key.measure) for key, value in found.items() for _ in range(value))


def test_the_figures_count_a_service_notice_step_by_step() -> None:
    drafted = message()
    assert measures(notice_lines(drafted)) == ["notice_due"]
    sent = replace(drafted, state=MessageState.SENT, sent_at=NOON)
    assert measures(notice_lines(sent)) == ["notice_confirmable", "notice_due", "notice_sent"]
    confirmed = replace(sent, state=MessageState.CONFIRMED)
    assert measures(notice_lines(confirmed)) == [
        "notice_confirmable",
        "notice_confirmed",
        "notice_due",
        "notice_sent",
    ]
    disputed = replace(sent, state=MessageState.DISPUTED)
    assert notice_lines(disputed) == notice_lines(sent)


def test_lines_stand_at_the_community_and_on_the_day_the_obligation_arose() -> None:
    (key,) = notice_lines(message())
    assert key == LineKey(Population.MIGRANT_IN, "310115005001", date(2026, 2, 27), Measure.NOTICE_DUE)


@pytest.mark.parametrize("kind", [kind for kind in MessageKind if kind not in AGREED])
def test_replies_and_receipts_count_for_nothing(kind: MessageKind) -> None:
    assert not notice_lines(message(kind, sent_at=NOON, state=MessageState.SENT))


def test_the_receiving_end_counts_nothing() -> None:
    assert not notice_lines(message(direction=Direction.IN, state=MessageState.CONFIRMED, sent_at=NOON))


def test_an_arrival_notice_is_sent_but_asks_for_no_confirmation() -> None:
    sent = message(MessageKind.ARRIVAL_NOTICE, MessageState.ANSWERED, sent_at=NOON)
    assert measures(notice_lines(sent)) == ["notice_due", "notice_sent"]


def test_waits_double_up_to_their_cap() -> None:
    assert [resend_after(n, 5, 300) for n in (1, 2, 3, 7, 8, 1000)] == [5, 10, 20, 300, 300, 300]
