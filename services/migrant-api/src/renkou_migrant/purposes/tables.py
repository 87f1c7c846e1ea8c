"""Table of purposes. Schema only: queries are in :mod:`.service`."""

from datetime import date

from sqlalchemy import Column, Text
from sqlalchemy.dialects.postgresql import ARRAY
from sqlmodel import Field, SQLModel


class ExchangePurpose(SQLModel, table=True):
    """The kinds of message that a purpose covers, from ``active_from`` until the day before ``active_to``."""

    __tablename__ = "exchange_purpose"

    code: str = Field(sa_column=Column(Text, primary_key=True))
    kinds: list[str] = Field(sa_column=Column(ARRAY(Text), nullable=False))
    active_from: date
    active_to: date | None = None
