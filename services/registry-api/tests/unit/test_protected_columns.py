"""No column of bytes of the register is forgotten, and each value opens under what its column says."""

from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import LargeBinary

from renkou_common.field_keys.columns import ProtectedColumn
from renkou_registry.benefits.payments.service import file_context as payment_file
from renkou_registry.exports.service import part_context
from renkou_registry.external_lists.service import file_context as list_file
from renkou_registry.external_lists.service import row_context
from renkou_registry.field_keys.columns import PROTECTED, UNPROTECTED
from renkou_registry.field_keys.health import CLEAR, FRAME
from renkou_registry.imports import blocks, checking
from renkou_registry.metadata import metadata

ID = UUID("0b1c2d3e-0000-4000-8000-000000000007")


def test_every_column_of_bytes_is_protected_or_says_why_not() -> None:
    held = {
        (table.name, column.name)
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }
    sealed = {(each.table, each.column) for each in PROTECTED}
    indexes = {(each.table, each.index.column) for each in PROTECTED if each.index}
    clear = {(each.table, each.column) for each in UNPROTECTED}
    assert len(sealed) + len(indexes) + len(clear) == len(PROTECTED) + len(indexes) + len(UNPROTECTED)
    assert not sealed & clear
    assert sealed | indexes | clear == held


@pytest.mark.parametrize("table", CLEAR)
def test_every_column_about_health_is_sealed_or_its_standing_in_the_clear_is_decided(table: str) -> None:
    held = {column.name for column in metadata.tables[table].columns}
    sealed = {
        name
        for each in PROTECTED
        if each.table == table
        for name in (each.column, each.index and each.index.column)
    }
    sealed |= {each.column for each in UNPROTECTED if each.table == table}
    clear = [name for each in CLEAR[table] for name in each.columns.split()]
    assert held - sealed - FRAME == set(clear)
    assert len(clear) == len(set(clear))


def test_no_table_with_sealed_health_data_is_left_out_of_that() -> None:
    of_health = {each.table for each in PROTECTED if each.health}
    files = {each for each in of_health if each.startswith(("import_", "export_"))}  # sealed as a whole
    assert of_health - files <= set(CLEAR)


@pytest.mark.parametrize("column", PROTECTED, ids=lambda each: f"{each.table}.{each.column}")
def test_a_column_knows_its_tables_key_and_reads_columns_that_there_are(column: ProtectedColumn) -> None:
    table = metadata.tables[column.table]
    assert [each.name for each in table.primary_key] == list(column.key)
    reads = (*column.reads, *(column.index.reads if column.index else ()))
    assert {*reads, column.column} <= {each.name for each in table.columns}


class _Job:
    id = ID


@pytest.mark.parametrize(
    ("table", "row", "context"),
    [
        ("import_file", {"job_id": ID, "part": 3}, checking.file_context(_Job(), 3)),  # type: ignore[arg-type]
        ("import_cells", {"job_id": ID, "part": 3}, checking.cells_context(_Job(), 3)),  # type: ignore[arg-type]
        (
            "import_block",
            {"job_id": ID, "block": 2, "part": 3},
            blocks.block_context(_Job(), 2, 3),  # type: ignore[arg-type]
        ),
        ("export_part", {"job_id": ID, "part": 3}, part_context(ID, 3)),
        ("external_list_file", {"list_id": ID, "part": 3}, list_file(ID, 3)),
        ("external_list_row", {"list_id": ID, "row": 3}, row_context(ID, 3)),
        ("benefit_export_file", {"batch_id": ID}, payment_file(ID)),
        ("person_detail", {"field": "passport"}, "person.other_document"),
        ("person_detail", {"field": "phone"}, "person.phone"),
    ],
)
def test_what_a_value_is_bound_to_is_what_its_feature_says(
    table: str, row: dict[str, Any], context: str
) -> None:
    (column,) = (each for each in PROTECTED if each.table == table)
    assert column.bound_to(row) == context
