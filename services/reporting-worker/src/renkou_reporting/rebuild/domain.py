"""What a rebuild knows of itself, without I/O."""

from dataclasses import dataclass
from uuid import UUID

FEEDS = ("registry", "migrant")
RETURNS = "returns"


@dataclass(frozen=True, slots=True)
class Job:
    """A rebuild that is underway: how far each feed is read, up to where, and what was skipped as held."""

    id: UUID
    state: str
    positions: dict[str, int]
    targets: dict[str, int]
    skipped: dict[str, list[int]]

    def next_feed(self) -> str | None:
        """Return a feed that is not read up to its target, None where all are."""
        for feed in (*FEEDS, RETURNS):
            if self.positions.get(feed, 0) < self.targets.get(feed, 0):
                return feed
        return None
