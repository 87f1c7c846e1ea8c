"""The kinds of records that are loaded, in this order; each module says which table and gives its rows.

To add one: a module with ``TABLE``, ``COLUMNS`` and ``rows(drawn, context)``, and its name in ``KINDS``.
``rows`` gets everything that was drawn for a chunk and may draw on (``drawn.chunk.random``); rows are tuples
in the order of ``COLUMNS`` for COPY (jsonb as text).
"""

from collections.abc import Iterable
from typing import Any, Protocol

from renkou_registry.generator.drawn import Context, Drawn
from renkou_registry.generator.kinds import (
    household_members,
    households,
    life_events,
    outbox,
    person_keys,
    persons,
)


class Kind(Protocol):
    """A module that writes one kind of record."""

    TABLE: str
    COLUMNS: tuple[str, ...]

    @staticmethod
    def rows(drawn: Drawn, context: Context) -> Iterable[tuple[Any, ...]]:
        """Return the rows of a chunk."""


KINDS: tuple[Kind, ...] = (persons, life_events, households, household_members, person_keys)
PUBLISHED: Kind = outbox
"""Written only where the events are to be published."""


def kinds(*, events: bool) -> tuple[Kind, ...]:
    """Return the kinds to load."""
    return (*KINDS, PUBLISHED) if events else KINDS
