"""From rows of the ledger to answers."""

from collections.abc import Iterable
from uuid import UUID

import asyncpg

from renkou_common.codes.offices import SUPPLY_DOCUMENT_KINDS
from renkou_registry.fields import area_code
from renkou_registry.supplies.ledger.schemas import DocumentOut, LineOut


def lines_of(lines: Iterable[asyncpg.Record], document_id: UUID) -> list[LineOut]:
    """Return the lines of one document."""
    return [
        LineOut(**{name: line[name] for name in LineOut.model_fields})
        for line in lines
        if line["document_id"] == document_id
    ]


def document(row: asyncpg.Record, lines: Iterable[asyncpg.Record]) -> DocumentOut:
    """Return a document with its lines."""
    return DocumentOut(
        id=row["id"],
        point_id=row["point_id"],
        area=area_code(row["area"]),
        kind=row["kind"],
        kind_label=SUPPLY_DOCUMENT_KINDS.entry(row["kind"]).zh,
        on=row["happened_on"],
        people=row["people"],
        named=row["named"],
        loss_kind=row["loss_kind"],
        source=row["source"],
        paper_number=row["paper_number"],
        reason=row["reason"],
        refers_to=row["refers_to"],
        recorded_at=row["recorded_at"],
        recorded_by=row["recorded_by"],
        lines=lines_of(lines, row["id"]),
    )
