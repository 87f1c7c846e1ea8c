"""Hides more until nothing small can be worked out again. No I/O.

The numbers of all publications are unknowns of linear equations; whoever reads what is published knows some of them.
A small number is safe where the equations also allow others: where there is a *way out*, a change of unknown numbers
only that keeps every equation true and no number below zero. It is proof in itself: the world it leads to shows the
same publications. So nobody has to be trusted with bounds, and what is found once stays true when more is hidden.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from random import Random

WIDTH = 5
"""How far apart the least and the greatest number are that a small one could be, for all that is shown."""
_KNOWN = -1
_STEPS = 150
_LONG = 600
_TRIES, _KEEPING_TRIES = 24, 8
_CHANGED, _BROKEN = 6, 3


@dataclass
class Unknowns:
    """Numbers and the equations between them; a number's ``price`` says what hiding it costs, 0: it is not shown,
    negative: it is known and stays so."""

    values: list[int] = field(default_factory=list)
    prices: list[int] = field(default_factory=list)
    fresh: list[bool] = field(default_factory=list)
    bounded: list[bool] = field(default_factory=list)
    equations: list[tuple[tuple[int, int], ...]] = field(default_factory=list)
    crossing: list[bool] = field(default_factory=list)
    old: list[bool] = field(default_factory=list)
    rest: dict[int, int] = field(default_factory=dict)
    within: list[list[tuple[int, int]]] = field(default_factory=list)

    def add(self, value: int, price: int, *, bounded: bool, fresh: bool = False) -> int:
        """Add a number; returns its place. One that is not ``bounded`` may be below zero, one that is ``fresh`` is
        of the new publication."""
        self.values.append(value)
        self.prices.append(price)
        self.fresh.append(fresh)
        self.bounded.append(bounded and value >= 0)
        self.within.append([])
        return len(self.values) - 1

    def equate(self, terms: Sequence[tuple[int, int]]) -> None:
        """Add an equation: the signed numbers add up to zero."""
        if all(self.prices[one] < 0 for one, _ in terms):
            return
        assert sum(self.values[one] * sign for one, sign in terms) == 0, "an equation must hold"
        for one, sign in terms:
            self.within[one].append((len(self.equations), sign))
        self.equations.append(tuple(terms))
        fresh = {self.fresh[one] for one, _ in terms}
        self.crossing.append(len(fresh) > 1)
        self.old.append(True not in fresh)


@dataclass
class Hiding:
    """What is hidden so far, and how far each number is known to be open."""

    unknowns: Unknowns
    up: dict[int, int] = field(default_factory=dict)
    down: dict[int, int] = field(default_factory=dict)
    hidden: set[int] = field(default_factory=set)
    ways: list[tuple[dict[int, int], int, int]] = field(default_factory=list)

    def hide(self, number: int) -> None:
        """Hide a number that would be shown."""
        if self.unknowns.prices[number] > 0:
            self.unknowns.prices[number] = 0
            self.hidden.add(number)

    def open_by(self, number: int) -> int:
        """Return how far apart the numbers are that it is proved it could be."""
        return self.up.get(number, 0) + self.down.get(number, 0)

    def protect(self, number: int) -> bool:
        """Hide more until a small number is open by WIDTH; returns whether a way was found."""
        small = max(self.unknowns.values[number], 0)
        for sign, reach in ((1, WIDTH), (-1, small), (1, WIDTH - small), (1, 1)):
            if self.open_by(number) >= WIDTH:
                return True
            if reach > 0:
                change = way_out(self.unknowns, number, sign, reach)
                if change is not None:
                    self._take(change)
        return self.open_by(number) >= WIDTH

    def keep(self, way: dict[int, int], ahead: int, back: int) -> dict[int, int] | None:
        """Return what a new publication adds to a way out of an earlier one, and hide it; None where nothing will do.

        The way could be gone ``ahead`` and ``back`` so many times; the equations of before it keeps by itself.
        """
        for attempt in range(_KEEPING_TRIES):
            search = _Search(self.unknowns, (ahead, back), attempt, attempt, keeping=True)
            change = search.run(way)
            if change is not None:
                self._open(change | search.rests(way), ahead, back)
                return {one: by for one, by in change.items() if one not in way}
        return None

    def _take(self, change: dict[int, int]) -> None:
        ahead = _reach(self.unknowns, change.items())
        back = _reach(self.unknowns, [(one, -by) for one, by in change.items()])
        self.ways.append((change, ahead, back))
        self._open(change, ahead, back)

    def _open(self, change: dict[int, int], ahead: int, back: int) -> None:
        for one, by in change.items():
            self.hide(one)
            up, down = (ahead, back) if by > 0 else (back, ahead)
            self.up[one] = max(self.up.get(one, 0), up * abs(by))
            self.down[one] = max(self.down.get(one, 0), down * abs(by))


def _reach(unknowns: Unknowns, change: Iterable[tuple[int, int]]) -> int:
    """Return how many times a change can be made before a number falls below zero, at most WIDTH times."""
    found = WIDTH
    for one, by in change:
        if by < 0 and unknowns.bounded[one]:
            found = min(found, unknowns.values[one] // -by)
    return found


def way_out(unknowns: Unknowns, number: int, sign: int, reach: int) -> dict[int, int] | None:
    """Return changes of unknown numbers, ``number`` by ``sign``, that keep every equation and can be made ``reach``
    times.

    Each step mends an equation by the cheapest number; what leads nowhere is tried again with a little less regard
    to what is cheapest, and the last times with numbers that all grow. The same question has the same answer.
    """
    if unknowns.prices[number] < 0:
        return None
    for attempt in range(_TRIES):
        search = _Search(unknowns, (reach, 0), attempt * 1_000_003 + number, attempt)
        found = search.run({number: sign})
        if found is not None:
            return found
    return None


class _Search:
    """Mends equations one by one; ``reach`` is how many times the change can be made ahead, and back."""

    def __init__(
        self, unknowns: Unknowns, reach: tuple[int, int], seed: int, attempt: int, *, keeping: bool = False
    ) -> None:
        self._unknowns = unknowns
        self._reach = reach
        self._random = Random(seed)  # noqa: S311  (the same choice every time, not a secret one)
        self._noise = attempt * 2.0
        self._free, self._growing = attempt % 4 == 1, attempt % 4 == 3
        self._change: dict[int, int] = {}
        self._off: dict[int, int] = {}
        self._keeping = keeping
        self._left = _LONG if self._keeping else _STEPS

    def run(self, begun: dict[int, int]) -> dict[int, int] | None:
        for one, by in begun.items():
            self._make(one, by)
        waiting: list[tuple[int, list[tuple[int, int]]]] = []
        while self._off:
            self._left -= 1
            if self._left < 0:
                return None
            choices = self._choices()
            while not choices:
                if not waiting:
                    return None
                one, choices = waiting.pop()
                self._unmake(one)
            one, by = choices.pop()
            self._make(one, by)
            waiting.append((one, choices))
        return self._change

    def rests(self, way: dict[int, int]) -> dict[int, int]:
        """Return what a way changes of the rests in equations of before."""
        unknowns, off = self._unknowns, dict[int, int]()
        for one, by in way.items():
            for equation, sign in unknowns.within[one]:
                if unknowns.old[equation]:
                    off[equation] = off.get(equation, 0) + sign * by
        return {unknowns.rest[each]: by for each, by in off.items() if by and each in unknowns.rest}

    def _make(self, one: int, by: int) -> None:
        self._change[one] = by
        for equation, sign in self._unknowns.within[one]:
            if self._keeping and self._unknowns.old[equation]:
                continue
            off = self._off.get(equation, 0) + sign * by
            if off:
                self._off[equation] = off
            else:
                del self._off[equation]

    def _unmake(self, one: int) -> None:
        by = self._change.pop(one)
        for equation, sign in self._unknowns.within[one]:
            if self._keeping and self._unknowns.old[equation]:
                continue
            off = self._off.get(equation, 0) - sign * by
            if off:
                self._off[equation] = off
            else:
                del self._off[equation]

    def _choices(self) -> list[tuple[int, int]]:
        """Return the numbers that could mend the equation with the fewest of them, the best last."""
        best: list[tuple[int, int]] | None = None
        off: Iterable[int] = self._off
        if self._keeping:
            off = [each for each in off if self._unknowns.crossing[each]] or off
        for equation in off:
            found = self._mending(equation)
            if best is None or len(found) < len(best):
                best = found
                if len(found) <= 1:
                    break
        assert best is not None
        if len(best) > 1:
            best.sort(key=self._worth)
        return best

    def _mending(self, equation: int) -> list[tuple[int, int]]:
        off, unknowns, found = self._off[equation], self._unknowns, []
        for one, sign in unknowns.equations[equation]:
            if one in self._change or unknowns.prices[one] < 0 or (self._keeping and not unknowns.fresh[one]):
                continue
            by, odd = divmod(-off, sign)
            if odd or abs(by) > 2:
                continue
            if by < 0 and self._growing:
                continue
            if unknowns.bounded[one] and unknowns.values[one] < abs(by) * self._reach[by > 0]:
                continue
            found.append((one, by))
        return found

    def _worth(self, choice: tuple[int, int]) -> tuple[float, int]:
        one, by = choice
        breaks = 0
        for equation, sign in self._unknowns.within[one]:
            off = self._off.get(equation, 0)
            if off == 0:
                breaks += 1
            elif off + sign * by == 0:
                breaks -= 1
        price = 0 if self._free else self._unknowns.prices[one]
        worth = price + (_CHANGED if price else 0) + _BROKEN * breaks + self._random.random() * self._noise
        return -worth, one if self._free else -one
