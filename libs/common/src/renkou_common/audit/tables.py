"""Tables of the audit log. Schema only: queries are in :mod:`.log` and :mod:`.sealing`.

All three are append-only: nobody but a hand that takes the triggers away changes a row, and then the chain tells.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, LargeBinary, Text, text
from sqlalchemy.dialects import postgresql
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel

APPEND_ONLY = ("audit_entry", "audit_seal", "audit_root")


class AuditEntry(SQLModel, table=True):
    """One reading or change: who, what for, what, of whom, from where. References and names of fields, no values.

    ``tx`` is the transaction that wrote it: what all transactions before a moment wrote can be sealed then.
    Under no floor: whoever reads the log does so by right, not by area.
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("audit_entry_tx", "tx", "id"),
        Index("audit_entry_persons", "person_ids", postgresql_using="gin"),
        Index("audit_entry_at", "at", "id"),
        Index("audit_entry_actor", "actor_id", "at", "id"),
        Index("audit_entry_what", "what", "at", "id"),
        Index("audit_entry_address", "address", "at", "id", postgresql_where=text("address IS NOT NULL")),
        Index("audit_entry_purpose", "purpose", "at", "id", postgresql_where=text("purpose IS NOT NULL")),
        Index("audit_entry_action", "action", "at", "id", postgresql_where=text("action <> 'read'")),
        Index("audit_entry_record", "record_id", "at", "id", postgresql_where=text("record_id IS NOT NULL")),
    )

    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    tx: int | None = Field(
        default=None,
        sa_column=Column(
            BigInteger, nullable=False, server_default=text("pg_current_xact_id()::text::bigint")
        ),
    )
    at: datetime | None = Field(
        default=None,
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=text("clock_timestamp()")),
    )
    actor_id: UUID | None = None
    actor_kind: str = Field(sa_column=Column(Text, nullable=False))
    actor_name: str = Field(sa_column=Column(Text, nullable=False))
    acting_for: UUID | None = None
    session: str | None = Field(default=None, sa_column=Column(Text))
    address: str | None = Field(default=None, sa_column=Column(Text))
    agent: str | None = Field(default=None, sa_column=Column(Text))
    trace_id: str | None = Field(default=None, sa_column=Column(Text))
    purpose: str | None = Field(default=None, sa_column=Column(Text))
    reason: str | None = Field(default=None, sa_column=Column(Text))
    action: str = Field(sa_column=Column(Text, nullable=False))
    what: str = Field(sa_column=Column(Text, nullable=False))
    person_ids: list[UUID] = Field(sa_column=Column(ARRAY(postgresql.UUID(as_uuid=True)), nullable=False))
    record_id: str | None = Field(default=None, sa_column=Column(Text))
    version: int | None = Field(default=None, sa_column=Column(BigInteger))
    records: int = Field(sa_column=Column(BigInteger, nullable=False, server_default=text("1")))
    fields: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False, server_default=text("'{}'")))


class AuditSeal(SQLModel, table=True):
    """An entry's place in the chain: ``hash`` covers its content, ``chain`` that and everything before."""

    __tablename__ = "audit_seal"

    seq: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    entry_id: int = Field(sa_column=Column(BigInteger, nullable=False, unique=True))
    tx: int = Field(sa_column=Column(BigInteger, nullable=False))
    hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    chain: bytes = Field(sa_column=Column(LargeBinary, nullable=False))


class AuditRoot(SQLModel, table=True):
    """The signature under the log from ``first`` to ``last``; see :mod:`.root`."""

    __tablename__ = "audit_root"

    number: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    first: int = Field(sa_column=Column(BigInteger, nullable=False))
    last: int = Field(sa_column=Column(BigInteger, nullable=False, unique=True))
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    token: str = Field(sa_column=Column(Text, nullable=False))
