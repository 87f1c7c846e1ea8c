"""Tables of purposes and legal bases. Schema only; queries are in :mod:`.repository`. They tell of no person."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, Boolean, CheckConstraint, Column, DateTime, ForeignKey, Text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlmodel import Field, SQLModel

FLOOR: dict[str, str] = {}
APPEND_ONLY = ("purpose_version",)


def _text() -> Any:
    return Column(Text, nullable=False)


def _flag() -> Any:
    return Column(Boolean, nullable=False)


class LegalBasis(SQLModel, table=True):
    """A legal basis (法律依据): the articles and what they say."""

    __tablename__ = "legal_basis"

    code: str = Field(sa_column=Column(Text, primary_key=True))
    articles: str = Field(sa_column=_text())
    zh: str = Field(sa_column=_text())
    en: str = Field(sa_column=_text())
    is_consent: bool = Field(sa_column=_flag())


class PurposeRow(SQLModel, table=True):
    """A purpose of processing (处理目的); in force from ``active_from`` until the day before ``active_to``."""

    __tablename__ = "purpose"
    __table_args__ = (
        CheckConstraint("active_to >= active_from", name="purpose_order"),
        CheckConstraint("NOT needs_separate_consent OR consent IS NOT NULL", name="purpose_consent"),
    )

    id: UUID = Field(primary_key=True)
    code: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    zh: str = Field(sa_column=_text())
    en: str = Field(sa_column=_text())
    basis: str = Field(sa_column=Column(ForeignKey("legal_basis.code"), nullable=False))
    sensitive: bool = Field(sa_column=_flag())
    needs_separate_consent: bool = Field(sa_column=_flag())
    consent: str | None = Field(default=None, sa_column=Column(Text))
    covers: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    active_from: date
    active_to: date | None = None
    version: int = Field(sa_column=Column(BigInteger, nullable=False))


class PurposeVersion(SQLModel, table=True):
    """A purpose as it stood from a time on, with who changed it and why; never changed."""

    __tablename__ = "purpose_version"

    purpose_id: UUID = Field(sa_column=Column(ForeignKey("purpose.id"), primary_key=True))
    version: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    content: Any = Field(sa_column=Column(JSONB, nullable=False))
    reason: str = Field(sa_column=_text())
    changed_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    changed_by: UUID | None = None
