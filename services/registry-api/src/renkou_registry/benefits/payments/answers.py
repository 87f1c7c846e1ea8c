"""From rows to what callers get about payments."""

from collections.abc import Sequence
from decimal import Decimal

import asyncpg

from renkou_registry.benefits.payments.schemas import (
    BatchOut,
    BatchSummary,
    DueOut,
    ExportCopyOut,
    ExportOut,
    LineOut,
    OverpaymentOut,
)
from renkou_registry.fields import area_code


def yuan(amount: Decimal) -> str:
    """Return an amount as exact text with two decimals."""
    return f"{amount:.2f}"


def batch_summary(row: asyncpg.Record) -> BatchSummary:
    """Return a batch as lists show it."""
    names = BatchSummary.model_fields.keys() - {"area"}
    return BatchSummary(area=area_code(row["area"]), **{name: row[name] for name in names})


def batch(
    row: asyncpg.Record,
    totals: asyncpg.Record,
    export: asyncpg.Record | None,
    copies: Sequence[asyncpg.Record],
) -> BatchOut:
    """Return a batch with its totals."""
    return BatchOut(
        **batch_summary(row).model_dump(),
        line_count=totals["count"],
        total=yuan(totals["total"]),
        paid_count=totals["paid_count"],
        paid_total=yuan(totals["paid_total"]),
        failed_count=totals["failed_count"],
        export=_export(export) if export else None,
        export_copies=[
            ExportCopyOut(**{name: each[name] for name in ExportCopyOut.model_fields}) for each in copies
        ],
    )


def _export(row: asyncpg.Record) -> ExportOut:
    return ExportOut(
        format=row["format"],
        checksum=row["checksum"],
        line_count=row["line_count"],
        total=yuan(row["total"]),
        exported_by=row["exported_by"],
        exported_at=row["exported_at"],
    )


def line(row: asyncpg.Record) -> LineOut:
    """Return a payment line."""
    names = LineOut.model_fields.keys() - {"amount"}
    return LineOut(amount=yuan(row["amount"]), **{name: row[name] for name in names})


def due(row: asyncpg.Record) -> DueOut:
    """Return a due with what stands against it."""
    return DueOut(
        id=row["id"],
        subject_id=row["subject_id"],
        period=row["period"],
        due_on=row["due_on"].isoformat(),
        months=row["months"],
        amount=yuan(row["amount"]),
        paid=yuan(row["paid"]),
        waiting=yuan(row["waiting"]),
        returned=yuan(row["returned"]),
    )


def overpayment(row: asyncpg.Record) -> OverpaymentOut:
    """Return an overpayment."""
    names = OverpaymentOut.model_fields.keys() - {"amount", "area"}
    return OverpaymentOut(
        amount=yuan(row["amount"]), area=area_code(row["area"]), **{name: row[name] for name in names}
    )
