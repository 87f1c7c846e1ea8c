"""Tables of status lists. Schema only: queries are in :mod:`.repository`."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, Column, DateTime, Index, Integer, Text
from sqlalchemy import text as sql_text
from sqlmodel import Field, SQLModel


def _moment() -> Column[datetime]:
    return Column(DateTime(timezone=True), nullable=True)


class StatusListRow(SQLModel, table=True):
    """One of this district's lists, of ``size`` entries.

    ``revision`` counts changes of its bits, ``signed_revision`` those in ``token``; ``published_sequence`` is
    the sequence that the hub has.
    """

    __tablename__ = "status_list"

    number: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    size: int = Field(sa_column=Column(Integer, nullable=False))
    revision: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default="0"))
    signed_revision: int = Field(
        default=-1, sa_column=Column(BigInteger, nullable=False, server_default="-1")
    )
    sequence: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default="0"))
    published_sequence: int = Field(
        default=0, sa_column=Column(BigInteger, nullable=False, server_default="0")
    )
    token: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    issued_at: datetime | None = Field(default=None, sa_column=_moment())
    expires_at: datetime | None = Field(default=None, sa_column=_moment())


class StatusEntryRow(SQLModel, table=True):
    """An index given to a certificate that the key ``kid`` signed; ``ended`` is its bit.

    An index is never given twice.
    """

    __tablename__ = "status_entry"
    __table_args__ = (
        Index("status_entry_ended", "list_number", "index", postgresql_where=sql_text("ended")),
        Index("status_entry_key", "kid", postgresql_where=sql_text("NOT ended")),
    )

    list_number: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    index: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    certificate_id: UUID
    kid: str = Field(sa_column=Column(Text, nullable=False))
    ended: bool = Field(default=False, sa_column=Column(Boolean, nullable=False, server_default="false"))


class PartnerStatusListRow(SQLModel, table=True):
    """The newest verified list of a partner district, by its name (``renkou:340103/status-lists/1``)."""

    __tablename__ = "partner_status_list"

    uri: str = Field(sa_column=Column(Text, primary_key=True))
    district: str = Field(sa_column=Column(Text, nullable=False))
    number: int = Field(sa_column=Column(Integer, nullable=False))
    sequence: int = Field(sa_column=Column(BigInteger, nullable=False))
    issued_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    expires_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    token: str = Field(sa_column=Column(Text, nullable=False))
    received_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
