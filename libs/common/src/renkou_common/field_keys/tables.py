"""How far the change of field keys has come: a row for each protected column and each version it goes to."""

from datetime import datetime
from typing import Any

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Integer, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel


def _text() -> Any:
    return Column(Text, primary_key=True)


def _moment() -> Any:
    return Column(DateTime(timezone=True), nullable=True)


class KeyRotation(SQLModel, table=True):
    """A column that goes to a key version. ``position`` is the primary key of the last row looked at, null at the
    beginning of a pass; ``total`` counts the values that had another version when it began, ``done`` those written
    anew, ``conflicts`` those of the last pass that could not be, because another row stands under the same index.
    """

    __tablename__ = "key_rotation"
    __table_args__ = (CheckConstraint("kind IN ('data', 'index')", name="key_rotation_kind"),)

    kind: str = Field(sa_column=_text())
    version: int = Field(sa_column=Column(Integer, primary_key=True, autoincrement=False))
    table_name: str = Field(sa_column=_text())
    column_name: str = Field(sa_column=_text())
    position: list[str] | None = Field(default=None, sa_column=Column(ARRAY(Text), nullable=True))
    total: int | None = Field(default=None, sa_column=Column(BigInteger, nullable=True))
    done: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default="0"))
    conflicts: int = Field(default=0, sa_column=Column(BigInteger, nullable=False, server_default="0"))
    started_at: datetime | None = Field(default=None, sa_column=_moment())
    again_at: datetime | None = Field(default=None, sa_column=_moment())
    finished_at: datetime | None = Field(default=None, sa_column=_moment())
