"""Tables of surveys. Schema only; queries are in :mod:`.repository`.

Answers are anonymous: they say neither who answered nor who asked. ``APPEND_ONLY`` names tables whose rows
are never changed or deleted; the migration reads it.
"""

from datetime import date, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import BigInteger, CheckConstraint, Column, DateTime, ForeignKey, Index, Text
from sqlalchemy.dialects.postgresql import JSONB
from sqlmodel import Field, SQLModel

FLOOR: dict[str, str] = {}
APPEND_ONLY: tuple[str, ...] = ("survey_questions", "survey_answer")


class Survey(SQLModel, table=True):
    """A survey in an area (``area`` to ``area_high``); ``edition`` numbers its present questions."""

    __tablename__ = "survey"
    __table_args__ = (
        CheckConstraint("state IN ('draft', 'open', 'ended')", name="survey_state"),
        Index("survey_area", "area", "id"),
    )

    id: UUID = Field(primary_key=True)
    area: int = Field(sa_column=Column(BigInteger, nullable=False))
    area_high: int = Field(sa_column=Column(BigInteger, nullable=False))
    title: str = Field(sa_column=Column(Text, nullable=False))
    state: str = Field(sa_column=Column(Text, nullable=False))
    edition: int
    opened_on: date | None = None
    ended_on: date | None = None
    version: int = Field(sa_column=Column(BigInteger, nullable=False))
    recorded_at: datetime = Field(sa_column=Column(DateTime(timezone=True), nullable=False))
    recorded_by: UUID


class SurveyQuestions(SQLModel, table=True):
    """The questions of one edition, as data."""

    __tablename__ = "survey_questions"

    survey_id: UUID = Field(sa_column=Column(ForeignKey("survey.id"), primary_key=True))
    edition: int = Field(primary_key=True)
    questions: Any = Field(sa_column=Column(JSONB, nullable=False))


class SurveyAnswer(SQLModel, table=True):
    """One anonymous answer: where, which month, to which edition, which options."""

    __tablename__ = "survey_answer"
    __table_args__ = (Index("survey_answer_survey", "survey_id", "id"),)

    id: UUID = Field(primary_key=True)
    survey_id: UUID = Field(sa_column=Column(ForeignKey("survey.id"), nullable=False))
    edition: int
    area: int = Field(sa_column=Column(BigInteger, nullable=False))
    answered_on: date
    options: Any = Field(sa_column=Column(JSONB, nullable=False))
