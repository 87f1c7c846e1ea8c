"""Opening every card that is due in an area: asked for by a clerk, worked off in portions, resumable.

A portion of candidates, their cards, the events and the job's place are one transaction, so that a worker
that is killed leaves nothing half done and the next goes on behind the last portion.
"""

from uuid import UUID

import asyncpg

from renkou_common.codes.area import AreaCode
from renkou_common.database import Transaction
from renkou_common.errors import NotFound
from renkou_common.identity.principal import Access
from renkou_common.scope import AreaScope
from renkou_registry.cards import repository, service
from renkou_registry.cards.domain import RULES
from renkou_registry.life_events.calendar import add_months
from renkou_registry.persons.domain import new_id
from renkou_registry.runtime import Runtime

type Row = asyncpg.Record
PORTION = 500


async def request(runtime: Runtime, tx: Transaction, access: Access, area: AreaCode) -> UUID:
    """Ask for an area's cards to be opened; returns the job's id. Raises NotFound for a foreign area."""
    service.check_area(access.areas, area)
    opening_id = new_id()
    await repository.insert_opening(tx, opening_id, area.interval(), runtime.clock.now(), access.subject)
    return opening_id


async def find(tx: Transaction, access: Access, opening_id: UUID) -> Row:
    """Return a job of the caller's area; raises NotFound."""
    row = await repository.opening(tx, opening_id)
    if row is None or not access.areas.covers(row["area"], row["area_high"]):
        raise NotFound.of("批量建卡任务", "opening")
    return row


async def work_off(runtime: Runtime, portion: int = PORTION) -> bool:
    """Open the next portion of the oldest job; says whether there was one."""
    today = runtime.clock.today()
    born = (add_months(today, -12 * RULES.to_age), add_months(today, -12 * RULES.from_age))
    async with runtime.database.transaction(AreaScope.everything()) as tx:
        job = await repository.take_opening(tx)
        if job is None:
            return False
        found = await repository.candidates(tx, job, born, portion)
        opened = 0
        if found:
            ids = [row["id"] for row in found]
            opened = await service.open_many(runtime, tx, ids, today, job["requested_by"])
        columns = {
            "state": "running",
            "examined": job["examined"] + len(found),
            "opened": job["opened"] + opened,
        }
        if len(found) == portion:
            columns |= {"after_area": found[-1]["listed_area"], "after_person": found[-1]["id"]}
        elif job["part"] == 0:
            columns |= {"part": 1, "after_area": -1, "after_person": UUID(int=0)}
        else:
            columns |= {"state": "done", "finished_at": runtime.clock.now()}
        await repository.save_opening(tx, job["id"], columns)
    return True
