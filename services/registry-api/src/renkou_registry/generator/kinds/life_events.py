"""The opening that begins each history."""

from collections.abc import Iterator
from typing import Any

import orjson

from renkou_registry.generator.drawn import RECORDED_BY, Context, Drawn, Kind


def rows(drawn: Drawn, context: Context) -> Iterator[tuple[Any, ...]]:
    """Return a row for each person."""
    for each in drawn.entered:
        event = each.event
        data = orjson.dumps(dict(event.data)).decode()
        yield (
            event.id,
            each.entry.id,
            event.kind.value,
            event.happened_on,
            context.now,
            RECORDED_BY,
            data,
        )


KIND = Kind(
    "life_event", ("id", "person_id", "kind", "happened_on", "recorded_at", "recorded_by", "data"), rows
)
