"""Rebuilds: request one, and read how it stands; :mod:`.working` works it off."""

from datetime import datetime
from uuid import UUID

import asyncpg

from renkou_common.clock import Clock
from renkou_common.codes.area import AreaCode
from renkou_common.database import Reader, Transaction
from renkou_common.errors import NotFound
from renkou_common.identity.principal import Access
from renkou_common.ids import new_id
from renkou_reporting.periods import month_text
from renkou_reporting.rebuild import repository
from renkou_reporting.rebuild.errors import RebuildUnderway
from renkou_reporting.rebuild.schemas import DifferenceAnswer, FeedProgress, RebuildAnswer

MAX_DIFFERENCES = 1000


async def request_rebuild(tx: Transaction, access: Access, clock: Clock) -> UUID:
    """Queue a rebuild; raises RebuildUnderway."""
    rebuild_id = new_id()
    if not await repository.insert(tx, rebuild_id, access.subject, clock.now()):
        raise RebuildUnderway
    return rebuild_id


async def last_finished(tx: Reader) -> datetime | None:
    """Return when a rebuild went live last, None where none ever did."""
    return await repository.last_finished(tx)


async def read_rebuild(tx: Transaction, rebuild_id: UUID) -> RebuildAnswer:
    """Return how a rebuild stands; raises NotFound."""
    row = await repository.find(tx, rebuild_id)
    if row is None:
        raise NotFound.of("重算任务", "rebuild")
    found = await repository.differences(tx, rebuild_id, MAX_DIFFERENCES)
    return RebuildAnswer(
        id=row["id"],
        state=row["state"],
        requested_by=row["requested_by"],
        requested_at=row["requested_at"],
        finished_at=row["finished_at"],
        progress={
            feed: FeedProgress(read=row["positions"].get(feed, 0), target=target)
            for feed, target in row["targets"].items()
        },
        equal=row["equal"],
        difference_count=row["difference_count"],
        differences=[_difference(one) for one in found],
        reason=row["reason"],
    )


def _difference(row: asyncpg.Record) -> DifferenceAnswer:
    return DifferenceAnswer(
        kind=row["kind"],
        area=AreaCode.from_key(row["area"]).value,
        month=month_text(row["month"]) if row["month"] > 9999 else str(row["month"]),
        population=row["population"],
        measure=row["measure"],
        sex=row["sex"],
        parity=row["parity"],
        birth_month=month_text(row["birth_month"]) if row["birth_month"] else None,
        detail=row["detail"],
        live=row["live"],
        rebuilt=row["rebuilt"],
    )
