"""Emergency access: load, decide, save."""

from collections.abc import Sequence
from uuid import UUID

from renkou_common.codes.area import AreaCode
from renkou_common.database import Transaction
from renkou_common.errors import Conflict, NotFound
from renkou_common.http.changes import check_current
from renkou_common.ids import new_id
from renkou_registry.break_glass import repository
from renkou_registry.break_glass.domain import (
    Emergency,
    Purpose,
    Verdict,
    check_count,
    check_review,
    expiry,
)
from renkou_registry.runtime import Runtime


async def break_glass(
    tx: Transaction, runtime: Runtime, staff_id: UUID, reason: str, purpose: Purpose, area: AreaCode
) -> UUID:
    """Open an area to an account for some time and return the access's id; raises Conflict for too many a day."""
    now, settings = runtime.clock.now(), runtime.settings
    check_count(await repository.used_today(tx, staff_id), settings.break_glass_times_a_day)
    emergency_id = new_id()
    await repository.insert(
        tx,
        emergency_id,
        staff_id,
        reason,
        purpose,
        area.interval(),
        now,
        expiry(now, settings.break_glass_minutes),
    )
    return emergency_id


async def find(tx: Transaction, emergency_id: UUID, of_staff: UUID | None) -> Emergency:
    """Return an emergency access, of one account only where one is named; raises NotFound."""
    found = await repository.find(tx, emergency_id)
    if found is None or of_staff not in (None, found.staff_id):
        raise NotFound.of("紧急查阅", "emergency access")
    return found


async def page(
    tx: Transaction, of_staff: UUID | None, reviewed: bool | None, before: UUID | None, limit: int
) -> Sequence[Emergency]:
    """Return the newest emergency accesses, of one account only where one is named."""
    return await repository.page(tx, of_staff, reviewed, before, limit)


async def end(tx: Transaction, runtime: Runtime, emergency_id: UUID, version: int, by: UUID) -> Emergency:
    """End one's own emergency access before its time; raises NotFound, VersionMismatch, Conflict where it is over."""
    await find(tx, emergency_id, by)
    held = await _locked(tx, emergency_id, version)
    now = runtime.clock.now()
    if not held.in_force(now):
        raise Conflict("break_glass_ended", "紧急查阅已经结束", "The emergency access is over")
    await repository.end(tx, emergency_id, now)
    return await find(tx, emergency_id, by)


async def review(
    tx: Transaction,
    runtime: Runtime,
    emergency_id: UUID,
    version: int,
    by: UUID,
    verdict: Verdict,
    finding: str,
) -> Emergency:
    """Take note of an emergency access with a finding; raises NotFound, VersionMismatch, Conflict."""
    await find(tx, emergency_id, None)
    check_review(await _locked(tx, emergency_id, version), by)
    await repository.review(tx, emergency_id, by, verdict, finding, runtime.clock.now())
    return await find(tx, emergency_id, None)


async def _locked(tx: Transaction, emergency_id: UUID, version: int) -> Emergency:
    held = await repository.find(tx, emergency_id, lock=True)
    assert held is not None
    await check_current(tx, held.id, version, held.version)
    return held
