"""The full copy on paper: every record with its fields, in plain words where there are some."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any

import orjson

from renkou_common.codes.cards import CONTRACEPTIVE_METHODS
from renkou_common.codes.kinship import RELATIONS
from renkou_common.codes.lists import DOCUMENT_KINDS, MARITAL_STATUSES, POPULATIONS, SEXES, CodeList
from renkou_common.codes.nationalities import NATIONALITIES
from renkou_common.printing.booklet import Booklet
from renkou_common.printing.fonts import Fonts
from renkou_registry.me.words import FIELDS, OTHER, TITLES

_TITLE = ("我的全部信息", "Everything held about me")
_ORDER = {table: place for place, table in enumerate(TITLES)}
_CODES: Mapping[str, CodeList] = {
    "sex": SEXES,
    "marital_status": MARITAL_STATUSES,
    "nationality": NATIONALITIES,
    "document_kind": DOCUMENT_KINDS,
    "relation": RELATIONS,
    "method": CONTRACEPTIVE_METHODS,
    "population": POPULATIONS,
}
LEFT_OUT = frozenset({"id", "version", "position"})


def print_copy(found: Mapping[str, Any], fonts: Fonts, made_at: datetime, district: str) -> bytes:
    """Return the copy as PDF. ``found`` as :func:`renkou_registry.me.copy.full_copy` gives it."""
    records: Mapping[str, list[Mapping[str, Any]]] = found["records"]
    text = orjson.dumps(found, default=str).decode()
    foot = f"{district}   {made_at:%Y-%m-%d %H:%M}"
    book = Booklet(fonts, _TITLE, foot, made_at, text)
    for table, rows in sorted(records.items(), key=lambda item: _ORDER[item[0]]):
        book.heading(*TITLES[table])
        for row in rows:
            book.entry(shown(row))
    return book.output()


def shown(row: Mapping[str, Any]) -> list[tuple[str, str]]:
    """Return the labels and texts of a record."""
    values = [
        (label(name), _coded(name, value))
        for name, value in row.items()
        if value is not None and name not in LEFT_OUT
    ]
    return values or [("-", "-")]


def label(name: str) -> str:
    """Return what a field is called on paper; a heading that is Chinese already stays as it is."""
    return FIELDS.get(name) or (OTHER if name.isascii() else name)


def _coded(name: str, value: Any) -> str:
    """Return a value as text; a code of a known list as its label in both languages."""
    codes = _CODES.get(name)
    found = next((each for each in codes.entries if each.code == str(value)), None) if codes else None
    return f"{found.zh} {found.en}" if found else _text(value)


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "是 yes" if value else "否 no"
    if isinstance(value, datetime):
        return f"{value:%Y-%m-%d %H:%M}"
    if isinstance(value, dict):
        told = (
            f"{label(str(name))}: {_coded(str(name), each)}"
            for name, each in value.items()
            if each is not None
        )
        return "; ".join(told)
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    return str(value)
