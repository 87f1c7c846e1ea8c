"""Tables of forecasts: assumptions that a district adds to those that come with the program. Schema only."""

from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Column, DateTime, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field

from renkou_reporting.base import ReportingTable


class ForecastScenarioRow(ReportingTable, table=True):
    """A set of assumptions under a code; never changed, so that what was computed with it can be again."""

    __tablename__ = "forecast_scenario"

    code: str = Field(sa_type=Text, primary_key=True)
    id: UUID = Field(unique=True)
    definition: dict[str, Any] = Field(sa_column=Column(JSONB, nullable=False))
    made_by: UUID
    made_at: datetime = Field(sa_type=DateTime(timezone=True))
