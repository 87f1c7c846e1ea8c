"""Tables of reissues. Schema only: queries are in :mod:`.repository`."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Identity, Index, Integer, Text, text
from sqlmodel import Field, SQLModel

FLOOR = {
    "certificate_reissue": "renkou_in_scope(area)",
    "certificate_reissue_item": "EXISTS (SELECT FROM certificate_reissue r WHERE r.id = reissue_id)",
}


def _moment() -> Column[datetime]:
    return Column(DateTime(timezone=True), nullable=True)


class ReissueRow(SQLModel, table=True):
    """A bulk reissue: of which key, in which area, who asked for it and who approved it."""

    __tablename__ = "certificate_reissue"
    __table_args__ = (
        CheckConstraint(
            "state IN ('requested', 'running', 'done', 'withdrawn')", name="certificate_reissue_state"
        ),
        Index("certificate_reissue_position", "position", unique=True),
        Index(
            "certificate_reissue_open",
            "kid",
            "area",
            unique=True,
            postgresql_where=text("finished_at IS NULL"),
        ),
    )

    id: UUID = Field(primary_key=True)
    position: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), nullable=False)
    )
    area: int = Field(sa_column=Column(BigInteger, nullable=False))
    kid: str = Field(sa_column=Column(Text, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    requested_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    requested_by: UUID
    approved_at: datetime | None = Field(default=None, sa_column=_moment())
    approved_by: UUID | None = None
    finished_at: datetime | None = Field(default=None, sa_column=_moment())
    version: int = Field(default=1, sa_column=Column(Integer, nullable=False, server_default="1"))


class ReissueItemRow(SQLModel, table=True):
    """One certificate of a reissue: waiting, done (its successor), or failed (why)."""

    __tablename__ = "certificate_reissue_item"
    __table_args__ = (
        CheckConstraint("state IN ('waiting', 'done', 'failed')", name="certificate_reissue_item_state"),
        Index("certificate_reissue_item_state", "reissue_id", "state"),
    )

    reissue_id: UUID = Field(primary_key=True)
    certificate_id: UUID = Field(primary_key=True)
    state: str = Field(sa_column=Column(Text, nullable=False))
    code: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
    successor_id: UUID | None = None
