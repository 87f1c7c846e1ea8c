"""Tables of supplies. Schema only; queries are in the subfolders' ``repository.py``.

``FLOOR`` maps tables to the predicate of their row-level policy, ``APPEND_ONLY`` names tables whose rows are
never changed or deleted; the migration reads both. Products, specifications, batches and points tell of no
person and have no floor.
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
    UniqueConstraint,
)
from sqlalchemy import text as sql
from sqlmodel import Field, SQLModel

_OWN = "renkou_in_scope(area)"
_EITHER_END = "renkou_in_scope(area) OR renkou_in_scope(to_area)"
FLOOR: dict[str, str] = {
    "supply_stock": _OWN,
    "supply_document": _OWN,
    "supply_entry": _OWN,
    "supply_recipient": _OWN,
    "supply_transfer": _EITHER_END,
    "supply_transfer_line": _EITHER_END,
    "supply_count": _OWN,
    "supply_count_line": _OWN,
    "supply_user": _OWN,
}
APPEND_ONLY: tuple[str, ...] = (
    "supply_batch",
    "supply_document",
    "supply_entry",
    "supply_recipient",
    "supply_transfer_line",
    "supply_count_line",
)


def _text() -> Column[str]:
    return Column(Text, nullable=False)


def _area() -> Column[int]:
    return Column(BigInteger, nullable=False)


def _number() -> Column[int]:
    return Column(BigInteger, nullable=False)


def _instant() -> Column[datetime]:
    return Column(DateTime(timezone=True), nullable=False)


def _link(target: str) -> Column[UUID]:
    return Column(ForeignKey(f"{target}.id"), nullable=False)


def _sealed() -> Column[bytes]:
    return Column(LargeBinary, nullable=False)


class SupplyProduct(SQLModel, table=True):
    """A product (品种); ``area`` is the district's."""

    __tablename__ = "supply_product"
    __table_args__ = (Index("supply_product_area", "area", "id"),)

    id: UUID = Field(primary_key=True)
    area: int = Field(sa_column=_area())
    code: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    name: str = Field(sa_column=_text())
    kind: str = Field(sa_column=_text())
    ended_on: date | None = None
    version: int = Field(sa_column=_number())
    recorded_at: datetime = Field(sa_column=_instant())
    recorded_by: UUID


class SupplySpecification(SQLModel, table=True):
    """A specification (规格) of a product and the unit in which its stock is counted."""

    __tablename__ = "supply_specification"
    __table_args__ = (
        UniqueConstraint("product_id", "name", name="supply_specification_name"),
        Index("supply_specification_area", "area", "id"),
    )

    id: UUID = Field(primary_key=True)
    area: int = Field(sa_column=_area())
    product_id: UUID = Field(sa_column=_link("supply_product"))
    name: str = Field(sa_column=_text())
    unit: str = Field(sa_column=_text())
    ended_on: date | None = None
    version: int = Field(sa_column=_number())
    recorded_at: datetime = Field(sa_column=_instant())
    recorded_by: UUID


class SupplyBatch(SQLModel, table=True):
    """A batch (批次); ``expires_on`` is the last day on which it may be issued."""

    __tablename__ = "supply_batch"
    __table_args__ = (UniqueConstraint("specification_id", "number", name="supply_batch_number"),)

    id: UUID = Field(primary_key=True)
    specification_id: UUID = Field(sa_column=_link("supply_specification"))
    number: str = Field(sa_column=_text())
    expires_on: date
    recorded_at: datetime = Field(sa_column=_instant())


class SupplyPoint(SQLModel, table=True):
    """A distribution point (发放点) in an area of any level within the district."""

    __tablename__ = "supply_point"
    __table_args__ = (
        UniqueConstraint("area", "name", name="supply_point_name"),
        Index("supply_point_area", "area", "id"),
    )

    id: UUID = Field(primary_key=True)
    area: int = Field(sa_column=_area())
    name: str = Field(sa_column=_text())
    kind: str = Field(sa_column=_text())
    place: str | None = Field(default=None, sa_column=Column(Text))
    ended_on: date | None = None
    version: int = Field(sa_column=_number())
    recorded_at: datetime = Field(sa_column=_instant())
    recorded_by: UUID


class SupplyLevel(SQLModel, table=True):
    """Below how much usable stock a point is to order again."""

    __tablename__ = "supply_level"
    __table_args__ = (
        CheckConstraint("level >= 0", name="supply_level_level"),
        Index("supply_level_area", "area", "point_id", "specification_id"),
    )

    point_id: UUID = Field(sa_column=Column(ForeignKey("supply_point.id"), primary_key=True))
    specification_id: UUID = Field(sa_column=Column(ForeignKey("supply_specification.id"), primary_key=True))
    area: int = Field(sa_column=_area())
    level: int = Field(sa_column=_number())
    recorded_at: datetime = Field(sa_column=_instant())
    recorded_by: UUID


class SupplyStock(SQLModel, table=True):
    """What a point holds of a batch: the sum of its entries; locked by whoever changes it."""

    __tablename__ = "supply_stock"
    __table_args__ = (
        CheckConstraint("quantity >= 0", name="supply_stock_quantity"),
        Index("supply_stock_choice", "point_id", "specification_id", "expires_on", "batch_id"),
        Index(
            "supply_stock_expiry",
            "expires_on",
            "point_id",
            "batch_id",
            postgresql_where=sql("quantity > 0"),
        ),
    )

    point_id: UUID = Field(sa_column=Column(ForeignKey("supply_point.id"), primary_key=True))
    batch_id: UUID = Field(sa_column=Column(ForeignKey("supply_batch.id"), primary_key=True))
    area: int = Field(sa_column=_area())
    specification_id: UUID = Field(sa_column=_link("supply_specification"))
    expires_on: date
    quantity: int = Field(sa_column=_number())
    last_on: date


class SupplyDocument(SQLModel, table=True):
    """A document of the ledger. ``people`` is how many received by an issue; who, is told nowhere here."""

    __tablename__ = "supply_document"
    __table_args__ = (
        CheckConstraint(
            "kind IN ('receipt', 'return', 'transfer_in', 'issue', 'loss', 'transfer_out', 'stocktaking',"
            " 'reversal')",
            name="supply_document_kind",
        ),
        CheckConstraint(
            "(kind IN ('return', 'reversal')) = (refers_to IS NOT NULL)", name="supply_document_refers"
        ),
        CheckConstraint("people >= 0", name="supply_document_people"),
        Index("supply_document_point", "point_id", "id"),
        Index("supply_document_area", "area", "id"),
        Index(
            "supply_document_reversed",
            "refers_to",
            unique=True,
            postgresql_where=sql("kind = 'reversal'"),
        ),
        Index("supply_document_returns", "refers_to", postgresql_where=sql("kind = 'return'")),
    )

    id: UUID = Field(primary_key=True)
    area: int = Field(sa_column=_area())
    point_id: UUID = Field(sa_column=_link("supply_point"))
    kind: str = Field(sa_column=_text())
    happened_on: date
    people: int = Field(sa_column=Column(BigInteger, nullable=False, server_default="0"))
    named: bool = Field(default=False, sa_column_kwargs={"server_default": "false"})
    loss_kind: str | None = Field(default=None, sa_column=Column(Text))
    source: str | None = Field(default=None, sa_column=Column(Text))
    paper_number: str | None = Field(default=None, sa_column=Column(Text))
    reason: str | None = Field(default=None, sa_column=Column(Text))
    refers_to: UUID | None = Field(default=None, sa_column=Column(ForeignKey("supply_document.id")))
    recorded_at: datetime = Field(sa_column=_instant())
    recorded_by: UUID


class SupplyEntry(SQLModel, table=True):
    """A signed quantity of a batch at a point; the stock is the sum of these."""

    __tablename__ = "supply_entry"
    __table_args__ = (
        CheckConstraint("quantity <> 0", name="supply_entry_quantity"),
        Index("supply_entry_point", "point_id", "happened_on", "position"),
        Index("supply_entry_document", "document_id", "position"),
    )

    position: int = Field(sa_column=Column(BigInteger, Identity(always=True), primary_key=True))
    document_id: UUID = Field(sa_column=_link("supply_document"))
    point_id: UUID = Field(sa_column=_link("supply_point"))
    batch_id: UUID = Field(sa_column=_link("supply_batch"))
    specification_id: UUID = Field(sa_column=_link("supply_specification"))
    area: int = Field(sa_column=_area())
    kind: str = Field(sa_column=_text())
    happened_on: date
    quantity: int = Field(sa_column=_number())


class SupplyRecipient(SQLModel, table=True):
    """Who received by an issue, sealed; found by the blind index only."""

    __tablename__ = "supply_recipient"
    __table_args__ = (Index("supply_recipient_person", "person_index", "document_id"),)

    document_id: UUID = Field(sa_column=Column(ForeignKey("supply_document.id"), primary_key=True))
    area: int = Field(sa_column=_area())
    person_sealed: bytes = Field(sa_column=_sealed())
    person_index: bytes = Field(sa_column=_sealed())


class SupplyTransfer(SQLModel, table=True):
    """A transfer; visible at both ends."""

    __tablename__ = "supply_transfer"
    __table_args__ = (
        CheckConstraint("state IN ('in_transit', 'received', 'called_back')", name="supply_transfer_state"),
        CheckConstraint("from_point <> to_point", name="supply_transfer_points"),
        Index("supply_transfer_area", "area", "id"),
        Index("supply_transfer_to_area", "to_area", "id"),
    )

    id: UUID = Field(primary_key=True)
    area: int = Field(sa_column=_area())
    to_area: int = Field(sa_column=_area())
    from_point: UUID = Field(sa_column=_link("supply_point"))
    to_point: UUID = Field(sa_column=_link("supply_point"))
    state: str = Field(sa_column=_text())
    sent_on: date
    settled_on: date | None = None
    out_document: UUID
    in_document: UUID | None = None
    version: int = Field(sa_column=_number())
    recorded_at: datetime = Field(sa_column=_instant())
    recorded_by: UUID


class SupplyTransferLine(SQLModel, table=True):
    """What of which batch was sent."""

    __tablename__ = "supply_transfer_line"

    transfer_id: UUID = Field(sa_column=Column(ForeignKey("supply_transfer.id"), primary_key=True))
    batch_id: UUID = Field(sa_column=Column(ForeignKey("supply_batch.id"), primary_key=True))
    area: int = Field(sa_column=_area())
    to_area: int = Field(sa_column=_area())
    specification_id: UUID = Field(sa_column=_link("supply_specification"))
    expires_on: date
    quantity: int = Field(sa_column=_number())


class SupplyCount(SQLModel, table=True):
    """A stocktaking; ``recorded_by`` counted, ``settled_by`` booked or rejected."""

    __tablename__ = "supply_count"
    __table_args__ = (
        CheckConstraint("state IN ('entered', 'booked', 'rejected')", name="supply_count_state"),
        CheckConstraint("settled_by IS NULL OR settled_by <> recorded_by", name="supply_count_four_eyes"),
        Index("supply_count_area", "area", "id"),
        Index("supply_count_open", "point_id", unique=True, postgresql_where=sql("state = 'entered'")),
    )

    id: UUID = Field(primary_key=True)
    area: int = Field(sa_column=_area())
    point_id: UUID = Field(sa_column=_link("supply_point"))
    state: str = Field(sa_column=_text())
    counted_on: date
    document_id: UUID | None = None
    settled_by: UUID | None = None
    settled_at: datetime | None = Field(default=None, sa_column=Column(DateTime(timezone=True)))
    reason: str | None = Field(default=None, sa_column=Column(Text))
    version: int = Field(sa_column=_number())
    recorded_at: datetime = Field(sa_column=_instant())
    recorded_by: UUID


class SupplyCountLine(SQLModel, table=True):
    """A batch as the ledger had it and as it was counted."""

    __tablename__ = "supply_count_line"

    count_id: UUID = Field(sa_column=Column(ForeignKey("supply_count.id"), primary_key=True))
    batch_id: UUID = Field(sa_column=Column(ForeignKey("supply_batch.id"), primary_key=True))
    area: int = Field(sa_column=_area())
    expected: int = Field(sa_column=_number())
    counted: int = Field(sa_column=_number())


class SupplyUser(SQLModel, table=True):
    """Somebody who asked for free supplies in a year; sealed. ``population`` is that of the day of asking."""

    __tablename__ = "supply_user"
    __table_args__ = (
        CheckConstraint("population IN ('resident', 'migrant_in')", name="supply_user_population"),
        Index("supply_user_area", "area", "id"),
        Index(
            "supply_user_person",
            "person_index",
            "year",
            unique=True,
            postgresql_where=sql("NOT withdrawn"),
        ),
    )

    id: UUID = Field(primary_key=True)
    area: int = Field(sa_column=_area())
    point_id: UUID = Field(sa_column=_link("supply_point"))
    person_sealed: bytes = Field(sa_column=_sealed())
    person_index: bytes = Field(sa_column=_sealed())
    population: str = Field(sa_column=_text())
    year: int
    since: date
    reached_on: date | None = None
    confirmed_on: date | None = None
    ended_on: date | None = None
    withdrawn: bool
    version: int = Field(sa_column=_number())
    recorded_at: datetime = Field(sa_column=_instant())
    recorded_by: UUID
