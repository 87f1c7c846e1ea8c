"""Rules of sign-in sessions and refresh tokens; no I/O."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

LOST_ANSWER = timedelta(seconds=60)
"""For so long the very same attempt to renew may be repeated: its answer was lost on the way."""


class Ending(StrEnum):
    """Why a session ended before its time."""

    SIGNED_OUT = "signed_out"  # 本人退出
    ENDED_ELSEWHERE = "ended_elsewhere"  # 本人在另一会话中结束
    BY_ADMINISTRATOR = "by_administrator"  # 管理员结束
    REFRESH_REUSED = "refresh_reused"  # 用过的刷新凭证再次出现
    PASSWORD_CHANGED = "password_changed"  # noqa: S105  # 密码已改
    ACCOUNT_CHANGED = "account_changed"  # 账号停用或重设
    FACTOR_NEEDED = "factor_needed"  # 角色现需二次验证


@dataclass(frozen=True, slots=True)
class Limits:
    """How long a session lives: without use, and altogether; and how long an access token does."""

    idle: timedelta
    absolute: timedelta
    access: timedelta


@dataclass(frozen=True, slots=True)
class Session:
    """A session as its holder sees it."""

    id: UUID
    subject: UUID
    kind: str
    name: str
    created_at: datetime
    last_used_at: datetime
    expires_at: datetime
    address: str
    agent: str
    ended_at: datetime | None
    two_factors: bool
    """Whether its holder proved two factors: ours, or a provider's."""


@dataclass(frozen=True, slots=True)
class Presented:
    """A refresh token that somebody presents, with its session; times by the database's clock, ``now`` as well."""

    session: Session
    used_at: datetime | None
    attempt_hash: bytes | None
    successor: bytes | None
    successor_used: bool
    now: datetime


class Verdict(StrEnum):
    """What becomes of a refresh token that is presented."""

    RENEW = "renew"
    REPEAT = "repeat"
    REUSED = "reused"
    OVER = "over"


def judge(presented: Presented, attempt_hash: bytes | None, limits: Limits) -> Verdict:
    """Say what a presented refresh token is good for.

    A token is exchanged once. Presented again it is stolen, or its thief was faster: REUSED, and the session has to
    end. The one exception changes nothing for a thief: the same attempt (the caller's own random Idempotency-Key,
    known to nobody who has only the token), at once, and while what was answered has not been used.
    """
    session = presented.session
    if session.ended_at is not None or session.expires_at <= presented.now:
        return Verdict.OVER
    if presented.used_at is None:
        idle_until = session.last_used_at + limits.idle
        return Verdict.OVER if idle_until <= presented.now else Verdict.RENEW
    same = attempt_hash is not None and attempt_hash == presented.attempt_hash
    soon = presented.now - presented.used_at <= LOST_ANSWER
    if same and soon and presented.successor is not None and not presented.successor_used:
        return Verdict.REPEAT
    return Verdict.REUSED
