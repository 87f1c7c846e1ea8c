"""Table of staff rights. Schema only: queries are in :mod:`renkou_common.identity.rights`."""

from uuid import UUID

from sqlalchemy import BigInteger, Text
from sqlmodel import Field

from renkou_reporting.base import ReportingTable


class StaffAssignmentRow(ReportingTable, table=True):
    """A role over the subtree area..area_high; nothing else is known here about the account."""

    __tablename__ = "staff_assignment"

    staff_id: UUID = Field(primary_key=True)
    role: str = Field(sa_type=Text, primary_key=True)
    area: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
    area_high: int = Field(sa_type=BigInteger, primary_key=True, sa_column_kwargs={"autoincrement": False})
