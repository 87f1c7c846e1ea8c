"""Checks every account: month by month, after a rebuild, and when somebody asks.

What breaks an account becomes an incident with its cause: the latest cells and events behind it. An incident that a
later check no longer finds is solved; one whose numbers change is open again. Each kind of check reads what it
compares with one statement, so that facts which come in meanwhile never look like a difference.
"""

from collections.abc import Sequence
from datetime import date, timedelta
from fractions import Fraction
from uuid import UUID

import structlog
from prometheus_client import Gauge

from renkou_common.clock import Clock
from renkou_common.codes.area import AreaCode
from renkou_common.contracts.lines import Population
from renkou_common.database import Database, Transaction
from renkou_common.errors import RenkouError
from renkou_common.ids import new_id
from renkou_common.messaging.inbox import TRANSIENT
from renkou_common.scope import AreaScope
from renkou_reporting.accounts import repository
from renkou_reporting.accounts.domain import (
    Balance,
    Finding,
    IncidentKind,
    Known,
    check_balances,
    check_parts,
    decide,
)
from renkou_reporting.facts.domain import month_number
from renkou_reporting.figures.domain import Asked, Months, Span, add_months
from renkou_reporting.figures.engine import compute
from renkou_reporting.indicators.domain import BALANCE_PARTS, Indicator
from renkou_reporting.indicators.service import packaged_definitions
from renkou_reporting.rebuild.service import last_finished

MAX_FINDINGS = 1000
"""So many findings of each kind at most become incidents of one check."""
MONTHS_COMPARED = 13
OPEN = Gauge(
    "renkou_account_incidents_open",
    "Incidents of population accounts that are open",
    ["kind"],
    multiprocess_mode="mostrecent",
)
_OWN_KINDS = [kind.value for kind in IncidentKind if kind is not IncidentKind.REGISTER_DIFFERS]
_COUNTED = (Population.REGISTERED, Population.RESIDENT, Population.MIGRANT_IN, Population.MIGRANT_OUT)
_EVERYWHERE = AreaScope.everything()
_log = structlog.get_logger(__name__)


def last_full_month(today: date) -> int:
    """Return the last month that is over, yyyymm."""
    return month_number(today.replace(day=1) - timedelta(days=1))


async def check_accounts(tx: Transaction, clock: Clock, district: AreaCode, through: int) -> int:
    """Check every account up to a month (yyyymm) and keep the incidents up; returns how many findings there are."""
    found = await repository.find_broken(tx, through, MAX_FINDINGS)
    found += await _compared(tx, district, through)
    await _settle(tx, clock, found, await repository.known(tx, _OWN_KINDS))
    return len(found)


async def note_register_difference(tx: Transaction, clock: Clock, found: Sequence[Finding]) -> None:
    """Keep up the incidents of kind ``register_differs``: all that a comparison with the register found."""
    await _settle(tx, clock, found, await repository.known(tx, [IncidentKind.REGISTER_DIFFERS.value]))


async def unexplained(tx: Transaction, district: AreaCode, through: int) -> list[Finding]:
    """Return what breaks an account up to a month (yyyymm) and nobody has explained; looks now, changes nothing.

    With it the incidents that a comparison with the register left open.
    """
    found = await repository.find_broken(tx, through, MAX_FINDINGS)
    found += await _compared(tx, district, through)
    known = await repository.unsolved(tx)
    found += [
        one.finding
        for one in known
        if one.finding.kind is IncidentKind.REGISTER_DIFFERS and one.finding.month <= through
    ]
    explained = {one.finding for one in known if one.state == "explained"}
    return [one for one in found if one not in explained]


async def _settle(tx: Transaction, clock: Clock, found: Sequence[Finding], known: Sequence[Known]) -> None:
    decision = decide(found, known)
    touched = [*decision.opened, *decision.changed]
    traced = [one for one in touched if one.birth_month >= 0 or one.kind is IncidentKind.CELLS_DIFFER]
    cells, events = await repository.causes(tx, traced) if traced else ({}, {})
    place = {one: number for number, one in enumerate(traced)}
    for one in touched:
        number = place.get(one, -1)
        cause = (cells.get(number, []), events.get(number, []))
        if one in decision.opened:
            await repository.open_incident(tx, new_id(), one, *cause, clock.now())
        else:
            await repository.change_incident(tx, one, *cause)
    for one in decision.solved:
        await repository.solve_incident(tx, one, clock.now())


async def _compared(tx: Transaction, district: AreaCode, through: int) -> list[Finding]:
    """Return what the figures' own engine finds: balances, months that follow each other, parts and wholes."""
    first = add_months(through, 1 - MONTHS_COMPARED)
    months = [add_months(first, number) for number in range(MONTHS_COMPARED)]
    communities = await repository.counted_areas(tx, *district.interval())
    towns = sorted({key // 1000 * 1000 for key in communities} - {district.key})
    wholes = [(district.key, district.interval()), *((key, (key, key + 999)) for key in towns)]
    spans = [Span(str(key), (interval,)) for key, interval in wholes]
    spans += [Span(str(key), ((key, key),)) for key in communities]
    asked = [Asked(_mean_population(), population) for population in _COUNTED]
    outcomes = await compute(tx, asked, spans, [Months(month, month, str(month)) for month in months])
    found: list[Finding] = []
    for number, population in enumerate(_COUNTED):
        accounts = [
            [_balance(outcomes[number, place, when].parts) for when in range(len(months))]
            for place in range(len(spans))
        ]
        whole = dict(zip((key for key, _ in wholes), accounts[: len(wholes)], strict=True))
        parts = dict(zip(communities, accounts[len(wholes) :], strict=True))
        for area, balances in (*whole.items(), *parts.items()):
            found += check_balances(population.value, area, months, balances)
        for area, interval in wholes:
            below = [each for key, each in parts.items() if interval[0] <= key <= interval[1]]
            found += check_parts(population.value, area, months, whole[area], below)
    return found


def _mean_population() -> Indicator:
    return next(one for one in packaged_definitions() if one.code == "mean_population")


def _balance(parts: dict[str, Fraction]) -> Balance:
    return Balance(*(parts[name] for name in BALANCE_PARTS))


async def measure_open(database: Database) -> None:
    """Set the gauge of open incidents, as a scrape wants it; it stays where the database gives no answer."""
    try:
        async with database.transaction(_EVERYWHERE, read_only=True) as tx:
            still_open = await repository.count_open(tx)
    except (*TRANSIENT, RenkouError) as error:
        _log.warning("open incidents not counted", error=repr(error))
        return
    for kind in IncidentKind:
        OPEN.labels(kind.value).set(still_open.get(kind.value, 0))


class Checker:
    """Works off checks of the accounts: those that are due and those that were asked for."""

    def __init__(self, database: Database, clock: Clock, district: AreaCode) -> None:
        self._database = database
        self._clock = clock
        self._district = district

    async def run_once(self) -> bool:
        """Make the check that waits or is due; returns False where there is none."""
        async with self._database.transaction(_EVERYWHERE) as tx:
            await self._queue_what_is_due(tx)
        async with self._database.transaction(_EVERYWHERE) as tx:
            check = await repository.waiting_check(tx)
            if check is None:
                return False
            found = await check_accounts(tx, self._clock, self._district, check["through"])
            await repository.finish_check(tx, check["id"], self._clock.now(), found)
        _log.info("accounts checked", through=check["through"], reason=check["reason"], found=found)
        return True

    async def _queue_what_is_due(self, tx: Transaction) -> None:
        """A month that is over is checked once, and everything again after a rebuild."""
        through = last_full_month(self._clock.today())
        last = await repository.last_check(tx)
        rebuilt = await last_finished(tx)
        reason = None
        if last is None or last["through"] < through:
            reason = "month"
        elif rebuilt is not None and rebuilt > last["requested_at"]:
            reason = "rebuild"
        if reason is not None:
            await ask_for_check(tx, self._clock, through, reason, None)


async def ask_for_check(tx: Transaction, clock: Clock, through: int, reason: str, by: UUID | None) -> UUID:
    """Queue a check; returns its id, or that of the one that waits already."""
    return await repository.request_check(tx, new_id(), through, reason, by, clock.now())
