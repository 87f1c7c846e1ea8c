"""Households."""

from collections.abc import Iterator
from typing import Any

from renkou_registry.generator.drawn import RECORDED_BY, Context, Drawn, Kind


def rows(drawn: Drawn, context: Context) -> Iterator[tuple[Any, ...]]:
    """Return a row for each household."""
    for household_id, each in drawn.chunk.households:
        yield (
            household_id,
            each.number,
            each.kind.value,
            each.area,
            each.street,
            1,
            context.now,
            RECORDED_BY,
        )


KIND = Kind(
    "household", ("id", "number", "kind", "area", "street", "version", "recorded_at", "recorded_by"), rows
)
