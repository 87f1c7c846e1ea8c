"""Tables of roles. Schema only; queries are in :mod:`.repository`."""

from datetime import datetime
from uuid import UUID

from sqlalchemy import CheckConstraint, Column, DateTime, ForeignKey, Text, func
from sqlmodel import Field, SQLModel


def _moment() -> Column[datetime]:
    return Column(DateTime(timezone=True), nullable=False, server_default=func.now())


class RoleRow(SQLModel, table=True):
    """A role: built in (kept by `migrate`) or a district's own."""

    __tablename__ = "role"
    __table_args__ = (CheckConstraint("version > 0", name="role_version"),)

    code: str = Field(sa_column=Column(Text, primary_key=True))
    id: UUID = Field(unique=True)
    label_zh: str = Field(sa_column=Column(Text, nullable=False))
    label_en: str = Field(sa_column=Column(Text, nullable=False))
    built_in: bool
    active: bool
    version: int
    created_at: datetime = Field(sa_column=_moment())
    updated_at: datetime = Field(sa_column=_moment())


class RoleScopeRow(SQLModel, table=True):
    """A scope that a role bundles."""

    __tablename__ = "role_scope"

    role: str = Field(sa_column=Column(Text, ForeignKey("role.code"), primary_key=True))
    scope: str = Field(sa_column=Column(Text, primary_key=True))


class ScopesApart(SQLModel, table=True):
    """Two scopes that nobody may hold together; ``second`` is ``*`` for every scope that changes something."""

    __tablename__ = "scopes_apart"

    first: str = Field(sa_column=Column(Text, primary_key=True))
    second: str = Field(sa_column=Column(Text, primary_key=True))
    reason_zh: str = Field(sa_column=Column(Text, nullable=False))
    reason_en: str = Field(sa_column=Column(Text, nullable=False))
