"""Tables of facts and their sums, each with a shadow that a rebuild fills. Schema only."""

from datetime import date, datetime
from uuid import UUID

from sqlalchemy import BigInteger, Column, DateTime, Identity, Index, SmallInteger, Text
from sqlmodel import Field

from renkou_reporting.base import ReportingTable


class FactColumns(ReportingTable):
    """Columns of a fact: where it came from, and what it counts."""

    feed: str = Field(sa_type=Text, primary_key=True)
    seq: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    line_no: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    event_id: UUID
    area: int = Field(sa_type=BigInteger)
    happened_on: date
    month: int
    population: str = Field(sa_type=Text)
    measure: str = Field(sa_type=Text)
    sex: int = Field(sa_type=SmallInteger)
    birth_month: int
    parity: int = Field(sa_type=SmallInteger)
    value: int = Field(sa_type=BigInteger)
    detail: str = Field(default="", sa_type=Text)


class CellColumns(ReportingTable):
    """Columns of a cell: what it sums over, and the sum. Its key begins with population and measure (migration)."""

    area: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    month: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    population: str = Field(sa_type=Text, primary_key=True)
    measure: str = Field(sa_type=Text, primary_key=True)
    sex: int = Field(sa_type=SmallInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    parity: int = Field(sa_type=SmallInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    detail: str = Field(default="", sa_type=Text, primary_key=True)
    value: int = Field(sa_type=BigInteger)


class AreaCellColumns(ReportingTable):
    """Columns of an area cell: as a cell's, with the level of the area; month yyyy is the whole year."""

    level: int = Field(sa_type=SmallInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    area: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    month: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    population: str = Field(sa_type=Text, primary_key=True)
    measure: str = Field(sa_type=Text, primary_key=True)
    sex: int = Field(sa_type=SmallInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    parity: int = Field(sa_type=SmallInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    detail: str = Field(default="", sa_type=Text, primary_key=True)
    value: int = Field(sa_type=BigInteger)


class CohortCellColumns(ReportingTable):
    """Columns of a cohort cell: people by birth month (yyyymm, 0 where not told). Key as in the migration."""

    area: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    month: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    population: str = Field(sa_type=Text, primary_key=True)
    measure: str = Field(sa_type=Text, primary_key=True)
    sex: int = Field(sa_type=SmallInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    birth_month: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    value: int = Field(sa_type=BigInteger)


class FactRow(FactColumns, table=True):
    """Append-only; a correction is a reversal."""

    __tablename__ = "fact"
    __table_args__ = (Index("fact_by_measure", "measure", "area", "month"),)


class FactEventRow(ReportingTable, table=True):
    """What event the facts of a number in a feed came with, and when its service recorded it. Append-only.

    Facts that were taken in before this was kept have none.
    """

    __tablename__ = "fact_event"

    feed: str = Field(sa_type=Text, primary_key=True)
    seq: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    type: str = Field(sa_type=Text)
    recorded_at: datetime = Field(sa_type=DateTime(timezone=True))


class CellRow(CellColumns, table=True):
    """Sums of facts by month, kept up in the facts' transaction."""

    __tablename__ = "cell"


class AreaCellRow(AreaCellColumns, table=True):
    """Sums of cells by town and district, and by year."""

    __tablename__ = "area_cell"


class CohortCellRow(CohortCellColumns, table=True):
    """Sums of the balance's facts by birth month."""

    __tablename__ = "cohort_cell"


class CohortStockRow(ReportingTable, table=True):
    """People (opening + birth + in - death - out) by birth month: of towns and districts by month, of all by year.

    ``month`` is yyyymm, or yyyy for the whole year. Without what is still in ``cohort_recent``.
    """

    __tablename__ = "cohort_stock"

    level: int = Field(sa_type=SmallInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    population: str = Field(sa_type=Text, primary_key=True)
    area: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    month: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    birth_month: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    sex: int = Field(sa_type=SmallInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    value: int = Field(sa_type=BigInteger)


class CohortRecentRow(ReportingTable, table=True):
    """What came into cohort cells and is not in ``cohort_stock`` yet, in the order in which it came."""

    __tablename__ = "cohort_recent"

    id: int | None = Field(
        default=None, sa_column=Column(BigInteger, Identity(always=True), primary_key=True)
    )
    area: int = Field(sa_type=BigInteger)
    month: int
    population: str = Field(sa_type=Text)
    sex: int = Field(sa_type=SmallInteger)
    birth_month: int
    value: int = Field(sa_type=BigInteger)


class FactShadowRow(FactColumns, table=True):
    """What a rebuild made; after the swap, what it replaced."""

    __tablename__ = "fact_shadow"
    __table_args__ = (Index("fact_shadow_by_measure", "measure", "area", "month"),)


class CellShadowRow(CellColumns, table=True):
    """Sums of the shadow's facts."""

    __tablename__ = "cell_shadow"


class AreaCellShadowRow(AreaCellColumns, table=True):
    """Sums of the shadow's cells by town and district, and by year."""

    __tablename__ = "area_cell_shadow"


class CohortCellShadowRow(CohortCellColumns, table=True):
    """Sums of the shadow's facts by birth month."""

    __tablename__ = "cohort_cell_shadow"
