"""Persons as their histories leave them, sealed as the program seals them."""

from collections.abc import Iterator
from operator import itemgetter
from typing import Any

from renkou_registry.generator.drawn import RECORDED_BY, Context, Drawn, Kind
from renkou_registry.life_events.domain import left_area
from renkou_registry.persons.registration import COLUMNS, Entered, person_row

_stored = itemgetter(*COLUMNS)


def rows(drawn: Drawn, context: Context) -> Iterator[tuple[Any, ...]]:
    """Return a row for each person."""
    today, district = context.now.date(), context.district.interval()
    for each in drawn.people:
        state = each.state
        stored = person_row(context.cipher, Entered(each.entry, each.entered.event, state, []), today)
        life = state.alive, state.died_on, left_area(state, district)
        yield *_stored(stored), *life, False, len(each.events), context.now, RECORDED_BY


KIND = Kind(
    "person",
    (*COLUMNS, "alive", "died_on", "left_area", "withdrawn", "version", "recorded_at", "recorded_by"),
    rows,
)
