"""Tables of followed merges. Schema only: queries are in :mod:`.repository`."""

from uuid import UUID

from sqlalchemy import CheckConstraint, Column, Text, Uuid
from sqlmodel import Field, SQLModel

FLOOR = {"followed_merge": "renkou_in_whole_node()"}


class FollowedMergeRow(SQLModel, table=True):
    """One certificate or application that followed its holder's record into another, until that is undone.

    ``note``: of an application that was closed because the person had another one open, the state it was in; of
    a certificate, the facts it states otherwise than the record it came to, separated by commas. References
    and ids only, and read only when the register publishes about both records. The areas of the two may differ:
    only the node's own processes pass the row-level floor here.
    """

    __tablename__ = "followed_merge"
    __table_args__ = (CheckConstraint("kind IN ('certificate', 'application')", name="followed_merge_kind"),)

    gone_ref: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    kind: str = Field(sa_column=Column(Text, primary_key=True))
    row_id: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    kept_ref: UUID
    gone_person_id: UUID
    note: str | None = Field(default=None, sa_column=Column(Text, nullable=True))
