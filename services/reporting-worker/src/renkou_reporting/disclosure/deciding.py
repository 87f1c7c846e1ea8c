"""Which counts of a new publication are hidden: what is small, and what would give it away. No I/O.

First every proof of earlier publications is kept up: each way out gets what the new publication adds to it. Then every
small number that is not proved open gets a way out of its own. What finds none takes everything with it that hangs
together with it: of what is not published at all nothing can be worked out.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from renkou_common.ids import new_id
from renkou_reporting.disclosure.domain import Count, Pattern, Range, Shown, Way
from renkou_reporting.disclosure.hiding import Hiding, Unknowns
from renkou_reporting.disclosure.relations import Web, weave


@dataclass(frozen=True, slots=True)
class Decision:
    """Hidden counts of a new publication, ``primary`` those that are small or leave something small over; the ways
    out that prove it, and how many small numbers had to take everything with them."""

    hidden: frozenset[Count]
    primary: frozenset[Count]
    ways: Sequence[Way]
    swept: int


def decide(
    before: Sequence[Shown],
    new: Shown,
    ways: Iterable[Way],
    rests: Iterable[Pattern],
    periods: Sequence[Range],
) -> Decision:
    """Return which counts of a new publication are hidden; the same for the same publications.

    ``ways`` are those of earlier publications that touch its months.
    """
    web = weave(before, new, rests, periods)
    hiding = Hiding(web.unknowns)
    for number in web.small:
        hiding.hide(number)
    swept, kept, gone = 0, [], set[int]()
    for way in sorted(ways, key=lambda one: sorted(one.changes)):
        places = [(web.places.get((count, value)), by) for count, value, by in way.changes]
        begun = {number: by for number, by in places if number is not None}
        added = None if not gone.isdisjoint(begun) else hiding.keep(begun, way.ahead, way.back)
        if added is None and gone.isdisjoint(begun):
            swept += 1
            gone |= _sweep(hiding, begun)
        kept.append((way, added))
    for number in sorted([*web.small, *web.small_rests]):
        if number in gone or web.unknowns.prices[number] < 0 or hiding.protect(number):
            continue
        if not _nothing_new(web, number):
            swept += 1
            gone |= _sweep(hiding, [number])
    return _decision(web, hiding, new, kept, swept)


def _nothing_new(web: Web, number: int) -> bool:
    """Say whether nothing of the new publication hangs together with a number: then it is as it was."""
    return not any(web.unknowns.fresh[one] for one in _together(web.unknowns, [number]))


def _together(unknowns: Unknowns, numbers: Iterable[int]) -> set[int]:
    found, waiting = set[int](), list(numbers)
    while waiting:
        one = waiting.pop()
        if one in found or unknowns.prices[one] < 0:
            continue
        found.add(one)
        for equation, _ in unknowns.within[one]:
            waiting += [each for each, _ in unknowns.equations[equation] if each not in found]
    return found


def _sweep(hiding: Hiding, numbers: Iterable[int]) -> set[int]:
    """Hide everything of the new publication that hangs together with some numbers; returns it all."""
    found = _together(hiding.unknowns, numbers)
    for one in found:
        hiding.hide(one)
    return found


def _decision(
    web: Web, hiding: Hiding, new: Shown, kept: Sequence[tuple[Way, dict[int, int] | None]], swept: int
) -> Decision:
    of = {number: pair for pair, number in web.places.items()}

    def changes(change: Mapping[int, int]) -> list[tuple[Count, int, int]]:
        return [(*of[number], by) for number, by in change.items() if number in of]

    hidden = frozenset(
        count for count, value in new.counts.items() if web.unknowns.prices[web.places[count, value]] == 0
    )
    small = set(web.small) | {one for terms in web.small_rests.values() for one in terms}
    primary = frozenset(count for count in hidden if web.places[count, new.counts[count]] in small)
    ways = [Way(new_id(), ahead, back, changes(change)) for change, ahead, back in hiding.ways]
    for way, added in kept:
        if added is None:
            ways.append(Way(way.root, 0, 0, ()))
        elif added:
            ways.append(Way(way.root, way.ahead, way.back, [*way.changes, *changes(added)]))
    return Decision(hidden, primary, ways, swept)
