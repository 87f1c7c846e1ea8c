"""What callers send and get about papers of one year."""

from datetime import date
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from renkou_common.codes.findings import CodeError
from renkou_common.http.days import Day
from renkou_registry.fields import AreaIn

Year = Annotated[int, Field(strict=True, ge=1990, le=2200)]
ScanNumber = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=60),
    Field(description="扫描件编号", examples=["ZRS-2025-0012"]),
]


class YearlyPatch(BaseModel):
    """What became of the paper; signed needs the day and the number of the scanned copy."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {"state": "signed", "signed_on": "2025-03-18", "scan_number": "ZRS-2025-0012"},
                {"state": "declined"},
            ]
        },
    )

    state: Literal["due", "signed", "declined", "cancelled"]
    signed_on: Day | None = None
    scan_number: ScanNumber | None = None

    @model_validator(mode="after")
    def _signed(self) -> Self:
        complete = self.signed_on is not None and self.scan_number is not None
        empty = self.signed_on is None and self.scan_number is None
        if (self.state == "signed" and not complete) or (self.state != "signed" and not empty):
            wrong = "signed_on" if (self.signed_on is None) == (self.state == "signed") else "scan_number"
            raise CodeError(
                "signed_on",
                "已签须填签订日期和扫描件编号, 其他状态不填",
                "signed_on and scan_number are given if and only if the state is signed",
                field=wrong,
            )
        return self


class YearOpen(BaseModel):
    """Open a year for every record of an area that lacks its paper."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"area": "340103001", "year": 2025}]}
    )

    area: AreaIn
    year: Year


class YearOpened(BaseModel):
    """How many papers were opened; ``more`` says to send the same request again."""

    opened: int
    more: bool


class YearlyOut(BaseModel):
    """A paper of one year."""

    id: UUID
    year: int
    due_on: date
    state: str
    state_label: str
    signed_on: date | None
    scan_number: str | None
    version: int


class YearlyList(BaseModel):
    """A record's papers, the newest year first."""

    items: list[YearlyOut]
