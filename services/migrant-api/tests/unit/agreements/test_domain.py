"""What an agreement allows, and when."""

from datetime import date
from uuid import uuid4

import pytest

from renkou_migrant.agreements.domain import AgreedDirection, Agreement

AGREEMENT = Agreement(
    id=uuid4(),
    partner="340103",
    valid_from=date(2026, 1, 1),
    valid_to=date(2026, 12, 31),
    legal_basis="双向管理协议",
    kinds={
        "arrival_notice": AgreedDirection.SEND,
        "inquiry": AgreedDirection.BOTH,
        "birth_notice": AgreedDirection.RECEIVE,
    },
    ended_on=date(2026, 7, 1),
)


@pytest.mark.parametrize(
    ("day", "expected"),
    [
        (date(2025, 12, 31), False),
        (date(2026, 1, 1), True),
        (date(2026, 6, 30), True),
        (date(2026, 7, 1), False),
        (date(2027, 1, 1), False),
    ],
)
def test_it_is_in_force_from_its_first_day_until_it_ends(day: date, expected: bool) -> None:
    assert AGREEMENT.in_force(day) is expected


@pytest.mark.parametrize(
    ("kind", "send", "receive"),
    [
        ("arrival_notice", True, False),
        ("inquiry", True, True),
        ("birth_notice", False, True),
        ("service_notice", False, False),
    ],
)
def test_a_kind_goes_only_the_agreed_way(kind: str, send: bool, receive: bool) -> None:
    day = date(2026, 3, 1)
    assert AGREEMENT.allows(kind, AgreedDirection.SEND, day) is send
    assert AGREEMENT.allows(kind, AgreedDirection.RECEIVE, day) is receive
    assert not AGREEMENT.allows(kind, AgreedDirection.SEND, date(2026, 7, 1))
