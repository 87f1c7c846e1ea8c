"""Rules of approvals; no I/O."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any
from uuid import UUID

from renkou_common.errors import Conflict, Forbidden
from renkou_registry.staff.domain import Guard

DAYS = 7
"""Days after which a request that nobody decided on lapses."""
OF_ONE_HAND = timedelta(days=DAYS)
"""For so long an account that somebody has closed, or to which they have given a password, counts as in their hand."""


class ApprovalKind(StrEnum):
    """What is asked for."""

    ASSIGNMENT = "assignment"  # 授予管理员、审计员岗位
    IDENTITY = "identity"  # 关联管理员、审计员的统一身份认证
    SECOND_FACTOR = "second_factor"  # 重置丢失的二次验证
    ROLE = "role"  # 修改含账号管理或审计权限的岗位


class ApprovalState(StrEnum):
    """Where a request stands."""

    PENDING = "pending"  # 待复核
    EXECUTED = "executed"  # 已同意并执行
    REFUSED = "refused"  # 不同意
    WITHDRAWN = "withdrawn"  # 已撤回
    LAPSED = "lapsed"  # 逾期失效


@dataclass(frozen=True, slots=True)
class Approval:
    """A request: of which kind, about whom or what, asked for by whom, decided on by whom."""

    id: UUID
    kind: ApprovalKind
    subject_id: UUID
    wanted: Mapping[str, Any]
    asked_by: UUID
    asked_at: datetime
    expires_at: datetime
    stored_state: ApprovalState
    decided_by: UUID | None
    decided_at: datetime | None
    remark: str | None
    version: int

    def state(self, now: datetime) -> ApprovalState:
        """Return where it stands; a pending one lapses by itself."""
        lapsed = self.stored_state is ApprovalState.PENDING and self.expires_at <= now
        return ApprovalState.LAPSED if lapsed else self.stored_state


def lapses_at(now: datetime) -> datetime:
    """Return until when a request asked for now can be decided on."""
    return now + timedelta(days=DAYS)


def check_open(one: Approval, now: datetime) -> None:
    """Raise Conflict where a request is decided, withdrawn or lapsed."""
    if one.state(now) is not ApprovalState.PENDING:
        raise Conflict(
            "approval_closed", "该申请已办结或已失效", "The request was decided, withdrawn or has lapsed"
        )


def second_persons(guards: Collection[Guard], without: Collection[UUID | None]) -> frozenset[UUID]:
    """Return who may decide: of those in office the other administrators, the auditors where there is none.

    ``without``: who asks, whom it is about, and whose account is in the hand of the one who asks.
    """
    others = [each for each in guards if each.id not in without]
    return frozenset(each.id for each in others if each.manages) or frozenset(each.id for each in others)


def check_decider(one: Approval, by: UUID, deciders: Collection[UUID]) -> None:
    """Raise Forbidden unless a second person, and not the one it is about, decides."""
    if by in (one.asked_by, one.subject_id):
        raise Forbidden(
            "approval_own",
            "不能复核自己的申请或涉及本人的申请",
            "Nobody decides on their own request or on one about them",
        )
    if by not in deciders:
        raise Forbidden(
            "approval_not_yours",
            "应由另一名在任管理员复核; 仅当没有其他管理员时由审计员复核",
            "Another administrator in office decides; an auditor only where there is none",
        )
