"""Tables of staff accounts and of the services' own accounts. Schema only."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, ForeignKey, Index, Text, func, text
from sqlmodel import Field, SQLModel


def _moment(*, nullable: bool = False) -> Column[datetime]:
    default = None if nullable else func.now()
    return Column(DateTime(timezone=True), nullable=nullable, server_default=default)


class StaffAccount(SQLModel, table=True):
    """A member of staff who may sign in. ``locked_until`` throttles guessing, in real time."""

    __tablename__ = "staff_account"
    __table_args__ = (CheckConstraint("version > 0", name="staff_account_version"),)

    id: UUID = Field(primary_key=True)
    username: str = Field(sa_column=Column(Text, nullable=False, unique=True))
    display_name: str = Field(sa_column=Column(Text, nullable=False))
    password_hash: str = Field(sa_column=Column(Text, nullable=False))
    must_change_password: bool
    active: bool
    version: int
    failed_attempts: int = Field(default=0, sa_column_kwargs={"server_default": text("0")})
    locked_until: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    created_at: datetime = Field(sa_column=_moment())
    updated_at: datetime = Field(sa_column=_moment())


class StaffAssignmentRow(SQLModel, table=True):
    """A role over the subtree ``area..area_high`` of 12-digit area keys, from a moment to a moment."""

    __tablename__ = "staff_assignment"
    __table_args__ = (
        Index("staff_assignment_role", "role"),
        CheckConstraint("valid_from < valid_to", name="staff_assignment_limits"),
    )

    staff_id: UUID = Field(
        sa_column=Column(ForeignKey("staff_account.id", ondelete="CASCADE"), primary_key=True)
    )
    role: str = Field(sa_column=Column(Text, ForeignKey("role.code"), primary_key=True))
    area: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    area_high: int = Field(sa_column=Column(BigInteger, primary_key=True, autoincrement=False))
    valid_from: datetime | None = Field(default=None, sa_column=_moment(nullable=True))
    valid_to: datetime | None = Field(default=None, sa_column=_moment(nullable=True))


class ServiceClient(SQLModel, table=True):
    """A service of this node that signs in with a client secret; seeded by `migrate` from secret files. While one
    secret follows the other, both are in force."""

    __tablename__ = "service_client"

    client_id: str = Field(sa_column=Column(Text, primary_key=True))
    id: UUID = Field(unique=True)
    secret_hash: str = Field(sa_column=Column(Text, nullable=False))
    second_hash: str | None = Field(default=None, sa_column=Column(Text))
    updated_at: datetime = Field(sa_column=_moment())
