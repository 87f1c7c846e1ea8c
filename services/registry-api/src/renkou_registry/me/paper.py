"""The full copy on paper: every record with its fields, in plain words where there are some.

An id says nothing to a reader. A record that others name has a number of its own on paper (信息卡 1), by which
they name it; relatives and schemes stand there by name, colleagues and areas too.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import orjson

from renkou_common.clock import SHANGHAI
from renkou_common.printing.booklet import Booklet
from renkou_common.printing.fonts import Fonts
from renkou_registry.me.coded import word_of
from renkou_registry.me.words import FIELDS, OTHER, TITLES

_TITLE = ("我的全部信息", "Everything held about me")
_OWN = "本人 the person"
_ORDER = {table: place for place, table in enumerate(TITLES)}
LEFT_OUT = frozenset({"id", "version", "position"})
_NUMBER = "本册编号 number in this copy"
_OUTSIDE = "本册以外的记录 a record outside this copy"
_ID = re.compile(r"[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_FIELD_NAMES = frozenset(
    {("person_detail", "field"), ("audit_entry", "fields"), ("duplicate_moved", "column_name")}
)


@dataclass(frozen=True, slots=True)
class Known:
    """What stands on paper in place of ids: the person, members of staff and areas, each by name."""

    person_id: str = ""
    staff: Mapping[str, str] = field(default_factory=dict)
    areas: Mapping[str, str] = field(default_factory=dict)
    names: Mapping[str, str] = field(default_factory=dict)
    numbers: Mapping[str, str] = field(default_factory=dict)


NOTHING_KNOWN = Known()


def print_copy(found: Mapping[str, Any], fonts: Fonts, made_at: datetime, district: str) -> bytes:
    """Return the copy as PDF. ``found`` as :func:`renkou_registry.me.copy.full_copy` gives it."""
    records: Mapping[str, list[Mapping[str, Any]]] = found["records"]
    known = known_of(found)
    text = orjson.dumps(found, default=str).decode()
    foot = f"{district}   {made_at:%Y-%m-%d %H:%M}"
    book = Booklet(fonts, _TITLE, foot, made_at, text)
    for table, rows in sorted(records.items(), key=lambda item: _ORDER[item[0]]):
        book.heading(*TITLES[table])
        for row in rows:
            number = known.numbers.get(str(row.get("id")))
            book.entry([*([(_NUMBER, number)] if number else []), *shown(row, table, known)])
    return book.output()


def known_of(found: Mapping[str, Any]) -> Known:
    """Return what a copy says of the ids in it."""
    numbers = _numbers(found["records"])
    return Known(str(found["person_id"]), found["staff"], found["areas"], found["names"], numbers)


def _numbers(records: Mapping[str, list[Mapping[str, Any]]]) -> dict[str, str]:
    """Return the number on paper of each record that another names, by id."""
    named = {
        each
        for rows in records.values()
        for row in rows
        for name, value in row.items()
        if name != "id"
        for each in _ID.findall(str(value))
    }
    return {
        str(row["id"]): f"{TITLES[table][0]} {place}"
        for table, rows in records.items()
        for place, row in enumerate(rows, 1)
        if table != "person" and str(row.get("id")) in named
    }


def shown(row: Mapping[str, Any], table: str = "", known: Known = NOTHING_KNOWN) -> list[tuple[str, str]]:
    """Return the labels and texts of a record; that it is about the person needs no line."""
    values = [
        (label(name), _text(value, name, table, known))
        for name, value in row.items()
        if value not in (None, [])
        and name not in LEFT_OUT
        and not (name == "person_id" and str(value) == known.person_id)
    ]
    return values or [(label("person_id"), _OWN)]


def label(name: str) -> str:
    """Return what a field is called on paper; a heading that is Chinese already stays as it is."""
    return FIELDS.get(name) or (OTHER if name.isascii() else name)


def _text(value: Any, name: str, table: str, known: Known) -> str:
    """Return a value as text: codes, areas, colleagues and the person in words, times as in Shanghai."""
    if isinstance(value, bool):
        return "是 yes" if value else "否 no"
    if isinstance(value, datetime):
        return f"{value.astimezone(SHANGHAI):%Y-%m-%d %H:%M}"
    if isinstance(value, dict):
        told = (
            f"{label(str(inner))}: {_text(each, str(inner), table, known)}"
            for inner, each in value.items()
            if each is not None
        )
        return "; ".join(told)
    if isinstance(value, list):
        return ", ".join(_text(each, name, table, known) for each in value)
    text = str(value)
    if text == known.person_id:
        return _OWN
    if text in known.areas:
        return f"{known.areas[text]} {text}"
    if (table, name) in _FIELD_NAMES:
        return label(text)
    word = known.staff.get(text) or known.names.get(text) or word_of(table, name, value)
    return word or known.numbers.get(text) or (_OUTSIDE if _ID.fullmatch(text) else text)
