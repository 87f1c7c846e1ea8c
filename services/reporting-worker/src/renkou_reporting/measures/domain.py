"""What a measure is: a checked entry of the list of measures. No I/O."""

import re
from collections.abc import Iterable, Mapping
from enum import StrEnum
from typing import Any, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from renkou_common.contracts.lines import Population
from renkou_reporting.facts.domain import BALANCE_SIGNS

CODE = re.compile(r"^[a-z][a-z0-9_]{1,59}$|^in$")


class MeasureKind(StrEnum):
    """How counts of a measure are put together over time."""

    FLOW = "flow"  # 流量: adds up within a period
    STOCK = "stock"  # 存量: adds up from the beginning to a day
    BALANCE = "balance"  # 平衡项: one of the five flows whose signed sum is the number of people


class MeasureUnit(StrEnum):
    """What one of it is."""

    PERSON = "person"  # 人
    COUPLE = "couple"  # 对
    TIME = "time"  # 人次
    CASE = "case"  # 件、份、个
    FEN = "fen"  # 分, shown in yuan


class MeasureOrigin(StrEnum):
    """Where its counts come from."""

    REGISTER = "register"
    MIGRANT = "migrant"
    RETURN = "return"


class MeasureEntry(BaseModel):
    """One measure. ``code`` is what facts and cells carry."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    code: str
    zh: str = Field(min_length=1, max_length=100)
    en: str = Field(min_length=1, max_length=200)
    kind: MeasureKind
    unit: MeasureUnit
    populations: tuple[Population, ...] = Field(min_length=1)
    origin: MeasureOrigin

    @property
    def counts_people(self) -> bool:
        """Whether a small count could point to a person: people, couples and what happened to people."""
        return self.unit in (MeasureUnit.PERSON, MeasureUnit.COUPLE, MeasureUnit.TIME)

    @model_validator(mode="after")
    def _consistent(self) -> Self:
        if not CODE.match(self.code):
            raise ValueError(f"code {self.code!r} is not in small letters, digits and underscores")
        if len(set(self.populations)) != len(self.populations):
            raise ValueError("a population is named twice")
        if (self.kind is MeasureKind.BALANCE) != (self.code in BALANCE_SIGNS):
            raise ValueError(f"the balance is made of {', '.join(BALANCE_SIGNS)} and nothing else")
        return self


class Measures(Mapping[str, MeasureEntry]):
    """All measures by code."""

    def __init__(self, entries: Iterable[MeasureEntry]) -> None:
        self._entries = {entry.code: entry for entry in entries}

    def __getitem__(self, code: str) -> MeasureEntry:
        return self._entries[code]

    def __iter__(self) -> Any:
        return iter(self._entries)

    def __len__(self) -> int:
        return len(self._entries)

    def of(self, population: Population) -> frozenset[str]:
        """Return the codes of the measures that a population has."""
        return frozenset(code for code, entry in self._entries.items() if population in entry.populations)


def parse_measures(content: Mapping[str, Any]) -> Measures:
    """Check the packaged list; raises pydantic's ValidationError, or KeyError for an unknown population."""
    groups: Mapping[str, list[str]] = content["groups"]
    known = set(Population)
    entries = []
    for code, fields in content["measures"].items():
        named = [
            each for name in fields["populations"] for each in ([name] if name in known else groups[name])
        ]
        entries.append(MeasureEntry.model_validate({**fields, "code": code, "populations": tuple(named)}))
    return Measures(entries)
