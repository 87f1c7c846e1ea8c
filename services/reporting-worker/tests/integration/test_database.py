"""The database: made by migrations alone, without a place for personal data, closed to what isn't needed."""

import asyncio

import asyncpg
import pytest

from renkou_common.migration import check
from renkou_reporting.migrate import SCRIPTS

from ..support import Reporting

# Every text column, with what may stand in it. A new one has to be thought about here.
TEXT_COLUMNS = {
    ("area", "title"): "what a division is called; public",
    ("area_former_name", "title"): "what a division was called; public",
    ("area_succession", "kind"): "code",
    ("rate_budget", "bucket"): "hash of a caller and a class of requests",
    ("account_incident", "kind"): "code",
    ("account_incident", "population"): "code",
    ("account_incident", "measure"): "code",
    ("account_incident", "state"): "code",
    ("account_incident", "explanation"): "long numbers are refused",
    ("forecast_scenario", "code"): "code",
    ("account_check", "reason"): "code",
    ("aggregate_return", "title"): "what a return is called; long numbers are refused",
    ("aggregate_return", "source"): "the office a return comes from; long numbers are refused",
    ("aggregate_return", "withdrawal_reason"): "long numbers are refused",
    ("aggregate_return", "form"): "code",
    ("aggregate_return", "reporter"): "code",
    ("aggregate_return", "occurrence"): "random value",
    ("aggregate_return", "period"): "code",
    ("aggregate_return", "state"): "code",
    ("form_version", "code"): "code",
    ("form_version", "state"): "code",
    ("form_version", "edition"): "code",
    ("form_version", "reason"): "long numbers are refused",
    ("form_reporter", "code"): "code",
    ("form_reporter", "zh"): "what a unit is called; long numbers are refused",
    ("form_reporter", "en"): "what a unit is called; long numbers are refused",
    ("return_revision", "way"): "code",
    ("return_step", "step"): "code",
    ("return_step", "reason"): "long numbers are refused",
    ("return_line", "detail"): "code",
    ("cell", "population"): "code",
    ("cell", "measure"): "code",
    ("cell_shadow", "population"): "code",
    ("cell_shadow", "measure"): "code",
    ("area_cell", "population"): "code",
    ("area_cell", "measure"): "code",
    ("area_cell", "detail"): "code",
    ("area_cell_shadow", "population"): "code",
    ("area_cell_shadow", "measure"): "code",
    ("area_cell_shadow", "detail"): "code",
    ("cohort_cell", "population"): "code",
    ("cohort_cell", "measure"): "code",
    ("cohort_cell_shadow", "population"): "code",
    ("cohort_cell_shadow", "measure"): "code",
    ("cohort_stock", "population"): "code",
    ("cohort_recent", "population"): "code",
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
    ("fact_event", "feed"): "code",
    ("fact_event", "type"): "code",
    ("fact", "population"): "code",
    ("fact", "measure"): "code",
    ("fact_shadow", "feed"): "code",
    ("fact_shadow", "population"): "code",
    ("fact_shadow", "measure"): "code",
    ("feed_incident", "feed"): "code",
    ("feed_incident", "kind"): "code",
    ("feed_position", "feed"): "code",
    ("feed_partition", "feed"): "code",
    ("held_partition", "feed"): "code",
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
    ("closing", "period"): "code",
    ("closing", "state"): "code",
    ("closing_step", "kind"): "code",
    ("closing_step", "reason"): "why a period is signed or reopened; only those who sign figures write it",
    ("frozen_figures", "reason"): "why a period is signed; only those who manage figures write it",
    ("published_version", "period"): "code",
    ("published_version", "reason"): "why a period is signed; only those who manage figures write it",
    ("published_version", "protected"): "header of a signature",
    ("published_version", "signature"): "signature",
    ("published_cell", "population"): "code",
    ("published_cell", "indicator"): "code",
    ("published_cell", "dims"): "codes",
    ("published_cell", "numerator"): "number",
    ("published_cell", "denominator"): "number",
    ("published_cell", "value"): "number",
    ("published_cell", "reason"): "code",
    ("published_account", "population"): "code",
    ("published_difference", "population"): "code",
    ("published_difference", "indicator"): "code",
    ("published_difference", "dims"): "codes",
    ("district_version", "district"): "code",
    ("district_version", "period"): "code",
    ("district_version", "protected"): "header of a signature",
    ("district_version", "signature"): "signature",
    ("district_figure", "population"): "code",
    ("district_figure", "indicator"): "code",
    ("district_figure", "dims"): "codes",
    ("district_figure", "numerator"): "number",
    ("district_figure", "denominator"): "number",
    ("district_figure", "value"): "number",
    ("district_figure", "reason"): "code",
    ("district_account", "population"): "code",
    ("district_account", "period"): "code",
    ("district_figure", "period"): "code",
    ("scorecard", "period"): "code",
    ("scorecard_version", "state"): "code",
    ("target", "ages"): "code",
    ("target", "detail"): "code",
    ("target", "indicator"): "code",
    ("target", "parity"): "code",
    ("target", "period"): "code",
    ("target", "population"): "code",
    ("target", "sex"): "code",
    ("target_version", "comparison"): "code",
    ("target_version", "state"): "code",
    ("district_account", "district"): "code",
    ("district_figure", "district"): "code",
    ("target_version", "reason"): "long numbers are refused",
    ("target_version", "withdrawal_reason"): "long numbers are refused",
    ("scorecard_version", "reason"): "long numbers are refused",
    ("scorecard_version", "withdrawal_reason"): "long numbers are refused",
    ("district_source", "district"): "code",
    ("district_source", "problem"): "error text",
    ("fact_seal", "feed"): "code",
    ("reconciliation", "state"): "code",
    ("reconciliation", "reason"): "error text",
    ("reconciliation_difference", "kind"): "code",
    ("reconciliation_difference", "feed"): "code",
    ("reconciliation_difference", "population"): "code",
    ("reconciliation_difference", "reason"): "error text",
    ("published_count", "populations"): "codes",
    ("suppression", "population"): "code",
    ("suppression", "indicator"): "code",
    ("suppression", "dims"): "codes",
    ("suppression", "kind"): "code",
    ("way_out", "populations"): "codes",
    ("worker_copy", "process"): "host and number of a process",
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
        "UPDATE fact_event SET type = ''",
        "DELETE FROM fact_event",
        "DELETE FROM cell",
        "DELETE FROM return_line",
        "UPDATE return_revision SET content = '{}'",
        "DELETE FROM return_step",
        "DELETE FROM aggregate_return",
        "ALTER TABLE fact RENAME TO fakt",
        "SELECT * FROM alembic_version",
    ],
)
async def test_the_service_may_not_rewrite_its_facts(reporting: Reporting, statement: str) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await reporting.rows(statement)
