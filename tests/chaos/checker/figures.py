"""The figures of both districts equal the independent computation from the ledgers."""

from tests.chaos.checker.check import Check
from tests.chaos.checker.evidence import Evidence

SECONDS = 180


async def figures(evidence: Evidence) -> Check:
    """Read every figure once the feeds are taken in."""
    check = Check("数字与独立计算一致", "figures equal the independent computation")
    for district, rows in (await evidence.journey.figures(SECONDS)).items():
        check.looked_at += len(rows)
        check.wrong += [f"{district} {row.as_json()}" for row in rows if not row.equal]
    return check
