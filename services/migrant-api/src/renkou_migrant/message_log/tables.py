"""Tables of the message log. Schema only: queries are in :mod:`.repository`."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    Identity,
    Index,
    Integer,
    LargeBinary,
    Text,
)
from sqlalchemy import text as sql_text
from sqlmodel import Field, SQLModel

FLOOR = {"evidence_export": "EXISTS (SELECT FROM message m WHERE m.id = evidence_export.message_id OFFSET 0)"}


def _moment() -> Any:
    return Column(DateTime(timezone=True), nullable=False)


def _position() -> Any:
    return Column(BigInteger, primary_key=True, autoincrement=False)


class MessageLogRow(SQLModel, table=True):
    """One entry. ``hash`` covers the entry and ``previous``, the hash of the entry before."""

    __tablename__ = "message_log"
    __table_args__ = (
        Index("message_log_message", "message_id"),
        Index(
            "message_log_trust_list",
            "position",
            postgresql_where=sql_text("kind = 'trust_list'"),
            unique=True,
        ),
        Index(
            "message_log_audit_root",
            "position",
            postgresql_where=sql_text("kind = 'audit_root'"),
            unique=True,
        ),
        Index(
            "message_log_description",
            "partner",
            "position",
            postgresql_where=sql_text("kind = 'description'"),
            unique=True,
        ),
    )

    position: int = Field(sa_column=_position())
    at: datetime = Field(sa_column=_moment())
    direction: str = Field(sa_column=Column(Text, nullable=False))
    partner: str = Field(sa_column=Column(Text, nullable=False))
    message_id: UUID
    kind: str = Field(sa_column=Column(Text, nullable=False))
    pair_seq: int = Field(sa_column=Column(BigInteger, nullable=False))
    outcome: str = Field(sa_column=Column(Text, nullable=False))
    digest: str = Field(sa_column=Column(Text, nullable=False))
    kid: str = Field(sa_column=Column(Text, nullable=False))
    signature: str = Field(sa_column=Column(Text, nullable=False))
    previous: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class MessageLogHead(SQLModel, table=True):
    """Where the chain ends; its row lock keeps the chain in one piece."""

    __tablename__ = "message_log_head"
    __table_args__ = (CheckConstraint("id = 1", name="message_log_head_single"),)

    id: int = Field(default=1, sa_column=Column(Integer, primary_key=True, autoincrement=False))
    position: int = Field(sa_column=Column(BigInteger, nullable=False))
    hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class MessageLogText(SQLModel, table=True):
    """The exact signed text of an entry. Readable where its message is; never changed.

    ``clear`` for receipts, digests, trust lists and descriptions, which tell of no person; else ``sealed`` by the
    field cipher. A row may be deleted when its content must go: the chain holds only its hash and stays whole.
    """

    __tablename__ = "message_log_text"
    __table_args__ = (CheckConstraint("(clear IS NULL) <> (sealed IS NULL)", name="message_log_text_one"),)

    position: int = Field(sa_column=_position())
    message_id: UUID
    clear: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary, nullable=True))


class MessageLogMention(SQLModel, table=True):
    """Which receipts speak of a message: the entry of each, by the message."""

    __tablename__ = "message_log_mention"

    message_id: UUID = Field(primary_key=True)
    position: int = Field(sa_column=_position())


class MessageLogCheckpoint(SQLModel, table=True):
    """The district's signature under its log as far as ``last``."""

    __tablename__ = "message_log_checkpoint"
    __table_args__ = (Index("message_log_checkpoint_last", "last", unique=True),)

    number: int = Field(sa_column=_position())
    first: int = Field(sa_column=Column(BigInteger, nullable=False))
    last: int = Field(sa_column=Column(BigInteger, nullable=False))
    at: datetime = Field(sa_column=_moment())
    token: str = Field(sa_column=Column(Text, nullable=False))


class PartnerLogHead(SQLModel, table=True):
    """How far a partner's log went by its last digest: this node is its witness."""

    __tablename__ = "partner_log_head"

    partner: str = Field(sa_column=Column(Text, primary_key=True))
    position: int = Field(sa_column=Column(BigInteger, nullable=False))
    hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    at: datetime = Field(sa_column=_moment())


class EvidenceExport(SQLModel, table=True):
    """Who took the evidence about a message out, and why."""

    __tablename__ = "evidence_export"
    __table_args__ = (
        Index("evidence_export_position", "position", unique=True),
        Index("evidence_export_message", "message_id"),
    )

    id: UUID = Field(primary_key=True)
    position: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), nullable=False)
    )
    message_id: UUID
    staff_id: UUID
    reason: str = Field(sa_column=Column(Text, nullable=False))
    at: datetime = Field(sa_column=_moment())
