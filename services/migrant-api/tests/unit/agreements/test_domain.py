"""What an agreement allows, and when."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkou_migrant.agreements.domain import (
    AgreedDirection,
    Agreement,
    AgreementState,
    Grant,
    Refusal,
    RefusalCode,
    Terms,
    serving,
)
from renkou_migrant.agreements.service import decide

HOME, RESIDENCE = "340103", "310115"
NOW = datetime(2026, 3, 1, tzinfo=UTC)
DAYS = st.dates(date(2025, 11, 1), date(2027, 3, 1))
TERMS = Terms(
    parties=(RESIDENCE, HOME),
    valid_from=date(2026, 1, 1),
    valid_to=date(2026, 12, 31),
    legal_basis="双向管理协议",
    grants=(
        Grant(
            RESIDENCE,
            "arrival_notice",
            "p",
            "b",
            frozenset({"subject.name", "arrived_on"}),
            frozenset({"known"}),
        ),
        Grant(RESIDENCE, "inquiry", "p", "b", frozenset({"questions"})),
        Grant(HOME, "inquiry", "p", "b", frozenset({"questions"})),
        Grant(HOME, "birth_notice", "p", "b", frozenset({"child.name"})),
    ),
    drafted_at=NOW,
)
AGREEMENT = Agreement(
    id=uuid4(), partner=HOME, terms=TERMS, stored_state=AgreementState.IN_FORCE, proposed_here=True
)
SEND, RECEIVE = AgreedDirection.SEND, AgreedDirection.RECEIVE


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
    assert replace(AGREEMENT, ended_on=date(2026, 7, 1)).in_force(day) is expected


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
    assert (AGREEMENT.lets_go(kind, SEND, None) is None) is send
    assert (AGREEMENT.lets_go(kind, RECEIVE, None) is None) is receive


def test_the_first_member_that_is_not_agreed_is_named() -> None:
    content = {
        "subject": {"name": "王小雨", "resident_id": "x"},
        "arrived_on": "2026-01-01",
        "present_area": "y",
    }
    refusal = AGREEMENT.lets_go("arrival_notice", SEND, content)
    assert str(refusal) == "field_not_agreed:subject.resident_id"
    assert (
        AGREEMENT.lets_go("arrival_notice", SEND, {"subject": {"name": "王小雨", "resident_id": None}})
        is None
    )


def test_an_answer_may_say_what_was_agreed_to_come_back() -> None:
    assert AGREEMENT.lets_answer("arrival_notice", SEND, {"known": True, "note": None}) is None
    refused = AGREEMENT.lets_answer("arrival_notice", SEND, {"known": True, "note": "x"})
    assert refused == Refusal(RefusalCode.FIELD_NOT_AGREED, "note")
    assert AGREEMENT.lets_answer("inquiry", SEND, {"known": True}) == Refusal(RefusalCode.NOT_AGREED)


def test_a_suspension_by_either_side_stops_sending_and_only_the_own_one_stops_taking() -> None:
    here, there = replace(AGREEMENT, suspended_here_at=NOW), replace(AGREEMENT, suspended_there_at=NOW)
    day = date(2026, 3, 1)
    for one in (here, there):
        assert one.state is AgreementState.SUSPENDED
        assert one.may_leave(day) == Refusal(RefusalCode.SUSPENDED)
        assert one.may_leave(day, suspended_too=True) is None
    assert here.may_arrive(day) == Refusal(RefusalCode.SUSPENDED)
    assert there.may_arrive(day) is None


def test_what_both_have_signed_is_taken_before_it_is_activated_here() -> None:
    day = date(2026, 3, 1)
    signed = replace(AGREEMENT, stored_state=AgreementState.SIGNED)
    assert signed.may_arrive(day) is None
    assert signed.may_leave(day) == Refusal(RefusalCode.NO_AGREEMENT)
    proposed = replace(AGREEMENT, stored_state=AgreementState.PROPOSED)
    assert proposed.may_arrive(day) == Refusal(RefusalCode.NO_AGREEMENT)


@given(DAYS, st.lists(DAYS, min_size=1, max_size=4, unique=True))
def test_of_the_versions_of_an_agreement_at_most_one_covers_a_day(day: date, starts: list[date]) -> None:
    starts = sorted(starts)
    versions = []
    for number, start in enumerate(starts, start=1):
        following = starts[number] if number < len(starts) else None
        terms = replace(
            TERMS, number=number, lineage=AGREEMENT.id, valid_from=start, valid_to=date(2028, 1, 1)
        )
        versions.append(replace(AGREEMENT, id=uuid4(), terms=terms, replaced_from=following))
    covering = [one for one in versions if one.covers(day)]
    assert len(covering) == (1 if day >= starts[0] else 0)
    if covering:
        assert serving(versions, versions[0].id, day) == covering[0]
        assert decide(versions, "arrival_notice", SEND, None, day) == covering[0]


@given(
    DAYS,
    st.booleans(),
    st.booleans(),
    st.sampled_from(sorted({g.kind for g in TERMS.grants} | {"service_notice"})),
)
def test_what_may_leave_here_may_arrive_there_on_the_same_day(
    day: date, here: bool, there: bool, kind: str
) -> None:
    """Both ends decide from the same terms; what one of them has suspended neither sends."""
    ours = replace(
        AGREEMENT, suspended_here_at=NOW if here else None, suspended_there_at=NOW if there else None
    )
    theirs = replace(
        AGREEMENT,
        partner=RESIDENCE,
        suspended_here_at=NOW if there else None,
        suspended_there_at=NOW if here else None,
    )
    leaves = decide([ours], kind, SEND, None, day)
    if isinstance(leaves, Agreement):
        assert isinstance(decide([theirs], kind, RECEIVE, None, day), Agreement)
    assert isinstance(leaves, Agreement) <= (not here and not there)


def test_of_several_refusals_the_most_telling_one_is_given() -> None:
    over = replace(AGREEMENT, ended_on=date(2026, 1, 2))
    day = date(2026, 3, 1)
    assert decide([], "inquiry", SEND, None, day) == Refusal(RefusalCode.NO_AGREEMENT)
    assert decide([over], "inquiry", SEND, None, day) == Refusal(RefusalCode.NOT_IN_FORCE)
    assert decide([over, AGREEMENT], "birth_notice", SEND, None, day) == Refusal(RefusalCode.NOT_AGREED)
    assert decide([over, AGREEMENT], "inquiry", SEND, {"note": "x"}, day) == Refusal(
        RefusalCode.FIELD_NOT_AGREED, "note"
    )


def test_a_draft_whose_agreement_ended_without_a_successor_keeps_naming_it() -> None:
    over = replace(AGREEMENT, ended_on=date(2026, 1, 2))
    assert serving([over], over.id, date(2026, 3, 1)) == over
    assert serving([over], uuid4(), date(2026, 3, 1)) is None
    assert over.may_leave(over.terms.valid_to + timedelta(days=1)) == Refusal(RefusalCode.NOT_IN_FORCE)
