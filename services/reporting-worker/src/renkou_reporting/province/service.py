"""Figures of a province out of what its districts published."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any

import asyncpg

from renkou_common.codes.period import Period
from renkou_common.database import Reader
from renkou_common.errors import NotFound
from renkou_reporting.indicators.domain import BALANCE_PARTS, Indicator, IndicatorKind
from renkou_reporting.labels import Label
from renkou_reporting.periods import parse_period
from renkou_reporting.province import repository
from renkou_reporting.province.domain import (
    Part,
    Sum,
    add_up,
    add_up_accounts,
    add_up_growth,
    counts_nothing,
)
from renkou_reporting.province.schemas import (
    DistrictVersion,
    ProvinceAccount,
    ProvinceAnswer,
    ProvinceFigure,
    ProvinceQuestion,
    SourceAnswer,
    SourceList,
)
from renkou_reporting.province.sources import Sources
from renkou_reporting.published.domain import WITHOUT_RETURNS
from renkou_reporting.runtime import Runtime

type _Figure = tuple[str, str, str]


@dataclass(frozen=True, slots=True)
class _Published:
    """What the districts that existed in a period published of it."""

    expected: Sequence[str]
    versions: Mapping[str, asyncpg.Record]
    parts: Mapping[_Figure, Sequence[Part]]

    @property
    def missing(self) -> list[str]:
        """Districts that have not published the period."""
        return [one for one in self.expected if one not in self.versions]

    @property
    def numbers(self) -> dict[str, int]:
        """Which version of each district counts."""
        return {district: row["version"] for district, row in self.versions.items()}

    def lacking(self, figure: _Figure) -> list[str]:
        """Return the districts that published the period without a figure that they should have."""
        there = {part.district for part in self.parts.get(figure, ())}
        return sorted(
            district
            for district, row in self.versions.items()
            if district not in there and not _has_none(row["definitions"].get(figure[1]), figure)
        )


def _has_none(definition: Mapping[str, Any] | None, figure: _Figure) -> bool:
    """Whether a district rightly has no figure: it counted nothing of a detail."""
    return definition is not None and counts_nothing(definition, figure[2])


async def figures(tx: Reader, runtime: Runtime, question: ProvinceQuestion) -> ProvinceAnswer:
    """Return a period's figures of the province; raises InvalidInput, or NotFound on a district's node."""
    sources = sources_of(runtime)
    period = parse_period(question.period)
    now = await _published(tx, sources, period, question)
    year_before = Period(period.kind, period.year - 1, period.number)
    before = await _published(tx, sources, year_before, question)
    accounts = await repository.accounts(tx, str(period), now.numbers, question.population)
    return ProvinceAnswer(
        province=runtime.district.value,
        period=str(period),
        complete=not now.missing,
        districts=[
            DistrictVersion(district=one, version=row["version"], hash=row["payload_hash"].hex())
            for one, row in sorted(now.versions.items())
        ],
        missing=now.missing,
        items=[
            _figure(figure, now, before) for figure in now.parts if question.indicator in (None, figure[1])
        ],
        accounts=[
            _account(population, {row["district"]: row["parts"] for row in rows}, now)
            for population, rows in groupby(accounts, lambda row: str(row["population"]))
        ],
    )


async def sources(tx: Reader, runtime: Runtime) -> SourceList:
    """Return how each district's feed stands; raises NotFound on a district's node."""
    known = await repository.sources(tx)
    nothing: dict[str, Any] = {"position": 0, "asked_at": None, "problem": None, "problem_since": None}
    return SourceList(
        items=[
            SourceAnswer.model_validate(
                {
                    **nothing,
                    **dict(known.get(one.district, {})),
                    "district": one.district,
                    "valid_from": one.valid_from,
                    "valid_to": one.valid_to,
                }
            )
            for one in sources_of(runtime).districts
        ]
    )


def sources_of(runtime: Runtime) -> Sources:
    """Return the districts of this province; raises NotFound on a node that is none."""
    found = runtime.settings.province_sources
    if found is None:
        raise NotFound.of("省级节点", "province: this node is a district's")
    return found


async def _published(tx: Reader, sources: Sources, period: Period, question: ProvinceQuestion) -> _Published:
    expected = sources.of(period)
    versions = {row["district"]: row for row in await repository.newest(tx, str(period), expected)}
    numbers = {district: row["version"] for district, row in versions.items()}
    parts: dict[_Figure, list[Part]] = {}
    for row in await repository.figures(tx, str(period), numbers, question.population):
        district, population, indicator, dims, numerator, denominator, reason = row
        definition = versions[district]["definitions"][indicator]
        parts.setdefault((population, indicator, dims), []).append(
            Part(district, numerator, denominator, definition, reason in WITHOUT_RETURNS)
        )
    return _Published(expected, versions, parts)


def _figure(figure: _Figure, now: _Published, before: _Published) -> ProvinceFigure:
    population, code, dims = figure
    parts = now.parts[figure]
    indicator = Indicator.model_validate(parts[0].definition)
    found = _added(indicator, figure, now, before)
    obstacles = (found.hidden, found.lacking, found.differing)
    return ProvinceFigure.model_validate(
        {
            "population": population,
            "indicator": code,
            "name": Label(zh=indicator.zh, en=indicator.en),
            "unit": indicator.unit,
            "dims": dims,
            "numerator": found.numerator,
            "denominator": found.denominator,
            "value": found.value,
            "reason": found.reason,
            "districts": len(parts),
            "complete": not now.missing and not any(obstacles),
            "hidden": list(found.hidden),
            "lacking": list(found.lacking),
            "differing": list(found.differing),
        }
    )


def _added(indicator: Indicator, figure: _Figure, now: _Published, before: _Published) -> Sum:
    if indicator.kind is not IndicatorKind.GROWTH:
        return add_up(now.parts[figure], now.lacking(figure))
    population, _, dims = figure
    of = (population, indicator.of or "", dims)
    if not before.versions:
        return add_up_growth(indicator, now.parts.get(of, ()), (), now.lacking(of))
    lacking: Iterable[str] = (*now.lacking(of), *now.missing, *before.lacking(of), *before.missing)
    return add_up_growth(indicator, now.parts.get(of, ()), before.parts.get(of, ()), lacking)


def _account(
    population: str, accounts: Mapping[str, Sequence[int | None]], now: _Published
) -> ProvinceAccount:
    lacking = sorted(now.versions.keys() - accounts.keys())
    hidden = sorted(district for district, parts in accounts.items() if None in parts)
    added = add_up_accounts(list(accounts.values()))
    if lacking:
        added = [None for _ in added]
    return ProvinceAccount.model_validate(
        {
            "population": population,
            "complete": not (now.missing or lacking or hidden),
            "parts": dict(zip(BALANCE_PARTS, added, strict=True)),
            "hidden": hidden,
            "lacking": lacking,
        }
    )
