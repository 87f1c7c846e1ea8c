"""What is noted about access to accounts; no I/O."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class Outcome(StrEnum):
    """What happened."""

    SIGNED_IN = "signed_in"  # 登录成功
    FIRST_SIGN_IN = "first_sign_in"  # 首次登录, 需设置密码
    FAILED = "failed"  # 登录失败
    LOCKED = "locked"  # 失败并锁定
    REFUSED = "refused"  # 锁定或停用期间的尝试
    REFRESH_REUSED = "refresh_reused"  # 用过的刷新凭证再次出现
    SESSION_ENDED = "session_ended"  # 会话结束
    FACTOR_MISSING = "factor_missing"  # 岗位要求二次验证, 尚未启用
    FACTOR_ENROLLED = "factor_enrolled"  # 启用二次验证
    FACTOR_REMOVED = "factor_removed"  # 本人停用二次验证
    FACTOR_RESET = "factor_reset"  # 管理员重置二次验证
    PROVIDER_PROVED = "provider_proved"  # 统一身份认证证明了身份
    PROVIDER_REPLAYED = "provider_replayed"  # 用过的身份凭证再次出现
    PROVIDER_LINKED = "provider_linked"  # 关联统一身份认证
    PROVIDER_UNLINKED = "provider_unlinked"  # 解除关联
    PASSWORD_SET = "password_set"  # noqa: S105  # 本人设置密码
    PASSWORD_RESET = "password_reset"  # noqa: S105  # 管理员给一次性密码


@dataclass(frozen=True, slots=True)
class Account:
    """An account that exists, as the record names it: of which kind (staff, person, service), its id and name."""

    kind: str
    subject: UUID | None = None
    name: str | None = None


@dataclass(frozen=True, slots=True)
class Entry:
    """One row of the record."""

    id: int
    happened_at: datetime
    outcome: Outcome
    kind: str
    subject: UUID | None
    name: str | None
    session_id: UUID | None
    done_by: UUID | None
    address: str | None
    agent: str | None
