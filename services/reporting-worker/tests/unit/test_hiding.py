"""What is hidden against every possible world of small tables, one by one."""

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise, product

from hypothesis import given, settings
from hypothesis import strategies as st

from renkou_reporting.disclosure.deciding import Decision, decide
from renkou_reporting.disclosure.domain import (
    ANY_AGE,
    ANY_PARITY,
    ANY_SEX,
    Count,
    Range,
    Shown,
    Way,
    pack,
    unpack,
)
from renkou_reporting.disclosure.relations import tilings

DISTRICT, TOWN = "340103", "340103001"
COMMUNITIES = ("340103001001", "340103001002")
JANUARY, FEBRUARY, BOTH = (202601, 202601), (202602, 202602), (202601, 202602)
WIDTH, MOST = 5, 11
NUMBERS = st.lists(st.integers(min_value=0, max_value=5), min_size=4, max_size=4)


def count(area: str, sex: int, months: Range) -> Count:
    return Count(area, "registered", "birth", sex, ANY_PARITY, ANY_AGE, (), *months)


def summed(
    leaves: Mapping[tuple[str, int, Range], int], months: Range, sexes: Iterable[int]
) -> dict[Count, int]:
    """Every count of a publication, from births by community, sex and month."""
    return {
        count(area, sex, months): sum(
            number
            for (leaf, of, month), number in leaves.items()
            if leaf.startswith(area) and sex in (ANY_SEX, of) and months[0] <= month[0] <= months[1]
        )
        for area in (DISTRICT, TOWN, *COMMUNITIES)
        for sex in sexes
    }


def published(tables: Sequence[tuple[Range, Mapping[Count, int]]]) -> list[Shown]:
    """Publish one after the other; each knows those before."""
    done: list[Shown] = []
    ways: dict[object, Way] = {}
    for number, (months, counts) in enumerate(tables, 1):
        new = Shown(number, months, counts, frozenset())
        periods = [one.months for one in done] + [months]
        decision: Decision = decide(done, new, list(ways.values()), [], periods)
        ways |= {way.root: way for way in decision.ways}
        done.append(Shown(number, months, counts, decision.hidden))
    return done


def narrow(
    publications: Sequence[Shown], worlds: Iterable[Sequence[Mapping[Count, int]]]
) -> dict[tuple[int, Count], set[int]]:
    """Return the small hidden counts that, of all worlds that look the same, are not WIDTH apart somewhere."""
    possible: dict[tuple[int, Count], set[int]] = {
        (number, each): set()
        for number, one in enumerate(publications)
        for each, value in one.counts.items()
        if 0 < value < WIDTH
    }
    assert all(each in publications[number].hidden for number, each in possible)
    for world in worlds:
        if all(
            counts[each] == one.counts[each]
            for one, counts in zip(publications, world, strict=True)
            for each in one.counts.keys() - one.hidden
        ):
            for number, each in possible:
                possible[number, each].add(world[number][each])
    return {place: found for place, found in possible.items() if max(found) - min(found) < WIDTH}


@given(NUMBERS)
@settings(max_examples=5, deadline=None)
def test_boys_and_girls_of_two_communities_stay_open(numbers: list[int]) -> None:
    sexes = (ANY_SEX, 1, 2)
    leaves = [(area, sex, JANUARY) for area in COMMUNITIES for sex in (1, 2)]
    table = summed(dict(zip(leaves, numbers, strict=True)), JANUARY, sexes)
    worlds = (
        [summed(dict(zip(leaves, other, strict=True)), JANUARY, sexes)]
        for other in product(range(MOST), repeat=4)
    )
    assert narrow(published([(JANUARY, table)]), worlds) == {}


@given(NUMBERS)
@settings(max_examples=5, deadline=None)
def test_months_stay_open_after_their_sum_is_published(numbers: list[int]) -> None:
    leaves = [(area, 1, month) for area in COMMUNITIES for month in (JANUARY, FEBRUARY)]

    def tables(of: Sequence[int]) -> list[tuple[Range, dict[Count, int]]]:
        births = dict(zip(leaves, of, strict=True))
        return [(months, summed(births, months, (ANY_SEX,))) for months in (JANUARY, FEBRUARY, BOTH)]

    worlds = ([table for _, table in tables(other)] for other in product(range(MOST), repeat=4))
    assert narrow(published(tables(numbers)), worlds) == {}


@given(st.lists(st.integers(min_value=20, max_value=90), min_size=4, max_size=4))
@settings(max_examples=25, deadline=None)
def test_where_nothing_is_small_nothing_is_hidden(numbers: list[int]) -> None:
    leaves = [(area, sex, JANUARY) for area in COMMUNITIES for sex in (1, 2)]
    table = summed(dict(zip(leaves, numbers, strict=True)), JANUARY, (ANY_SEX, 1, 2))
    (one,) = published([(JANUARY, table)])
    assert one.hidden == frozenset()


@given(NUMBERS)
@settings(max_examples=25, deadline=None)
def test_the_same_publication_hides_the_same(numbers: list[int]) -> None:
    leaves = [(area, sex, JANUARY) for area in COMMUNITIES for sex in (1, 2)]
    table = summed(dict(zip(leaves, numbers, strict=True)), JANUARY, (ANY_SEX, 1, 2))
    first, again = (
        published([(JANUARY, dict(order))])[0] for order in (table.items(), reversed(table.items()))
    )
    assert first.hidden == again.hidden
    assert unpack(pack(table, first.hidden)) == (table, first.hidden)


def test_a_version_that_differs_by_few_hides_what_differs() -> None:
    leaves = {(area, 1, JANUARY): 40 for area in COMMUNITIES}
    before = summed(leaves, JANUARY, (ANY_SEX,))
    after = summed(leaves | {(COMMUNITIES[0], 1, JANUARY): 42}, JANUARY, (ANY_SEX,))
    first, second = published([(JANUARY, before), (JANUARY, after)])
    assert first.hidden == frozenset()
    assert {each.area for each in second.hidden} == {DISTRICT, TOWN, COMMUNITIES[0]}


@given(st.sets(st.tuples(st.integers(0, 30), st.integers(0, 12)), max_size=8))
def test_rows_of_parts_and_gaps_make_the_whole(drawn: set[tuple[int, int]]) -> None:
    whole = (0, 45)
    parts = {(low, low + length) for low, length in drawn}
    rows = tilings(whole, parts)
    for tiles, gaps in rows:
        covered = sorted([*tiles, *gaps])
        assert covered[0][0] == 0
        assert covered[-1][1] == 45
        assert all(one[1] + 1 == other[0] for one, other in pairwise(covered))
    largest = {one for one in parts if not any(o != one and o[0] <= one[0] and one[1] <= o[1] for o in parts)}
    assert {tile for tiles, _ in rows for tile in tiles} == largest
