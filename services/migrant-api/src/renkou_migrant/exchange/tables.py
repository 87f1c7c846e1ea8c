"""Tables of the exchange. Schema only: queries are in the modules named ``repository``."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Text,
    func,
)
from sqlalchemy import text as sql_text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


def _moment(*, nullable: bool = True) -> Any:
    return Column(DateTime(timezone=True), nullable=nullable)


class MessageRow(SQLModel, table=True):
    """A message to or from a partner district, as this end knows it. Under the row-level floor by ``area``.

    ``content`` is encrypted by the field cipher; ``sealed`` is the exact text for the hub, kept for some weeks
    after the partner's receipt, for a partner that has to go on from a backup. ``next_attempt_at`` is empty where
    nothing more has to be sent. ``wanted`` names what has to be fetched before it can be sent. ``due_on``
    counts from ``created_at``, the instant of signing. ``next_attempt_at`` is the database's clock.

    ``source`` says from what of the register the content was made (references and days, nothing personal), so
    that it can be made anew; ``source_id`` is the service, registration or child. ``attention`` says that a
    partner corrected or took back what was here already, until somebody has taken note. ``twin`` is the other
    end's row where both ends are offices of this district. ``turn`` is the position of a refused message whose place
    this one takes: it leaves in that one's turn, and waits while the agreement is suspended.
    """

    __tablename__ = "message"
    __table_args__ = (
        CheckConstraint("direction IN ('out', 'in')", name="message_direction"),
        CheckConstraint(
            "state IN ('drafted', 'sent', 'delivered', 'read', 'answered', 'confirmed', 'disputed', 'expired', 'dead')",
            name="message_state",
        ),
        Index("message_pair_seq", "direction", "partner", "pair_seq", unique=True),
        Index("message_area", "area", "position"),
        Index("message_position", "position", unique=True),
        CheckConstraint("attention IN ('corrected', 'withdrawn')", name="message_attention_known"),
        Index("message_thread", "thread"),
        Index("message_reply", "in_reply_to", postgresql_where=sql_text("in_reply_to IS NOT NULL")),
        Index("message_source", "source_id", postgresql_where=sql_text("source_id IS NOT NULL")),
        Index("message_birth", "life_event_id", postgresql_where=sql_text("life_event_id IS NOT NULL")),
        Index("message_attention", "position", postgresql_where=sql_text("attention IS NOT NULL")),
        Index("message_arrival", "arrival_id"),
        Index(
            "message_unnumbered",
            "partner",
            "position",
            postgresql_where=sql_text("direction = 'out' AND pair_seq IS NULL AND state = 'drafted'"),
        ),
        Index("message_resend", "next_attempt_at", postgresql_where=sql_text("next_attempt_at IS NOT NULL")),
        Index(
            "message_kept",
            "created_at",
            postgresql_where=sql_text("sealed IS NOT NULL AND next_attempt_at IS NULL"),
        ),
        Index("message_due", "due_on", postgresql_where=sql_text("due_on IS NOT NULL AND closed_at IS NULL")),
    )

    id: UUID = Field(primary_key=True)
    position: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), nullable=False)
    )
    direction: str = Field(sa_column=Column(Text, nullable=False))
    partner: str = Field(sa_column=Column(Text, nullable=False))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    version: int = Field(sa_column=Column(Integer, nullable=False))
    pair_seq: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    thread: UUID
    in_reply_to: UUID | None = None
    agreement_id: UUID | None = None
    area: int = Field(sa_column=Column(BigInteger, nullable=False))
    person_ref: UUID | None = None
    arrival_id: UUID | None = None
    occurred_on: date | None = None
    state: str = Field(sa_column=Column(Text, nullable=False))
    code: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    drafted_at: datetime = Field(sa_column=_moment(nullable=False))
    created_at: datetime | None = Field(default=None, sa_column=_moment())
    expires_at: datetime | None = Field(default=None, sa_column=_moment())
    due_on: date | None = None
    sent_at: datetime | None = Field(default=None, sa_column=_moment())
    delivered_at: datetime | None = Field(default=None, sa_column=_moment())
    read_at: datetime | None = Field(default=None, sa_column=_moment())
    closed_at: datetime | None = Field(default=None, sa_column=_moment())
    closed_by: UUID | None = Field(default=None, description="staff account that replied at this end")
    life_event_id: UUID | None = Field(default=None, description="birth entered on a birth notice")
    sent_as: UUID | None = Field(
        default=None, description="the sender's id, where a message that came before has it here"
    )
    content: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    wanted: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB, nullable=True))
    digest: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))
    attempts: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
    next_attempt_at: datetime | None = Field(default=None, sa_column=_moment())
    source_id: UUID | None = None
    source: dict[str, Any] | None = Field(default=None, sa_column=Column(JSONB, nullable=True))
    twin: UUID | None = None
    turn: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    corrected_at: datetime | None = Field(default=None, sa_column=_moment())
    withdrawn_at: datetime | None = Field(default=None, sa_column=_moment())
    withdrawn_because: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    attention: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    correction_request_id: UUID | None = Field(default=None, description="asked for in the register here")
    reminders: int = Field(default=0, sa_column=Column(Integer, nullable=False, server_default="0"))
    reminded_at: datetime | None = Field(default=None, sa_column=_moment())
    revision: int = Field(default=1, sa_column=Column(Integer, nullable=False, server_default="1"))


class MessageContent(SQLModel, table=True):
    """What a message said before a correction, encrypted like it. Append-only."""

    __tablename__ = "message_content"

    message_id: UUID = Field(primary_key=True)
    number: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    content: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    replaced_by: UUID = Field(description="the correction")
    replaced_at: datetime = Field(sa_column=_moment(nullable=False))


class AttachmentReading(SQLModel, table=True):
    """Who downloaded an attachment, and when. Append-only."""

    __tablename__ = "attachment_reading"
    __table_args__ = (Index("attachment_reading_message", "message_id"),)

    id: UUID = Field(primary_key=True)
    message_id: UUID
    sha256: str = Field(sa_column=Column(Text, nullable=False))
    read_by: UUID
    read_at: datetime = Field(sa_column=_moment(nullable=False))


def _number(default: int) -> Any:
    return Column(BigInteger, nullable=False, server_default=str(default))


def _hash() -> Any:
    return Column(LargeBinary, nullable=False, server_default=sql_text("decode(repeat('00', 32), 'hex')"))


class PairCounter(SQLModel, table=True):
    """What is known of a partner besides its messages: numbers, and how far both ends have agreed.

    ``last_out`` is the last number given, ``first_out`` the first of those of which all bytes are kept;
    ``next_in`` is expected next, ``highest_in`` the highest held, ``in_gone`` the last that was passed over.
    ``out_upto`` and ``out_hash`` (with the partner's ``out_gone``), ``in_upto`` and ``in_hash`` are agreed by
    digest. ``gap_since`` is the database's clock, ``seen_at`` the partner's, ``said_on`` our day of the last daily
    digest. While ``asks`` holds a token nothing is numbered: this node was restored, and waits for the answer.
    """

    __tablename__ = "pair_counter"

    partner: str = Field(sa_column=Column(Text, primary_key=True))
    last_out: int = Field(sa_column=_number(0))
    next_in: int = Field(sa_column=_number(1))
    first_out: int = Field(sa_column=_number(1))
    highest_in: int = Field(sa_column=_number(0))
    out_upto: int = Field(sa_column=_number(0))
    out_hash: bytes = Field(sa_column=_hash())
    out_gone: int = Field(sa_column=_number(0))
    in_upto: int = Field(sa_column=_number(0))
    in_hash: bytes = Field(sa_column=_hash())
    in_gone: int = Field(sa_column=_number(0))
    gap_since: datetime | None = Field(default=None, sa_column=_moment())
    seen_at: datetime | None = Field(default=None, sa_column=_moment())
    said_on: date | None = None
    asks: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    asked_at: datetime | None = Field(default=None, sa_column=_moment())


class PairFinding(SQLModel, table=True):
    """Something that comparing with a partner has shown, for staff to know; ``healed_at`` once it is settled."""

    __tablename__ = "pair_finding"
    __table_args__ = (
        CheckConstraint("code IN ('lost', 'gone', 'differs', 'implausible')", name="pair_finding_code"),
        CheckConstraint("direction IN ('out', 'in')", name="pair_finding_direction"),
        Index("pair_finding_position", "position", unique=True),
        Index(
            "pair_finding_once", "partner", "direction", "code", "first_number", "last_number", unique=True
        ),
    )

    id: UUID = Field(primary_key=True)
    position: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), nullable=False)
    )
    partner: str = Field(sa_column=Column(Text, nullable=False))
    direction: str = Field(sa_column=Column(Text, nullable=False))
    code: str = Field(sa_column=Column(Text, nullable=False))
    first_number: int = Field(sa_column=Column(BigInteger, nullable=False))
    last_number: int = Field(sa_column=Column(BigInteger, nullable=False))
    found_at: datetime = Field(sa_column=_moment(nullable=False))
    healed_at: datetime | None = Field(default=None, sa_column=_moment())


class ReceiptRow(SQLModel, table=True):
    """A signed and sealed receipt or digest, written with what it attests, deleted when the hub has it.

    Nothing is lost with it: a message's sender sends again until a receipt has come, and gets another; the next
    digest says what an earlier one said."""

    __tablename__ = "receipt"
    __table_args__ = (Index("receipt_position", "position", unique=True),)

    id: UUID = Field(primary_key=True)
    position: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), nullable=False)
    )
    partner: str = Field(sa_column=Column(Text, nullable=False))
    sealed: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    written_at: datetime = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=func.now())
    )


class DeadLetter(SQLModel, table=True):
    """Something from the hub that could not be taken: who published it, why, and the sealed bytes.

    ``whole`` where ``data`` is all of it, so that it can be taken in again; ``outcome`` says what became of it
    then. A sender's latest ones beyond some thousands are counted in its row with the code ``too_many``.
    """

    __tablename__ = "dead_letter"
    __table_args__ = (
        Index("dead_letter_position", "position", unique=True),
        Index("dead_letter_sender", "sender"),
    )

    id: UUID = Field(primary_key=True)
    position: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), nullable=False)
    )
    fingerprint: bytes = Field(sa_column=Column(LargeBinary, nullable=False, unique=True))
    sender: str = Field(sa_column=Column(Text, nullable=False))
    code: str = Field(sa_column=Column(Text, nullable=False))
    detail: str = Field(sa_column=Column(Text, nullable=False))
    message_id: UUID | None = None
    size: int = Field(sa_column=Column(Integer, nullable=False))
    data: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    times: int = Field(default=1, sa_column=Column(Integer, nullable=False, server_default="1"))
    first_at: datetime = Field(sa_column=_moment(nullable=False))
    last_at: datetime = Field(sa_column=_moment(nullable=False))
    whole: bool = Field(sa_column=Column(Boolean, nullable=False, server_default=sql_text("true")))
    outcome: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    replayed_at: datetime | None = Field(default=None, sa_column=_moment())
    replayed_by: UUID | None = Field(default=None, description="staff account that had it taken in again")
