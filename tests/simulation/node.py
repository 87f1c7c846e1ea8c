"""A node of the simulation: the rules of the product on a disk in memory.

What the product keeps in PostgreSQL stands in :class:`Pair`; each method is one of its transactions, whole or not at
all. The decisions are those of :mod:`renkou_migrant.exchange.protocol`, called as the product calls them.
"""

from typing import NamedTuple

from renkou_migrant.exchange.codes import Refused
from renkou_migrant.exchange.domain import MessageState
from renkou_migrant.exchange.protocol import digests, reception, sending
from renkou_migrant.exchange.protocol.digests import GONE, START, Digest, Mark, Sent, Taken
from renkou_migrant.exchange.protocol.reception import Reception

FIRST, LONGEST = 5.0, 300.0
PATIENCE = 60.0
SHARE = 4


class Row:
    """A numbered message of ours."""

    __slots__ = ("attempts", "digest", "due", "id", "kept", "seq", "state")

    def __init__(self, id: int, seq: int, digest: bytes, due: float) -> None:
        self.id, self.seq, self.digest, self.due = id, seq, digest, due
        self.state = MessageState.DRAFTED
        self.attempts = 0
        self.kept = True

    def copy(self) -> "Row":
        """Return the row as a backup holds it."""
        other = Row(self.id, self.seq, self.digest, self.due)
        other.state, other.attempts, other.kept = self.state, self.attempts, self.kept
        return other


SETTLED = float("inf")
"""``Row.due`` of what is not sent any more."""


class Pair:
    """Everything a node has on its disk about one partner."""

    __slots__ = (
        "applied",
        "asked",
        "drafts",
        "first_out",
        "gap_since",
        "gone",
        "gone_ranges",
        "ids",
        "in_mark",
        "incoming",
        "last_out",
        "lost",
        "next_in",
        "out_gone",
        "out_mark",
        "rows",
        "seen_at",
        "unexplained",
    )

    def __init__(self) -> None:
        self.drafts: list[int] = []
        self.rows: dict[int, Row] = {}
        self.last_out, self.first_out, self.out_mark, self.out_gone = 0, 1, START, 0
        self.incoming: dict[int, tuple[int, bytes]] = {}
        self.applied: list[int] = []
        self.ids: dict[int, int] = {}
        self.next_in, self.in_mark, self.gone = 1, START, 0
        self.gone_ranges: list[tuple[int, int]] = []
        self.lost: list[tuple[int, int]] = []
        self.gap_since: float | None = None
        self.seen_at = float("-inf")
        self.asked: str | None = None
        self.unexplained = 0

    def copy(self) -> "Pair":
        """Return the pair as a backup holds it."""
        other = Pair()
        for name in Pair.__slots__:
            value = getattr(self, name)
            setattr(other, name, value.copy() if isinstance(value, list | dict) else value)
        other.rows = {seq: row.copy() for seq, row in self.rows.items()}
        return other

    def unsettled(self) -> list[Row]:
        """Return what still waits for a receipt, by number."""
        return [row for row in self.rows.values() if row.due != SETTLED]

    def highest_in(self) -> int:
        """Return the highest number held or passed."""
        return max(self.next_in - 1, max(self.incoming, default=0))


class Packet(NamedTuple):
    """Something on the way. ``made_at`` is the sender's clock."""

    receiver: str
    sender: str
    kind: str
    body: object
    made_at: float


class Item(NamedTuple):
    """One line of a receipt."""

    id: int
    digest: bytes
    said: str
    code: str | None


class Node:
    """One district."""

    def __init__(self, name: str, partners: list[str], skew: float) -> None:
        self.name = name
        self.skew = skew
        self.disk = {partner: Pair() for partner in partners}
        self.outbox: list[Packet] = []
        self.tokens = 0
        self.sealed = 0
        self.up = True

    def seal(self, partner: str, now: float) -> None:
        """Number the drafts for a partner, unless it has to be asked first what it holds."""
        pair = self.disk[partner]
        if pair.asked is not None:
            return
        oldest = min((row.seq for row in pair.unsettled()), default=None)
        room = sending.room(oldest, pair.last_out)
        for id in pair.drafts[:room]:
            pair.last_out += 1
            seq = pair.last_out
            self.sealed += 1  # what is signed tells when: sealed again, it is another text
            pair.rows[seq] = Row(id, seq, f"{self.name}.{id}.{seq}.{self.sealed}".encode().ljust(32), now)
        del pair.drafts[:room]

    def due(self, partner: str, now: float) -> list[Packet]:
        """Return what has to be published now."""
        pair = self.disk[partner]
        made_at = now + self.skew
        return [
            Packet(partner, self.name, "message", (row.id, row.seq, row.digest), made_at)
            for row in pair.rows.values()
            if row.due <= now
        ]

    def mark_sent(self, packets: list[Packet], now: float) -> None:
        """Note what the hub has."""
        for packet in packets:
            body: tuple[int, int, bytes] = packet.body  # type: ignore[assignment]
            id, seq, _ = body
            row = self.disk[packet.receiver].rows.get(seq)
            if row is None or row.id != id or row.due == SETTLED:
                continue
            row.attempts += 1
            row.due = now + sending.resend_after(row.attempts, FIRST, LONGEST)
            if row.state is MessageState.DRAFTED:
                row.state = MessageState.SENT

    def take(self, sender: str, packets: list[Packet], now: float) -> None:
        """Take in a batch of one partner in one transaction."""
        messages: list[tuple[int, int, bytes]] = []
        for packet in packets:
            if packet.kind == "receipt":
                self._take_receipt(sender, packet.body, now)  # type: ignore[arg-type]
            elif packet.kind == "message":
                messages.append(packet.body)  # type: ignore[arg-type]
        if messages:
            self._take_messages(sender, messages, now)
        for packet in packets:
            if packet.kind == "digest":
                self._take_digest(sender, packet.body, packet.made_at, now)  # type: ignore[arg-type]

    def _take_messages(self, sender: str, messages: list[tuple[int, int, bytes]], now: float) -> None:
        pair = self.disk[sender]
        known = {seq: pair.incoming[seq][1] for _, seq, _ in messages if seq in pair.incoming}
        held = {seq: digest for seq, (_, digest) in pair.incoming.items() if seq >= pair.next_in}
        taking = reception.take_in(pair.next_in, known, held, [(seq, digest) for _, seq, digest in messages])
        items: list[Item] = []
        for (id, seq, digest), decision in zip(messages, taking.decisions, strict=True):
            if decision is Reception.APPLY or decision is Reception.HOLD:
                pair.incoming[seq] = (id, digest)
            elif decision is Reception.CONFLICT:
                items.append(Item(id, digest, "refused", Refused.SEQUENCE_CONFLICT))
        self._apply(pair, taking.turn, taking.next_in, now)
        for id, seq, digest in messages:
            if pair.incoming.get(seq) == (id, digest):
                items.append(Item(id, digest, "read" if seq < pair.next_in else "delivered", None))
        items += [Item(*pair.incoming[seq], "read", None) for seq in taking.turn]
        if items:
            self._send(sender, "receipt", items, now)
        if Reception.CONFLICT in taking.decisions:
            self.say(sender, now)

    def _apply(self, pair: Pair, turn: list[int], next_in: int, now: float) -> None:
        for number in turn:
            id = pair.incoming[number][0]
            if id not in pair.ids:  # else it has come under another number before: no effect
                pair.ids[id] = number
                pair.applied.append(id)
        moved = next_in != pair.next_in
        pair.next_in = next_in
        if pair.highest_in() < next_in:
            pair.gap_since = None
        elif pair.gap_since is None or moved:
            pair.gap_since = now

    def _take_receipt(self, sender: str, items: list[Item], now: float) -> None:
        pair = self.disk[sender]
        by_id = {row.id: row for row in pair.rows.values()}
        for item in items:
            row = by_id.get(item.id)
            if row is None or row.digest != item.digest:
                continue
            verdict = sending.after_receipt(row.state, item.said, item.code)  # type: ignore[arg-type]
            row.state = verdict.state
            if verdict.renumber:
                del pair.rows[row.seq], by_id[row.id]
                pair.first_out = max(pair.first_out, row.seq + 1)
                pair.drafts.append(row.id)
                pair.drafts.sort()
            elif verdict.settled:
                row.due = SETTLED

    def say(self, partner: str, now: float, *, to: Digest | None = None, asks: str | None = None) -> None:
        """Send the digest of this end, as an answer where ``to`` is given."""
        pair = self.disk[partner]
        oldest = min((row.seq for row in pair.unsettled()), default=None)
        mark = digests.extend_through(pair.out_mark, self._sent_rows(pair), pair.last_out)
        first = sending.first_replayable(pair.first_out, oldest)
        sent = Sent(pair.last_out, mark.hash if mark else None, first)
        own = Digest(sent, self._taken(pair), asks, to and to.asks, to and to.taken.upto)
        self._send(partner, "digest", own, now)

    @staticmethod
    def _sent_rows(pair: Pair) -> list[tuple[int, bytes]]:
        return [(seq, pair.rows[seq].digest) for seq in sorted(pair.rows) if seq > pair.out_mark.upto]

    def _taken_at(self, pair: Pair, upto: int) -> Mark:
        rows = [
            (seq, pair.incoming[seq][1]) for seq in sorted(pair.incoming) if pair.in_mark.upto < seq <= upto
        ]
        return digests.extend_over(pair.in_mark, rows, upto)

    def _taken(self, pair: Pair) -> Taken:
        mark = self._taken_at(pair, pair.next_in - 1)
        return Taken(mark.upto, mark.hash, pair.highest_in(), pair.gone)

    def _take_digest(self, sender: str, theirs: Digest, made_at: float, now: float) -> None:
        pair = self.disk[sender]
        answers_us = pair.asked is not None and theirs.answers == pair.asked
        if made_at < pair.seen_at and not answers_us:
            return
        pair.seen_at = max(made_at, pair.seen_at)
        t = digests.comparable(pair.out_mark, pair.last_out, theirs.taken.upto)
        s = digests.comparable(pair.in_mark, pair.next_in - 1, theirs.sent.upto)
        rows = self._sent_rows(pair)
        healing = digests.compare(
            sent=Sent(pair.last_out, None, pair.first_out),
            taken=self._taken(pair),
            out_mark=pair.out_mark,
            out_gone=pair.out_gone,
            in_mark=pair.in_mark,
            theirs=theirs,
            out_at=None
            if t is None
            else digests.extend_through(pair.out_mark, [one for one in rows if one[0] <= t], t),
            in_at=None if s is None else self._taken_at(pair, s),
            restored=answers_us,
        )
        if healing.implausible:
            raise AssertionError("an honest digest was not believed")
        self._heal(sender, pair, theirs, healing, now)
        if answers_us:
            pair.asked = None
        if healing.answer or healing.tell or healing.ask:
            asks = self._token() if healing.ask else None
            self.say(sender, now, to=theirs if healing.answer else None, asks=asks)

    def _heal(self, sender: str, pair: Pair, theirs: Digest, healing: digests.Healing, now: float) -> None:
        pair.unexplained += len(healing.differs)
        if healing.go_on_after is not None:
            pair.lost.append(healing.lost or (pair.last_out + 1, healing.go_on_after))
            pair.last_out = healing.go_on_after
            pair.first_out = healing.go_on_after + 1
        if healing.out_mark:
            pair.out_mark, pair.out_gone = healing.out_mark, theirs.taken.gone
        if healing.replay is not None:
            for seq, row in pair.rows.items():
                if seq > healing.replay and row.due == SETTLED and row.kept:
                    row.due = now
        if healing.in_mark:
            pair.in_mark = healing.in_mark
        if healing.pass_to:
            held = [seq for seq in pair.incoming if seq >= pair.next_in]
            passing = reception.pass_over(pair.next_in, held, healing.pass_to)
            pair.gone_ranges += passing.gone
            pair.gone = max([pair.gone, *(last for _, last in passing.gone)])
            self._apply(pair, passing.turn, passing.next_in, now)
            items = [Item(*pair.incoming[seq], "read", None) for seq in passing.turn]
            if items:
                self._send(sender, "receipt", items, now)

    def look_after(self, now: float) -> None:
        """Ask partners for what has been missing for long, and again where an answer is outstanding."""
        for partner, pair in self.disk.items():
            if pair.gap_since is not None and now - pair.gap_since > PATIENCE:
                pair.gap_since = now
                self.say(partner, now, asks=pair.asked or self._token())
            elif pair.asked is not None:
                self.say(partner, now, asks=pair.asked)

    def trim(self) -> None:
        """Forget the bytes of what was receipted."""
        for pair in self.disk.values():
            for seq, row in pair.rows.items():
                if row.due == SETTLED and row.kept:
                    row.kept = False
                    pair.first_out = max(pair.first_out, seq + 1)

    def restored(self, backup: dict[str, Pair], *, told: bool, now: float) -> None:
        """Go on from a backup; ``told``: the operator said so, and partners are asked before anything is sent."""
        self.disk = {partner: pair.copy() for partner, pair in backup.items()}
        self.outbox = []
        if told:
            for partner, pair in self.disk.items():
                pair.asked = self._token()
                self.say(partner, now, asks=pair.asked)

    def chains(self, partner: str) -> tuple[Mark, Mark]:
        """Return the marks of what was sent to a partner and of what was taken in from it."""
        pair = self.disk[partner]
        sent = digests.extend_through(pair.out_mark, self._sent_rows(pair), pair.last_out)
        return sent or Mark(pair.last_out, GONE), self._taken_at(pair, pair.next_in - 1)

    def _token(self) -> str:
        self.tokens += 1
        return f"{self.name}.{self.tokens}"

    def _send(self, partner: str, kind: str, body: object, now: float) -> None:
        self.outbox.append(Packet(partner, self.name, kind, body, now + self.skew))
