"""Somebody who reads everything that is published and works out what is not shown.

Collects all that the endpoints give to a caller with `figure:read` alone: every version of every period, the accounts,
the differences, the signed files. Sets up, without looking at the service's own rules, what must hold between the
people behind these numbers, and asks linear programming how small and how great each hidden number could be. Whatever
he may suspect about the order of things he tries: that nothing came late between publications, and that anything may.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from fractions import Fraction
from itertools import product
from typing import Any, NamedTuple

import httpx
import numpy
from scipy.optimize import linprog
from scipy.sparse import csr_matrix

from renkou_common.codes.period import Period
from renkou_reporting.published.signing import decode

from ..support import Caller, Json

PARTS = ("opening", "entered", "born", "died", "moved_in", "moved_out", "closing")
FLOWS = {"entered": "opening", "born": "birth", "died": "death", "moved_in": "in", "moved_out": "out"}
SIGNS = {"opening": 1, "birth": 1, "in": 1, "death": -1, "out": -1}
BANDS = ((0, 14), (15, 17), (18, 49), (50, 59), (60, 64), (65, 150))
PARITIES = ((1, 1), (2, 2), (3, 30))
SEXES = (1, 2)


class Cell(NamedTuple):
    """A figure of a version: period, version, area, population, indicator, dimensions."""

    period: str
    version: int
    area: str
    population: str
    indicator: str
    dims: str


@dataclass
class Loot:
    """Everything that is shown: numerators and denominators, accounts, and the definitions."""

    figures: dict[Cell, tuple[Fraction, Fraction] | None] = field(default_factory=dict)
    accounts: dict[tuple[str, int, str, str], tuple[int | None, ...]] = field(default_factory=dict)
    definitions: dict[str, Json] = field(default_factory=dict)
    merged: dict[str, tuple[str, int]] = field(default_factory=dict)
    """Communities that were merged into others, and the first month of that."""

    @property
    def versions(self) -> list[tuple[str, int]]:
        """Every period and version, in order."""
        return sorted({(cell.period, cell.version) for cell in self.figures})

    @property
    def areas(self) -> list[str]:
        return sorted({cell.area for cell in self.figures})


async def collect(caller: Caller, merged: Mapping[str, tuple[str, str]] | None = None) -> Loot:
    """Return everything that a caller is given; what became of communities (since a month) everybody knows."""
    loot = Loot()
    for area, (heir, since) in (merged or {}).items():
        loot.merged[area] = heir, _months_of(since)[0]
    after: str | None = None
    while True:
        page = _good(await caller.get("/published", params={"after": after} if after else {})).json()
        for head in page["items"]:
            await _version(caller, loot, head["period"], head["version"])
        after = page["next_after"]
        if after is None:
            return loot


async def _version(caller: Caller, loot: Loot, period: str, version: int) -> None:
    path = f"/published/{period}/{version}"
    answer = _good(await caller.get(path)).json()
    signed = decode(_good(await caller.get(f"{path}/document")).json()["payload"])
    document = httpx.Response(200, content=signed).json()
    loot.definitions |= answer["definitions"]
    columns = document["columns"]
    for row in [*answer["items"], *(dict(zip(columns, row, strict=True)) for row in document["figures"])]:
        _figure(loot, period, version, row)
    for account in answer["accounts"]:
        key = (period, version, account["area"], account["population"])
        loot.accounts[key] = tuple(account["parts"][part] for part in PARTS)
    differences = _good(await caller.get(f"{path}/differences")).json()["items"] if version > 1 else []
    for one in [*differences, *document["differences"]]:
        assert not one["events"], "the events of a difference count people"
        for side, number in (("before", version - 1), ("after", version)):
            if one[side] is not None:
                _figure(loot, period, number, one | one[side])


def _figure(loot: Loot, period: str, version: int, row: Json) -> None:
    cell = Cell(period, version, row["area"], row["population"], row["indicator"], row["dims"])
    shown = None
    if row["numerator"] is not None and row["reason"] != "boundaries":
        shown = (Fraction(row["numerator"]), Fraction(row["denominator"]))
    if loot.figures.get(cell) is None:
        loot.figures[cell] = shown


def _good(response: httpx.Response) -> httpx.Response:
    assert response.status_code == 200, response.text
    return response


type Form = dict[int, Fraction]
"""A sum of unknowns, each by its place with a factor."""


class Puzzle:
    """Unknown people and what must hold of them; ``versions`` are the publications that are taken to agree."""

    def __init__(self, loot: Loot, versions: Sequence[tuple[str, int]]) -> None:
        self._loot = loot
        self._places: dict[tuple[Any, ...], int] = {}
        self._rows: list[tuple[Form, Fraction]] = []
        self._seen: set[tuple[tuple[int, Fraction], ...]] = set()
        self._months = {period: _months_of(period) for period, _ in versions}
        self._leaves = [area for area in loot.areas if len(area) == 12]
        # What is told apart by age is so at a period's end: quarters and months do not add up band by band.
        for period, version in versions:
            self._now = self._months[period][1]
            for cell, shown in loot.figures.items():
                if shown is not None and (cell.period, cell.version) == (period, version):
                    for form, value in zip(self.forms(cell), shown, strict=True):
                        if form:
                            self._know(form, value)
            for key, parts in loot.accounts.items():
                if key[:2] == (period, version):
                    self._account(period, key[2], key[3], parts)
            self._balances(period, {key[3] for key in loot.accounts if key[:2] == (period, version)})
            self._parts_of_wholes(period)

    def forms(self, cell: Cell) -> tuple[Form, Form]:
        """Return numerator and denominator of a figure as sums of unknowns; empty where nobody is counted."""
        definition = self._loot.definitions[cell.indicator]
        self._now = self._months[cell.period][1]
        dims = dict(part.split("=", 1) for part in cell.dims.split(";") if part)
        sides = []
        for side in ("numerator", "denominator"):
            form: Form = {}
            for term in definition[side]:
                if term["measure"] is not None and term["measure"].endswith("_fen"):
                    return {}, {}
                for place, factor in self._term(cell, term, dims).items():
                    form[place] = form.get(place, Fraction()) + factor * term["weight"]
            sides.append(form)
        return sides[0], {} if definition["kind"] == "count" else sides[1]

    def bounds(self, form: Form) -> tuple[float, float] | None:
        """Return the least and the greatest value a sum could have; None where the versions contradict each other."""
        if not hasattr(self, "_matrix"):
            self._close()
        goal = numpy.zeros(len(self._places))
        for place, factor in form.items():
            goal[place] = float(factor)
        ends = []
        for sign in (1, -1):
            found = linprog(
                sign * goal, A_eq=self._matrix, b_eq=self._values, bounds=(0, None), method="highs"
            )
            if found.status == 3:
                ends.append(-sign * numpy.inf)
            elif found.status == 0:
                ends.append(sign * found.fun)
            else:
                return None
        return float(ends[0]), float(ends[1])

    def account(self, period: str, area: str, population: str, part: str) -> Form:
        """Return a part of a population account as a sum of unknowns."""
        first, last = self._months[period]
        self._now = last
        if part in ("opening", "closing"):
            at = first - 1 if part == "opening" else last
            return self._people(area, population, SEXES, BANDS, at)
        return self._flow(area, population, FLOWS[part], SEXES, None, None, (first, last))

    def _close(self) -> None:
        rows, columns, factors = [], [], []
        for number, (form, _) in enumerate(self._rows):
            for place, factor in form.items():
                rows.append(number)
                columns.append(place)
                factors.append(float(factor))
        shape = (len(self._rows), len(self._places))
        self._matrix = csr_matrix((factors, (rows, columns)), shape=shape)
        self._values = numpy.array([float(value) for _, value in self._rows])

    def _know(self, form: Form, value: Fraction) -> None:
        key = (*sorted(form.items()), (-1, value))
        if key not in self._seen:
            self._seen.add(key)
            self._rows.append((form, value))

    def _one(self, *name: Any) -> int:
        return self._places.setdefault(name, len(self._places))

    def _term(self, cell: Cell, term: Json, dims: Mapping[str, str]) -> Form:
        first, last = self._months[cell.period]
        population, asked = term["population"] or cell.population, term["asked"]
        sexes = SEXES if term["sex"] is None else (term["sex"],)
        if "sex" in asked and "sex" in dims:
            sexes = (int(dims["sex"]),)
        ages = term["ages"]
        if "ages" in asked and "ages" in dims:
            ages = [int(end) for end in dims["ages"].split("-")]
        parity = term["parity"]
        if "parity" in asked and "parity" in dims:
            text = dims["parity"]
            parity = [int(text.rstrip("+")), 30 if text.endswith("+") else int(text)]
        details = tuple(term["details"])
        if "detail" in asked and "detail" in dims:
            details = (dims["detail"],)
        if term["measure"] is None:
            bands = BANDS if ages is None else _within(BANDS, ages)
            ends = {"stock": [last], "opening": [first - 1], "mean": [first - 1, last]}[term["kind"]]
            form: Form = {}
            for end in ends:
                for place in self._people(cell.area, population, sexes, bands, end):
                    form[place] = form.get(place, Fraction()) + Fraction(1, len(ends))
            return form
        months = (first, last) if term["kind"] == "flow" else (0, last)
        return self._flow(cell.area, population, term["measure"], sexes, parity, ages, months, details)

    def _people(
        self, area: str, population: str, sexes: Iterable[int], bands: Iterable[Sequence[int]], end: int
    ) -> Form:
        return {
            self._one("people", leaf, population, sex, tuple(band), end): Fraction(1)
            for leaf, sex, band in product(self._below(area), sexes, bands)
        }

    def _flow(
        self,
        area: str,
        population: str,
        measure: str,
        sexes: Iterable[int],
        parity: Sequence[int] | None,
        ages: Sequence[int] | None,
        months: tuple[int, int],
        details: tuple[str, ...] = (),
    ) -> Form:
        """Return what happened within months as the sum of its unknown parts."""
        first, last = months
        steps = [(month, month) for month in range(first, last + 1)] if first else [(0, last)]
        kinds: Iterable[Any] = [None]
        if measure == "birth":
            kinds = PARITIES if parity is None else _within(PARITIES, parity)
        if measure == "death":
            # By age at the end of the period: known of each period by itself, and of all ages month by month.
            steps, kinds = [months], BANDS if ages is None else _within(BANDS, ages)
            self._deaths(area, population, months)
        return {
            self._one(measure, leaf, population, sex, kind, step, details): Fraction(1)
            for leaf, sex, kind, step in product(self._below(area), sexes, kinds, steps)
        }

    def _deaths(self, area: str, population: str, months: tuple[int, int]) -> None:
        first, last = months
        if first == last:
            return
        for leaf, sex in product(self._below(area), SEXES):
            form = {
                self._one("death", leaf, population, sex, band, months, ()): Fraction(1) for band in BANDS
            }
            for month, band in product(range(first, last + 1), BANDS):
                form[self._one("death", leaf, population, sex, band, (month, month), ())] = Fraction(-1)
            self._know(form, Fraction())

    def _account(self, period: str, area: str, population: str, parts: Sequence[int | None]) -> None:
        for part, value in zip(PARTS, parts, strict=True):
            if value is not None:
                self._know(self.account(period, area, population, part), Fraction(value))

    def _balances(self, period: str, populations: Iterable[str]) -> None:
        """Of men and women of each community: who was there, came and went makes who is there."""
        first, last = self._months[period]
        for leaf, population, sex in product(self._living(), sorted(populations), SEXES):
            form = defaultdict(Fraction, self._people(leaf, population, (sex,), BANDS, first - 1))
            for measure, sign in SIGNS.items():
                for place in self._flow(leaf, population, measure, (sex,), None, None, (first, last)):
                    form[place] += sign
            for place in self._people(leaf, population, (sex,), BANDS, last):
                form[place] -= 1
            self._know(dict(form), Fraction())

    def _parts_of_wholes(self, period: str) -> None:
        """Who was examined had accepted, who accepted was entitled: parts are no greater than their wholes."""
        for code, definition in self._loot.definitions.items():
            terms = [*definition["numerator"], *definition["denominator"]]
            measures = [term["measure"] for term in terms]
            if len(terms) != 2 or None in measures or measures[0] == measures[1]:
                continue
            if terms[0]["kind"] != terms[1]["kind"] or measures[0] in SIGNS or measures[1] in SIGNS:
                continue
            if any(measure.endswith("_fen") for measure in measures):
                continue
            for leaf, population in product(self._living(), definition["populations"]):
                parts, wholes = self.forms(Cell(period, 0, leaf, population, code, ""))
                slack = self._one("rest", code, leaf, population, period)
                form = {**wholes, **{place: -factor for place, factor in parts.items()}, slack: Fraction(-1)}
                self._know(form, Fraction())

    def _living(self) -> list[str]:
        """Return the communities of the period that is looked at."""
        ended = {leaf for leaf, (_, since) in self._loot.merged.items() if since <= self._now}
        return [leaf for leaf in self._leaves if leaf not in ended]

    def _below(self, area: str) -> list[str]:
        """Return the communities that an area is made of, by the boundaries of the period that is looked at."""
        found = []
        for leaf in self._leaves:
            heir, since = self._loot.merged.get(leaf, ("", 0))
            if (heir if heir and since <= self._now else leaf).startswith(area):
                found.append(leaf)
        return found


def _within(classes: Iterable[tuple[int, int]], wanted: Sequence[int]) -> list[tuple[int, int]]:
    return [one for one in classes if wanted[0] <= one[0] and one[1] <= wanted[1]]


def _months_of(period: str) -> tuple[int, int]:
    """Return the months of a period, counted on from the year 0."""
    found = Period.parse(period)
    return found.start.year * 12 + found.start.month, found.end.year * 12 + found.end.month


def suspicions(loot: Loot) -> list[list[tuple[str, int]]]:
    """Return which versions may describe the same state: all first ones, all last ones, each period's alone."""
    versions = loot.versions
    first = [one for one in versions if one[1] == 1]
    last = [(period, max(number for each, number in versions if each == period)) for period, _ in first]
    found = [first, last, *([one] for one in versions)]
    return [one for number, one in enumerate(found) if one not in found[:number]]
