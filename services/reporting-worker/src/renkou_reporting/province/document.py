"""What a province takes over of a district's signed document: exactly this and nothing beside it.

A member that is not listed here is refused, so that nothing about a person can come along unnoticed.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from renkou_common.codes.period import Period
from renkou_common.contracts.lines import Population
from renkou_reporting.figures.domain import Months
from renkou_reporting.indicators.domain import BALANCE_PARTS, Indicator
from renkou_reporting.published.domain import ACCOUNT_COLUMNS, COLUMNS, FORMAT, read_exact
from renkou_reporting.texts import text_errors

_Hash = Annotated[str, StringConstraints(pattern=r"^[0-9a-f]{64}$")]
_Code = Annotated[str, StringConstraints(pattern=r"^\d{6}(\d{3}(\d{3})?)?$")]
_Number = Annotated[str, StringConstraints(pattern=r"^-?\d{1,30}([./]\d{1,30})?$")]
_Word = Annotated[str, StringConstraints(max_length=200)]
type _Figure = tuple[
    _Code, Population, _Word, _Word, _Number | None, _Number | None, _Number | None, _Word | None
]


class Refused(ValueError):
    """A document that is well signed and still must not be taken over."""


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class SignedBy(_Strict):
    """One of the two that signed."""

    role: Literal["statistician", "second"]
    by: UUID
    at: datetime


class Found(_Strict):
    """What a check found, in two languages."""

    zh: str = Field(max_length=500)
    en: str = Field(max_length=500)


class Override(_Strict):
    """A check in spite of which the district published, and why."""

    check: _Word
    findings: list[Found]
    by: UUID
    reason: str = Field(max_length=500)


class Document(_Strict):
    """A version that a district published."""

    format: Literal["renkou-published-figures/1"]
    district: str
    area: str
    period: str
    months: tuple[int, int]
    version: int = Field(ge=1)
    previous: _Hash | None
    reason: str = Field(max_length=500)
    positions: dict[str, int]
    frozen: _Hash
    overrides: list[Override]
    signatures: tuple[SignedBy, SignedBy]
    definitions: dict[str, Any]
    columns: list[str]
    figures: list[_Figure]
    account_columns: list[str]
    accounts: list[list[Any]]
    differences: list[dict[str, Any]]

    @model_validator(mode="after")
    def _hangs_together(self) -> Self:
        period = Period.parse(self.period)
        months = Months.of(period)
        if str(period) != self.period or self.months != (months.first, months.last):
            raise ValueError("the months are not those of the period")
        if self.signatures[0].by == self.signatures[1].by:
            raise ValueError("one person signed twice")
        if (self.columns, self.account_columns) != (list(COLUMNS), list(ACCOUNT_COLUMNS)):
            raise ValueError("the columns are others")
        if list(text_errors("/reason", self.reason)):
            raise ValueError("the reason holds a long number")
        self._check_figures()
        self._check_accounts()
        return self

    def _check_figures(self) -> None:
        keys = set()
        for row in self.figures:
            if not row[0].startswith(self.district) or row[2] not in self.definitions:
                raise ValueError(f"a figure of {row[0]}, {row[2]} has no place in it")
            if None in row[4:6] and row[6] is not None:
                raise ValueError(f"the figure {row[:4]} is half hidden")
            for number in row[4:6]:
                if number is not None:
                    read_exact(number)
            keys.add(row[:4])
        if len(keys) != len(self.figures):
            raise ValueError("a figure is there twice")
        for code in {row[2] for row in self.figures if row[0] == self.district}:
            if Indicator.model_validate(self.definitions[code]).code != code:
                raise ValueError(f"the definition of {code} is another one's")

    def _check_accounts(self) -> None:
        keys = set()
        for area, population, *parts in self.accounts:
            good = all(part is None or type(part) is int for part in parts) and len(parts) == len(
                BALANCE_PARTS
            )
            if not good or not str(area).startswith(self.district):
                raise ValueError(f"the account of {area} cannot be read")
            keys.add((area, Population(population)))
        if len(keys) != len(self.accounts):
            raise ValueError("an account is there twice")

    def own_figures(self) -> list[_Figure]:
        """Return the figures of the district as a whole."""
        return [row for row in self.figures if row[0] == self.district]

    def own_accounts(self) -> list[list[Any]]:
        """Return the accounts of the district as a whole: population and parts."""
        return [row[1:] for row in self.accounts if row[0] == self.district]


def read_document(content: Mapping[str, Any], district: str) -> Document:
    """Return a district's document; raises Refused for one of another format or district, or that holds more."""
    if content.get("format") != FORMAT:
        raise Refused(f"unknown format {content.get('format')}")
    if content.get("district") != district or content.get("area") != district:
        raise Refused(f"it is of {content.get('district')}, not of {district}")
    try:
        return Document.model_validate(content)
    except (ValueError, TypeError) as error:
        raise Refused(f"the document does not hold together: {error}") from error


def check_chain(document: Document, before: bytes | None) -> None:
    """Raise Refused unless a document follows the version of hash ``before``, None where there is none."""
    expected = before.hex() if before is not None else None
    if document.previous != expected or (document.version > 1) != (before is not None):
        raise Refused(f"version {document.version} of {document.period} does not follow the one before")
