"""Balances by month. Callers hold the transaction; nothing here commits."""

from collections import Counter
from datetime import date
from uuid import UUID

import asyncpg

from renkou_common.codes.offices import SupplyDocumentKind as Kind
from renkou_common.codes.period import Period, PeriodError, PeriodKind
from renkou_common.errors import InvalidInput
from renkou_registry.fields import area_code
from renkou_registry.records import Desk
from renkou_registry.supplies.balances import repository
from renkou_registry.supplies.balances.schemas import Balance, BalanceRow
from renkou_registry.supplies.catalogue.repository import POINTS, specifications
from renkou_registry.supplies.domain import MonthRow, month_rows


def parse_month(text: str, today: date) -> Period:
    """Return the month a caller asks for; raises InvalidInput for anything but a month begun."""
    try:
        month = Period.parse(text)
    except PeriodError as error:
        raise InvalidInput.field("/query/month", error.code, error.zh, error.en) from error
    if month.kind is not PeriodKind.MONTH or month.start > today:
        raise InvalidInput.field(
            "/query/month", "month", "应为已开始的月份, 如 2025-03", "must be a month that has begun, 2025-03"
        )
    return month


async def balance(desk: Desk, point_id: UUID, month: Period) -> Balance:
    """Return a point's month, reckoned backwards from the present stock; raises NotFound."""
    point = await POINTS.find(desk.tx, point_id, desk.scope)
    within: dict[tuple[UUID, Kind], int] = {}
    later: Counter[UUID] = Counter()
    for row in await repository.moved(desk.tx, point_id, month.start, month.end):
        within[row["specification_id"], Kind(row["kind"])] = row["within"]
        later[row["specification_id"]] += row["later"]
    rows = month_rows(await repository.stock_now(desk.tx, point_id), dict(later), within)
    known = await specifications(desk.tx, [row.specification_id for row in rows])
    items = [_row(row, known[row.specification_id]) for row in rows]
    items.sort(key=lambda item: (item.product_name, item.name))
    return Balance(
        point_id=point_id,
        point_name=point["name"],
        area=area_code(point["area"]),
        month=str(month),
        rows=items,
    )


def _row(row: MonthRow, specification: asyncpg.Record) -> BalanceRow:
    moved = {kind.value if kind is not Kind.RETURN else "returned": n for kind, n in row.moved.items()}
    return BalanceRow(
        specification_id=row.specification_id,
        product_name=specification["product_name"],
        name=specification["name"],
        unit=specification["unit"],
        opening=row.opening,
        incoming=row.incoming,
        outgoing=row.outgoing,
        closing=row.closing,
        **moved,
    )
