"""Table of persons' decisions. Schema only: queries are in :mod:`.repository`."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import Column, DateTime, Text, Uuid
from sqlmodel import Field, SQLModel

FLOOR = {"person_decision": "renkou_in_whole_node()"}


class PersonDecision(SQLModel, table=True):
    """The last word on one ``topic``: ``restricted``, or the purpose of a consent; whether it ``forbids`` to tell.

    By references of the register only, which holds the decision itself; read by the node's own processes.
    """

    __tablename__ = "person_decision"

    person_ref: UUID = Field(sa_column=Column(Uuid, primary_key=True))
    topic: str = Field(sa_column=Column(Text, primary_key=True))
    forbids: bool
    at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
