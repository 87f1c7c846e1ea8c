"""Population lines: a difference turns the old counts into the new ones, exactly."""

from collections import Counter
from datetime import date

from hypothesis import given
from hypothesis import strategies as st

from renkou_common.contracts.lines import Line, LineKey, Measure, Population, difference

KEYS = st.builds(
    LineKey,
    st.sampled_from(Population),
    st.sampled_from(["340103001001", "340103001002"]),
    st.dates(date(2024, 1, 1), date(2024, 3, 1)),
    st.sampled_from(Measure),
    st.sampled_from([1, 2]),
    st.sampled_from(["", "1990-01"]),
    st.integers(0, 2),
    st.sampled_from(["", "jiangli_fuzhu", "iud"]),
)
COUNTS = st.dictionaries(KEYS, st.integers(1, 3), max_size=6).map(Counter)


def key_of(line: Line) -> LineKey:
    return LineKey(
        line.population,
        line.area,
        line.on,
        line.measure,
        line.sex,
        line.birth_month or "",
        line.parity,
        line.detail,
    )


@given(COUNTS, COUNTS)
def test_adding_the_difference_to_the_old_counts_gives_the_new_ones(
    old: Counter[LineKey], new: Counter[LineKey]
) -> None:
    total = Counter(old)
    for line in difference(new, old):
        total[key_of(line)] += line.value
    assert {k: v for k, v in total.items() if v} == {k: v for k, v in new.items() if v}


@given(COUNTS)
def test_nothing_is_published_where_nothing_changed(counts: Counter[LineKey]) -> None:
    assert difference(counts, counts) == []
