"""Every query on surveys beyond those of :mod:`renkou_registry.records`."""

from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_common.scope import AreaScope
from renkou_registry.records import AreaTable

SURVEYS = AreaTable("survey", "调查", "survey")


async def add_questions(tx: Transaction, survey_id: UUID, edition: int, questions: Any) -> None:
    """Write the questions of an edition."""
    await tx.execute(
        "INSERT INTO survey_questions (survey_id, edition, questions) VALUES ($1, $2, $3)",
        survey_id,
        edition,
        questions,
    )


async def questions(tx: Transaction, survey_id: UUID, edition: int) -> Any:
    """Return the questions of an edition as stored; None where there is no such edition."""
    return await tx.fetchval(
        "SELECT questions FROM survey_questions WHERE survey_id = $1 AND edition = $2", survey_id, edition
    )


async def open_for(tx: Transaction, survey_id: UUID, scope: AreaScope) -> asyncpg.Record | None:
    """Lock (shared) and return a survey whose area lies in the caller's or holds it."""
    return await tx.fetchrow(
        "SELECT * FROM survey t WHERE t.id = $1 AND EXISTS (SELECT FROM unnest($2::bigint[], $3::bigint[])"
        " s(lo, hi) WHERE t.area BETWEEN s.lo AND s.hi OR s.lo BETWEEN t.area AND t.area_high)"
        " FOR SHARE",
        survey_id,
        scope.lows,
        scope.highs,
    )


async def add_answer(
    tx: Transaction, answer_id: UUID, survey: asyncpg.Record, area: int, on: date, options: dict[str, str]
) -> None:
    """Write one anonymous answer."""
    await tx.execute(
        "INSERT INTO survey_answer (id, survey_id, edition, area, answered_on, options)"
        " VALUES ($1, $2, $3, $4, $5, $6)",
        answer_id,
        survey["id"],
        survey["edition"],
        area,
        on,
        options,
    )


async def answers_by_survey(tx: Transaction, ids: Sequence[UUID]) -> dict[UUID, int]:
    """Return how many answers each of some surveys has; those without any are left out."""
    rows = await tx.fetch(
        "SELECT survey_id, count(*) AS answers FROM survey_answer WHERE survey_id = ANY($1) GROUP BY survey_id",
        list(ids),
    )
    return {row["survey_id"]: row["answers"] for row in rows}
