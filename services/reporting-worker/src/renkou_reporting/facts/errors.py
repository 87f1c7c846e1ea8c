"""Errors of taking facts in."""

from pathlib import Path


class UnknownEventType(ValueError):
    """An event of a type that this version does not know; it is held until an upgrade replays it."""

    def __init__(self, event_type: str) -> None:
        super().__init__(f"unknown event type {event_type}")


class FolderNotEmpty(ValueError):
    """An export would mix with what a folder holds already."""

    def __init__(self, folder: Path) -> None:
        super().__init__(f"{folder} is not empty")
