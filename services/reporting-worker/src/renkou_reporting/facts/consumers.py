"""Events to facts: the lines of up to 500 events are added in one go."""

from collections.abc import Sequence
from dataclasses import replace

from renkou_common.contracts.catalogue import EVENT_TYPES
from renkou_common.database import Transaction
from renkou_common.messaging.envelope import Event
from renkou_reporting.copies.domain import FIRST, partition_of
from renkou_reporting.facts.domain import Fact
from renkou_reporting.facts.errors import UnknownEventType
from renkou_reporting.facts.reading import facts_of_data
from renkou_reporting.facts.service import add_facts, add_origins


def facts_of_events(feed: str, events: Sequence[Event]) -> list[Fact]:
    """Return the facts of events, of each those of its partitions.

    Raises UnknownEventType, or ValidationError for lines that are none.
    """
    facts: list[Fact] = []
    for event in events:
        found: list[Fact] = _read(feed, event) if event.prepared is None else event.prepared
        facts += found if event.partitions is None else _within(found, event.partitions)
    return facts


def prepare(feed: str, events: list[Event]) -> list[Event]:
    """Read the facts of events ahead, of those that can be read."""
    return [_prepared(feed, event) for event in events]


def _prepared(feed: str, event: Event) -> Event:
    try:
        return replace(event, prepared=_read(feed, event))
    except ValueError:
        return event


def _read(feed: str, event: Event) -> list[Fact]:
    if event.type not in EVENT_TYPES:
        raise UnknownEventType(event.type)
    return facts_of_data(feed, event.seq, event.id, event.data)


def _within(facts: Sequence[Fact], partitions: frozenset[int]) -> list[Fact]:
    return [fact for fact in facts if partition_of(fact.area) in partitions]


async def add_events(tx: Transaction, feed: str, events: Sequence[Event]) -> None:
    """Add the lines of events to facts and sums, and note which events they are (whoever has the first partition)."""
    await add_facts(tx, facts_of_events(feed, events))
    counted = [event for event in events if event.data.get("lines") and concerns_first(event)]
    await add_origins(tx, [(feed, event.seq, event.type, event.time) for event in counted])


def concerns_first(event: Event) -> bool:
    """Say whether an event is to be applied to the first partition: once among all copies."""
    return event.partitions is None or FIRST in event.partitions
