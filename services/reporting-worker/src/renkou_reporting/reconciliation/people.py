"""The people of each area as the figures count them, beside the register's own count."""

import asyncio
from datetime import date, timedelta
from typing import Any

from renkou_common.clock import Clock
from renkou_common.codes.area import AreaCode
from renkou_common.contracts.lines import Population
from renkou_common.database import Database
from renkou_common.messaging import inbox
from renkou_common.scope import AreaScope
from renkou_reporting.accounts.checking import note_register_difference
from renkou_reporting.accounts.domain import Finding, IncidentKind
from renkou_reporting.facts.domain import month_number
from renkou_reporting.reconciliation import repository
from renkou_reporting.reconciliation.domain import Difference, Kind
from renkou_reporting.reconciliation.register import Register, RegisterStock

_LOOKS, _LOOK_SECONDS = 20, 0.5
_COUNTED = (Population.REGISTERED, Population.RESIDENT, Population.MIGRANT_IN, Population.MIGRANT_OUT)
_EVERYWHERE = AreaScope.everything()


class People:
    """Compares counts at the end of last month; what differs is an incident of the accounts as well."""

    def __init__(self, database: Database, register: Register, clock: Clock, district: AreaCode) -> None:
        self._database = database
        self._register = register
        self._clock = clock
        self._district = district

    async def compare(self) -> tuple[dict[str, Any], list[Difference]]:
        """Return what was compared, and the differences. Raises FeedUnavailable where the register does not answer."""
        on = self._clock.today().replace(day=1) - timedelta(days=1)
        month = month_number(on)
        told = await self._settled(on)
        if told is None:
            return {"on": on.isoformat(), "compared": False}, []
        async with self._database.transaction(_EVERYWHERE) as tx:
            await repository.one_snapshot(tx)
            await repository.unhurried(tx)
            ours = await repository.stock(tx, month, told.head, self._district.interval())
            found = _differing(month, ours, told.people)
            await note_register_difference(tx, self._clock, found)
        registered = sum(
            number for (population, _), number in told.people.items() if population == Population.REGISTERED
        )
        result = {
            "on": on.isoformat(),
            "compared": True,
            "areas": len(told.people),
            "registered": registered,
            "differing": len(found),
        }
        return result, [_difference(one) for one in found]

    async def _settled(self, on: date) -> RegisterStock | None:
        """Return counts all of whose events have come here; None where the register does not come to rest."""
        for look in range(_LOOKS):
            if look:
                await asyncio.sleep(_LOOK_SECONDS)
            told = await self._register.stock(on)
            async with self._database.transaction(_EVERYWHERE, read_only=True) as tx:
                if told.unnumbered == 0 and await inbox.high_water(tx, "registry") >= told.head:
                    return told
        return None


def _differing(
    month: int, ours: dict[tuple[str, int], int], theirs: dict[tuple[str, int], int]
) -> list[Finding]:
    found = []
    for population, area in sorted(ours.keys() | theirs.keys()):
        here, there = ours.get((population, area), 0), theirs.get((population, area), 0)
        if population in _COUNTED and here != there:
            kind = IncidentKind.REGISTER_DIFFERS
            found.append(Finding(kind, area, population, "", -1, -1, month, there, here))
    return found


def _difference(one: Finding) -> Difference:
    return Difference(
        Kind.STOCK_DIFFERS,
        "registry",
        area=one.area,
        population=one.population,
        stored={"people": one.found},
        expected={"people": one.expected},
    )
