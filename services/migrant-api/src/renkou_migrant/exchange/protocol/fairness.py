"""How much of one partner is taken in before it is the others' turn. No I/O."""

from collections.abc import Callable, Sequence


def fair_rounds[T](waiting: Sequence[T], sender: Callable[[T], str], share: int) -> list[list[T]]:
    """Split what waits into rounds with at most ``share`` of each sender, each sender's in order.

    Every sender's first ``share`` are in the first round, so whoever sent little is done with it, however much
    another has sent.
    """
    rounds: list[list[T]] = []
    taken: dict[str, int] = {}
    for one in waiting:
        code = sender(one)
        number = taken.get(code, 0) // share
        taken[code] = taken.get(code, 0) + 1
        if number == len(rounds):
            rounds.append([])
        rounds[number].append(one)
    return rounds


class Quota:
    """Allows each partner ``rate`` messages a second on the average, and ``burst`` at once."""

    def __init__(self, rate: float, burst: float) -> None:
        self._rate = rate
        self._burst = burst
        self._left: dict[str, tuple[float, float]] = {}

    def wait(self, partner: str, at: float) -> float:
        """Count one message at ``at`` (seconds); returns 0.0, or how long it has to wait and is not counted."""
        left, seen = self._left.get(partner, (self._burst, at))
        left = min(self._burst, left + (at - seen) * self._rate)
        if left < 1.0:
            self._left[partner] = (left, at)
            return (1.0 - left) / self._rate
        self._left[partner] = (left - 1.0, at)
        return 0.0
