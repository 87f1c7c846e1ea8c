"""Every query of forecasts: what was counted by year and birth year, and scenarios of the district."""

from datetime import datetime
from typing import Any
from uuid import UUID

from renkou_common.database import Reader, Transaction
from renkou_reporting.forecast.domain import YearSum


async def year_sums(
    tx: Reader, intervals: list[tuple[int, int]], population: str, last_year: int
) -> list[YearSum]:
    """Return what was counted by year, measure of the balance, sex and birth year, up to a year's end."""
    rows = await tx.fetch(
        "SELECT c.month / 100 AS year, c.measure, c.sex, c.birth_month / 100 AS born, sum(c.value)::bigint AS value"
        " FROM unnest($1::bigint[], $2::bigint[]) AS s(low, high)"
        " JOIN cohort_cell c ON c.area BETWEEN s.low AND s.high"
        " WHERE c.population = $3 AND c.month <= $4 GROUP BY 1, 2, 3, 4",
        [low for low, _ in intervals],
        [high for _, high in intervals],
        population,
        last_year * 100 + 12,
    )
    return [YearSum(row["year"], row["measure"], row["sex"], row["born"], row["value"]) for row in rows]


async def scenarios(tx: Reader) -> list[tuple[str, dict[str, Any]]]:
    """Return the scenarios that were added, by code."""
    rows = await tx.fetch("SELECT code, definition FROM forecast_scenario ORDER BY code")
    return [(row["code"], row["definition"]) for row in rows]


async def add_scenario(
    tx: Transaction, scenario_id: UUID, code: str, definition: dict[str, Any], by: UUID, at: datetime
) -> bool:
    """Store a scenario; False where the code is taken."""
    made = await tx.fetchval(
        "INSERT INTO forecast_scenario (code, id, definition, made_by, made_at) VALUES ($1, $2, $3, $4, $5)"
        " ON CONFLICT (code) DO NOTHING RETURNING true",
        code,
        scenario_id,
        definition,
        by,
        at,
    )
    return made is not None
