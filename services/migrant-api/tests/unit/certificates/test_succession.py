"""What takes the place of a certificate: how long it stands, from when on, and what makes it out of date."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkou_migrant.certificates.domain import (
    SAME_END,
    CertificateHistory,
    CertificateState,
    Kind,
    LimitedBy,
    Validity,
    outdated,
    renewable_from,
    state_on,
    validity_of,
    validity_of_successor,
)
from renkou_migrant.certificates.history import text_of
from renkou_migrant.certificates.reasons import REPLACEMENTS, ReplacementReason, label
from renkou_migrant.certificates.records import CertificateStep
from renkou_migrant.credentials.groups import Group

BORN = date(1996, 5, 3)
OLD = validity_of(BORN, issued_on=date(2025, 3, 1))
FRESH = validity_of(BORN, issued_on=date(2026, 7, 1))


@pytest.mark.parametrize("reason", sorted(SAME_END))
def test_a_replacement_that_says_the_same_ends_as_the_old_one(reason: str) -> None:
    new = validity_of_successor(OLD, FRESH, Kind.REPLACEMENT, reason)
    assert (new.first_day, new.last_day) == (FRESH.first_day, OLD.last_day)


@pytest.mark.parametrize("reason", ["facts_changed", "content_changed"])
def test_other_content_has_a_term_of_its_own_and_so_has_a_renewal(reason: str) -> None:
    assert validity_of_successor(OLD, FRESH, Kind.REPLACEMENT, reason) == FRESH
    assert validity_of_successor(OLD, FRESH, Kind.RENEWAL, None) == FRESH


def test_one_may_be_renewed_in_its_last_three_months_unless_age_ends_it() -> None:
    assert OLD.last_day == date(2028, 3, 1)
    assert renewable_from(OLD) == date(2027, 12, 1)
    assert renewable_from(Validity(OLD.first_day, OLD.last_day, LimitedBy.AGE)) is None


@pytest.mark.parametrize(
    ("changed", "groups", "expected"),
    [
        (["name"], ["person"], ["name"]),
        (["marital_status", "sex"], ["person"], ["sex"]),
        (["children"], ["children_count"], ["children"]),
        (["children"], ["person", "marital_status"], []),
        (["alive", "resident_id"], list(Group), ["resident_id"]),
    ],
)
def test_only_what_it_states_makes_it_out_of_date(
    changed: list[str], groups: list[str], expected: list[str]
) -> None:
    assert outdated(changed, groups) == expected


@given(
    days=st.lists(st.integers(0, 1500), min_size=4, max_size=4),
    renewed=st.booleans(),
    have=st.lists(st.booleans(), min_size=3, max_size=3),
)
def test_a_certificate_that_no_longer_stands_never_stands_again(
    days: list[int], renewed: bool, have: list[bool]
) -> None:
    revoked, replaced, died = (
        OLD.first_day + timedelta(days=day) if there else None for day, there in zip(days, have, strict=False)
    )
    as_state = CertificateState.RENEWED if renewed else CertificateState.REPLACED
    history = CertificateHistory(OLD, revoked, replaced, died, as_state)
    states = [state_on(history, OLD.first_day + timedelta(days=day)) for day in range(0, 1500, 3)]
    standing = [state is CertificateState.VALID for state in states]
    assert standing == sorted(standing, reverse=True)
    assert len({state for state in states if state is not CertificateState.VALID}) == 1
    assert state_on(history, history.ends_before) is not CertificateState.VALID


def test_every_reason_and_step_has_a_name() -> None:
    assert {entry.code for entry in REPLACEMENTS.entries} == set(ReplacementReason)
    assert label("lost") == ("遗失", "lost")
    ends = (CertificateState.EXPIRED, CertificateState.LAPSED_AGE)
    assert all(text_of(step).zh for step in (*CertificateStep, *ends))
