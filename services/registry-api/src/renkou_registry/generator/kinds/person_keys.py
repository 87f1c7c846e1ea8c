"""Search keys, as the program makes them."""

from collections.abc import Iterator
from typing import Any

from renkou_registry.generator.drawn import Context, Drawn
from renkou_registry.search.service import keyed

TABLE = "person_key"
COLUMNS = ("person_id", "kind", "key", "present_area", "registered_area")


def rows(drawn: Drawn, context: Context) -> Iterator[tuple[Any, ...]]:
    """Return about ten rows for each person."""
    for each in drawn.entered:
        found = keyed(each.entry)
        for kind, key in found.keys:
            yield found.person_id, int(kind), key, found.present_area, found.registered_area
