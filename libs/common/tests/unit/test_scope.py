"""Area scopes: unions of subtrees that the floor in the database reads."""

import itertools

from hypothesis import given
from hypothesis import strategies as st

from renkou_common.scope import AreaScope

INTERVALS = st.lists(
    st.tuples(st.integers(0, 500), st.integers(0, 60)).map(lambda pair: (pair[0], pair[0] + pair[1])),
    max_size=8,
)


@given(INTERVALS, st.integers(-5, 600))
def test_union_contains_exactly_what_some_interval_contains(
    intervals: list[tuple[int, int]], key: int
) -> None:
    scope = AreaScope.of(intervals)
    assert scope.contains(key) == any(low <= key <= high for low, high in intervals)


@given(INTERVALS)
def test_union_is_disjoint_and_sorted(intervals: list[tuple[int, int]]) -> None:
    merged = AreaScope.of(intervals).intervals
    assert all(earlier[1] + 1 < later[0] for earlier, later in itertools.pairwise(merged))


def test_a_scope_covers_only_whole_subtrees_inside_it() -> None:
    scope = AreaScope.of([(340103001000, 340103001999)])
    assert scope.covers(340103001005, 340103001005)
    assert not scope.covers(340103000000, 340103999999)
    assert not AreaScope.nothing().covers(1, 1)


def test_the_floor_reads_the_scope_as_a_multirange() -> None:
    assert AreaScope.of([(1, 2), (5, 9)]).multirange == "{[1,2],[5,9]}"
    assert AreaScope.nothing().multirange == "{}"
