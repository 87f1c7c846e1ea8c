"""What a partner keeps, in SQLite: numbers, sealed bytes, what came, receipts that wait. One writer."""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from renkou_partner.contract import Json

_SCHEMA = """
CREATE TABLE IF NOT EXISTS pair (
    partner TEXT PRIMARY KEY, last_out INTEGER NOT NULL DEFAULT 0, next_in INTEGER NOT NULL DEFAULT 1);
CREATE TABLE IF NOT EXISTS sent (
    id TEXT PRIMARY KEY, partner TEXT NOT NULL, pair_seq INTEGER NOT NULL, kind TEXT NOT NULL,
    envelope TEXT NOT NULL, sealed BLOB, digest TEXT NOT NULL, state TEXT NOT NULL, code TEXT,
    attempts INTEGER NOT NULL DEFAULT 0, next_at REAL);
CREATE INDEX IF NOT EXISTS sent_due ON sent (next_at) WHERE next_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS received (
    position INTEGER PRIMARY KEY, id TEXT NOT NULL, partner TEXT NOT NULL, pair_seq INTEGER NOT NULL,
    kind TEXT NOT NULL, envelope TEXT NOT NULL, digest TEXT NOT NULL, state TEXT NOT NULL, code TEXT,
    applied INTEGER);
CREATE INDEX IF NOT EXISTS received_number ON received (partner, pair_seq);
CREATE INDEX IF NOT EXISTS received_id ON received (id);
CREATE TABLE IF NOT EXISTS receipt (position INTEGER PRIMARY KEY, id TEXT, partner TEXT, sealed BLOB);
"""

type Row = dict[str, Any]


class Store:
    """The tables with the few statements that the partner needs. Use inside :meth:`transaction`."""

    def __init__(self, file: Path | None = None) -> None:
        self._connection = sqlite3.connect(file or ":memory:", isolation_level=None)
        self._connection.row_factory = sqlite3.Row
        self._connection.executescript(_SCHEMA)

    def close(self) -> None:
        """Close the file."""
        self._connection.close()

    @contextmanager
    def transaction(self) -> Iterator[None]:
        """Everything inside, or nothing."""
        self._connection.execute("BEGIN IMMEDIATE")
        try:
            yield
        except BaseException:
            self._connection.execute("ROLLBACK")
            raise
        self._connection.execute("COMMIT")

    def _all(self, query: str, *values: Any) -> list[Row]:
        return [dict(row) for row in self._connection.execute(query, values)]

    def _one(self, query: str, *values: Any) -> Row | None:
        return next(iter(self._all(query, *values)), None)

    def pair(self, partner: str) -> Row:
        """Last number out and next number in of a partner."""
        self._connection.execute("INSERT INTO pair (partner) VALUES (?) ON CONFLICT DO NOTHING", (partner,))
        found = self._one("SELECT * FROM pair WHERE partner = ?", partner)
        assert found is not None
        return found

    def set_last_out(self, partner: str, number: int) -> None:
        """Write the last number given."""
        self._connection.execute("UPDATE pair SET last_out = ? WHERE partner = ?", (number, partner))

    def set_next_in(self, partner: str, number: int) -> None:
        """Write the number expected next."""
        self._connection.execute("UPDATE pair SET next_in = ? WHERE partner = ?", (number, partner))

    def add_sent(self, envelope: Json, sealed: bytes, digest: str) -> None:
        """Keep a sealed message; it is due at once."""
        self._connection.execute(
            "INSERT INTO sent (id, partner, pair_seq, kind, envelope, sealed, digest, state, next_at)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, 'sent', 0)",
            (
                envelope["id"],
                envelope["to"],
                envelope["pair_seq"],
                envelope["kind"],
                json.dumps(envelope),
                sealed,
                digest,
            ),
        )

    def sent(self, message_id: str) -> Row | None:
        """One message of ours."""
        return self._one("SELECT * FROM sent WHERE id = ?", message_id)

    def sent_to(self, partner: str) -> list[Row]:
        """Ours to a partner, by number."""
        return self._all("SELECT * FROM sent WHERE partner = ? ORDER BY pair_seq", partner)

    def due(self, now: float) -> list[Row]:
        """What has to be published now."""
        return self._all("SELECT * FROM sent WHERE next_at <= ? ORDER BY partner, pair_seq", now)

    def replay(self, partner: str, upto: int) -> None:
        """Make everything beyond a number due again, receipted or not."""
        self._connection.execute(
            "UPDATE sent SET next_at = 0 WHERE partner = ? AND pair_seq > ? AND next_at IS NULL",
            (partner, upto),
        )

    def note_attempt(self, message_id: str, next_at: float) -> None:
        """Note that a message was published and when it is due again, unless it is settled already."""
        self._connection.execute(
            "UPDATE sent SET attempts = attempts + 1, next_at = iif(next_at IS NULL, NULL, ?) WHERE id = ?",
            (next_at, message_id),
        )

    def set_sent_state(self, message_id: str, state: str, code: str | None, *, settled: bool) -> None:
        """Write the state of a message of ours; a settled one is not sent again."""
        self._connection.execute(
            "UPDATE sent SET state = ?, code = ?, next_at = iif(?, NULL, next_at) WHERE id = ?",
            (state, code, settled, message_id),
        )

    def add_received(self, envelope: Json, digest: str, state: str, code: str | None) -> None:
        """Keep a genuine message."""
        self._connection.execute(
            "INSERT INTO received (id, partner, pair_seq, kind, envelope, digest, state, code)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
            (
                envelope["id"],
                envelope["from"],
                envelope["pair_seq"],
                envelope["kind"],
                json.dumps(envelope),
                digest,
                state,
                code,
            ),
        )

    def received_number(self, partner: str, number: int) -> Row | None:
        """What came under a number."""
        return self._one("SELECT * FROM received WHERE partner = ? AND pair_seq = ?", partner, number)

    def received(self, message_id: str) -> Row | None:
        """What came under an id."""
        return self._one("SELECT * FROM received WHERE id = ? ORDER BY position", message_id)

    def received_from(self, partner: str) -> list[Row]:
        """What came from a partner, in the order in which it was applied; held ones last."""
        return self._all(
            "SELECT * FROM received WHERE partner = ? ORDER BY applied IS NULL, applied, pair_seq", partner
        )

    def apply(self, position: int, state: str, code: str | None) -> None:
        """Note that a message's turn has come."""
        self._connection.execute(
            "UPDATE received SET state = ?, code = ?,"
            " applied = (SELECT coalesce(max(applied), 0) + 1 FROM received) WHERE position = ?",
            (state, code, position),
        )

    def set_received_state(self, message_id: str, state: str) -> None:
        """Write what was replied to a message that came."""
        self._connection.execute("UPDATE received SET state = ? WHERE id = ?", (state, message_id))

    def forget_received(self, partner: str, number: int) -> None:
        """Drop what came under a number."""
        self._connection.execute("DELETE FROM received WHERE partner = ? AND pair_seq = ?", (partner, number))

    def add_receipt(self, envelope: Json, sealed: bytes) -> None:
        """Keep a receipt until the hub has it."""
        self._connection.execute(
            "INSERT INTO receipt (id, partner, sealed) VALUES (?, ?, ?)",
            (envelope["id"], envelope["to"], sealed),
        )

    def receipts(self) -> list[Row]:
        """Receipts that the hub does not have yet."""
        return self._all("SELECT * FROM receipt ORDER BY position")

    def remove_receipt(self, position: int) -> None:
        """Forget a receipt that the hub has."""
        self._connection.execute("DELETE FROM receipt WHERE position = ?", (position,))
