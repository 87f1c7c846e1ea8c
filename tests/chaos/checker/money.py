"""Stock and payments add up, in the books and to what the clients were told."""

from decimal import Decimal

import asyncpg

from tests.chaos.checker.check import Check
from tests.chaos.checker.evidence import Evidence

STOCK = """
SELECT s.point_id::text AS point, s.batch_id::text AS batch, s.quantity,
       (SELECT COALESCE(sum(e.quantity), 0) FROM supply_entry e
        WHERE e.point_id = s.point_id AND e.batch_id = s.batch_id) AS entries
FROM supply_stock s
"""
STRAY = """
SELECT point_id::text FROM supply_entry e
WHERE NOT EXISTS (SELECT FROM supply_stock s WHERE s.point_id = e.point_id AND s.batch_id = e.batch_id)
"""
PAID = "SELECT COALESCE(sum(amount), 0) FROM benefit_line WHERE batch_id = $1::uuid AND state = 'paid'"
DUES = """
SELECT d.id::text, d.amount, COALESCE(sum(l.amount) FILTER (WHERE l.state = 'paid'), 0) AS paid,
       count(*) FILTER (WHERE l.state = 'paid') AS times
FROM benefit_due d LEFT JOIN benefit_line l ON l.due_id = d.id GROUP BY d.id, d.amount
"""


async def stock(evidence: Evidence) -> Check:
    """Each stock is the sum of its entries, and of what the station was told."""
    check = Check("库存与账目一致", "stock adds up")
    for station in evidence.load.stations:
        async with evidence.database(station.district, "registry") as connection:
            rows = await connection.fetch(STOCK)
            stray = await connection.fetch(STRAY)
        check.looked_at += len(rows)
        check.wrong += [
            f"{station.district} {dict(row)}" for row in rows if row["quantity"] != row["entries"]
        ]
        check.wrong += [f"{station.district} entries without a stock at {row[0]}" for row in stray]
        for where, holds in (("books", _held(rows, station.point)), ("API", await station.stock())):
            if holds != station.held:
                check.wrong.append(
                    f"{station.district} {where}: {holds}, {station.held} by what was acknowledged"
                )
    return check


def _held(rows: list[asyncpg.Record], point: str) -> int:
    return sum(int(row["quantity"]) for row in rows if row["point"] == point)


async def payments(evidence: Evidence) -> Check:
    """Nobody was paid twice or more than is due, and each batch paid what was acknowledged."""
    check = Check("发放金额一致且无重复", "payments add up and none was made twice")
    for treasury in evidence.load.treasuries:
        async with evidence.database(treasury.district, "registry") as connection:
            dues = await connection.fetch(DUES)
            paid = {batch: Decimal(await connection.fetchval(PAID, batch)) for batch in treasury.paid}
        check.looked_at += len(dues)
        for due in dues:
            if due["times"] > 1 or due["paid"] > due["amount"]:
                check.wrong.append(f"{treasury.district} paid too much: {dict(due)}")
        if not treasury.paid:
            check.wrong.append(f"{treasury.district}: nothing was paid, {treasury.refused} refused")
        for batch, total in treasury.paid.items():
            if paid[batch] != total:
                check.wrong.append(f"{treasury.district} batch {batch}: {paid[batch]} instead of {total}")
    return check


async def closings(evidence: Evidence) -> Check:
    """Each closing stands as it was acknowledged, the published ones under the hash that both signed."""
    check = Check("关账状态一致", "closings stand as acknowledged")
    for closer in evidence.load.closers:
        async with evidence.database(closer.district, "reporting") as connection:
            rows = await connection.fetch(
                "SELECT c.id::text, c.state, encode(f.content_hash, 'hex') AS hash FROM closing c"
                " LEFT JOIN frozen_figures f ON f.closing_id = c.id"
            )
        found = {row["id"]: row for row in rows}
        told = evidence.acknowledged.created(closer.district, "reporting", "/closings")
        check.looked_at += len(told)
        check.wrong += [f"{closer.district} closing {each} is lost" for each in sorted(told - set(found))]
        check.wrong += [f"{closer.district} closing {each} is nobody's" for each in sorted(set(found) - told)]
        for closing, frozen in closer.published.items():
            row = found.get(closing)
            if row is None or (row["state"], row["hash"]) != ("published", frozen):
                check.wrong.append(f"{closer.district} closing {closing}: {row and dict(row)}, not {frozen}")
    return check
