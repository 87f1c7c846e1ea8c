"""Search keys, as the program makes them."""

from collections.abc import Iterator
from typing import Any

from renkou_registry.generator.drawn import Context, Drawn, Kind
from renkou_registry.search.service import keyed


def rows(drawn: Drawn, context: Context) -> Iterator[tuple[Any, ...]]:
    """Return about ten rows for each person."""
    for each in drawn.people:
        found = keyed(each.entry)
        for kind, key in found.keys:
            yield found.person_id, int(kind), key, found.present_area, found.other_area


KIND = Kind("person_key", ("person_id", "kind", "key", "present_area", "other_area"), rows)
