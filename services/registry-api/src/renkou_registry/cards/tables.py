"""Tables of cards. Schema only; queries are in :mod:`.repository`.

``FLOOR`` maps tables to the predicate of their row-level policy, ``APPEND_ONLY`` names tables whose rows are
never changed or deleted; the migration reads both. A card and its facts are visible where their person is.
"""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    LargeBinary,
    Text,
)
from sqlalchemy import text as sql
from sqlmodel import Field, SQLModel

# OFFSET 0 keeps the planner from hashing all persons where a page of rows is looked at.
FLOOR: dict[str, str] = {
    "card": "EXISTS (SELECT FROM person p WHERE p.id = card.person_id OFFSET 0)",
    "card_fact": "EXISTS (SELECT FROM person p WHERE p.id = card_fact.person_id OFFSET 0)",
    "card_opening": "renkou_in_scope(area)",
}
APPEND_ONLY: tuple[str, ...] = ()


def _instant(*, nullable: bool = False) -> Column[datetime]:
    return Column(DateTime(timezone=True), nullable=nullable)


class Card(SQLModel, table=True):
    """The card of a woman of 15-49; who she is stands in her record and is not repeated here.

    ``serial`` makes the card's number. ``state``, ``area`` and the rest of how it stands follow from her
    history and ``opened_on`` alone; ``next_change_on`` is when they change by themselves. ``area`` is where
    the card counts. ``visits_declined_on`` is the day she declined all visits.
    """

    __tablename__ = "card"
    __table_args__ = (
        CheckConstraint("state IN ('open', 'closed')", name="card_state"),
        CheckConstraint(
            "(state = 'closed') = (closed_reason IS NOT NULL) AND"
            " (state = 'closed') = (closed_on IS NOT NULL)",
            name="card_closing",
        ),
        CheckConstraint("population IN ('registered', 'migrant_in')", name="card_population"),
        Index("card_area", "area", "id"),
        Index("card_state_area", "state", "area", "id"),
        Index("card_next_change", "next_change_on", "id", postgresql_where=sql("next_change_on IS NOT NULL")),
    )

    id: UUID = Field(primary_key=True)
    serial: int = Field(sa_column=Column(BigInteger, Identity(always=True), nullable=False, unique=True))
    person_id: UUID = Field(sa_column=Column(ForeignKey("person.id"), nullable=False, unique=True))
    opened_on: date
    state: str = Field(sa_column=Column(Text, nullable=False))
    population: str = Field(sa_column=Column(Text, nullable=False))
    area: int = Field(sa_column=Column(BigInteger, nullable=False))
    closed_reason: str | None = Field(default=None, sa_column=Column(Text))
    closed_on: date | None = None
    next_change_on: date | None = None
    visits_declined_on: date | None = None
    visits_resumed_on: date | None = None
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    recorded_at: datetime = Field(sa_column=_instant())
    recorded_by: UUID


class CardFact(SQLModel, table=True):
    """What she has told about her health, sealed: a method with its days, or an expected date of delivery.

    One fact of a kind is current. Taking one back destroys its content; that it was told stays.
    ``confirmed_on`` is the last visit at which she said that it still holds.
    """

    __tablename__ = "card_fact"
    __table_args__ = (
        CheckConstraint("kind IN ('method', 'expected_delivery')", name="card_fact_kind"),
        CheckConstraint("(sealed IS NULL) = (taken_back_at IS NOT NULL)", name="card_fact_taken_back"),
        CheckConstraint("NOT (current AND taken_back_at IS NOT NULL)", name="card_fact_current"),
        CheckConstraint("consent", name="card_fact_consent"),
        Index("card_fact_current_one", "card_id", "kind", unique=True, postgresql_where=sql("current")),
        Index("card_fact_card", "card_id", "kind", "id"),
        Index("card_fact_person", "person_id"),
    )

    id: UUID = Field(primary_key=True)
    card_id: UUID = Field(sa_column=Column(ForeignKey("card.id"), nullable=False))
    person_id: UUID = Field(sa_column=Column(ForeignKey("person.id"), nullable=False))
    kind: str = Field(sa_column=Column(Text, nullable=False))
    told_on: date
    consent: bool
    sealed: bytes | None = Field(default=None, sa_column=Column(LargeBinary))
    current: bool
    confirmed_on: date | None = None
    taken_back_at: datetime | None = Field(default=None, sa_column=_instant(nullable=True))
    taken_back_by: UUID | None = None
    recorded_at: datetime = Field(sa_column=_instant())
    recorded_by: UUID


class CardOpening(SQLModel, table=True):
    """Opening every card that is due in an area: a job that goes on where it was left.

    Candidates are taken by (``part``, area, person id), part 0 by registered, part 1 by present address.
    """

    __tablename__ = "card_opening"
    __table_args__ = (
        CheckConstraint("state IN ('queued', 'running', 'done')", name="card_opening_state"),
        Index("card_opening_waiting", "id", postgresql_where=sql("state <> 'done'")),
    )

    id: UUID = Field(primary_key=True)
    area: int = Field(sa_column=Column(BigInteger, nullable=False))
    area_high: int = Field(sa_column=Column(BigInteger, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    part: int
    after_area: int = Field(sa_column=Column(BigInteger, nullable=False))
    after_person: UUID
    examined: int
    opened: int
    requested_at: datetime = Field(sa_column=_instant())
    requested_by: UUID
    finished_at: datetime | None = Field(default=None, sa_column=_instant(nullable=True))


class MethodCount(SQLModel, table=True):
    """The sums of the lines that were published, by the day of the line: nothing about one woman."""

    __tablename__ = "method_count"

    population: str = Field(sa_column=Column(Text, primary_key=True))
    area: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    on_day: date = Field(primary_key=True)
    measure: str = Field(sa_column=Column(Text, primary_key=True))
    value: int


class MethodCountDay(SQLModel, table=True):
    """Days on which methods were counted; each once."""

    __tablename__ = "method_count_day"

    counted_on: date = Field(primary_key=True)
    counted_at: datetime = Field(sa_column=_instant())
