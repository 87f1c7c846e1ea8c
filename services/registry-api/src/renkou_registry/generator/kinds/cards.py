"""Women's cards."""

from collections.abc import Iterator
from typing import Any

from renkou_registry.generator.drawn import RECORDED_BY, Context, Drawn, Kind
from renkou_registry.generator.women import cards


def rows(drawn: Drawn, context: Context) -> Iterator[tuple[Any, ...]]:
    """Return a row for each card, and keep the cards for what was told and the visits."""
    drawn.cards[:] = cards(drawn, context)
    for each in drawn.cards:
        stands = each.stands
        yield (
            each.id,
            each.woman.entry.id,
            each.opened_on,
            stands.state,
            stands.population,
            stands.area,
            stands.closed_reason,
            stands.closed_on,
            stands.next_change_on,
            2 if each.fact else 1,
            context.now,
            RECORDED_BY,
        )


KIND = Kind(
    "card",
    (
        *("id", "person_id", "opened_on", "state", "population", "area", "closed_reason", "closed_on"),
        *("next_change_on", "version", "recorded_at", "recorded_by"),
    ),
    rows,
)
