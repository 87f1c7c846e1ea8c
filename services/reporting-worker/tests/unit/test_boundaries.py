"""Areas under the boundaries of another day: what adds up, what cannot be told apart, and a replay by hand."""

from collections import Counter
from collections.abc import Sequence
from datetime import date, timedelta

from hypothesis import given, settings
from hypothesis import strategies as st

from renkou_common.codes.area import AreaCode
from renkou_reporting.areas.domain import Boundaries, Division, Succession, Tree, days_of
from renkou_reporting.figures.domain import Months

TOWNS = (340103_001, 340103_002)
OLD = date(2025, 1, 1)
NEW = date(2026, 12, 31)
CHANGE = date(2026, 1, 1)
A, B, C, D = 340103_001_001, 340103_001_002, 340103_001_003, 340103_002_001


def tree(*changes: Succession, keys: Sequence[int] = (A, B, C, D)) -> Tree:
    divisions = {(each * 1000, 4): Division(each * 1000, 4, "街道") for each in TOWNS}
    founded = {each.successor: each.since for each in changes}
    for key in keys:
        since = founded.get(key) if not any(each.area == key for each in changes) else None
        divisions[key, 5] = Division(key, 5, "社区", since)
    return Tree(divisions, changes)


def under(found: Tree, code: int, day: date) -> Boundaries:
    return Boundaries(found, AreaCode.from_key(code), day)


def holds(boundaries: Boundaries, key: int) -> bool:
    return any(low <= key <= high for low, high in boundaries.span.intervals)


YEAR = days_of(Months(202601, 202612, "2026"), opening=False)
BEFORE = days_of(Months(202501, 202512, "2025"), opening=False)


def test_what_was_merged_is_one_area_in_its_past_too() -> None:
    merged = tree(Succession(CHANGE, A, C), Succession(CHANGE, B, C))
    now = under(merged, C, NEW)
    assert [holds(now, key) for key in (A, B, C, D)] == [True, True, True, False]
    assert now.obstacle(BEFORE[0], YEAR[1], {A, B, C, D}) is None


def test_before_a_merger_nobody_knows_the_parts_of_after() -> None:
    merged = tree(Succession(CHANGE, A, C), Succession(CHANGE, B, C))
    then = under(merged, A, OLD)
    assert then.obstacle(*BEFORE, {A, B, C}) is None
    found = then.obstacle(*YEAR, {A, B, C})
    assert found is not None
    assert (found.key, found.together) == (C, (str(A), str(B)))


def test_a_split_community_cannot_be_told_apart_before_the_split() -> None:
    split = tree(Succession(CHANGE, A, A), Succession(CHANGE, A, B))
    part = under(split, B, NEW)
    assert part.obstacle(*YEAR, {A, B}) is None
    found = part.obstacle(*BEFORE, {A, B})
    assert found is not None
    assert (found.key, found.together) == (A, (str(A), str(B)))
    assert str(A) in found.reason.zh
    assert str(B) in found.reason.en
    whole = under(split, A, OLD)
    assert whole.obstacle(BEFORE[0], YEAR[1], {A, B}) is None
    assert holds(whole, A)
    assert holds(whole, B)


def test_an_opening_stock_looks_at_the_day_before() -> None:
    split = tree(Succession(CHANGE, A, A), Succession(CHANGE, A, B))
    part = under(split, B, NEW)
    opening = days_of(Months(202601, 202612, "2026"), opening=True)
    assert part.obstacle(*opening, {A, B}) is not None


def test_a_community_that_goes_to_another_subdistrict_takes_its_past_along() -> None:
    moved = tree(Succession(CHANGE, A, D))
    one, two = (under(moved, town * 1000, NEW) for town in TOWNS)
    assert [holds(one, key) for key in (A, B, C, D)] == [False, True, True, False]
    assert [holds(two, key) for key in (A, B, C, D)] == [True, False, False, True]
    before = under(moved, TOWNS[0] * 1000, OLD)
    assert [holds(before, key) for key in (A, B, C, D)] == [True, True, True, True]


def test_a_code_that_is_used_again_for_another_place_is_no_doubt_of_other_years() -> None:
    later = date(2027, 1, 1)
    reused = tree(Succession(CHANGE, A, C), Succession(later, B, A))
    now = under(reused, A, date(2027, 6, 1))
    assert now.obstacle(date(2027, 1, 1), date(2027, 6, 1), {A, B, C}) is None
    assert now.obstacle(date(2025, 1, 1), date(2027, 6, 1), {A, B, C}) is not None


COMMUNITIES = [town * 1000 + number for town in TOWNS for number in range(1, 6)]
FIRST = date(2020, 1, 1)


@st.composite
def histories(draw: st.DrawFn) -> tuple[list[Succession], dict[date, dict[int, frozenset[int]]]]:
    """Random changes, and beside them by hand: which atoms of land each code has from each day on.

    An atom is a piece of land that no change ever cuts; a split divides the atoms of a community.
    """
    alive = {key: frozenset(range(number * 4, number * 4 + 4)) for number, key in enumerate(COMMUNITIES[::2])}
    changes: list[Succession] = []
    land = {date.min: dict(alive)}
    day = FIRST
    for _ in range(draw(st.integers(0, 5))):
        day += timedelta(days=draw(st.integers(1, 300)))
        free = [key for key in COMMUNITIES if key not in alive]
        kind = draw(st.sampled_from(["merge", "split", "transfer"]))
        source = draw(st.sampled_from(sorted(alive)))
        if kind == "merge" and len(alive) > 1:
            other = draw(st.sampled_from(sorted(alive.keys() - {source})))
            into = draw(st.sampled_from([source, other, *free]))
            atoms = alive.pop(source) | alive.pop(other)
            alive[into] = atoms
            changes += [Succession(day, source, into), Succession(day, other, into)]
        elif kind == "split" and free and len(alive[source]) > 1:
            pieces = sorted(alive.pop(source))
            cut = draw(st.integers(1, len(pieces) - 1))
            new = draw(st.sampled_from(free))
            keeps = draw(st.sampled_from([source, *(key for key in free if key != new)]))
            alive[keeps], alive[new] = frozenset(pieces[:cut]), frozenset(pieces[cut:])
            changes += [Succession(day, source, keeps), Succession(day, source, new)]
        elif kind == "transfer" and free:
            new = draw(st.sampled_from(free))
            alive[new] = alive.pop(source)
            changes.append(Succession(day, source, new))
        land[day] = dict(alive)
    return changes, land


def land_on(land: dict[date, dict[int, frozenset[int]]], day: date) -> dict[int, frozenset[int]]:
    return land[max(since for since in land if since <= day)]


def may_be_in(changes: list[Succession], key: int, since: date, day: date) -> set[int]:
    """Return the codes of a day that land of a code may belong to, as far as changes tell: nobody knows which part of
    what was merged went where when it was split again."""
    found = {key}
    later = day > since
    between = {each.since for each in changes if min(since, day) < each.since <= max(since, day)}
    for at in sorted(between, reverse=not later):
        steps = [
            (each.area, each.successor) if later else (each.successor, each.area)
            for each in changes if each.since == at
        ]  # fmt: skip
        led = {source for source, _ in steps}
        found = {to for source, to in steps if source in found} | (found - led)
    return found


@settings(max_examples=400, deadline=None)
@given(histories(), st.integers(-10, 1600), st.data())
def test_boundaries_agree_with_a_replay_by_hand(
    drawn: tuple[list[Succession], dict[date, dict[int, frozenset[int]]]], offset: int, data: st.DataObject
) -> None:
    """Facts are counted by atom. Where boundaries give a sum it is the one over the atoms; where they give none,
    some code of those days mixes atoms of inside and outside, or may do so for all that changes tell."""
    changes, land = drawn
    found = Tree({}, changes)
    day = FIRST + timedelta(days=offset)
    facts = [
        (FIRST + timedelta(days=data.draw(st.integers(-200, 1700))), data.draw(st.integers(0, 19)))
        for _ in range(data.draw(st.integers(1, 25)))
    ]
    coded = [(on, atom, key) for on, atom in facts for key, has in land_on(land, on).items() if atom in has]
    counted = {key for _, _, key in coded}
    first, last = sorted(FIRST + timedelta(days=data.draw(st.integers(-200, 1700))) for _ in range(2))
    areas = [*land_on(land, day), *(town * 1000 for town in TOWNS)]
    for area in areas:
        interval = AreaCode.from_key(area).interval()
        inside = {
            atom
            for key, has in land_on(land, day).items()
            if interval[0] <= key <= interval[1]
            for atom in has
        }
        boundaries = under(found, area, day)
        obstacle = boundaries.obstacle(first, last, counted)
        if obstacle is None:
            by_code = Counter(key for on, _, key in coded if first <= on <= last)
            total = sum(number for key, number in by_code.items() if holds(boundaries, key))
            assert total == sum(atom in inside for on, atom, _ in coded if first <= on <= last)
        else:
            times = [first, *(each for each in land if first < each <= last)]
            mixes = [
                has for since in times for key, has in land_on(land, since).items() if key == obstacle.key
            ]
            reused = len({bool(has & inside) for has in mixes}) > 1 or any(
                bool(has & inside) != holds(boundaries, obstacle.key) for has in mixes
            )
            unknown = any(
                len(
                    {
                        interval[0] <= key <= interval[1]
                        for key in may_be_in(changes, obstacle.key, since, day)
                    }
                )
                > 1
                for since in times
            )
            assert reused or unknown or any(has & inside and has - inside for has in mixes)


@settings(max_examples=300, deadline=None)
@given(histories(), st.data())
def test_a_parent_of_both_sums_to_the_same_by_old_and_new_boundaries(
    drawn: tuple[list[Succession], dict[date, dict[int, frozenset[int]]]], data: st.DataObject
) -> None:
    changes, _ = drawn
    found = Tree({}, changes)
    keys = data.draw(st.lists(st.sampled_from(COMMUNITIES), max_size=30))
    for day in (FIRST, FIRST + timedelta(days=5000)):
        district = under(found, 340103_000_000, day)
        assert district.doubtful == set()
        assert sum(holds(district, key) for key in keys) == len(keys)
        towns = [under(found, town * 1000, day) for town in TOWNS]
        for key in set(keys) - towns[0].doubtful - towns[1].doubtful:
            assert sum(holds(town, key) for town in towns) == 1, key
