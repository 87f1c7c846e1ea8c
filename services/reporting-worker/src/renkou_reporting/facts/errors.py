"""Errors of taking facts in."""


class UnknownEventType(ValueError):
    """An event of a type that this version does not know; it is held until an upgrade replays it."""

    def __init__(self, event_type: str) -> None:
        super().__init__(f"unknown event type {event_type}")
