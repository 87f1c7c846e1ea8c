"""Errors of rebuilds."""

from renkou_common.errors import Conflict


class RebuildUnderway(Conflict):
    """One rebuild at a time."""

    def __init__(self) -> None:
        super().__init__("rebuild_underway", "已有重算正在进行", "A rebuild is underway already")


class FeedIncomplete(Exception):
    """A feed no longer holds every event from the first on, so nothing can be rebuilt from it."""


class Superseded(Exception):
    """A rebuild is not as this process left it: another works on it, or it was ended."""
