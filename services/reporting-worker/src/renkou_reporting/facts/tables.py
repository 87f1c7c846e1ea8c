"""Tables of facts and their sums, each with a shadow that a rebuild fills. Schema only."""

from datetime import date
from uuid import UUID

from sqlalchemy import BigInteger, Index, SmallInteger, Text
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
    """Columns of a cell: what it sums over, and the sum."""

    area: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    month: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    population: str = Field(sa_type=Text, primary_key=True)
    measure: str = Field(sa_type=Text, primary_key=True)
    sex: int = Field(sa_type=SmallInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    parity: int = Field(sa_type=SmallInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    detail: str = Field(default="", sa_type=Text, primary_key=True)
    value: int = Field(sa_type=BigInteger)


class YearCellColumns(ReportingTable):
    """Columns of a year cell: as a cell's, with the year in the month's place."""

    area: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    year: int = Field(primary_key=True, sa_column_kwargs={"autoincrement": False})
    population: str = Field(sa_type=Text, primary_key=True)
    measure: str = Field(sa_type=Text, primary_key=True)
    sex: int = Field(sa_type=SmallInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    parity: int = Field(sa_type=SmallInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    detail: str = Field(default="", sa_type=Text, primary_key=True)
    value: int = Field(sa_type=BigInteger)


class CohortCellColumns(ReportingTable):
    """Columns of a cohort cell: people by birth month (yyyymm, 0 where not told)."""

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


class CellRow(CellColumns, table=True):
    """Sums of facts by month, kept up in the facts' transaction."""

    __tablename__ = "cell"
    __table_args__ = (Index("cell_by_measure", "population", "measure", "area", "month"),)


class YearCellRow(YearCellColumns, table=True):
    """Sums of cells by year, of measures whose stock is asked for."""

    __tablename__ = "year_cell"
    __table_args__ = (Index("year_cell_by_measure", "population", "measure", "area", "year"),)


class CohortCellRow(CohortCellColumns, table=True):
    """Sums of the balance's facts by birth month."""

    __tablename__ = "cohort_cell"
    __table_args__ = (Index("cohort_cell_by_birth", "population", "area", "birth_month"),)


class FactShadowRow(FactColumns, table=True):
    """What a rebuild made; after the swap, what it replaced."""

    __tablename__ = "fact_shadow"


class CellShadowRow(CellColumns, table=True):
    """Sums of the shadow's facts."""

    __tablename__ = "cell_shadow"
    __table_args__ = (Index("cell_shadow_by_measure", "population", "measure", "area", "month"),)


class YearCellShadowRow(YearCellColumns, table=True):
    """Sums of the shadow's facts by year."""

    __tablename__ = "year_cell_shadow"
    __table_args__ = (Index("year_cell_shadow_by_measure", "population", "measure", "area", "year"),)


class CohortCellShadowRow(CohortCellColumns, table=True):
    """Sums of the shadow's facts by birth month."""

    __tablename__ = "cohort_cell_shadow"
    __table_args__ = (Index("cohort_cell_shadow_by_birth", "population", "area", "birth_month"),)
