"""Persons, sealed as the program seals them."""

from collections.abc import Iterator
from typing import Any

from renkou_registry.generator.drawn import RECORDED_BY, Context, Drawn, Kind
from renkou_registry.persons.registration import COLUMNS, person_row


def rows(drawn: Drawn, context: Context) -> Iterator[tuple[Any, ...]]:
    """Return a row for each person."""
    today = context.now.date()
    for each in drawn.entered:
        stored = person_row(context.cipher, each, today)
        yield (*stored.values(), True, False, 1, context.now, RECORDED_BY)


KIND = Kind("person", (*COLUMNS, "alive", "withdrawn", "version", "recorded_at", "recorded_by"), rows)
