"""From published lines to times away: whatever was corrected in between, the last word holds."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta

from hypothesis import given
from hypothesis import strategies as st

from renkou_common.contracts.lines import Line, Measure, Population
from renkou_migrant.outflow.domain import Mark, MarkKind, TimeAway, died_on, marks_of, times_away

HERE, THERE = "340103002003", "340103013001"
FIRST = date(2025, 1, 1)


def line(
    measure: Measure,
    day: date,
    *,
    population: Population = Population.MIGRANT_OUT,
    area: str = HERE,
    value: int = 1,
) -> Line:
    return Line(population=population, area=area, on=day, measure=measure, sex=1, value=value)


def away(*lines: Line) -> list[TimeAway]:
    return times_away(marks_of(lines))


def day(number: int) -> date:
    return FIRST + timedelta(days=number)


def test_somebody_who_left_is_away_until_the_register_says_otherwise() -> None:
    assert away(line(Measure.IN, day(3))) == [TimeAway(int(HERE), day(3), None)]


def test_a_return_and_a_death_end_the_time_away() -> None:
    assert away(line(Measure.IN, day(3)), line(Measure.OUT, day(9))) == [TimeAway(int(HERE), day(3), day(9))]
    assert away(line(Measure.OPENING, day(0)), line(Measure.DEATH, day(2))) == [
        TimeAway(int(HERE), day(0), day(2))
    ]


def test_the_registration_moved_while_away_makes_two_times_that_touch() -> None:
    lines = [line(Measure.IN, day(1)), line(Measure.OUT, day(5)), line(Measure.IN, day(5), area=THERE)]
    assert away(*lines) == [TimeAway(int(HERE), day(1), day(5)), TimeAway(int(THERE), day(5), None)]


def test_leaving_and_coming_back_on_one_day_is_no_time_away() -> None:
    assert away(line(Measure.IN, day(1)), line(Measure.OUT, day(1))) == []


def test_coming_back_and_leaving_again_on_one_day_goes_on() -> None:
    lines = [line(Measure.IN, day(1)), line(Measure.OUT, day(4)), line(Measure.IN, day(4))]
    assert away(*lines) == [TimeAway(int(HERE), day(1), None)]


def test_other_populations_leave_no_mark() -> None:
    assert marks_of([line(Measure.IN, day(1), population=Population.REGISTERED)]) == Counter()
    assert marks_of([line(Measure.IN, day(1), population=Population.RESIDENT)]) == Counter()


def test_a_death_in_the_registered_population_is_marked_and_its_retraction_takes_it_back() -> None:
    death = line(Measure.DEATH, day(7), population=Population.REGISTERED)
    marks = marks_of([death])
    assert died_on(marks) == day(7)
    marks.update(marks_of([death.model_copy(update={"value": -1})]))
    assert died_on(marks) is None


intervals = st.lists(st.integers(0, 60), min_size=1, max_size=8, unique=True).map(sorted)


def lines_of(days: Sequence[int]) -> list[Line]:
    measures = [Measure.IN, Measure.OUT] * len(days)
    return [line(measure, day(number)) for measure, number in zip(measures, days, strict=False)]


@given(versions=st.lists(intervals, min_size=1, max_size=5))
def test_corrections_published_as_differences_leave_exactly_the_last_version(
    versions: list[list[int]],
) -> None:
    marks: Counter[Mark] = Counter()
    told: list[Line] = []
    for version in versions:
        marks.update(marks_of([one.model_copy(update={"value": -1}) for one in told]))
        told = lines_of(version)
        marks.update(marks_of(told))
    expected = [
        TimeAway(int(HERE), day(start), day(end) if end is not None else None)
        for start, end in zip(versions[-1][::2], [*versions[-1][1::2], None], strict=False)
    ]
    assert times_away({mark: count for mark, count in marks.items() if count}) == expected


def test_marks_are_counted_per_area_day_and_kind() -> None:
    assert marks_of([line(Measure.IN, day(3))]) == Counter({Mark(int(HERE), day(3), MarkKind.BEGIN): 1})
