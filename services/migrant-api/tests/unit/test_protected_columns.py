"""No column of bytes of the exchange is forgotten, and each value opens under what its column says."""

from uuid import uuid4

from sqlalchemy import LargeBinary

from renkou_migrant.certificates.service import paper_column, sealed_column
from renkou_migrant.field_keys.columns import PROTECTED, UNPROTECTED
from renkou_migrant.metadata import metadata


def test_every_column_of_bytes_is_protected_or_says_why_not() -> None:
    held = {
        (table.name, column.name)
        for table in metadata.sorted_tables
        for column in table.columns
        if isinstance(column.type, LargeBinary)
    }
    sealed = {(each.table, each.column) for each in PROTECTED}
    clear = {(each.table, each.column) for each in UNPROTECTED}
    assert not sealed & clear
    assert sealed | clear == held
    for each in PROTECTED:
        assert [key.name for key in metadata.tables[each.table].primary_key] == list(each.key)


def test_a_certificate_is_bound_to_its_row() -> None:
    sealed, paper = (each for each in PROTECTED if each.table == "certificate")
    row = {"id": uuid4()}
    assert (sealed.bound_to(row), paper.bound_to(row)) == (sealed_column(row["id"]), paper_column(row["id"]))
