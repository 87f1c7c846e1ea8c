"""What an agreement allows. No I/O."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from uuid import UUID


class AgreedDirection(StrEnum):
    """Which way a kind may go, seen from this district."""

    SEND = "send"  # 发出
    RECEIVE = "receive"  # 接收
    BOTH = "both"  # 双向


@dataclass(frozen=True, slots=True)
class Agreement:
    """An agreement with one partner. ``valid_to`` is the last day; ``ended_on`` the first day without it."""

    id: UUID
    partner: str
    valid_from: date
    valid_to: date
    legal_basis: str
    kinds: Mapping[str, AgreedDirection]
    ended_on: date | None = None
    revision: int = 1

    def in_force(self, on: date) -> bool:
        """Whether the agreement is in force on a day."""
        return self.valid_from <= on <= self.valid_to and (self.ended_on is None or on < self.ended_on)

    def allows(self, kind: str, direction: AgreedDirection, on: date) -> bool:
        """Whether a message of ``kind`` may be sent (or received) under it on a day."""
        return self.in_force(on) and self.kinds.get(kind) in (direction, AgreedDirection.BOTH)
