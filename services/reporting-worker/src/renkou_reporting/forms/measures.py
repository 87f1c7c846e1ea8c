"""Which measures cells may count: those of the contract, and those that forms introduced.

The one place where forms ask about measures; who keeps measures as data answers here.
"""

from renkou_common.database import Transaction
from renkou_reporting.forms import repository
from renkou_reporting.populations import MEASURES_OF


async def known_measures(tx: Transaction, *, but_of: str | None = None) -> dict[str, set[str]]:
    """Return the populations of each measure; without those that the form ``but_of`` introduced itself."""
    known: dict[str, set[str]] = {}
    for population, measures in MEASURES_OF.items():
        for measure in measures:
            known.setdefault(measure.value, set()).add(population.value)
    for row in await repository.versions(tx, active=True):
        if row["code"] != but_of:
            for one in row["definition"].get("measures", ()):
                known.setdefault(one["code"], set()).update(one["populations"])
    return known
