"""The caller's language, for calls that a request makes to other services on the caller's behalf."""

from contextvars import ContextVar

caller_language: ContextVar[str] = ContextVar("caller_language", default="zh-CN")
