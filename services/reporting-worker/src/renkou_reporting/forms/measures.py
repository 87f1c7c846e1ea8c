"""Which measures cells may count, and those that a form brings along: all of them stand in the list of measures."""

from renkou_common.clock import Clock
from renkou_common.database import Transaction
from renkou_common.identity.principal import Access
from renkou_reporting.forms import repository
from renkou_reporting.forms.domain import Definition
from renkou_reporting.indicators.service import add_measure
from renkou_reporting.measures import service as measures


async def known_measures(tx: Transaction, *, but_of: Definition | None = None) -> dict[str, set[str]]:
    """Return the populations of each measure; without those that ``but_of`` brings along as an earlier version did."""
    known = {
        code: {str(one) for one in entry.populations} for code, entry in (await measures.current(tx)).items()
    }
    if but_of is not None and but_of.measures:
        given = {(one.code, one.unit, *one.populations) for one in but_of.measures}
        for row in await repository.versions(tx, but_of.code, active=True):
            for before in Definition.model_validate(row["definition"]).measures:
                if (before.code, before.unit, *before.populations) in given:
                    known.pop(before.code, None)
    return known


async def introduce(tx: Transaction, access: Access, clock: Clock, definition: Definition) -> None:
    """Put the measures that a form brings along in the list, unless an earlier version of it did."""
    listed = await measures.current(tx)
    for one in definition.measures:
        if one.code not in listed:
            await add_measure(tx, access, clock, one.entry())
