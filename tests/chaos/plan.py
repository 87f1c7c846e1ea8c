"""Which faults come in which order and when: drawn from a seed alone, so that a seed that fails replays.

Nothing here looks at a running system. A moment holds a ``draw``, a seed of its own, from which the fault chooses
what it strikes: adding a process changes its choice, never the order.
"""

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from random import Random
from typing import Any

KILL = "kill"
SHORTEST_GAP, LONGEST_GAP = 0.2, 2.0
SHORTEST, LONGEST = 0.5, 3.0


@dataclass(frozen=True)
class Moment:
    """One fault: ``gap`` seconds after the one before has healed, it holds for ``lasts`` seconds."""

    number: int
    kind: str
    gap: float
    lasts: float
    draw: int

    @property
    def random(self) -> Random:
        """What the fault draws its choices from."""
        return Random(f"moment {self.draw}")

    def as_json(self) -> dict[str, Any]:
        """The moment as chaos.json has it."""
        return asdict(self)


def draw(seed: int, kills: int, kinds: Sequence[str]) -> list[Moment]:
    """Plan ``kills`` kills, and every other kind once for each forty of them, at least once, in a drawn order.

    ``kinds`` are the names of all faults. Raises ValueError for no kills or unknown names.
    """
    if kills < 1:
        raise ValueError("a plan needs one kill at least")
    if KILL not in kinds or len(set(kinds)) != len(kinds):
        raise ValueError("kinds are different names, the kill among them")
    random = Random(f"chaos {seed}")
    others = sorted(kind for kind in kinds if kind != KILL)
    order = [KILL] * kills + others * max(1, kills // 40)
    random.shuffle(order)
    return [
        Moment(
            number,
            kind,
            round(random.uniform(SHORTEST_GAP, LONGEST_GAP), 2),
            round(random.uniform(SHORTEST, LONGEST), 2),
            random.getrandbits(32),
        )
        for number, kind in enumerate(order, 1)
    ]
