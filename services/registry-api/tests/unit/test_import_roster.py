"""What only several rows together show, and the order in which rows go in."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from renkou_registry.imports.columns import Column
from renkou_registry.imports.roster import RosterCheck, chunks, in_order


def seen(*rows: tuple[str, str]) -> tuple[list[tuple[int, str]], RosterCheck]:
    """(row, code) of everything found in rows of (household, relation)."""
    check = RosterCheck()
    found = []
    for number, (household, relation) in enumerate(rows, 2):
        row = {Column.HOUSEHOLD: household, Column.RELATION: relation}
        found += [(each.row, each.finding.code) for each in check.see(number, row, None)]
    return found, check


def test_a_head_may_stand_below_the_others() -> None:
    found, check = seen(("1", "子"), ("1", "配偶"), ("1", "户主"))
    assert (found, check.missing_heads([])) == ([], [])


def test_a_household_without_a_head_blames_each_of_its_rows() -> None:
    _, check = seen(("1", "子"), ("2", "户主"), ("1", "女"))
    assert [(each.row, each.finding.code) for each in check.missing_heads([])] == [
        (2, "household_head_missing"),
        (4, "household_head_missing"),
    ]
    assert check.missing_heads(["1"]) == []


def test_a_second_head_is_refused() -> None:
    found, _ = seen(("1", "户主"), ("2", "户主"), ("1", "户主"))
    assert found == [(4, "household_two_heads")]


households = st.lists(st.sampled_from(["", "1", "2", "3", "4"]), max_size=60)


@given(households, st.integers(1, 10), st.integers(0, 60))
def test_chunks_cover_every_place_once_and_split_no_household(
    numbers: list[str], size: int, start: int
) -> None:
    by_row = dict(enumerate(numbers, 2))
    order = in_order(by_row.items())
    assert sorted(order) == sorted(by_row)
    ranges = list(chunks(order, by_row, 0, size))
    assert [place for each in ranges for place in each] == list(range(len(order)))
    homes = [{by_row[order[place]] for place in each} - {""} for each in ranges]
    for earlier, later in pairwise(homes):
        assert not earlier & later
    boundaries = [each.start for each in ranges]
    if start in boundaries:
        assert list(chunks(order, by_row, start, size)) == ranges[boundaries.index(start) :]
