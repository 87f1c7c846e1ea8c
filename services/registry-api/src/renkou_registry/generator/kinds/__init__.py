"""The kinds of records that are loaded, in this order.

To add one: a module with a function from a chunk to rows and ``KIND = Kind(table, columns, rows)``, and its
place in ``_ALWAYS``. The function gets everything that was drawn for a chunk, may draw more from
``drawn.chunk.random``, and gives tuples in the order of the columns for COPY (jsonb as text). A kind added at
the end leaves what the others draw as it is.
"""

from renkou_registry.generator.drawn import Kind
from renkou_registry.generator.kinds import (
    benefits,
    card_facts,
    cards,
    household_members,
    households,
    kin_links,
    life_events,
    maternal,
    offices,
    outbox,
    person_addresses,
    person_keys,
    persons,
    places,
    services_given,
    supplies,
    visits,
)

_ALWAYS = (
    places.KIND,
    persons.KIND,
    life_events.KIND,
    person_addresses.KIND,
    kin_links.KIND,
    households.KIND,
    household_members.KIND,
    person_keys.KIND,
    cards.KIND,
    card_facts.KIND,
    visits.KIND,
    services_given.KIND,
    *supplies.KINDS,
    *offices.KINDS,
    *maternal.KINDS,
    *benefits.KINDS,
)


def kinds(*, events: bool) -> tuple[Kind, ...]:
    """Return the kinds to load; with ``events`` everybody is published too."""
    return (*_ALWAYS, outbox.KIND) if events else _ALWAYS
