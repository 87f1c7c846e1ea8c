"""Comparing what both ends hold, and healing what one of them has lost. No I/O.

Each end tells the other what it has sent and what it has taken in, as a count and a hash up to a number. As
numbers have no gaps, the number is the count. The hash is a chain over the digests of the signed messages:
``hash(n) = SHA-256(hash(n-1) | digest(n))``, ``hash(0)`` is 32 zeros, and a number that was passed over counts
with 32 zeros. It is computed from the last number on which both ends agreed.

What is found, and what heals it:

    the receiver has fewer than were receipted    it was restored from a backup: it gets them again
    the receiver has more than the sender sent    the sender was restored: it goes on beyond every number that
                                                  may be in use, and takes over the receiver's hash
    the receiver waits for what nobody can send   it passes over it, and both keep a note for their staff
    the hashes differ and nothing explains it     nothing is changed; both keep a note for their staff
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from hashlib import sha256
from typing import NamedTuple

from renkou_migrant.exchange.protocol.sending import SEND_WINDOW

GONE = bytes(32)
LARGEST_JUMP = 1_000_000
"""A partner that claims to hold more numbers beyond ours is not believed."""


class Mark(NamedTuple):
    """A number up to which both ends agreed, and the chain's hash there."""

    upto: int
    hash: bytes


START = Mark(0, bytes(32))


class Sent(NamedTuple):
    """What an end has sent: up to which number (``hash`` None: unknown since it lost some), and the first number
    below which it will send nothing any more."""

    upto: int
    hash: bytes | None
    first: int


class Taken(NamedTuple):
    """What an end has taken in: up to which number, the highest that it holds, the last it had to pass over."""

    upto: int
    hash: bytes
    highest: int
    gone: int


class Digest(NamedTuple):
    """What one end tells the other about the pair.

    ``asks``: a token, where an answer is wanted in any case; the answer repeats it in ``answers``. ``seen`` stands
    in an answer only: up to which number the other had told to have taken in. What it lacked beyond that, and
    can be sent, is on its way again.
    """

    sent: Sent
    taken: Taken
    asks: str | None = None
    answers: str | None = None
    seen: int | None = None


@dataclass(frozen=True, slots=True)
class Healing:
    """What to change at this end after reading a partner's digest. None or empty: nothing.

    ``go_on_after``: messages are numbered beyond it. ``lost``: numbers the partner has and we don't.
    ``replay``: receipted messages beyond it are sent again. ``pass_to``: numbers below it will not come.
    ``out_mark`` and ``in_mark``: agreed now. ``differs``: directions (seen from here) that nothing explains.
    ``answer``: reply with our own digest; ``tell``: send it though there is nothing to reply to; ``ask``: and
    ask for an answer. What is changed here has to be written before ours is made.
    """

    go_on_after: int | None = None
    lost: tuple[int, int] | None = None
    replay: int | None = None
    pass_to: int | None = None
    out_mark: Mark | None = None
    in_mark: Mark | None = None
    differs: list[str] = field(default_factory=list)
    implausible: bool = False
    answer: bool = False
    tell: bool = False
    ask: bool = False


def extend(mark: Mark, digests: Iterable[bytes]) -> Mark:
    """Return the mark after further messages, given their digests in the order of their numbers."""
    upto, value = mark
    for digest in digests:
        value = sha256(value + digest).digest()
        upto += 1
    return Mark(upto, value)


def extend_over(mark: Mark, rows: Iterable[tuple[int, bytes]], upto: int) -> Mark:
    """Return the receiver's mark at ``upto``: numbers that are not among ``rows`` were passed over."""
    value, at = mark.hash, mark.upto
    for seq, digest in rows:
        while at + 1 < seq:
            value, at = sha256(value + GONE).digest(), at + 1
        value, at = sha256(value + digest).digest(), seq
    while at < upto:
        value, at = sha256(value + GONE).digest(), at + 1
    return Mark(upto, value)


def extend_through(mark: Mark, rows: Iterable[tuple[int, bytes]], upto: int) -> Mark | None:
    """Return the sender's mark at ``upto``, None where a number is missing among ``rows``."""
    digests = []
    at = mark.upto
    for seq, digest in rows:
        if seq != at + 1:
            return None
        digests.append(digest)
        at = seq
    return extend(mark, digests) if at == upto else None


def comparable(mark: Mark, own_upto: int, their_upto: int) -> int | None:
    """Return the number at which a direction can be compared, None where one end is behind the mark or ahead."""
    return their_upto if mark.upto <= their_upto <= own_upto else None


def compare(
    *,
    sent: Sent,
    taken: Taken,
    out_mark: Mark,
    out_gone: int,
    in_mark: Mark,
    theirs: Digest,
    out_at: Mark | None,
    in_at: Mark | None,
    restored: bool,
) -> Healing:
    """Decide what to do about a partner's digest.

    ``out_gone`` is the last number that the partner had passed over when ``out_mark`` was agreed. ``out_at`` is
    our own chain of what we sent at ``theirs.taken.upto``, ``in_at`` that of what we took in at
    ``theirs.sent.upto``; both None where they cannot be known (see :func:`comparable`). ``restored``: this end was,
    and this is the answer that it waits for. Then it goes on beyond what may be on its way still, unseen by both.
    """
    their_taken, their_sent = theirs.taken, theirs.sent
    if their_taken.highest > sent.upto + LARGEST_JUMP or their_sent.first > their_sent.upto + 1:
        return Healing(implausible=True)
    lost = their_taken.highest > sent.upto
    agreed_out, out_differs = _agree_out(out_mark, out_gone, their_taken, out_at)
    agreed_in = in_at if in_at is not None and in_at.hash == their_sent.hash else None
    in_differs = in_at is not None and their_sent.hash is not None and agreed_in is None
    stuck = their_sent.first > taken.upto + 1
    # An answer that knew less than we hold now: whatever we lack and it can send is on its way again.
    informed = theirs.seen is not None and theirs.seen <= taken.upto
    different = their_sent.upto != taken.upto or their_sent.hash is None or their_taken.upto + 1 < sent.first
    return Healing(
        go_on_after=max(sent.upto, their_taken.highest, their_taken.upto + SEND_WINDOW)
        if lost or restored
        else None,
        lost=(sent.upto + 1, their_taken.highest) if lost else None,
        replay=their_taken.upto if their_taken.upto < sent.upto else None,
        pass_to=their_sent.first if stuck and informed else None,
        out_mark=agreed_out,
        in_mark=agreed_in,
        differs=["out"] * out_differs + ["in"] * (in_differs and taken.gone <= in_mark.upto),
        answer=theirs.asks is not None or (theirs.seen is None and (different or in_differs)),
        tell=lost or restored or (stuck and informed),
        ask=stuck and not informed,
    )


def _agree_out(mark: Mark, gone: int, theirs: Taken, ours: Mark | None) -> tuple[Mark | None, bool]:
    """Return the mark to keep for what we sent, and whether the hashes differ without a reason.

    Where we miss numbers ourselves, or the partner has passed over some since, the partner's hash is taken over:
    only it knows what it holds. So it is where the partner has gone back behind the mark, as it was restored: what
    it lacks is sent again, and what it then takes in or passes over may be other numbers than the first time.
    """
    if ours is None or theirs.upto < mark.upto or theirs.gone != gone:
        return Mark(theirs.upto, theirs.hash), False
    return (ours, False) if ours.hash == theirs.hash else (None, True)
