"""Joining two records of one person, and separating them again. Nothing is deleted.

The record that leaves keeps its history, closed by a ``merge`` event; rows that name it are made to name the
record that stays, each one remembered. Undoing retracts the event and moves the rows back.
"""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

import asyncpg

from renkou_common.database import Transaction
from renkou_common.errors import Conflict, InvalidInput, NotFound
from renkou_common.http.changes import check_current
from renkou_common.scope import AreaScope
from renkou_registry.benefits import service as benefits
from renkou_registry.cards import joining as cards
from renkou_registry.duplicates import moving, repository
from renkou_registry.floor import reaching_everywhere
from renkou_registry.households import joining as households
from renkou_registry.kin import joining as kin
from renkou_registry.life_events import merges
from renkou_registry.life_events.recording import Desk
from renkou_registry.persons import service as persons
from renkou_registry.persons.domain import PersonRecord, new_id
from renkou_registry.privacy.restriction import service as restriction
from renkou_registry.records import Desk as OfficeDesk
from renkou_registry.supplies.users import joining as supplies

__all__ = ["Desk", "find", "merge", "of_person", "undo"]
_EVERYWHERE = AreaScope.everything()


async def merge(desk: Desk, kept_id: UUID, gone_id: UUID, reason: str, *, take_document: bool) -> UUID:
    """Join ``gone_id`` to ``kept_id``; returns the merge's id.

    Raises NotFound unless the caller sees both, InvalidInput for one record twice, Conflict where one is the
    other's relative, or where deaths, sexes or living spouses differ.
    """
    if kept_id == gone_id:
        raise InvalidInput.field("/gone_id", "same_person", "须是另一条记录", "must be another record")
    locked = await persons.lock(desk.tx, [kept_id, gone_id], desk.scope)
    kept, gone = locked[kept_id], locked[gone_id]
    _check_joinable(kept, gone)
    merge_id = new_id()
    async with reaching_everywhere(desk.tx, desk.scope):
        if take_document:
            await persons.hand_over_document(desk.tx, gone_id, kept_id)
        event_id, joined = await _join(desk, gone, kept, reason)
        await repository.insert_merge(
            desk.tx,
            merge_id,
            kept_id,
            gone_id,
            event_id,
            document_taken=take_document,
            reason=reason,
            at=desk.runtime.clock.now(),
            by=desk.subject,
            joined=joined,
        )
        await moving.move(desk.tx, merge_id, gone_id, kept_id)
        await restriction.follow(desk.runtime, desk.tx, kept_id)
        await benefits.merge_persons(desk.runtime, desk.tx, _EVERYWHERE, kept_id, gone_id)
        await _settle(desk, kept_id, gone_id, "merged", reason)
    return merge_id


async def _join(
    desk: Desk, gone: PersonRecord, kept: PersonRecord, reason: str
) -> tuple[UUID, dict[str, Any]]:
    """Take the record out of the register; each feature joins what it keeps, and says what undoing needs."""
    runtime, tx = desk.runtime, desk.tx
    card = await cards.before_leaving(runtime, tx, gone, kept)
    family = await kin.take_over(runtime, tx, gone.id, kept.id, desk.subject)
    event_id = await merges.leave(desk, gone, kept, reason)
    return event_id, {
        "cards": await cards.after_leaving(runtime, tx, kept, card),
        "kin": family,
        "households": await households.take_over(runtime, tx, gone.id, kept, event_id, desk.subject),
        "supplies": await supplies.take_over(_office(desk), gone.id, kept.id),
    }


def _office(desk: Desk) -> OfficeDesk:
    return OfficeDesk(desk.runtime, desk.tx, _EVERYWHERE, desk.subject)


async def undo(desk: Desk, merge_id: UUID, version: int, reason: str) -> asyncpg.Record:
    """Separate two records again; returns the merge. Raises NotFound, VersionMismatch, Conflict."""
    row = await repository.merge(desk.tx, merge_id, desk.scope, lock=True)
    if row is None:
        raise NotFound.of("合并记录", "merge")
    await check_current(desk.tx, merge_id, version, row["version"])
    if row["undone_at"] is not None:
        raise Conflict("merge_undone", "该合并已撤销", "the merge was undone already")
    kept_id, gone_id = row["kept_id"], row["gone_id"]
    kept = (await persons.lock(desk.tx, [kept_id], desk.scope))[kept_id]
    async with reaching_everywhere(desk.tx, desk.scope):
        await moving.move_back(desk.tx, merge_id, gone_id, kept_id)
        if row["document_taken"]:
            await persons.hand_over_document(desk.tx, kept_id, gone_id)
        await _separate(desk, kept, gone_id, row["event_id"], row["joined"], reason)
        await benefits.unmerge_persons(desk.runtime, desk.tx, _EVERYWHERE, kept_id, gone_id)
        for each in (kept_id, gone_id):
            await restriction.follow(desk.runtime, desk.tx, each)
        await repository.undo(desk.tx, merge_id, desk.runtime.clock.now(), desk.subject)
        await _settle(desk, kept_id, gone_id, "open", None)
    return await find(desk.tx, desk.scope, merge_id)


async def _separate(
    desk: Desk, kept: PersonRecord, gone_id: UUID, event_id: UUID, joined: Mapping[str, Any], reason: str
) -> None:
    """Put the record back into the register; each feature gives back what it had joined."""
    runtime, tx = desk.runtime, desk.tx
    await cards.before_return(runtime, tx, gone_id, joined["cards"])
    await households.give_back(runtime, tx, joined["households"])
    await merges.come_back(desk, gone_id, event_id, reason)
    await kin.give_back(runtime, tx, joined["kin"], desk.subject)
    await supplies.give_back(_office(desk), gone_id, joined["supplies"])
    await cards.after_return(runtime, tx, kept, gone_id, joined["cards"])


async def find(tx: Transaction, scope: AreaScope, merge_id: UUID) -> asyncpg.Record:
    """Return a merge whose kept record the caller sees; raises NotFound."""
    row = await repository.merge(tx, merge_id, scope)
    if row is None:
        raise NotFound.of("合并记录", "merge")
    return row


async def of_person(tx: Transaction, person_id: UUID) -> list[asyncpg.Record]:
    """Return the merges that a visible person was part of."""
    return await repository.merges_of(tx, person_id)


def _check_joinable(kept: PersonRecord, gone: PersonRecord) -> None:
    kin = {gone.mother_id, gone.father_id, gone.spouse_id}
    theirs = {kept.mother_id, kept.father_id, kept.spouse_id}
    if kept.id in kin or gone.id in theirs:
        raise Conflict(
            "relatives", "两条记录登记为亲属, 不能合并", "the records are relatives and cannot be one person"
        )
    if kept.died_on is not None and gone.died_on is not None and kept.died_on != gone.died_on:
        raise Conflict(
            "deaths_differ",
            "两条记录的死亡日期不同, 请先更正其中一条",
            "the records have different days of death; correct one of them first",
        )


async def _settle(desk: Desk, kept_id: UUID, gone_id: UUID, state: str, reason: str | None) -> None:
    candidate = await repository.of_pair(desk.tx, kept_id, gone_id)
    if candidate is None:
        return
    by, at = (desk.subject, desk.runtime.clock.now()) if state == "merged" else (None, None)
    await repository.settle(desk.tx, candidate["id"], state, by, at, reason)
