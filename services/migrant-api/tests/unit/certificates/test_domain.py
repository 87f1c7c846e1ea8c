"""Rules of the certificate: who may have one, how long it stands, what it counts for."""

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkou_common.contracts.lines import LineKey, Measure, Population
from renkou_migrant.certificates.domain import (
    Applicant,
    CertificateHistory,
    CertificateRules,
    CertificateState,
    Ineligibility,
    LimitedBy,
    Outflow,
    Validity,
    add_months,
    age_on,
    birthday,
    certified_intervals,
    certified_lines,
    ineligibilities,
    state_on,
    validity_of,
)

AREA = "340103001002"
DAY = date(2026, 6, 1)
ADULT = date(1990, 5, 5)


def reasons(
    birth_date: date = ADULT,
    registered_area: str = AREA,
    on: date = DAY,
    rules: CertificateRules | None = None,
    **facts: date,
) -> list[Ineligibility]:
    applicant = Applicant(birth_date, registered_area, **facts)
    return ineligibilities(applicant, district="340103", on=on, rules=rules or CertificateRules())


def history(first: date, last: date, **ends: date | None) -> CertificateHistory:
    names = ("revoked_on", "replaced_on", "died_on")
    revoked, replaced, died = (ends.get(name) for name in names)
    return CertificateHistory(Validity(first, last, LimitedBy.TERM), revoked, replaced, died)


def test_an_adult_registered_here_may_have_one() -> None:
    assert reasons() == []
    assert reasons(registered_area="340103") == []


@pytest.mark.parametrize(
    ("birth_date", "expected"),
    [
        (date(2008, 6, 1), []),
        (date(2008, 6, 2), [Ineligibility.UNDER_AGE]),
        (date(1976, 6, 2), []),
        (date(1976, 6, 1), [Ineligibility.OVER_AGE]),
    ],
)
def test_from_the_18th_birthday_to_the_day_before_the_50th(
    birth_date: date, expected: list[Ineligibility]
) -> None:
    assert reasons(birth_date=birth_date) == expected


def test_someone_registered_elsewhere_or_deceased_may_not() -> None:
    assert reasons(registered_area="310115001001") == [Ineligibility.NOT_REGISTERED_HERE]
    assert reasons(death_date=DAY) == [Ineligibility.DECEASED]


def test_an_absence_must_be_longer_than_thirty_days_where_its_end_is_told() -> None:
    left = date(2026, 6, 1)
    assert reasons(departed_on=left) == []
    assert reasons(departed_on=left, expected_return_on=left + timedelta(days=31)) == []
    short = reasons(departed_on=left, expected_return_on=left + timedelta(days=30))
    assert short == [Ineligibility.ABSENCE_TOO_SHORT]


def test_a_district_may_require_a_departure_on_record() -> None:
    assert reasons(rules=CertificateRules(absence_required=True)) == [Ineligibility.NO_DEPARTURE]


def test_all_reasons_are_told_at_once_with_text() -> None:
    found = reasons(birth_date=date(2020, 1, 1), registered_area="11", death_date=DAY)
    assert len(found) == 3
    assert all(reason.zh and reason.en for reason in Ineligibility)


@pytest.mark.parametrize(
    ("issued_on", "last_day"),
    [(date(2024, 3, 15), date(2027, 3, 15)), (date(2024, 2, 29), date(2027, 2, 28))],
)
def test_it_is_valid_for_three_years(issued_on: date, last_day: date) -> None:
    validity = validity_of(ADULT, issued_on=issued_on)
    assert (validity.last_day, validity.limited_by) == (last_day, LimitedBy.TERM)


def test_it_ends_the_day_before_the_fiftieth_birthday() -> None:
    validity = validity_of(date(1978, 1, 1), issued_on=date(2026, 6, 1))
    assert (validity.last_day, validity.limited_by) == (date(2027, 12, 31), LimitedBy.AGE)
    assert validity_of(date(1976, 6, 2), issued_on=DAY).last_day == DAY
    with pytest.raises(ValueError, match="age"):
        validity_of(date(1976, 6, 1), issued_on=DAY)


def test_it_expires_at_midnight_in_china_after_its_last_day() -> None:
    validity = validity_of(ADULT, issued_on=DAY)
    assert validity.expires_at.astimezone(UTC) == datetime(2029, 6, 1, 16, tzinfo=UTC)


@pytest.mark.parametrize(
    ("ends", "day", "state"),
    [
        ({}, date(2025, 12, 31), CertificateState.NOT_YET_VALID),
        ({}, date(2026, 1, 1), CertificateState.VALID),
        ({}, date(2026, 12, 31), CertificateState.VALID),
        ({}, date(2027, 1, 1), CertificateState.EXPIRED),
        ({"revoked_on": date(2026, 5, 1)}, date(2026, 4, 30), CertificateState.VALID),
        ({"revoked_on": date(2026, 5, 1)}, date(2026, 5, 1), CertificateState.REVOKED),
        ({"revoked_on": date(2026, 5, 1)}, date(2028, 1, 1), CertificateState.REVOKED),
        ({"replaced_on": date(2026, 5, 1)}, date(2026, 5, 1), CertificateState.REPLACED),
        ({"died_on": date(2026, 4, 1), "revoked_on": date(2026, 5, 1)}, DAY, CertificateState.LAPSED_DEATH),
        ({"died_on": date(2026, 5, 1), "revoked_on": date(2026, 5, 1)}, DAY, CertificateState.LAPSED_DEATH),
        ({"died_on": date(2028, 4, 1)}, date(2028, 5, 1), CertificateState.EXPIRED),
    ],
)
def test_the_state_on_a_day(ends: dict[str, date], day: date, state: CertificateState) -> None:
    assert state_on(history(date(2026, 1, 1), date(2026, 12, 31), **ends), day) is state


def test_at_fifty_it_has_lapsed_by_age() -> None:
    validity = validity_of(date(1976, 8, 1), issued_on=DAY)
    assert state_on(CertificateHistory(validity), date(2026, 7, 31)) is CertificateState.VALID
    assert state_on(CertificateHistory(validity), date(2026, 8, 1)) is CertificateState.LAPSED_AGE


def test_lines_are_the_overlap_of_absence_and_validity() -> None:
    outflows = [Outflow(AREA, date(2026, 2, 1), date(2026, 9, 1))]
    lines = certified_lines(
        outflows, [history(date(2026, 3, 1), date(2026, 12, 31))], sex=2, birth_month="1990-05"
    )
    key = LineKey(Population.MIGRANT_OUT_CERTIFIED, AREA, date(2026, 3, 1), Measure.IN, 2, "1990-05")
    assert [tuple(line) for line in lines] == [
        tuple(key)[:6],
        ("migrant_out_certified", AREA, date(2026, 9, 1), "out", 2, "1990-05"),
    ]
    assert (*next(iter(lines)), 0, "") == key


def test_overlapping_certificates_count_once_and_gaps_show() -> None:
    outflows = [Outflow(AREA, date(2026, 1, 1), None)]
    certificates = [
        history(date(2026, 1, 1), date(2026, 3, 31)),
        history(date(2026, 3, 1), date(2026, 4, 30)),
        history(date(2026, 5, 1), date(2026, 5, 31)),
        history(date(2026, 8, 1), date(2026, 8, 31), revoked_on=date(2026, 8, 10)),
        history(date(2026, 10, 1), date(2026, 10, 31), revoked_on=date(2026, 10, 1)),
    ]
    assert certified_intervals(outflows, certificates) == [
        Outflow(AREA, date(2026, 1, 1), date(2026, 6, 1)),
        Outflow(AREA, date(2026, 8, 1), date(2026, 8, 10)),
    ]


def test_a_return_and_a_new_departure_give_two_intervals() -> None:
    outflows = [
        Outflow(AREA, date(2026, 1, 1), date(2026, 2, 1)),
        Outflow("340103002001", date(2026, 3, 1), None),
    ]
    assert certified_intervals(outflows, [history(date(2026, 1, 15), date(2026, 12, 31))]) == [
        Outflow(AREA, date(2026, 1, 15), date(2026, 2, 1)),
        Outflow("340103002001", date(2026, 3, 1), date(2027, 1, 1)),
    ]


days = st.dates(date(2026, 1, 1), date(2026, 3, 31))
spans = st.tuples(days, days).map(sorted)


@given(
    spans, st.lists(st.tuples(spans, st.none() | days, st.none() | days), max_size=4), st.booleans()
)  # fmt: skip
def test_on_every_day_the_stock_is_one_where_away_and_certified_and_none_elsewhere(
    span: list[date], certificates: list[tuple[list[date], date | None, date | None]], open_end: bool
) -> None:
    outflow = Outflow(AREA, span[0], None if open_end else span[1])
    histories = [
        history(first, last, revoked_on=revoked, died_on=died)
        for (first, last), revoked, died in certificates
    ]
    lines = certified_lines([outflow], histories, sex=1, birth_month="1990-05")
    for offset in range(100):
        day = date(2025, 12, 31) + timedelta(days=offset)
        away = outflow.start <= day and (outflow.end is None or day < outflow.end)
        certified = any(state_on(one, day) is CertificateState.VALID for one in histories)
        stock = sum(
            count * (1 if line.measure == "in" else -1) for line, count in lines.items() if line.on <= day
        )
        assert stock == int(away and certified)


def test_no_certificate_gives_no_line() -> None:
    assert certified_lines([Outflow(AREA, DAY, None)], [], sex=1, birth_month="1990-05") == Counter()


@given(st.dates(date(1930, 1, 1), date(2010, 12, 31)), st.integers(1, 60))
def test_birthdays_agree_with_ages(birth_date: date, age: int) -> None:
    day = birthday(birth_date, age)
    assert age_on(birth_date, day) == age
    assert age_on(birth_date, day - timedelta(days=1)) == age - 1


@given(days, st.integers(0, 60))
def test_months_added_keep_the_day_or_take_the_months_last(day: date, months: int) -> None:
    later = add_months(day, months)
    assert (later.year * 12 + later.month) - (day.year * 12 + day.month) == months
    assert later.day == day.day or (later + timedelta(days=1)).day == 1
