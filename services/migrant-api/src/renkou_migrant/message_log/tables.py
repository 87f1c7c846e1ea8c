"""Tables of the message log. Schema only: queries are in :mod:`.repository`."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Integer, LargeBinary, Text
from sqlmodel import Field, SQLModel


class MessageLogRow(SQLModel, table=True):
    """One entry. ``hash`` covers the entry and ``previous``, the hash of the entry before."""

    __tablename__ = "message_log"

    position: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
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
