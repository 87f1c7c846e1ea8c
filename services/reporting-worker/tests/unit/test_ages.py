"""People by age at several months' ends: counting on from one to the next gives what counting anew does."""

from hypothesis import given
from hypothesis import strategies as st

from renkou_reporting.figures.ages import People, Probe, counted, series, spread_over
from renkou_reporting.figures.domain import age_at_end

months = st.builds(lambda year, month: year * 100 + month, st.integers(2020, 2026), st.integers(1, 12))
births = st.builds(lambda year, month: year * 100 + month, st.integers(1970, 2026), st.integers(1, 12))
changes = st.lists(st.tuples(months, births, st.sampled_from([-1, 1, 2])), max_size=40)
bands = st.tuples(st.integers(0, 40), st.integers(0, 10)).map(lambda drawn: (drawn[0], drawn[0] + drawn[1]))


def answer(probe: Probe, happened: list[tuple[int, int, int]]) -> int:
    """What the database says: net changes of people born in a range, of the months and of the years before."""
    return sum(
        value
        for month, born, value in happened
        if probe.born[0] <= born <= probe.born[1]
        and (probe.months[0] <= month <= probe.months[1] or month // 100 < probe.year)
    )


@given(happened=changes, ages=bands, ends=st.lists(months, min_size=1, max_size=8))
def test_counting_on_is_counting(
    happened: list[tuple[int, int, int]], ages: tuple[int, int], ends: list[int]
) -> None:
    plan = series(People("resident", 2, ages), ends)
    numbers = {probe: answer(probe, happened) for step in plan.steps for probe, _ in step.probes}
    for probe in plan.spreads:
        for month, born, _ in happened:
            if probe.born[0] <= born <= probe.born[1]:
                of = spread_over(probe, born, month)
                if probe.year or probe.months[0] <= month <= probe.months[1]:
                    numbers[of] = answer(of, happened)
    expected = {
        end: sum(
            value
            for month, born, value in happened
            if month <= end and ages[0] <= age_at_end(born, end) <= ages[1]
        )
        for end in ends
    }
    assert counted(plan.steps, numbers) == expected


def test_a_series_of_months_adds_up_the_whole_band_once() -> None:
    plan = series(People("resident", 2, (15, 49)), range(202501, 202513))
    whole = [
        probe
        for step in plan.steps
        for probe, _ in step.probes
        if probe.born[1] - probe.born[0] > 200 and probe.year
    ]
    assert len(whole) == 1
    assert [step.goes_on for step in plan.steps] == [False] + [True] * 11
