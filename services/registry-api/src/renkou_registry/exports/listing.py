"""What can be exported: lists as data.

To add one, write a module that states an :class:`ExportList` and name it in ``lists.py``. ``page`` returns
rows of plain texts, protected fields masked already, and the cursor after them (None on the last page); it
gets the clerk's areas and id. A list that the API answers is stated by :func:`.listed.listed`.
"""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any
from uuid import UUID

from pydantic import BaseModel

from renkou_common.database import Transaction
from renkou_common.errors import InvalidInput
from renkou_common.identity.roles import Scope
from renkou_common.scope import AreaScope
from renkou_registry.runtime import Runtime

KEEP_HOURS = 24
PAGE_ROWS = 1000
MAXIMUM_WORKBOOK_ROWS = 1_048_575

type Texts = dict[str, str]
type Cursor = list[Any]
type Page = tuple[Sequence[Texts], Cursor | None, int]
"""Rows, the place after them, and how many were left out: their people are restricted."""
type ReadPage = Callable[
    [Runtime, Transaction, AreaScope, UUID, Mapping[str, Any], Cursor | None, int], Awaitable[Page]
]


class ExportState(StrEnum):
    """What happens to an export, in this order."""

    QUEUED = "queued"  # 等待
    RUNNING = "running"  # 生成中
    DONE = "done"  # 可下载
    FAILED = "failed"  # 失败
    EXPIRED = "expired"  # 已过期, 内容已删除


class Format(StrEnum):
    """File formats."""

    XLSX = "xlsx"
    CSV = "csv"


@dataclass(frozen=True, slots=True)
class Health:
    """Columns that tell of a person's health, and the column with the person: they stand in the file only for
    those who have consented to it separately (Personal Information Protection Law, article 29). Where one of
    ``filters`` is used, each row would tell as much: then only those who have consented are listed."""

    columns: frozenset[str]
    filters: frozenset[str] = frozenset()
    person: str = "person_id"


@dataclass(frozen=True, slots=True)
class ExportList:
    """A list: its columns by name with their headings, its filters, and how a page of it is read."""

    name: str
    zh: str
    en: str
    right: Scope
    filters: type[BaseModel]
    columns: Mapping[str, str]
    page: ReadPage
    health: Health | None = None


def chosen_columns(of: ExportList, wanted: Sequence[str] | None) -> list[str]:
    """Return the columns to export, all unless told; raises InvalidInput for others."""
    if not wanted:
        return list(of.columns)
    unknown = [name for name in wanted if name not in of.columns]
    if unknown or len(set(wanted)) < len(wanted):
        allowed = ", ".join(of.columns)
        raise InvalidInput.field(
            "/columns", "columns", f"应为 {allowed}, 不得重复", f"must be of {allowed}, none twice"
        )
    return list(wanted)
