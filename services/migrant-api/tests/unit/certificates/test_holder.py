"""What is published about a holder: time away under a certificate, whatever is corrected in between."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from uuid import UUID

from hypothesis import given
from hypothesis import strategies as st

from renkou_common.contracts.lines import LineKey, Measure, Population, difference
from renkou_migrant.certificates.domain import CertificateState, LimitedBy
from renkou_migrant.certificates.records import Holder, StoredCertificate
from renkou_migrant.outflow.domain import Mark, MarkKind

AREA = 340103002003
FIRST = date(2025, 3, 1)
CERTIFICATE = StoredCertificate(
    id=UUID(int=1),
    position=1,
    number="340103-1-0000007",
    person_id=UUID(int=2),
    person_ref=UUID(int=3),
    registered_area=AREA,
    birth_month="1996-05",
    sex=2,
    valid_from=FIRST,
    valid_to=date(2028, 3, 1),
    limited_by=LimitedBy.TERM,
    revoked_on=None,
    revocation_reason=None,
    died_on=None,
    list_number=1,
    status_index=7,
    kid="340103-1",
    issued_at=datetime(2025, 3, 1, 2, tzinfo=UTC),
    version=1,
    groups=["person"],
)


def left(day: date) -> Mark:
    return Mark(AREA, day, MarkKind.BEGIN)


def back(day: date) -> Mark:
    return Mark(AREA, day, MarkKind.END)


def died(day: date) -> Mark:
    return Mark(AREA, day, MarkKind.DEATH)


def holder(*marks: Mark, certificates: Sequence[StoredCertificate] = (CERTIFICATE,)) -> Holder:
    return Holder(2, "1996-05", Counter(marks), certificates)


def told(one: Holder) -> list[tuple[date, str]]:
    return [(line.on, line.measure.value) for line in sorted(one.lines(), key=lambda line: line.on)]


def test_nothing_counts_without_an_absence_or_without_a_certificate() -> None:
    assert told(holder()) == []
    assert told(holder(left(FIRST), certificates=())) == []


def test_an_absence_counts_from_the_later_of_leaving_and_issue_to_the_end_of_the_certificate() -> None:
    after_it = date(2028, 3, 2)
    assert told(holder(left(date(2025, 2, 1)))) == [(FIRST, "in"), (after_it, "out")]
    assert told(holder(left(date(2025, 4, 1)), back(date(2025, 5, 1)))) == [
        (date(2025, 4, 1), "in"),
        (date(2025, 5, 1), "out"),
    ]


def test_a_revocation_ends_it_on_its_day() -> None:
    revoked = replace(CERTIFICATE, revoked_on=date(2025, 9, 10), revocation_reason="遗失")
    assert told(holder(left(FIRST), certificates=[revoked]))[-1] == (date(2025, 9, 10), "out")
    assert revoked.state(date(2025, 9, 9)) is CertificateState.VALID
    assert revoked.state(date(2025, 9, 10)) is CertificateState.REVOKED


def test_a_death_ends_certificate_and_absence_and_its_retraction_restores_both() -> None:
    before = holder(left(FIRST))
    day = date(2025, 6, 1)
    dead = before.following(Counter([died(day), back(day)]), 2, "1996-05")
    assert dead.certificates[0].ended
    assert told(dead)[-1] == (day, "out")
    alive = dead.following(Counter({died(day): -1, back(day): -1}), 2, "1996-05")
    assert not alive.certificates[0].ended
    assert alive.lines() == before.lines()


def test_a_corrected_birth_month_moves_every_line() -> None:
    lines = holder(left(FIRST)).following(Counter(), 2, "1995-05").lines()
    assert {line.birth_month for line in lines} == {"1995-05"}
    assert {(line.population, line.measure) for line in lines} == {
        (Population.MIGRANT_OUT_CERTIFIED, Measure.IN),
        (Population.MIGRANT_OUT_CERTIFIED, Measure.OUT),
    }


days = st.integers(-60, 1200).map(lambda number: FIRST + timedelta(days=number))
marks = st.lists(st.builds(left, days) | st.builds(back, days) | st.builds(died, days), max_size=4)
steps = st.tuples(marks, st.booleans(), st.sampled_from(["1996-05", "1995-12"]))


@given(history=st.lists(steps, min_size=1, max_size=5))
def test_published_differences_add_up_to_the_lines_of_the_final_record(
    history: list[tuple[list[Mark], bool, str]],
) -> None:
    total: Counter[LineKey] = Counter()
    current, taken = Holder(2, "1996-05", Counter(), []), 0
    for changes, issues, birth_month in history:
        after = current
        if issues:
            taken += 1
            first_day = FIRST + timedelta(days=taken * 100)
            new = replace(CERTIFICATE, valid_from=first_day, valid_to=first_day + timedelta(days=1095))
            after = replace(after, certificates=[*after.certificates, new])
        after = after.following(Counter(changes), 2, birth_month)
        for line in difference(after.lines(), current.lines()):
            key = LineKey(line.population, line.area, line.on, line.measure, line.sex, line.birth_month or "")
            total[key] += line.value
        current = after
    assert {key: count for key, count in total.items() if count} == dict(current.lines())
