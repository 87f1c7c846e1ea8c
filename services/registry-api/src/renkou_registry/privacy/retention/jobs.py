"""The daily task: removes what has had its time, rule by rule, in batches of one transaction each.

A day is the node's day. A worker that is killed goes on where it stood: what is removed is removed, and a rule is
through with a day only when its last row says so. Two workers at once remove nothing twice.
"""

from datetime import timedelta

import structlog

from renkou_common.scope import AreaScope
from renkou_registry import background
from renkou_registry.privacy.erasure import service as erasure
from renkou_registry.privacy.retention import repository, service
from renkou_registry.privacy.retention.rules import Rule
from renkou_registry.runtime import Runtime

_log = structlog.get_logger(__name__)
_EVERY_SECONDS = 600
_EVERYWHERE = AreaScope.everything()


async def run_retention(runtime: Runtime) -> None:
    """Look for what is due each day until cancelled; a lost database is waited for."""
    await background.again_and_again(runtime, "clocks of retention", retain_once, _EVERY_SECONDS)


async def retain_once(runtime: Runtime) -> int:
    """Bring every rule through today; returns how many records were removed."""
    async with runtime.database.transaction(_EVERYWHERE) as tx:
        rules = [each.rule for each in await service.standing(runtime, tx)]
    return sum([await _carry_out(runtime, rule) for rule in rules if rule.code in repository.CLOCKED])


async def _carry_out(runtime: Runtime, rule: Rule) -> int:
    assert rule.days is not None
    total = 0
    while True:
        today, now = runtime.clock.today(), runtime.clock.now()
        ended_by = today - timedelta(days=rule.days)
        async with runtime.database.transaction(_EVERYWHERE) as tx:
            await tx.execute(
                "SELECT pg_advisory_xact_lock(hashtext('renkou.retention'), hashtext($1))", rule.code
            )
            if await repository.is_finished(tx, rule.code, today):
                return total
            ids = await repository.due_batch(tx, rule.code, ended_by, today)
            if rule.code == repository.RETRACTED:
                for person_id in ids:
                    await erasure.begin(runtime, tx, person_id, None, None, None)
                removed = len(ids)
            else:
                removed = await repository.remove(tx, rule.code, ids)
            total += removed
            finished = len(ids) < repository.BATCH
            held = (await repository.count_due(tx, rule.code, ended_by, today))[1] if finished else 0
            await repository.note_run(tx, rule.code, today, rule.days, removed, held, now, finished=finished)
        if removed:
            _log.info("records had their time", rule=rule.code, removed=removed)
