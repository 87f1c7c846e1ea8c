"""Kinds of lists that other offices send: what is read of them, and whom a row is about. No I/O.

Only the columns named here are read; whatever else a file holds is not stored. A kind has nothing about
health.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from renkou_common.codes.lists import SEXES
from renkou_common.errors import InvalidInput
from renkou_registry.imports import cells, sheet
from renkou_registry.imports.cells import Privacy
from renkou_registry.imports.sheet import Field, Sheet


def _number(title: str) -> Field:
    """A column of numbers as they come: one with a wrong digit may still tell who is meant."""
    return Field(title, "", cells.document_number, privacy=Privacy.NUMBER, absent=True)


@dataclass(frozen=True, slots=True)
class ListKind:
    """A kind of list; the titles say where number, name, birth date and sex of the person stand, ''
    nowhere.
    """

    sheet: Sheet
    zh: str
    day: str
    number: str = "身份证号"
    name: str = "姓名"
    born: str = "出生日期"
    sex: str = "性别"


_PERSON = (
    _number("身份证号"),
    sheet.name(required=True),
    sheet.coded("性别", SEXES, absent=True),
    sheet.day("出生日期", absent=True),
)
_KINDS = (
    ListKind(
        Sheet(
            "births",
            "出生名单",
            "births",
            (
                _number("母亲身份证号"),
                sheet.name("母亲姓名", required=True),
                sheet.day("母亲出生日期", absent=True),
                sheet.day("出生日期", required=True),
                sheet.name("新生儿姓名", absent=True),
                sheet.coded("性别", SEXES, required=True),
                sheet.number("孩次", 1, 30, absent=True),
            ),
        ),
        "出生",
        "出生日期",
        "母亲身份证号",
        "母亲姓名",
        "母亲出生日期",
        "",
    ),
    ListKind(
        Sheet("deaths", "死亡名单", "deaths", (*_PERSON, sheet.day("死亡日期", required=True))),
        "死亡",
        "死亡日期",
    ),
    ListKind(
        Sheet(
            "marriages",
            "结婚名单",
            "marriages",
            (
                *_PERSON,
                sheet.day("结婚日期", required=True),
                _number("配偶身份证号"),
                sheet.name("配偶姓名", absent=True),
            ),
        ),
        "结婚",
        "结婚日期",
    ),
    ListKind(
        Sheet(
            "household_changes",
            "户口变动名单",
            "household changes",
            (
                *_PERSON,
                sheet.day("变动日期", required=True),
                sheet.area("迁往地编码", required=True),
                sheet.yes_no("户籍随迁", "", absent=True),
            ),
        ),
        "户口变动",
        "变动日期",
    ),
)
KINDS: MappingProxyType[str, ListKind] = MappingProxyType({kind.sheet.kind: kind for kind in _KINDS})
SOURCES: MappingProxyType[str, tuple[str, str]] = MappingProxyType(
    {
        "police": ("公安", "police"),
        "civil_affairs": ("民政", "civil affairs"),
        "hospital": ("医疗机构", "hospital"),
    }
)


def kind_of(name: str) -> ListKind:
    """Return a kind by its name; raises InvalidInput that lists those there are."""
    if name not in KINDS:
        allowed = ", ".join(KINDS)
        raise InvalidInput.field("/query/kind", "kind", f"应为 {allowed} 之一", f"must be one of {allowed}")
    return KINDS[name]


def check_columns(kind: ListKind, columns: Mapping[str, str]) -> None:
    """Raise InvalidInput where a profile names columns that the kind does not have, or lacks one it needs."""
    known = kind.sheet.by_title
    unknown = [title for title in columns if title not in known]
    missing = [f.title for f in kind.sheet.fields if f.required and f.title not in columns]
    if unknown or missing or len(set(columns.values())) < len(columns):
        zh = f"可填: {'、'.join(known)}; 缺少: {'、'.join(missing) or '无'}; 表头不得重复"
        en = f"allowed: {', '.join(known)}; missing: {', '.join(missing) or 'none'}; no heading twice"
        raise InvalidInput.field("/columns", "columns", zh, en)


def titled(kind: ListKind, columns: Mapping[str, str], headings: list[str]) -> list[str]:
    """Return a file's headings as our titles, '' for what is not read; ``columns`` maps titles to
    headings.
    """
    if not columns:
        return [heading if heading in kind.sheet.by_title else "" for heading in headings]
    title_of = {"".join(heading.split()): title for title, heading in columns.items()}
    return [title_of.get("".join(heading.split()), "") for heading in headings]
