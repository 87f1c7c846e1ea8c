"""Rules of closing a period, without I/O: states, what is frozen, and how two versions differ.

open -> signed -> published -> reopened -> signed -> published (the next version)
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any, NamedTuple

from renkou_common.codes.area import AreaCode
from renkou_common.errors import Text
from renkou_reporting.disclosure.domain import Count, pack, unpack
from renkou_reporting.facts.domain import BALANCE_SIGNS
from renkou_reporting.figures.domain import ParityRange, Sliced, parse_ages
from renkou_reporting.indicators.domain import (
    Dimension,
    Indicator,
    IndicatorKind,
    Term,
    TermKind,
)
from renkou_reporting.published.domain import Account, Cell, Difference, Key, ranges, same_computation

AGE_BANDS = ("0-14", "15-49", "15-59", "60-150", "65-150")
PARITIES = ("1", "2", "3+")
SEXES = (1, 2)


class State(StrEnum):
    """Where a closing stands."""

    OPEN = "open"  # 待关账
    SIGNED = "signed"  # 已初签
    PUBLISHED = "published"  # 已公布
    REOPENED = "reopened"  # 已重开


@dataclass(frozen=True, slots=True)
class Finding:
    """Something that a check found, and where to look."""

    text: Text
    link: str


@dataclass(frozen=True, slots=True)
class CheckResult:
    """A check of a closing; without findings it holds.

    In spite of one that is ``overridable`` the figures may be signed, where the second signer says why.
    """

    code: str
    name: Text
    findings: Sequence[Finding]
    overridable: bool = False

    @property
    def holds(self) -> bool:
        return not self.findings


@dataclass(frozen=True, slots=True)
class Reservation:
    """A check that did not hold when the figures were signed, with what it found."""

    check: str
    findings: Sequence[Text]

    def to_json(self) -> dict[str, Any]:
        """Return it in plain values."""
        return {"check": self.check, "findings": [{"zh": one.zh, "en": one.en} for one in self.findings]}

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Reservation":
        """Read what :meth:`to_json` gave."""
        return cls(content["check"], [Text(one["zh"], one["en"]) for one in content["findings"]])


class Comparison(NamedTuple):
    """When the figures were compared with something outside last, whether they were equal, and where to look."""

    at: datetime
    equal: bool
    link: str


class LateFact(NamedTuple):
    """A fact that came after the version before."""

    feed: str
    seq: int
    area: int
    month: int
    population: str
    measure: str
    sex: int
    parity: int
    detail: str


def slices(indicator: Indicator, details: Sequence[str]) -> list[Sliced]:
    """Return how an indicator is frozen: as a whole, and by each of its dimensions alone."""
    found = [] if "required" in indicator.dimensions.values() else [Sliced()]
    if Dimension.SEX in indicator.dimensions:
        found += [Sliced(sex=sex) for sex in SEXES]
    if Dimension.PARITY in indicator.dimensions:
        found += [Sliced(parity=ParityRange.parse(text)) for text in PARITIES]
    if Dimension.AGES in indicator.dimensions:
        found += [Sliced(ages=parse_ages(text)) for text in AGE_BANDS]
    if Dimension.DETAIL in indicator.dimensions:
        found += [Sliced(detail=detail) for detail in details]
    return found


def differences(
    before: Iterable[Cell],
    after: Iterable[Cell],
    old_definitions: Mapping[str, Any],
    definitions: Mapping[str, Any],
    late: Sequence[LateFact],
    months: tuple[int, int],
) -> list[Difference]:
    """Return every figure that two versions do not agree on, with the events that could have changed it.

    ``late`` are the facts taken in between the two; ``months`` the first and last month of the period, yyyymm.
    """
    old = {cell.key: cell for cell in before}
    new = {cell.key: cell for cell in after}
    parsed = {code: Indicator.model_validate(one) for code, one in definitions.items()}
    by_count: dict[tuple[str, str], list[LateFact]] = {}
    for fact in late:
        by_count.setdefault((fact.population, fact.measure), []).append(fact)
    found = []
    for key in sorted(old.keys() | new.keys()):
        was, now = old.get(key), new.get(key)
        if was is not None and now is not None and was.same_numbers(now):
            continue
        code = key.indicator
        changed = not same_computation(old_definitions.get(code, {}), definitions.get(code, {}))
        events = causes(key, parsed.get(code), parsed, by_count, months)
        found.append(Difference(key, was, now, changed, events))
    return found


def causes(
    key: Key,
    indicator: Indicator | None,
    known: Mapping[str, Indicator],
    late: Mapping[tuple[str, str], Sequence[LateFact]],
    months: tuple[int, int],
) -> dict[str, list[list[int]]]:
    """Return the numbers of late events by feed that count into a figure."""
    of = known.get(indicator.of) if indicator is not None and indicator.of is not None else indicator
    if indicator is None or of is None:
        return {}
    grows = indicator.kind is IndicatorKind.GROWTH
    low, high = AreaCode.parse(key.area).interval()
    dims = dict(part.split("=", 1) for part in key.dims.split(";") if part)
    numbers: dict[str, set[int]] = {}
    for term in of.terms:
        for fact in _of_term(term, term.population or key.population, late):
            if low <= fact.area <= high and _counts(term, dims, fact, months, grows=grows):
                numbers.setdefault(fact.feed, set()).add(fact.seq)
    return {feed: ranges(found) for feed, found in sorted(numbers.items())}


def _of_term(
    term: Term, population: str, late: Mapping[tuple[str, str], Sequence[LateFact]]
) -> Iterator[LateFact]:
    for measure in BALANCE_SIGNS if term.measure is None else (term.measure,):
        yield from late.get((population, measure), ())


def _counts(
    term: Term, dims: Mapping[str, str], fact: LateFact, months: tuple[int, int], *, grows: bool
) -> bool:
    first, last = months
    if fact.month > last or (term.kind is TermKind.FLOW and fact.month < (first - 100 if grows else first)):
        return False
    asked = {name: dims[name] for name in map(str, term.asked) if name in dims}
    sex = int(asked["sex"]) if "sex" in asked else term.sex
    if sex is not None and fact.sex != sex:
        return False
    parity = term.parity
    if "parity" in asked:
        named = ParityRange.parse(asked["parity"])
        parity = (named.low, named.high) if named else parity
    if parity is not None and not parity[0] <= fact.parity <= parity[1]:
        return False
    details = (asked["detail"],) if "detail" in asked else term.details
    return not details or fact.detail in details


@dataclass(frozen=True, slots=True)
class Frozen:
    """What the first of two signs: every figure of a period at one position of every feed.

    ``counts`` are what the figures are made of, some of which (``unpublished``) no figure shows by itself.
    ``salt`` is random: from the hash nobody can try out what a hidden number is.
    """

    area: str
    period: str
    months: tuple[int, int]
    positions: Mapping[str, int]
    definitions: Mapping[str, Any]
    cells: Sequence[Cell]
    accounts: Sequence[Account]
    differences: Sequence[Difference]
    salt: str
    counts: Mapping[Count, int]
    unpublished: frozenset[Count]
    reservations: Sequence[Reservation] = ()

    def to_json(self) -> dict[str, Any]:
        """Return the content in plain values; canonical JSON of it is what the hash is of."""
        return {
            "area": self.area,
            "period": self.period,
            "months": list(self.months),
            "positions": dict(self.positions),
            "definitions": dict(self.definitions),
            "cells": [_cell(cell) for cell in self.cells],
            "accounts": [[area, population, *parts] for area, population, parts in self.accounts],
            "differences": [
                {
                    "key": list(one.key),
                    "before": None if one.before is None else _cell(one.before),
                    "after": None if one.after is None else _cell(one.after),
                    "definition_changed": one.definition_changed,
                    "events": one.events,
                }
                for one in self.differences
            ],
            "salt": self.salt,
            "counts": pack(self.counts, self.unpublished),
            "reservations": [one.to_json() for one in self.reservations],
        }

    @classmethod
    def from_json(cls, content: Mapping[str, Any]) -> "Frozen":
        """Read what :meth:`to_json` gave."""
        return cls(
            content["area"],
            content["period"],
            (content["months"][0], content["months"][1]),
            content["positions"],
            content["definitions"],
            [_read_cell(row) for row in content["cells"]],
            [(row[0], row[1], row[2:]) for row in content["accounts"]],
            [
                Difference(
                    Key(*one["key"]),
                    None if one["before"] is None else _read_cell(one["before"]),
                    None if one["after"] is None else _read_cell(one["after"]),
                    one["definition_changed"],
                    one["events"],
                )
                for one in content["differences"]
            ],
            content["salt"],
            *unpack(content["counts"]),
            [Reservation.from_json(one) for one in content["reservations"]],
        )


def _cell(cell: Cell) -> list[Any]:
    return [*cell.key, cell.numerator, cell.denominator, cell.value, cell.reason, cell.hidden]


def _read_cell(row: Sequence[Any]) -> Cell:
    return Cell(Key(*row[:4]), *row[4:])
