"""Figures of a province out of what its districts published."""

from collections.abc import Mapping, Sequence
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
from renkou_reporting.province.domain import Part, Sum, add_up, add_up_accounts, add_up_growth
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
from renkou_reporting.runtime import Runtime

type _Figure = tuple[str, str, str]
type _Parts = Mapping[_Figure, Sequence[Part]]


async def figures(tx: Reader, runtime: Runtime, question: ProvinceQuestion) -> ProvinceAnswer:
    """Return a period's figures of the province; raises InvalidInput, or NotFound on a district's node."""
    districts = [one.district for one in sources_of(runtime).districts]
    period = parse_period(question.period)
    versions, parts = await _parts(tx, period, districts)
    _, earlier = await _parts(tx, Period(period.kind, period.year - 1, period.number), districts)
    known = {row["district"]: row for row in versions}
    accounts = await repository.accounts(tx, str(period), _numbers(versions))
    return ProvinceAnswer(
        province=runtime.district.value,
        period=str(period),
        districts=[
            DistrictVersion(district=one, version=row["version"], hash=row["payload_hash"].hex())
            for one, row in sorted(known.items())
        ],
        missing=[one for one in districts if one not in known],
        items=[
            _figure(figure, parts, earlier)
            for figure in parts
            if question.population in (None, figure[0]) and question.indicator in (None, figure[1])
        ],
        accounts=[
            _account(population, [row["parts"] for row in rows])
            for population, rows in groupby(accounts, lambda row: str(row["population"]))
            if question.population in (None, population)
        ],
    )


async def sources(tx: Reader, runtime: Runtime) -> SourceList:
    """Return how each district's feed stands; raises NotFound on a district's node."""
    known = await repository.sources(tx)
    nothing: dict[str, Any] = {"position": 0, "asked_at": None, "problem": None}
    return SourceList(
        items=[
            SourceAnswer.model_validate(
                {**nothing, **dict(known.get(one.district, {})), "district": one.district}
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


async def _parts(
    tx: Reader, period: Period, districts: Sequence[str]
) -> tuple[list[asyncpg.Record], dict[_Figure, list[Part]]]:
    versions = await repository.newest(tx, str(period), districts)
    definitions = {row["district"]: row["definitions"] for row in versions}
    parts: dict[_Figure, list[Part]] = {}
    for row in await repository.figures(tx, str(period), _numbers(versions)):
        district, population, indicator, dims, numerator, denominator, _, _ = row
        definition = definitions[district][indicator]
        part = Part(district, numerator, denominator, definition)
        parts.setdefault((population, indicator, dims), []).append(part)
    return versions, parts


def _numbers(versions: Sequence[asyncpg.Record]) -> dict[str, int]:
    return {row["district"]: row["version"] for row in versions}


def _figure(figure: _Figure, parts: _Parts, earlier: _Parts) -> ProvinceFigure:
    population, code, dims = figure
    indicator = Indicator.model_validate(parts[figure][0].definition)
    return ProvinceFigure.model_validate(
        {
            "population": population,
            "indicator": code,
            "name": Label(zh=indicator.zh, en=indicator.en),
            "unit": indicator.unit,
            "dims": dims,
            **_numbers_of(_added(indicator, figure, parts, earlier)),
        }
    )


def _added(indicator: Indicator, figure: _Figure, parts: _Parts, earlier: _Parts) -> Sum:
    if indicator.kind is not IndicatorKind.GROWTH:
        return add_up(parts[figure])
    population, _, dims = figure
    of = (population, indicator.of or "", dims)
    return add_up_growth(indicator, parts.get(of, []), earlier.get(of, []))


def _numbers_of(found: Sum) -> dict[str, Any]:
    return {
        "numerator": found.numerator,
        "denominator": found.denominator,
        "value": found.value,
        "reason": found.reason,
        "hidden": list(found.hidden),
        "differing": list(found.differing),
    }


def _account(population: str, accounts: Sequence[Sequence[int | None]]) -> ProvinceAccount:
    parts = dict(zip(BALANCE_PARTS, add_up_accounts(accounts), strict=True))
    return ProvinceAccount.model_validate({"population": population, "parts": parts})
