"""When a list is signed anew, and under which names it is found."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest

from renkou_migrant.status_lists.domain import (
    SignedList,
    needs_signing,
    number_of,
    subject_of,
    uri_of,
    validity,
)

NOW = datetime(2025, 6, 1, 4, tzinfo=UTC)
ISSUED, EXPIRES = validity(NOW, 7)
SIGNED = SignedList(
    number=1,
    size=1024,
    revision=4,
    signed_revision=4,
    sequence=9,
    published_sequence=9,
    token="signed",
    issued_at=ISSUED,
    expires_at=EXPIRES,
)


def test_a_list_that_nothing_has_changed_is_left_alone_for_half_its_time() -> None:
    assert not needs_signing(SIGNED, NOW)
    assert not needs_signing(SIGNED, NOW + timedelta(days=3, hours=12))
    assert needs_signing(SIGNED, NOW + timedelta(days=3, hours=13))


def test_a_clock_that_jumps_by_a_month_makes_it_due_at_once() -> None:
    assert needs_signing(SIGNED, NOW + timedelta(days=31))


def test_a_changed_bit_makes_it_due_at_once() -> None:
    assert needs_signing(replace(SIGNED, revision=5), NOW)


def test_a_list_never_signed_is_due() -> None:
    never = replace(SIGNED, signed_revision=-1, token=None, issued_at=None, expires_at=None)
    assert needs_signing(never, NOW)


def test_a_list_from_the_future_is_signed_anew() -> None:
    assert needs_signing(SIGNED, NOW - timedelta(seconds=1))


def test_lists_are_named_by_number_or_by_district_and_number() -> None:
    assert uri_of("1", "340103") == "renkou:340103/status-lists/1"
    assert uri_of("310115-2", "340103") == "renkou:310115/status-lists/2"
    assert number_of("renkou:310115/status-lists/2") == 2
    assert subject_of("310115", 2) == "public.310115.status-list.2"


@pytest.mark.parametrize("name", ["", "0", "x", "310115-", "31011-1", "1-1", "1234567", "../1"])
def test_other_names_name_no_list(name: str) -> None:
    assert uri_of(name, "340103") is None
