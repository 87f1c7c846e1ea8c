"""How published counts hang together: every equation that whoever reads all publications can set up. No I/O.

* an area is its parts, and what was counted under no part of it
* a count is its parts by sex, parity, age or detail, and the rest
* closing = opening + entered + born - died + moved in - moved out
* a period is the periods within it, and what is published of none of them
* what a numerator lacks of its denominator is no less than nothing
* a count of one publication and the same count of another differ by what came late

What is left over is a number too, that nobody publishes and that is known from the others: a *rest*. Rests of one to
four people are as small as published ones.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from renkou_reporting.disclosure.domain import (
    ACCOUNT_AGES,
    ANY_AGE,
    ANY_PARITY,
    ANY_SEX,
    LEAST_SHOWN,
    PEOPLE,
    Count,
    OfWhom,
    Pattern,
    Range,
    Shown,
    account_counts,
)
from renkou_reporting.disclosure.hiding import Unknowns
from renkou_reporting.figures.domain import add_months
from renkou_reporting.indicators.domain import BALANCE_PARTS

_SIGNS = dict(zip(BALANCE_PARTS, (1, 1, 1, -1, 1, -1, -1), strict=True))
_WHOLES: dict[str, Any] = {"sex": ANY_SEX, "parity": ANY_PARITY, "ages": ANY_AGE, "details": ()}
_LEVELS = {12: (1, 9), 9: (12, 6), 6: (150, 0)}
"""By digits of an area's code: the price of hiding a number there, and how long the code of the area above is."""
_BY_ONE, _WHOLE, _PEOPLE = 1, 4, 8
_NOTHING = 2


@dataclass
class Web:
    """All counts of some publications as unknowns, and the small ones among them and among what they leave over."""

    unknowns: Unknowns = field(default_factory=Unknowns)
    places: dict[tuple[Count, int], int] = field(default_factory=dict)
    small: list[int] = field(default_factory=list)
    small_rests: dict[int, list[int]] = field(default_factory=dict)

    def rest(
        self, terms: list[tuple[int, int]], *, always: bool, bounded: bool = True, small: bool = True
    ) -> int:
        """Equate numbers with what is left over and return its place; without it, -1, where nothing is and nothing
        could be. ``small`` says whether a small one is to be protected."""
        values = self.unknowns.values
        left = sum(values[one] * sign for one, sign in terms)
        if left == 0 and not always:
            self.unknowns.equate(terms)
            return -1
        fresh = any(self.unknowns.fresh[one] for one, _ in terms)
        number = self.unknowns.add(left, 0, bounded=bounded, fresh=fresh)
        self.unknowns.rest[len(self.unknowns.equations)] = number
        self.unknowns.equate([*terms, (number, -1)])
        if small and 0 < abs(left) < LEAST_SHOWN and any(self.unknowns.prices[one] >= 0 for one, _ in terms):
            self.small_rests[number] = [one for one, _ in terms]
        return number


def price_of(count: Count, value: int) -> int:
    """Return what hiding a count costs: a whole more than a part, a district most, nobody rather than nothing."""
    level = _LEVELS.get(len(count.area), (150, 0))[0]
    whole = _PEOPLE if count.first == 0 else _WHOLE
    kind = _BY_ONE if count.narrowed else whole
    return level * kind * (_NOTHING if value == 0 else 1)


def _price_before(count: Count, months: Range) -> int:
    """Return the price of a hidden count: known, as it were, where publications that are not looked at have it too."""
    return 0 if count.first or add_months(months[0], -1) <= count.last <= months[1] else -1


def weave(
    before: Sequence[Shown],
    new: Shown,
    rests: Iterable[Pattern],
    periods: Sequence[Range],
) -> Web:
    """Return the web of a new publication and those before it.

    ``before`` are all publications of periods that touch the new one; ``rests`` what numerators lack of their
    denominators; ``periods`` all periods ever published.
    """
    web = Web()
    known = {
        (count, value) for one in before for count, value in one.counts.items() if count not in one.hidden
    }
    for one in (*before, new):
        for count, value in sorted(one.counts.items()):
            if (count, value) in web.places:
                continue
            if (count, value) in known:
                price = -1
            else:
                price = price_of(count, value) if one is new else _price_before(count, new.months)
            price = 0 if one is new and count in new.hidden and price > 0 else price
            number = web.unknowns.add(value, price, bounded=True, fresh=one is new and price >= 0)
            web.places[count, value] = number
            if price >= 0 and 0 < abs(value) < LEAST_SHOWN:
                web.small.append(number)
    for one in (*before, new):
        _inside(web, one.counts)
    _leftovers(web, (*before, new), rests)
    _over_time(web, (*before, new), periods)
    _late(web, before, new)
    return web


def _inside(web: Web, counts: Mapping[Count, int]) -> None:
    """Set up the equations among the counts of one publication."""
    place = {count: web.places[count, value] for count, value in counts.items()}
    above: defaultdict[Count, list[Count]] = defaultdict(list)
    narrowed: defaultdict[tuple[str, str, str, int, int], list[Count]] = defaultdict(list)
    for count in counts:
        length = _LEVELS.get(len(count.area), (0, 0))[1]
        if length:
            above[count._replace(area=count.area[:length])].append(count)
        narrowed[count.area, count.population, count.measure, count.first, count.last].append(count)
    below: defaultdict[str, set[str]] = defaultdict(set)
    for area in {count.area for count in counts}:
        below[area[: _LEVELS.get(len(area), (0, 0))[1]]].add(area)
    for whole, parts in sorted(above.items()):
        if whole in place:
            lacking = len(parts) < len(below[whole.area])
            web.rest([(place[whole], 1), *((place[one], -1) for one in sorted(parts))], always=lacking)
    for same in narrowed.values():
        _dimensions(web, place, sorted(same))
    _accounts(web, place)


def _dimensions(web: Web, place: Mapping[Count, int], counts: Sequence[Count]) -> None:
    """Set up the equations among the counts of one kind in one area and time."""
    if len(counts) == 1:
        return
    for whole in counts:
        for parts, gap in _told_apart(whole, counts):
            web.rest([(place[whole], 1), *((place[one], -1) for one in parts)], always=gap)
    for both in counts:
        for one, other, neither in _crossed(both, place):
            terms = [(place[neither], 1), (place[one], -1), (place[other], -1), (place[both], 1)]
            web.rest(terms, always=True)


def _told_apart(whole: Count, counts: Sequence[Count]) -> Iterable[tuple[list[Count], bool]]:
    """Return how a count is told apart along one dimension: its parts, and whether something surely lacks."""
    if whole.sex == ANY_SEX:
        by_sex = [one for one in counts if one.sex != ANY_SEX and one._replace(sex=ANY_SEX) == whole]
        if by_sex:
            yield by_sex, len({one.sex for one in by_sex} & {1, 2}) < 2
    for name, whole_range, real in (("parity", ANY_PARITY, (1, 30)), ("ages", ANY_AGE, (0, 150))):
        own: Range = getattr(whole, name)
        parts = {
            getattr(one, name): one
            for one in counts
            if one != whole and _with(one, name, own) == whole and _inside_of(getattr(one, name), own)
        }
        for tiles, gaps in tilings(own, list(parts)):
            lacking = any(own != whole_range or (low <= real[1] and real[0] <= high) for low, high in gaps)
            yield [parts[tile] for tile in tiles], lacking
    singles = [
        one
        for one in counts
        if len(one.details) == 1
        and one._replace(details=whole.details) == whole
        and one != whole
        and (not whole.details or set(one.details) <= set(whole.details))
    ]
    if singles and len(whole.details) != 1:
        yield singles, bool(whole.details) and len(singles) < len(whole.details)


def _crossed(both: Count, place: Mapping[Count, int]) -> Iterable[tuple[Count, Count, Count]]:
    """Return, of a count told apart by two dimensions, those by one of them and by neither: who is neither the one
    nor the other is no less than nobody."""
    dims = [name for name, whole in _WHOLES.items() if getattr(both, name) != whole]
    for number, first in enumerate(dims):
        for second in dims[number + 1 :]:
            one, other = _opened(both, second), _opened(both, first)
            neither = _opened(one, first)
            if one in place and other in place and neither in place:
                yield one, other, neither


def _opened(count: Count, dimension: str) -> Count:
    """Return a count that is no longer told apart by a dimension."""
    return _with(count, dimension, _WHOLES[dimension])


def _with(count: Count, dimension: str, value: Any) -> Count:
    changed: dict[str, Any] = {dimension: value}
    return count._replace(**changed)


def _accounts(web: Web, place: Mapping[Count, int]) -> None:
    """Set up the balance of whole accounts, and of those of men, of women and of age bands, who grow older."""
    kinds = {
        (count.area, count.population, count.first, count.last) for count in place if count.measure == "birth"
    }
    for area, population, first, last in sorted(kinds):
        whole = account_counts(area, population, (first, last))
        if not all(count in place for count in whole.values()):
            continue
        web.rest(_balance(place, whole), always=False, bounded=False)
        for sex in (1, 2):
            parts = {part: count._replace(sex=sex) for part, count in whole.items()}
            if all(count in place for count in parts.values()):
                web.rest(_balance(place, parts), always=False, bounded=False)
        _bands(web, place, whole)


def _balance(place: Mapping[Count, int], parts: Mapping[str, Count]) -> list[tuple[int, int]]:
    return [(place[count], _SIGNS[part]) for part, count in parts.items()]


def _bands(web: Web, place: Mapping[Count, int], whole: Mapping[str, Count]) -> None:
    """Set up the balances of age bands that follow each other: who grows out of one grows into the next."""
    grown: list[tuple[int, int]] = []
    bands = [{part: count._replace(ages=ages) for part, count in whole.items()} for ages in ACCOUNT_AGES]
    if not all(count in place for parts in bands for count in parts.values()):
        return
    for number, parts in enumerate(bands):
        terms = [*_balance(place, parts), *grown]
        if number == len(bands) - 1:
            web.rest(terms, always=False, bounded=False)
        else:
            grown = [(web.rest(terms, always=True, small=False), 1)]


def _leftovers(web: Web, publications: Sequence[Shown], rests: Iterable[Pattern]) -> None:
    patterns = sorted(set(rests))
    done = set()
    for one in publications:
        areas = sorted({count.area for count in one.counts})
        for pattern, area in ((each, area) for each in patterns for area in areas):
            total: dict[int, int] = defaultdict(int)
            for of_whom, kind, sign in pattern:
                count = Count(area, *of_whom, *_time(kind, one.months))
                if count not in one.counts:
                    break
                total[web.places[count, one.counts[count]]] += sign
            else:
                terms = tuple((number, sign) for number, sign in total.items() if sign)
                left = sum(web.unknowns.values[number] * sign for number, sign in terms)
                if terms not in done and left >= 0:
                    done.add(terms)
                    web.rest(list(terms), always=True)


def pattern_of(rest: Sequence[tuple[Count, int]], months: Range) -> Pattern:
    """Return what a numerator lacks of its denominator, whatever the area and the period of these months."""
    kinds = {months: "flow", (0, months[1]): "stock"}
    return tuple(
        (count.of_whom, kinds.get((count.first, count.last), "opening"), sign) for count, sign in rest
    )


def _time(kind: str, months: Range) -> Range:
    match kind:
        case "flow":
            return months
        case "stock":
            return 0, months[1]
        case _:
            return 0, add_months(months[0], -1)


def _over_time(web: Web, publications: Sequence[Shown], periods: Sequence[Range]) -> None:
    """Equate what was counted over a period with the periods within it, as published by then and as by now."""
    flows: defaultdict[tuple[str, OfWhom], dict[Range, list[tuple[int, int]]]] = defaultdict(dict)
    for one in publications:
        for count, value in one.counts.items():
            if count.first:
                times = flows[count.area, count.of_whom]
                times.setdefault((count.first, count.last), []).append((one.number, value))
    tiled: dict[tuple[Range, ...], list[tuple[Range, list[tuple[list[Range], list[Range]]]]]] = {}
    for (area, of_whom), times in flows.items():
        if len(times) == 1:
            continue
        key = tuple(sorted(times))
        if key not in tiled:
            tiled[key] = [(whole, _tilings_of_months(whole, key)) for whole in key]
        for whole, groups in tiled[key]:
            for tiles, gaps in groups:
                _period(web, area, of_whom, times, whole, tiles, gaps, periods)


def _period(
    web: Web,
    area: str,
    of_whom: OfWhom,
    times: Mapping[Range, Sequence[tuple[int, int]]],
    whole: Range,
    tiles: Sequence[Range],
    gaps: Sequence[Range],
    periods: Sequence[Range],
) -> None:
    def number(period: Range, value: int) -> int:
        return web.places[Count(area, *of_whom, *period), value]

    unloaded = any(low <= first and last <= high for low, high in gaps for first, last in periods)
    done = set()
    for at, value in times[whole]:
        by_then = [([each for each in times[tile] if each[0] < at] or times[tile])[-1] for tile in tiles]
        for parts in (by_then, [times[tile][-1] for tile in tiles]):
            values = (value, *(part[1] for part in parts))
            if values in done:
                continue
            done.add(values)
            terms = [(number(whole, value), 1)]
            terms += [(number(tile, part[1]), -1) for tile, part in zip(tiles, parts, strict=True)]
            if unloaded:
                _constant(web, terms)
            else:
                web.rest(terms, always=bool(gaps), bounded=bool(gaps))


def _constant(web: Web, terms: list[tuple[int, int]]) -> None:
    """Let numbers change only together: what is between them is known from elsewhere."""
    left = sum(web.unknowns.values[one] * sign for one, sign in terms)
    number = web.unknowns.add(left, -1, bounded=False)
    web.unknowns.equate([*terms, (number, -1)])


def _late(web: Web, before: Sequence[Shown], new: Shown) -> None:
    """Let what a count differs by from an earlier publication be a rest where it is small.

    Not of people at a day: that is no number of people, but of who came less who went, each of which is looked at.
    """
    for count, value in new.counts.items():
        if count.measure == PEOPLE:
            continue
        for older in sorted({one.counts[count] for one in before if count in one.counts}):
            if 0 < abs(value - older) < LEAST_SHOWN:
                terms = [(web.places[count, value], 1), (web.places[count, older], -1)]
                web.rest(terms, always=True, bounded=False)


def tilings(whole: Range, parts: Iterable[Range]) -> list[tuple[list[Range], list[Range]]]:
    """Return rows of ranges within a range that do not overlap, and the gaps they leave; each largest part in one."""
    inner = [one for one in set(parts) if _inside_of(one, whole)]
    largest = sorted(one for one in inner if not any(_inside_of(one, other) for other in inner))
    found = []
    while largest:
        row: list[Range] = []
        for one in largest:
            if not row or row[-1][1] < one[0]:
                row.append(one)
        largest = [one for one in largest if one not in row]
        gaps, low = [], whole[0]
        for first, last in row:
            if low < first:
                gaps.append((low, first - 1))
            low = last + 1
        if low <= whole[1]:
            gaps.append((low, whole[1]))
        found.append((row, gaps))
    return found


def _inside_of(one: Range, other: Range) -> bool:
    return one != other and other[0] <= one[0] and one[1] <= other[1]


def _tilings_of_months(whole: Range, parts: Iterable[Range]) -> list[tuple[list[Range], list[Range]]]:
    found = tilings(_indexed(whole), [_indexed(one) for one in parts])
    return [([_months(one) for one in row], [_months(one) for one in gaps]) for row, gaps in found]


def _indexed(months: Range) -> Range:
    return months[0] // 100 * 12 + months[0] % 100, months[1] // 100 * 12 + months[1] % 100


def _months(indexed: Range) -> Range:
    return add_months(indexed[0] // 12 * 100 + 1, indexed[0] % 12 - 1), add_months(
        indexed[1] // 12 * 100 + 1, indexed[1] % 12 - 1
    )
