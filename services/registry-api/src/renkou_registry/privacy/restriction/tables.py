"""Table of restrictions. Schema only; queries are in :mod:`.repository`.

``FLOOR`` maps tables to the predicate of their row-level policy; the migration reads it.
"""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, ForeignKey, Index, Text
from sqlmodel import Field, SQLModel

FLOOR = {
    "processing_restriction": "EXISTS (SELECT FROM person p WHERE p.id = processing_restriction.person_id OFFSET 0)"
}


def _moment(*, nullable: bool = False) -> Any:
    return Column(DateTime(timezone=True), nullable=nullable)


class ProcessingRestriction(SQLModel, table=True):
    """A restriction from when it was imposed until it was lifted; whether one is in force stands on the person too.

    Where two restricted records were joined, two are in force; both are lifted together.
    """

    __tablename__ = "processing_restriction"
    __table_args__ = (
        CheckConstraint(
            "(lifted_at IS NULL) = (lifted_by IS NULL) AND (lifted_at IS NULL) = (lifted_reason IS NULL)",
            name="processing_restriction_lifted",
        ),
        CheckConstraint("lifted_at >= imposed_at", name="processing_restriction_order"),
        Index("processing_restriction_person", "person_id", "imposed_at"),
    )

    id: UUID = Field(primary_key=True)
    person_id: UUID = Field(sa_column=Column(ForeignKey("person.id"), nullable=False))
    reason: str = Field(sa_column=Column(Text, nullable=False))
    request_id: UUID | None = Field(default=None, description="the person's request, where there was one")
    imposed_at: datetime = Field(sa_column=_moment())
    imposed_by: UUID
    lifted_at: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    lifted_by: UUID | None = None
    lifted_reason: str | None = Field(default=None, sa_column=Column(Text))
