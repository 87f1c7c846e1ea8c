"""Tables of kin. Schema only; queries are in :mod:`.repository`.

``FLOOR`` maps tables to the predicate of their row-level policy; the migration reads it. A link is visible
where the person is whose mother, father or spouse it names, or where that relative is.
"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, ForeignKey, Index, Text
from sqlalchemy import text as sql
from sqlmodel import Field, SQLModel

FLOOR = {
    "kin_link": "EXISTS (SELECT FROM person p WHERE p.id IN (kin_link.person_id, kin_link.kin_id) OFFSET 0)"
}


class KinLink(SQLModel, table=True):
    """That ``kin_id`` is a person's mother, father or spouse, as known from an instant to an instant.

    The state is ``person.mother_id, father_id, spouse_id``; this is its history, ended but never rewritten
    (a trigger refuses the rest). Spouses stand once, the smaller id first. ``counted``: the link of a child
    added one to the parent's number of children, so that its removal takes one away; otherwise the child had
    been counted before it was known here.
    """

    __tablename__ = "kin_link"
    __table_args__ = (
        CheckConstraint("kind IN ('mother', 'father', 'spouse')", name="kin_link_kind"),
        CheckConstraint("person_id <> kin_id", name="kin_link_two"),
        CheckConstraint("kind <> 'spouse' OR person_id < kin_id", name="kin_link_order"),
        Index(
            "kin_link_open",
            "person_id",
            "kind",
            "kin_id",
            unique=True,
            postgresql_where=sql("known_until IS NULL"),
        ),
        Index("kin_link_person", "person_id", "known_from"),
        Index("kin_link_kin", "kin_id", "known_from"),
    )

    id: UUID = Field(primary_key=True)
    kind: str = Field(sa_column=Column(Text, nullable=False))
    person_id: UUID = Field(sa_column=Column(ForeignKey("person.id"), nullable=False))
    kin_id: UUID = Field(sa_column=Column(ForeignKey("person.id"), nullable=False))
    counted: bool
    known_from: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    known_until: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    recorded_by: UUID
    ended_by: UUID | None = None
    reason: str | None = Field(default=None, sa_column=Column(Text))
