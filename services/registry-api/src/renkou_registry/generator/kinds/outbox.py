"""The event that publishes each person, for the figures and the other services."""

from collections.abc import Iterator
from typing import Any

from renkou_common.contracts.registry import PersonRegistered, RegistryEventType
from renkou_common.messaging.envelope import build_body
from renkou_registry.generator.drawn import Context, Drawn, Kind
from renkou_registry.persons.registration import entry_fields


def rows(drawn: Drawn, context: Context) -> Iterator[tuple[Any, ...]]:
    """Return a row for each person."""
    for each in drawn.entered:
        event_id, subject = drawn.chunk.new_id(), str(each.entry.ref)
        body, digest = build_body(
            event_id=event_id,
            event_type=str(RegistryEventType.PERSON_REGISTERED),
            source=context.source,
            subject=subject,
            time=context.now,
            data=PersonRegistered(**entry_fields(each)),
        )
        yield event_id, str(RegistryEventType.PERSON_REGISTERED), subject, body, digest


KIND = Kind("outbox", ("event_id", "type", "subject", "body", "content_hash"), rows)
