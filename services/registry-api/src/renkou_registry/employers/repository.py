"""Tables of employers by name; most statements are in ``records``, ``links`` and ``yearly``."""

import asyncpg

from renkou_common.database import Transaction
from renkou_common.scope import AreaScope
from renkou_registry.links import PersonLink
from renkou_registry.records import AreaTable

EMPLOYERS = AreaTable("employer", "单位", "employer")
STATEMENTS = AreaTable("employer_statement", "责任书", "responsibility statement")
EMPLOYEES = PersonLink("employer_employee", "employer", "职工", "employee")


async def of_code(tx: Transaction, code: str, scope: AreaScope) -> asyncpg.Record | None:
    """Return the employer in scope that has a credit code and has not been ended."""
    return await tx.fetchrow(
        "SELECT e.* FROM employer e WHERE e.credit_code = $1 AND e.ended_on IS NULL AND EXISTS"
        " (SELECT FROM unnest($2::bigint[], $3::bigint[]) s(lo, hi) WHERE e.area BETWEEN s.lo AND s.hi)",
        code,
        scope.lows,
        scope.highs,
    )
