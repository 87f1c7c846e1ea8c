"""Certificates and applications follow a record that joins another one, and come back when that is undone.

Called by the consumer of the register's events, in order: after the lines of the record that left are taken back,
and before those of one that is separate again are stated.
"""

from renkou_common.contracts.registry_duplicates import PersonMerged, PersonSeparated
from renkou_common.database import Transaction
from renkou_migrant.applications import moving as applications
from renkou_migrant.certificates import moving as certificates
from renkou_migrant.certificates.moving import Cause, Owner
from renkou_migrant.merges import repository
from renkou_migrant.merges.repository import APPLICATION, CERTIFICATE, Followed
from renkou_migrant.outflow import service as outflow
from renkou_migrant.runtime import Runtime


async def follow(tx: Transaction, runtime: Runtime, told: PersonMerged) -> None:
    """Make what was of the record that left that of the record that stays."""
    if told.kept is None:
        return
    kept = Owner(
        ref=told.kept_ref,
        person_id=told.kept.person_id,
        sex=told.kept.sex,
        birth_month=told.kept.birth_month,
        registered_area=_own_area(runtime, told.kept.registered_area),
    )
    await outflow.lock_persons(tx, [told.person_ref, kept.ref])
    moved = await certificates.move(tx, runtime, told.person_ref, kept, Cause.MERGED)
    noted = await certificates.note_differences(
        tx, runtime, [one.id for one in moved], told.facts_differ, told.happened_on
    )
    followed = [
        Followed(CERTIFICATE, one.id, kept.ref, one.person_id, ",".join(noted.get(one.id, ())) or None)
        for one in moved
    ]
    for found, closed_from in await applications.join(tx, runtime, told.person_ref, kept):
        followed.append(Followed(APPLICATION, found.id, kept.ref, found.person_id, closed_from))
    await repository.remember(tx, told.person_ref, followed)


async def take_back(tx: Transaction, runtime: Runtime, told: PersonSeparated) -> None:
    """Give a record that is separate again what had followed it."""
    followed = await repository.take_back(tx, told.person_ref)
    if not followed:
        return
    kept_ref = followed[0].kept_ref
    gone = Owner(
        ref=told.person_ref,
        person_id=followed[0].gone_person_id,
        sex=told.sex,
        birth_month=told.birth_month,
        registered_area=_own_area(runtime, told.registered_area),
    )
    await outflow.lock_persons(tx, [told.person_ref, kept_ref])
    notes = {one.row_id: one.note for one in followed if one.kind == CERTIFICATE}
    await certificates.withdraw_differences(
        tx, {row_id: note.split(",") for row_id, note in notes.items() if note}
    )
    await certificates.move(tx, runtime, kept_ref, gone, Cause.SEPARATED, only=notes.keys())
    states = {one.row_id: one.note for one in followed if one.kind == APPLICATION}
    await applications.separate(tx, runtime, gone, states)


def _own_area(runtime: Runtime, area: str) -> int | None:
    low, high = runtime.district.interval()
    return int(area) if low <= int(area) <= high else None
