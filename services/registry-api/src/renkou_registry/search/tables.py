"""Table of search keys. Schema only; queries are in :mod:`.repository`.

``FLOOR`` maps tables to the predicate of their row-level policy; the migration reads it. Areas are repeated
here, so that a look along many keys needs no look at the persons; the scope is read once for a statement
instead of once for a row.
"""

from uuid import UUID

from sqlalchemy import BigInteger, Column, Index, PrimaryKeyConstraint, SmallInteger, Text, text
from sqlmodel import Field, SQLModel

FLOOR = {
    "person_key": "present_area <@ (SELECT renkou_scope()) OR other_area <@ (SELECT renkou_scope())",
}
APPEND_ONLY: tuple[str, ...] = ()


class PersonKey(SQLModel, table=True):
    """A key under which a person is found (see :mod:`.domain`), with the person's areas.

    ``other_area`` is where the person is registered; of somebody who left the district, where they left.
    """

    __tablename__ = "person_key"
    __table_args__ = (
        PrimaryKeyConstraint(
            "kind",
            "key",
            "person_id",
            name="person_key_pkey",
            postgresql_include=["present_area", "other_area"],  # looked through without the rows
        ),
        Index("person_key_person", "person_id"),
        Index(  # the beginning of a name, or of its initials, in one community
            "person_key_near",
            "present_area",
            "key",
            "person_id",
            postgresql_include=["kind", "other_area"],
            postgresql_where=text("kind IN (1, 3)"),
        ),
    )

    person_id: UUID = Field(primary_key=True)
    kind: int = Field(sa_column=Column(SmallInteger, primary_key=True, autoincrement=False))
    key: str = Field(sa_column=Column(Text(collation="C"), primary_key=True))
    present_area: int = Field(sa_column=Column(BigInteger, nullable=False))
    other_area: int = Field(sa_column=Column(BigInteger, nullable=False))
