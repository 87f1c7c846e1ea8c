"""Approvals: asked for by one, decided on by another. What is then done stands with :mod:`.kinds`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from renkou_common.database import Transaction
from renkou_common.errors import NotFound
from renkou_common.http.changes import check_current
from renkou_common.ids import new_id
from renkou_registry.approvals import repository
from renkou_registry.approvals.domain import (
    OF_ONE_HAND,
    Approval,
    ApprovalKind,
    ApprovalState,
    check_open,
    lapses_at,
    second_persons,
)
from renkou_registry.sign_in_events import service as sign_in_events
from renkou_registry.staff import service as staff

ALONE = "本区无其他在任管理员和审计员, 由申请人独自执行 (nobody else could decide)"


async def deciders(tx: Transaction, asked_by: UUID, about: UUID | None, now: datetime) -> frozenset[UUID]:
    """Return who may decide on what somebody asks for about an account (or a role).

    Nobody whose password or second factor the one who asks has reset lately: it may be the same hand.
    """
    guards = await staff.guards(tx, now)
    reset = await sign_in_events.reset_by(tx, asked_by, [each.id for each in guards], OF_ONE_HAND)
    return second_persons(guards, {asked_by, about, *reset})


async def acts_alone(tx: Transaction, asked_by: UUID, about: UUID | None, now: datetime) -> bool:
    """Say whether nobody else could decide, and not because somebody has lately been put out of the way."""
    if await deciders(tx, asked_by, about, now):
        return False
    given = await repository.given_power(tx)
    return not await staff.guard_changed(tx, asked_by, given, OF_ONE_HAND)


async def ask(
    tx: Transaction,
    kind: ApprovalKind,
    subject_id: UUID,
    wanted: Mapping[str, Any],
    asked_by: UUID,
    now: datetime,
    *,
    alone: bool | None = None,
) -> bool:
    """Ask for something and return whether the caller has to do it at once.

    That is so where :func:`acts_alone` says it (``alone``: it was asked before the change that is asked for began):
    then it is written down as decided by the one who asked.
    """
    if alone is None:
        alone = await acts_alone(tx, asked_by, subject_id, now)
    await repository.insert(
        tx,
        Approval(
            id=new_id(),
            kind=kind,
            subject_id=subject_id,
            wanted=wanted,
            asked_by=asked_by,
            asked_at=now,
            expires_at=lapses_at(now),
            stored_state=ApprovalState.EXECUTED if alone else ApprovalState.PENDING,
            decided_by=asked_by if alone else None,
            decided_at=now if alone else None,
            remark=ALONE if alone else None,
            version=1,
        ),
    )
    return alone


async def find(tx: Transaction, approval_id: UUID) -> Approval:
    """Return a request; raises NotFound."""
    found = await repository.find(tx, approval_id)
    if found is None:
        raise NotFound.of("复核申请", "request for approval")
    return found


async def pending(tx: Transaction, subject_ids: Sequence[UUID], now: datetime) -> list[Approval]:
    """Return what is asked for about some accounts or roles and still open."""
    return await repository.pending(tx, subject_ids, now)


async def page(tx: Transaction, open_at: datetime | None, before: UUID | None, limit: int) -> list[Approval]:
    """Return the newest requests: those open at a moment or all."""
    return await repository.page(tx, open_at, before, limit)


async def locked(tx: Transaction, approval_id: UUID, version: int, now: datetime) -> Approval:
    """Return an open request and hold it; raises NotFound, VersionMismatch, Conflict where it is closed."""
    await find(tx, approval_id)
    held = await repository.find(tx, approval_id, lock=True)
    assert held is not None
    await check_current(tx, held.id, version, held.version)
    check_open(held, now)
    return held


async def close(
    tx: Transaction, approval_id: UUID, state: ApprovalState, by: UUID, now: datetime, remark: str | None
) -> Approval:
    """Write down how a request ended."""
    await repository.close(tx, approval_id, state, by, now, remark)
    return await find(tx, approval_id)
