"""The database: made by migrations alone, without a place for personal data, closed to what isn't needed."""

import asyncio

import asyncpg
import pytest

from renkou_common.migration import check
from renkou_reporting.migrate import SCRIPTS

from ..support import Reporting

# Every text column, with what may stand in it. A new one has to be thought about here.
TEXT_COLUMNS = {
    ("account_check", "reason"): "code",
    ("account_incident", "kind"): "code",
    ("account_incident", "population"): "code",
    ("account_incident", "measure"): "code",
    ("account_incident", "state"): "code",
    ("account_incident", "explanation"): "long numbers are refused",
    ("forecast_scenario", "code"): "code",
    ("aggregate_return", "title"): "what a return is called; long numbers are refused",
    ("aggregate_return", "source"): "the office a return comes from; long numbers are refused",
    ("aggregate_return", "withdrawal_reason"): "long numbers are refused",
    ("cell", "population"): "code",
    ("cell", "measure"): "code",
    ("cell_shadow", "population"): "code",
    ("cell_shadow", "measure"): "code",
    ("year_cell", "population"): "code",
    ("year_cell", "measure"): "code",
    ("year_cell", "detail"): "code",
    ("year_cell_shadow", "population"): "code",
    ("year_cell_shadow", "measure"): "code",
    ("year_cell_shadow", "detail"): "code",
    ("cohort_cell", "population"): "code",
    ("cohort_cell", "measure"): "code",
    ("cohort_cell_shadow", "population"): "code",
    ("cohort_cell_shadow", "measure"): "code",
    ("measure", "code"): "code",
    ("measure", "zh"): "what a measure is called; only those who manage figures write it",
    ("measure", "en"): "what a measure is called; only those who manage figures write it",
    ("measure", "kind"): "code",
    ("measure", "unit"): "code",
    ("measure", "origin"): "code",
    ("indicator", "code"): "code",
    ("indicator_version", "code"): "code",
    ("indicator_version", "state"): "code",
    (
        "indicator_version",
        "reason",
    ): "why a definition is written or retired; only those who manage figures write it",
    ("cell", "detail"): "code",
    ("cell_shadow", "detail"): "code",
    ("fact", "detail"): "code",
    ("fact_shadow", "detail"): "code",
    ("fact", "feed"): "code",
    ("fact", "population"): "code",
    ("fact", "measure"): "code",
    ("fact_shadow", "feed"): "code",
    ("fact_shadow", "population"): "code",
    ("fact_shadow", "measure"): "code",
    ("feed_incident", "feed"): "code",
    ("feed_incident", "kind"): "code",
    ("feed_position", "feed"): "code",
    ("applied_event", "feed"): "code",
    ("held_event", "feed"): "code",
    ("held_event", "subject"): "random reference",
    ("held_event", "type"): "code",
    ("held_event", "body"): "an event, which carries no personal data by contract",
    ("held_event", "reason"): "error text",
    ("held_event", "state"): "code",
    ("idempotency_record", "key"): "random value of the caller",
    ("rebuild", "state"): "code",
    ("rebuild", "reason"): "error text",
    ("rebuild_difference", "kind"): "code",
    ("rebuild_difference", "population"): "code",
    ("rebuild_difference", "measure"): "code",
    ("rebuild_difference", "detail"): "code",
    ("return_line", "population"): "code",
    ("return_line", "measure"): "code",
    ("staff_assignment", "role"): "code",
}
PERSONAL = ("name", "resident", "document", "phone", "street", "address", "household", "employer", "person")


async def test_migrations_and_tables_agree(reporting: Reporting) -> None:
    assert await asyncio.to_thread(check, SCRIPTS, reporting.access.owner_url) == []


async def test_no_column_can_hold_personal_data(reporting: Reporting) -> None:
    columns = await reporting.rows(
        "SELECT table_name::text, column_name::text, data_type::text FROM information_schema.columns"
        " WHERE table_schema = 'public'"
    )
    assert len(columns) > 80
    assert not [row for row in columns if any(word in row["column_name"] for word in PERSONAL)]
    texts = {
        (row["table_name"], row["column_name"])
        for row in columns
        if row["data_type"] in ("text", "character varying")
    }
    assert texts == TEXT_COLUMNS.keys()


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE fact SET value = 2",
        "DELETE FROM fact",
        "TRUNCATE fact",
        "DELETE FROM cell",
        "DELETE FROM return_line",
        "ALTER TABLE fact RENAME TO fakt",
        "SELECT * FROM alembic_version",
    ],
)
async def test_the_service_may_not_rewrite_its_facts(reporting: Reporting, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await reporting.rows(statement)
