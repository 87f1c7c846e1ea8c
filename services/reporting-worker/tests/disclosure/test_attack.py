"""Nobody works out a small number from all that is published; where only small numbers are hidden, he does."""

import random
from collections.abc import Iterator
from dataclasses import replace
from fractions import Fraction
from typing import NamedTuple

import pytest

from ..api.test_areas import read_tree
from ..support import LineMaker, Reporting
from .attacker import PARTS, Cell, Form, Loot, Puzzle, collect, suspicions
from .small_district import COMMUNITIES, POPULATION, small_district

pytestmark = pytest.mark.endurance

WIDTH = 5
MOST = 30
"""Secrets tried under each suspicion: all of them take minutes."""
ONE, TWO = COMMUNITIES[0], COMMUNITIES[1]


class Secret(NamedTuple):
    """A small number that is not shown: what it is of, and how it is made of unknowns."""

    of: tuple[str, ...]
    number: Fraction
    form: Form


class Truth(NamedTuple):
    """The exact numbers behind everything that was published."""

    figures: dict[Cell, tuple[Fraction, Fraction]]
    accounts: dict[tuple[str, int, str, str], tuple[int, ...]]


async def truth(reporting: Reporting) -> Truth:
    rows = await reporting.rows(
        "SELECT v.period, v.version, c.* FROM published_cell c JOIN published_version v ON v.id = c.version_id"
        " WHERE c.population = $1", POPULATION,
    )  # fmt: skip
    accounts = await reporting.rows(
        "SELECT v.period, v.version, a.* FROM published_account a JOIN published_version v ON v.id = a.version_id"
        " WHERE a.population = $1", POPULATION,
    )  # fmt: skip
    return Truth(
        {
            Cell(
                row["period"],
                row["version"],
                _code(row["area"]),
                row["population"],
                row["indicator"],
                row["dims"],
            ): (Fraction(row["numerator"]), Fraction(row["denominator"]))
            for row in rows
            if row["reason"] != "boundaries"
        },
        {
            (row["period"], row["version"], _code(row["area"]), row["population"]): tuple(row["parts"])
            for row in accounts
        },
    )


def _code(key: int) -> str:
    text = str(key)
    return text[:6] if text.endswith("000000") else text[:9] if text.endswith("000") else text


def secrets(loot: Loot, known: Truth, puzzle: Puzzle, versions: list[tuple[str, int]]) -> Iterator[Secret]:
    """Return the numbers of one to four people that some versions hide."""
    for cell, numbers in known.figures.items():
        if (cell.period, cell.version) not in versions or loot.figures.get(cell) is not None:
            continue
        forms = puzzle.forms(cell)
        if not forms[0]:
            continue
        if 0 < numbers[0] < WIDTH and not _net(loot, cell):
            yield Secret(cell, numbers[0], forms[0])  # type: ignore[arg-type]
        rest = numbers[1] - numbers[0]
        if forms[1] and 0 < rest < WIDTH and _part_of_whole(loot, cell):
            form = dict(forms[1])
            for place, factor in forms[0].items():
                form[place] = form.get(place, Fraction()) - factor
            yield Secret((*map(str, cell), "rest"), rest, form)
    for key, parts in known.accounts.items():
        if key[:2] in versions:
            for part, number, shown in zip(PARTS, parts, loot.accounts[key], strict=True):
                if shown is None and 0 < number < WIDTH:
                    form = puzzle.account(key[0], key[2], key[3], part)
                    yield Secret((*map(str, key), part), Fraction(number), form)


def _part_of_whole(loot: Loot, cell: Cell) -> bool:
    definition = loot.definitions[cell.indicator]
    kinds = {term["kind"] for side in ("numerator", "denominator") for term in definition[side]}
    return cell.indicator != "sex_ratio_at_birth" and (kinds in ({"flow"}, {"stock"}))


def _net(loot: Loot, cell: Cell) -> bool:
    """Say whether a numerator is what came less what went: that is no number of people."""
    return any(term["weight"] < 0 for term in loot.definitions[cell.indicator]["numerator"])


def _of_people(loot: Loot, cell: Cell) -> bool:
    definition = loot.definitions[cell.indicator]
    measures = [term["measure"] for side in ("numerator", "denominator") for term in definition[side]]
    return not any(measure is not None and measure.endswith(("_fen", "_spent")) for measure in measures)


def attack(loot: Loot, known: Truth, most: int | None = None) -> list[tuple[Secret, tuple[float, float]]]:
    """Return the secrets that were narrowed down to fewer than five apart; of each suspicion at most so many."""
    found = []
    for versions in suspicions(loot):
        puzzle = Puzzle(loot, versions)
        done = {}
        chosen = list(secrets(loot, known, puzzle, versions))
        if most is not None and len(chosen) > most:
            chosen = random.Random(len(chosen)).sample(chosen, most)
        for secret in chosen:
            key = tuple(sorted(secret.form.items()))
            if key not in done:
                done[key] = puzzle.bounds(secret.form)
            ends = done[key]
            if ends is not None and ends[1] - ends[0] < WIDTH - 1e-6:
                found.append((secret, ends))
    return found


def naive(known: Truth, loot: Loot) -> Loot:
    """Return what would be published if only small numbers were hidden themselves."""
    figures = {
        cell: None
        if 0 < numbers[0] < WIDTH
        or (0 < numbers[1] - numbers[0] < WIDTH and _part_of_whole(loot, cell) and numbers[1] != 1)
        else numbers
        for cell, numbers in known.figures.items()
    }
    accounts = {
        key: tuple(None if 0 < part < WIDTH else part for part in parts)
        for key, parts in known.accounts.items()
    }
    return replace(loot, figures=figures, accounts=accounts)


def shown_small(loot: Loot) -> list[Cell]:
    """Return the figures of people that show one to four of them, or leave as many over."""
    return [
        cell
        for cell, shown in loot.figures.items()
        if shown is not None
        and cell.population == POPULATION
        and (
            (0 < shown[0] < WIDTH and not _net(loot, cell))
            or (shown[1] != 1 and 0 < shown[1] - shown[0] < WIDTH and _part_of_whole(loot, cell))
        )
        and _of_people(loot, cell)
    ]


def _at_a_day(loot: Loot, cell: Cell) -> bool:
    """Say whether people at a day are counted: two versions differ by who came less who went, no number of people."""
    return any(term["measure"] is None for term in loot.definitions[cell.indicator]["numerator"])


def small_steps(loot: Loot) -> list[tuple[Cell, Cell]]:
    """Return counts of what happened that two versions of a period show, one to four people apart."""
    found = []
    for cell, shown in loot.figures.items():
        for other in range(1, cell.version):
            before = loot.figures.get(cell._replace(version=other))
            if shown is None or before is None or cell.population != POPULATION:
                continue
            count = loot.definitions[cell.indicator]["kind"] == "count" and _of_people(loot, cell)
            if count and not _at_a_day(loot, cell) and 0 < abs(shown[0] - before[0]) < WIDTH:
                found.append((cell, cell._replace(version=other)))
    return found


@pytest.mark.parametrize("seed", [1])
@pytest.mark.timeout(900)
async def test_an_attacker_finds_no_small_number_and_finds_them_where_only_small_ones_are_hidden(
    reporting: Reporting, line: LineMaker, seed: int
) -> None:
    await read_tree(reporting)
    district, sizes = await small_district(reporting, line, seed)
    await district.live_through("2026-01", sizes)
    january = await district.close("2026-01")
    await district.live_through("2026-02", sizes)
    await district.close("2026-02")
    await district.merge(ONE, TWO, "2026-03-01")
    later = {area: size for area, size in sizes.items() if area != ONE}
    await district.live_through("2026-03", later)
    await district.close("2026-03")
    late = [line(POPULATION, "birth", "2026-01-20", 6, area=COMMUNITIES[3], sex=1, parity=1, birth_month="2026-01"),
            line(POPULATION, "in", "2026-01-21", 2, area=COMMUNITIES[4], sex=2, birth_month="1945-03")]  # fmt: skip
    await reporting.take_in("registry", late)
    await district.restate(january)
    await district.close("2026Q1")

    auditor = await reporting.staff("auditor", "340103")
    loot = await collect(auditor, {ONE: (TWO, "2026-03")})
    known = await truth(reporting)
    hidden = [cell for cell, shown in loot.figures.items() if shown is None]
    assert hidden
    assert len(hidden) < len(loot.figures)
    assert shown_small(loot) == []
    assert small_steps(loot) == []
    found = attack(loot, known, MOST)
    assert not found, found[:5]
    assert len(attack(naive(known, loot), known, MOST)) > 20
