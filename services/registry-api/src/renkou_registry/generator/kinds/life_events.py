"""The history of each person: the entry, then what followed."""

from collections.abc import Iterator
from typing import Any

import orjson

from renkou_registry.generator.drawn import RECORDED_BY, Context, Drawn, Kind


def rows(drawn: Drawn, context: Context) -> Iterator[tuple[Any, ...]]:
    """Return a row for each event."""
    for each in drawn.people:
        for event in each.events:
            data = orjson.dumps(dict(event.data)).decode()
            known = context.now, RECORDED_BY
            yield event.id, each.entry.id, event.kind.value, event.happened_on, *known, data


KIND = Kind(
    "life_event", ("id", "person_id", "kind", "happened_on", "recorded_at", "recorded_by", "data"), rows
)
