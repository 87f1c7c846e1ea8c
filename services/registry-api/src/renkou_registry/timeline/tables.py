"""Tables of timeline. Schema only; queries are in :mod:`.repository`.

``FLOOR`` maps tables to the predicate of their row-level policy, ``APPEND_ONLY`` names tables whose rows are
never changed or deleted; the migration reads both.

An address is visible to those who see its person, and to the clerks of its own area: a community's list on a
past day shows who lived there then.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, Index, Text
from sqlmodel import Field, SQLModel

FLOOR: dict[str, str] = {
    "person_address": (
        "renkou_in_scope(area) OR EXISTS (SELECT FROM person p WHERE p.id = person_address.person_id OFFSET 0)"
    )
}
APPEND_ONLY: tuple[str, ...] = ()


class PersonAddress(SQLModel, table=True):
    """One kind of address of a person from a day to a day, as known from a moment to a moment.

    Written only by the recording of events. ``valid_until`` and ``known_until`` are exclusive, null while it
    lasts; ``counted_from`` is the day from which the register counts it. ``street`` never leaves the service
    in an event. There is no foreign key: a row is written in the transaction of its person, three times as
    many of them, and persons are never deleted.
    """

    __tablename__ = "person_address"
    __table_args__ = (
        CheckConstraint("kind IN ('registered', 'present', 'usual')", name="person_address_kind"),
        CheckConstraint("valid_until IS NULL OR valid_until >= valid_from", name="person_address_valid"),
        CheckConstraint("known_until IS NULL OR known_until > known_from", name="person_address_known"),
        Index("person_address_area", "kind", "area", "person_id"),
    )

    person_id: UUID = Field(primary_key=True)
    kind: str = Field(sa_column=Column(Text, primary_key=True))
    known_from: datetime = Field(sa_column=Column(DateTime(timezone=True), primary_key=True))
    valid_from: date = Field(primary_key=True)
    area: int = Field(sa_column=Column(BigInteger, nullable=False))
    street: str | None = Field(default=None, sa_column=Column(Text))
    place_id: UUID | None = None
    counted_from: date
    valid_until: date | None = None
    known_until: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    event_id: UUID | None = None
