"""The worker's side of cards and visits: what the passing of days changes, and cards opened for a whole area.

Each step may run any number of times: a card that stands as written, an offer that has not lapsed and a day
that was counted are left alone.
"""

import asyncio
from datetime import timedelta

import structlog

from renkou_common.database import TRANSIENT_ERRORS
from renkou_common.errors import NotFound, Unavailable
from renkou_common.scope import AreaScope
from renkou_registry import background
from renkou_registry.cards import openings, repository, service
from renkou_registry.cards.counting import count_methods
from renkou_registry.runtime import Runtime
from renkou_registry.visits import planning
from renkou_registry.visits import repository as visit_repository
from renkou_registry.visits import service as visits

_log = structlog.get_logger(__name__)
_PORTION = 200
_POLL_SECONDS = 1.0
_DAY_SECONDS = 600.0


async def run_openings(runtime: Runtime) -> None:
    """Work off openings of areas until cancelled; a lost database is waited for."""
    while True:
        try:
            if await openings.work_off(runtime):
                continue
        except (Unavailable, *TRANSIENT_ERRORS) as error:
            _log.warning("openings wait for the database", error=repr(error))
        await asyncio.sleep(_POLL_SECONDS)


async def run_days(runtime: Runtime) -> None:
    """Do what days bring, every ten minutes, until cancelled; a lost database is waited for."""
    await background.again_and_again(runtime, "cards", pass_day, _DAY_SECONDS)


async def pass_day(runtime: Runtime) -> None:
    """Close and bring back cards, end offers nobody came to, count methods once a day."""
    await _refresh_cards(runtime)
    await _lapse_visits(runtime)
    await count_methods(runtime)


async def _refresh_cards(runtime: Runtime) -> None:
    while True:
        async with runtime.database.transaction(AreaScope.everything()) as tx:
            found = await repository.changing(tx, runtime.clock.today(), _PORTION)
            for person_id in sorted(found):
                await service.refresh(runtime, tx, person_id)
        if len(found) < _PORTION:
            return


async def _lapse_visits(runtime: Runtime) -> None:
    while True:
        before = runtime.clock.today() - timedelta(days=planning.rules_of(runtime).lapse_days)
        async with runtime.database.transaction(AreaScope.everything()) as tx:
            found = await visit_repository.lapsing(tx, before, _PORTION)
            ended = 0
            for person_id in sorted(found):
                try:
                    ended += await visits.lapse(runtime, tx, person_id)
                except NotFound:  # left the register since
                    _log.warning("an open visit without a person", person=str(person_id))
        if len(found) < _PORTION or not ended:
            return
