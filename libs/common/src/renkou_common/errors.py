"""Errors that services raise and callers can act on; mapped to HTTP in one table (``http.problems``).

RenkouError
├── InvalidInput          a field is wrong: which, what was wrong, what is allowed
├── Unauthenticated       no token, or not a good one
├── Forbidden             the caller lacks the right altogether
├── NotFound              does not exist, or lies outside the caller's area (never told apart)
├── Conflict              the record's state does not allow it
├── VersionMismatch       somebody else changed the record first
├── PreconditionRequired  If-Match or Idempotency-Key is missing
└── Unavailable           a part this needs is down; trying again later helps
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True)
class Text:
    """One message in Chinese and English."""

    zh: str
    en: str


@dataclass(frozen=True, slots=True)
class FieldError:
    """What is wrong with one field; ``pointer`` is a JSON pointer into the request (``/child/name``)."""

    pointer: str
    code: str
    text: Text


class RenkouError(Exception):
    """Base: a stable machine code, a title per class and a detail in both languages."""

    title = Text("请求无法处理", "The request could not be carried out")

    def __init__(self, code: str, zh: str, en: str, errors: Sequence[FieldError] = ()) -> None:
        super().__init__(f"{code}: {en}")
        self.code = code
        self.detail = Text(zh, en)
        self.errors = tuple(errors)


class InvalidInput(RenkouError):
    title = Text("输入有误", "Invalid input")

    @classmethod
    def field(cls, pointer: str, code: str, zh: str, en: str) -> "InvalidInput":
        """Return the error for one wrong field."""
        return cls(code, zh, en, [FieldError(pointer, code, Text(zh, en))])

    @classmethod
    def fields(cls, errors: Sequence[FieldError]) -> "InvalidInput":
        """Return one error that lists every wrong field."""
        return cls(
            "invalid_input",
            f"有 {len(errors)} 处填写有误",
            f"{len(errors)} field(s) are wrong",
            errors,
        )


class Unauthenticated(RenkouError):
    title = Text("需要登录", "Sign-in required")


class Forbidden(RenkouError):
    title = Text("没有权限", "Not permitted")


class NotFound(RenkouError):
    title = Text("未找到", "Not found")

    @classmethod
    def of(cls, what_zh: str, what_en: str) -> "NotFound":
        """Return the error for a record that does not exist for this caller."""
        return cls("not_found", f"未找到该{what_zh}", f"No such {what_en}")


class Conflict(RenkouError):
    title = Text("与现有记录冲突", "Conflicts with the record")


class VersionMismatch(RenkouError):
    title = Text("记录已被他人修改", "The record has changed")

    def __init__(self, current: int, changed: Sequence[str] = (), changed_at: datetime | None = None) -> None:
        """``changed`` are the names of the fields that were changed since the caller's version, if known, and
        ``changed_at`` is when the last of them was."""
        names = ", ".join(changed)
        told_zh = f" (已改: {names})" if names else ""
        told_en = f" (changed since: {names})" if names else ""
        text = Text("该项已被他人修改", "somebody else changed this meanwhile")
        super().__init__(
            "version_mismatch",
            f"记录已更新为第 {current} 版{told_zh}, 请重新读取后再修改",
            f"The record is at version {current} now{told_en}; read it again before changing it",
            [FieldError(f"/{name}", "changed_meanwhile", text) for name in changed],
        )
        self.current = current
        self.changed = tuple(changed)
        self.changed_at = changed_at


class TooMany(RenkouError):
    """The caller has had as much of this as one may have in a time; again after ``retry_after`` seconds."""

    title = Text("次数过多", "Too often")

    def __init__(self, code: str, zh: str, en: str, retry_after: int) -> None:
        super().__init__(code, zh, en)
        self.retry_after = retry_after


class PreconditionRequired(RenkouError):
    title = Text("缺少前提条件", "A precondition is required")


class Unavailable(RenkouError):
    title = Text("服务暂不可用", "Temporarily unavailable")
