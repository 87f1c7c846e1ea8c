"""Order of reception: each number of a partner is taken once, and in its turn. No I/O."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

WINDOW = 10_000
"""How many messages may be missing before one that is held."""


class Reception(StrEnum):
    """What to do with a verified message of a partner."""

    APPLY = "apply"  # the next in order
    HOLD = "hold"  # an earlier one is missing
    DUPLICATE = "duplicate"  # known, same content
    CONFLICT = "conflict"  # known number, other content; or a number that was passed over
    TOO_FAR = "too_far"  # beyond the window: not taken, will be sent again


@dataclass(frozen=True, slots=True)
class Taking:
    """What becomes of a batch: a decision for each arrival, the numbers whose turn it is, what comes next."""

    decisions: list[Reception]
    turn: list[int]
    next_in: int
    highest: int


@dataclass(frozen=True, slots=True)
class Passing:
    """What happens when missing numbers will not come any more: whose turn it is, and the ranges missed."""

    turn: list[int]
    gone: list[tuple[int, int]]
    next_in: int


def receive(
    next_in: int, held: Mapping[int, bytes], known: bytes | None, seq: int, digest: bytes
) -> Reception:
    """Decide on message ``seq`` of a partner from whom ``next_in`` is expected.

    ``held`` maps the held numbers to digests; ``known`` is the stored digest of a number below ``next_in``.
    """
    if seq < next_in:
        return Reception.DUPLICATE if known == digest else Reception.CONFLICT
    if seq in held:
        return Reception.DUPLICATE if held[seq] == digest else Reception.CONFLICT
    if seq == next_in:
        return Reception.APPLY
    return Reception.HOLD if seq - next_in <= WINDOW else Reception.TOO_FAR


def take_in(
    next_in: int,
    known: Mapping[int, bytes],
    held: Mapping[int, bytes],
    arrivals: Sequence[tuple[int, bytes]],
) -> Taking:
    """Decide on a batch of (number, digest) in the order of arrival.

    ``known`` maps those of the numbers that are stored to digests, ``held`` every stored number from
    ``next_in`` on. What is applied or held has to be stored, then ``turn`` taken in, in one transaction.
    """
    holding = dict(held)
    decisions: list[Reception] = []
    for seq, digest in arrivals:
        decision = receive(next_in, holding, known.get(seq), seq, digest)
        if decision is Reception.APPLY or decision is Reception.HOLD:
            holding[seq] = digest
        decisions.append(decision)
    turn = releasable(next_in, holding)
    after = next_in + len(turn)
    return Taking(decisions, turn, after, max(after - 1, max(holding, default=0)))


def releasable(next_in: int, held: Collection[int]) -> list[int]:
    """Return the held numbers whose turn has come when ``next_in`` is expected, in order."""
    turn: list[int] = []
    while next_in in held:
        turn.append(next_in)
        next_in += 1
    return turn


def pass_over(next_in: int, held: Iterable[int], first: int) -> Passing:
    """Go on at ``first``, because the partner has signed that it will send nothing below that any more.

    What is held below ``first`` gets its turn in order; what is missing is gone.
    """
    turn: list[int] = []
    gone: list[tuple[int, int]] = []
    waiting = sorted(held)
    for seq in waiting:
        if seq >= first:
            break
        if seq > next_in:
            gone.append((next_in, seq - 1))
        turn.append(seq)
        next_in = seq + 1
    if next_in < first:
        gone.append((next_in, first - 1))
        next_in = first
    freed = releasable(next_in, set(waiting))
    return Passing(turn + freed, gone, next_in + len(freed))
