"""Sending: again until a receipt comes, only so far ahead, and what a receipt means. No I/O."""

from dataclasses import dataclass
from typing import Literal

from renkou_migrant.exchange.codes import Refused
from renkou_migrant.exchange.domain import CLOSED, MessageState, advance

SEND_WINDOW = 1_000
"""How many numbers from the oldest without receipt on may be in use. The rest waits as drafts: a partner that is
down for a week does not fill the hub, and no more than these can be on their way when a node is restored."""


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a receipt does to a message: ``settled`` is not sent any more, ``renumber`` gets another number."""

    state: MessageState
    code: str | None
    settled: bool
    renumber: bool


def resend_after(attempts: int, first_seconds: float, longest_seconds: float) -> float:
    """Seconds to wait for a receipt after the ``attempts``-th sending (1 and up); doubles up to a cap."""
    return float(min(first_seconds * 2 ** min(attempts - 1, 30), longest_seconds))


def room(oldest: int | None, last_out: int) -> int:
    """Return how many more messages may be numbered while ``oldest`` is the lowest number without receipt."""
    return SEND_WINDOW if oldest is None else max(0, oldest + SEND_WINDOW - 1 - last_out)


def after_receipt(
    state: MessageState, said: Literal["delivered", "read", "refused"], code: str | None
) -> Verdict:
    """Return what a genuine receipt does to a message of ours in ``state``.

    A refusal ends a message that was not read yet: as expired where that is the reason, else as dead. Where
    only its number was taken already (by a message that this node has lost since), it is numbered again.
    """
    if said != "refused":
        return Verdict(advance(state, MessageState(said)), None, said == "read", False)
    if state in CLOSED or state is MessageState.READ:
        return Verdict(state, None, True, False)
    if code == Refused.SEQUENCE_CONFLICT:
        return Verdict(MessageState.DRAFTED, None, True, True)
    return Verdict(MessageState.EXPIRED if code == Refused.EXPIRED else MessageState.DEAD, code, True, False)


def first_replayable(first_out: int, oldest_unsettled: int | None) -> int:
    """Return the number below which nothing will be sent any more, as it may be told to the partner.

    ``first_out`` is the first of the numbers whose bytes are all kept; what has no receipt yet is still sent.
    """
    return first_out if oldest_unsettled is None else min(first_out, oldest_unsettled)
