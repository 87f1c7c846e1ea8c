"""How tables are asked for as files."""

from enum import StrEnum
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from renkou_common.contracts.lines import Population
from renkou_common.sheets.domain import XLSX
from renkou_reporting.accounts.schemas import PyramidQuestion
from renkou_reporting.figures.schemas import MAX_PERIODS, Step, TableQuestion
from renkou_reporting.outputs.form import Form
from renkou_reporting.outputs.sdmx import CSV_TYPE
from renkou_reporting.scorecards.schemas import ScoreQuestion

MOST_IN_SHEET, MOST_ON_PAGE = 30_000, 6_000
MOST_SCENARIOS = 5
"""Scenarios of a chart; what was counted is its sixth line."""
type _Line = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]


class TableForm(StrEnum):
    """Forms of a table, as its address ends."""

    CSV = "csv"
    SDMX_CSV = "sdmx.csv"
    XLSX = "xlsx"
    PDF = "pdf"
    PNG = "png"


class CardForm(StrEnum):
    """Forms of a drawing, as its address ends: a page or a picture."""

    PDF = "pdf"
    PNG = "png"


MEDIA_TYPES: dict[str, str] = {
    TableForm.CSV: "text/csv; charset=utf-8",
    TableForm.SDMX_CSV: CSV_TYPE,
    TableForm.XLSX: XLSX,
    TableForm.PDF: "application/pdf",
    TableForm.PNG: "image/png",
}


class _FormHead(BaseModel):
    """What a form says above a table; only .xlsx and .pdf have it."""

    model_config = ConfigDict(extra="forbid")

    form_number: _Line | None = Field(default=None, description="表号; left open to be filled in by hand")
    authority: _Line | None = Field(default=None, description="制定机关: the office that issued the form")
    organisation: _Line | None = Field(
        default=None, description="填报单位: an office; the area where none is given"
    )

    @property
    def form(self) -> Form:
        """The form's head."""
        return Form(self.form_number, self.authority, self.organisation)


class TableFileQuestion(TableQuestion, _FormHead):
    """Which table: as GET /figures/table, and what a form says above it."""


class PublishedFileQuestion(_FormHead):
    """Which of a published version's figures."""

    area: str | None = Field(default=None, description="an area code; the district where none is given")
    areas: Literal["self", "children", "communities"] = Field(
        default="self", description="the area itself; itself and the areas below it; and its communities"
    )
    population: Population
    indicator: Annotated[list[str], Field(max_length=200)] = []


class PublishedTrendQuestion(BaseModel):
    """Which indicator over which periods, each as it was published last."""

    model_config = ConfigDict(extra="forbid")

    area: str | None = Field(default=None, description="an area code; the district where none is given")
    areas: Literal["self", "children", "communities"] = Field(
        default="self", description="the area itself; itself and the areas below it; and its communities"
    )
    population: Population
    indicator: str = Field(max_length=60, examples=["birth_rate"])
    dims: str = Field(
        default="", max_length=120, description="as in the published figures: sex=1;parity=3+; empty: all"
    )
    period: Annotated[list[str], Field(min_length=1, max_length=MAX_PERIODS, examples=[["2026"]])]
    by: Step | None = Field(default=None, description="break each period into months, quarters ...")


class PublishedCardQuestion(BaseModel):
    """Which published scores of a scorecard: all areas side by side, or one area with every point explained."""

    model_config = ConfigDict(extra="forbid")

    number: int | None = Field(
        default=None, ge=1, description="version of the document; null: the one in force"
    )
    area: str | None = Field(
        default=None, description="an area of the scorecard; all side by side without it"
    )


class CardFileQuestion(ScoreQuestion):
    """Which scores of a scorecard: all areas side by side, or one area with every point explained."""

    area: str | None = Field(
        default=None, description="an area of the scorecard; all side by side without it"
    )


class OutlookQuestion(BaseModel):
    """Which forecast is drawn: of people or of births, under every packaged scenario and those named."""

    model_config = ConfigDict(extra="forbid")

    area: str = Field(description="the district, a subdistrict or a community", examples=["340103"])
    population: Literal["registered", "resident"] = "resident"
    of: Literal["population", "births"] = "population"
    scenario: Annotated[list[str], Field(max_length=MOST_SCENARIOS)] = []
    base: int | None = Field(default=None, ge=1950, le=2150, description="year at whose end it begins")
    years: int = Field(default=10, ge=1, le=30)
    reference_years: int = Field(default=3, ge=1, le=10)


class PyramidFileQuestion(PyramidQuestion, _FormHead):
    """Which pyramid: as GET /accounts/pyramid."""
