"""What an indicator is: a checked definition. Evaluation is in the figures' domain; no I/O here."""

import re
from collections.abc import Mapping
from typing import Any, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from renkou_common.contracts.lines import Measure, Population
from renkou_reporting.facts.domain import AGED_POPULATIONS
from renkou_reporting.populations import MEASURES_OF, STOCK_SIGNS

_NAME = re.compile(r"^[a-z][a-z0-9_]{1,59}$")
# Parts that every figure over a mean population shows; no term may take their names.
BALANCE_PARTS = ("opening", "entered", "born", "died", "moved_in", "moved_out", "closing")


class Term(BaseModel):
    """One signed count of a numerator or denominator; exactly one of flow, stock and mean."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    part: str
    flow: Measure | None = None
    stock: bool = False
    mean: bool = False
    population: Population | None = Field(default=None, description="None: the figure's population")
    sex: int | None = Field(default=None, ge=0, le=9)
    parity: Literal["asked"] | None = None
    age: tuple[int, int] | None = Field(default=None, description="in full years, both ends inclusive")
    weight: Literal[1, -1] = 1

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not _NAME.match(self.part) or self.part in BALANCE_PARTS:
            raise ValueError(f"part {self.part!r} is no free name in small letters")
        if (self.flow is not None) + self.stock + self.mean != 1:
            raise ValueError(f"part {self.part} must be exactly one of flow, stock and mean")
        if self.parity and self.flow is not Measure.BIRTH:
            raise ValueError(f"part {self.part}: only births have a parity")
        if self.age and not 0 <= self.age[0] <= self.age[1] <= 150:
            raise ValueError(f"part {self.part}: age must run from the lower to the higher")
        return self

    @property
    def measures(self) -> frozenset[Measure]:
        """The measures that this term adds up."""
        return frozenset({self.flow}) if self.flow is not None else frozenset(STOCK_SIGNS)


class Indicator(BaseModel):
    """A definition: names, over which populations it runs, numerator / denominator x factor."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    zh: str = Field(min_length=1)
    en: str = Field(min_length=1)
    populations: tuple[Population, ...] = Field(min_length=1)
    numerator: tuple[Term, ...] = Field(min_length=1)
    denominator: tuple[Term, ...] = Field(min_length=1)
    factor: int = Field(ge=1)
    unit: str = Field(min_length=1)
    digits: int = Field(default=2, ge=0, le=6)
    direction: Literal["up", "down", "none"] = "none"
    parity: Literal["none", "optional", "required"] = "none"

    @property
    def terms(self) -> tuple[Term, ...]:
        """Terms of the numerator, then of the denominator."""
        return self.numerator + self.denominator

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not _NAME.match(self.code):
            raise ValueError(f"code {self.code!r} is not in small letters, digits and underscores")
        if len(set(self.populations)) != len(self.populations):
            raise ValueError("a population is named twice")
        known: dict[str, Term] = {}
        for term in self.terms:
            bare = term.model_copy(update={"weight": 1})
            if known.setdefault(term.part, bare) != bare:
                raise ValueError(f"part {term.part} means two things")
            self._check_populations(term)
        if any(term.parity for term in self.terms) != (self.parity != "none"):
            raise ValueError("a term asks for the parity exactly where the indicator takes one")
        return self

    def _check_populations(self, term: Term) -> None:
        for population in (term.population,) if term.population else self.populations:
            if term.flow is not None and term.flow not in MEASURES_OF[population]:
                raise ValueError(f"part {term.part}: {population} has no {term.flow}")
            if term.age and population.value not in AGED_POPULATIONS:
                raise ValueError(f"part {term.part}: cells of {population} keep no birth month")


class Catalogue(BaseModel):
    """All indicators of one version of the definitions, by code."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    version: str = Field(min_length=1)
    indicators: dict[str, Indicator]

    def over(self, population: Population) -> list[Indicator]:
        """Return the indicators that run over a population, in the order of the definitions."""
        return [one for one in self.indicators.values() if population in one.populations]


def parse_catalogue(content: Mapping[str, Any]) -> Catalogue:
    """Check parsed definitions; raises pydantic's ValidationError that names what is wrong."""
    given = dict(content)
    indicators = {code: {**fields, "code": code} for code, fields in given.pop("indicator", {}).items()}
    return Catalogue.model_validate({**given, "indicators": indicators})
