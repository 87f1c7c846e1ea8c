"""The addresses of each person over time, as the history tells them."""

from collections.abc import Iterator
from typing import Any

from renkou_registry.generator.drawn import Context, Drawn, Kind
from renkou_registry.life_events.addresses import Place, spells_of

_NOWHERE = Place()


def rows(drawn: Drawn, context: Context) -> Iterator[tuple[Any, ...]]:
    """Return a row for each spell."""
    for each in drawn.people:
        for spell in spells_of(each.events, each.state):
            place = _NOWHERE
            if spell.event_id is not None:
                place = each.places.get((spell.kind, spell.event_id), _NOWHERE)
            days = spell.valid_from, spell.counted_from, spell.valid_until
            told = spell.event_id, place.street, place.place_id
            yield (each.entry.id, spell.kind.value, spell.area, *days, *told, context.now)


KIND = Kind(
    "person_address",
    (
        *("person_id", "kind", "area", "valid_from", "counted_from", "valid_until"),
        *("event_id", "street", "place_id", "known_from"),
    ),
    rows,
)
