"""The tables' common base: a metadata of this service alone, whatever else runs in the same process."""

from sqlalchemy.orm import registry
from sqlmodel import SQLModel


class ReportingTable(SQLModel, registry=registry()):
    """Base of every table of reporting-worker."""
