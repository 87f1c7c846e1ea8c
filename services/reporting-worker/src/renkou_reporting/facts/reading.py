"""Lines of an event's payload to facts, quickly: what has the form that services publish is read by look-ups.

Whatever does not have it goes to the contract's own model, which reads or refuses it; so both mean the same.
"""

import re
from collections.abc import Callable, Collection, Iterable
from datetime import date
from typing import Any
from uuid import UUID

from renkou_common.contracts.catalogue import EVENT_TYPES
from renkou_common.contracts.lines import Measure, Population
from renkou_common.messaging.envelope import open_envelope
from renkou_reporting.facts.domain import Fact, facts_of, month_number, read_lines
from renkou_reporting.facts.errors import UnknownEventType

_REMEMBERED = 50_000
_DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_MONTH = re.compile(r"[0-9]{4}-[0-9]{2}", re.ASCII)
_AREA = re.compile(r"[0-9]{12}", re.ASCII)
_DETAIL = re.compile(r"([a-z0-9][a-z0-9_.-]{0,59})?", re.ASCII)
_ID = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}", re.ASCII)
_SEXES, _PARITIES = range(10), range(31)


type _Columns = tuple[int, date, int, str, str, int, int, int, int, str]
"""Columns of a fact from its area on."""


class _Known[T](dict[Any, T]):
    """What texts were read as, up to a number of them; a text of another form raises KeyError."""

    def __init__(self, form: re.Pattern[str], read: Callable[[str], T]) -> None:
        super().__init__()
        self._form = form
        self._read = read

    def __missing__(self, text: Any) -> T:
        if type(text) is not str or self._form.fullmatch(text) is None:
            raise KeyError(text)
        if len(self) >= _REMEMBERED:
            self.clear()
        found = self[text] = self._read(text)
        return found


def _day(text: str) -> tuple[date, int]:
    day = date.fromisoformat(text)
    return day, month_number(day)


_POPULATIONS = {each.value: each.value for each in Population}
_MEASURES = {each.value: each.value for each in Measure}
_DAYS = _Known(_DAY, _day)
_MONTHS = _Known(_MONTH, lambda text: int(text[:4] + text[5:]))
_AREAS = _Known(_AREA, int)
_DETAILS = _Known(_DETAIL, str)


def rows_of_text(feed: str, text: bytes, left_out: Collection[int]) -> tuple[int, str]:
    """Return an event's number and the rows of its facts as COPY reads them; none for a number in ``left_out``.

    For millions: nothing of the event but its hash, its type and its lines is looked at. Raises EnvelopeError for a
    text that does not match its hash, UnknownEventType, ValueError (ValidationError for lines that are none).
    """
    seq, _, _, envelope = open_envelope(text)
    if seq in left_out:
        return seq, ""
    if envelope["type"] not in EVENT_TYPES:
        raise UnknownEventType(envelope["type"])
    event_id, lines = envelope["id"], envelope["data"].get("lines")
    if not lines:
        return seq, ""
    if type(event_id) is not str or _ID.fullmatch(event_id) is None:
        event_id = str(UUID(event_id))
    try:
        rows = []
        for number, line in enumerate(lines):
            area, _, month, population, measure, sex, born, parity, value, detail = _read(line)
            rows.append(
                f"{feed}\t{seq}\t{number}\t{event_id}\t{area}\t{line['on']}\t{month}\t{population}\t{measure}\t{sex}"
                f"\t{born}\t{parity}\t{value}\t{detail}\n"
            )
        return seq, "".join(rows)
    except (KeyError, TypeError, ValueError, AttributeError):
        return seq, copied(facts_of(feed, seq, UUID(event_id), read_lines(envelope["data"])))


def copied(facts: Iterable[Fact]) -> str:
    """Return facts as rows that COPY reads; no value of a fact has anything in it that would have to be escaped."""
    return "".join("\t".join(map(str, fact)) + "\n" for fact in facts)


def facts_of_data(feed: str, seq: int, event_id: UUID, data: dict[str, Any]) -> list[Fact]:
    """Return the facts of an event's payload; raises pydantic's ValidationError for lines that are none."""
    lines = data.get("lines")
    if not lines:
        return []
    try:
        return [Fact(feed, seq, number, event_id, *_read(line)) for number, line in enumerate(lines)]
    except (KeyError, TypeError, ValueError, AttributeError):
        return facts_of(feed, seq, event_id, read_lines(data))


def _read(line: dict[str, Any]) -> _Columns:
    """Return what a line says; raises where it does not have exactly the form in which services publish it."""
    given = line.get
    day, month = _DAYS[line["on"]]
    born, sex, parity, value = given("birth_month"), given("sex", 0), given("parity", 0), line["value"]
    if not (type(sex) is type(parity) is type(value) is int and sex in _SEXES and parity in _PARITIES):
        raise ValueError
    return (
        _AREAS[line["area"]],
        day,
        month,
        _POPULATIONS[line["population"]],
        _MEASURES[line["measure"]],
        sex,
        0 if born is None else _MONTHS[born],
        parity,
        value,
        _DETAILS[given("detail", "")],
    )
