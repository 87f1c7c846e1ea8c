"""Tables of benefit schemes. Schema only; queries are in :mod:`.repository`. They hold no person."""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, ForeignKey, Text, UniqueConstraint
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel


class BenefitScheme(SQLModel, table=True):
    """A scheme (奖扶项目); what it says is in its versions."""

    __tablename__ = "benefit_scheme"

    id: UUID = Field(primary_key=True)
    code: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    created_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    created_by: UUID


class BenefitSchemeVersion(SQLModel, table=True):
    """A version of a scheme: a draft until another person activates it; active ones never overlap."""

    __tablename__ = "benefit_scheme_version"
    __table_args__ = (
        UniqueConstraint("scheme_id", "number", name="benefit_scheme_version_number"),
        CheckConstraint("state IN ('draft', 'active')", name="benefit_scheme_version_state"),
        CheckConstraint("activated_by <> proposed_by", name="benefit_scheme_version_four_eyes"),
        CheckConstraint(
            "(state = 'active') = (activated_at IS NOT NULL)", name="benefit_scheme_version_active"
        ),
        CheckConstraint("valid_from <= valid_to", name="benefit_scheme_version_validity"),
    )

    id: UUID = Field(primary_key=True)
    scheme_id: UUID = Field(sa_column=Column(ForeignKey("benefit_scheme.id"), nullable=False))
    number: int
    state: str = Field(sa_column=Column(Text, nullable=False))
    name_zh: str = Field(sa_column=Column(Text, nullable=False))
    name_en: str = Field(sa_column=Column(Text, nullable=False))
    legal_basis: str = Field(sa_column=Column(Text, nullable=False))
    source: str | None = Field(default=None, sa_column=Column(Text))
    valid_from: date
    valid_to: date | None = None
    definition: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    proposed_by: UUID
    proposed_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    activated_by: UUID | None = None
    activated_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
