"""Population lines: signed counts that services publish and reporting-worker adds up.

A line says that on a day, in an area, a population or a task list grew or shrank by ``value``. A service
derives the lines of one record by a pure function of the record's history and publishes the difference
between the new and the old multiset, so that a correction is an exact reversal (see docs/decisions).
"""

from collections import Counter
from collections.abc import Sequence
from datetime import date
from enum import StrEnum
from typing import Annotated, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from renkou_common.contracts.typed import typed


class Population(StrEnum):
    """Over whom a figure runs; domain terms in Chinese beside each."""

    REGISTERED = "registered"  # 户籍人口
    RESIDENT = "resident"  # 常住人口
    MIGRANT_IN = "migrant_in"  # 流入人口
    MIGRANT_OUT = "migrant_out"  # 流出人口
    MIGRANT_OUT_CERTIFIED = "migrant_out_certified"  # 持有效证明的流出人口


class Measure(StrEnum):
    """What a line counts. Stock on day D = opening + birth + in - death - out over all lines up to D."""

    OPENING = "opening"  # 期初建档
    BIRTH = "birth"  # 出生
    DEATH = "death"  # 死亡
    IN = "in"  # 迁入、流入
    OUT = "out"  # 迁出、流出
    CHECK_DUE = "check_due"  # 应查验
    CHECK_MADE = "check_made"  # 已查验
    NOTICE_DUE = "notice_due"  # 应通报
    NOTICE_SENT = "notice_sent"  # 已通报
    NOTICE_CONFIRMABLE = "notice_confirmable"  # 已通报且应确认
    NOTICE_CONFIRMED = "notice_confirmed"  # 已确认


AreaText = Annotated[str, Field(pattern=r"^\d{12}$", description="12-digit area code, zero-padded")]
BirthMonth = Annotated[str, Field(pattern=r"^\d{4}-\d{2}$", description="YYYY-MM")]


class LineKey(NamedTuple):
    """What a line is counted under. ``area`` is a 12-digit code; sex 0 and birth_month '' mean not told."""

    population: Population
    area: str
    on: date
    measure: Measure
    sex: int = 0
    birth_month: str = ""
    parity: int = 0


class Line(BaseModel):
    """One signed count as published."""

    model_config = ConfigDict(frozen=True, extra="ignore")

    population: Population
    area: AreaText
    on: date
    measure: Measure
    sex: int = Field(default=0, ge=0, le=9)
    birth_month: BirthMonth | None = None
    parity: int = Field(default=0, ge=0, le=30)
    value: int


def difference(new: Counter[LineKey], old: Counter[LineKey]) -> list[Line]:
    """Return the lines that turn ``old`` into ``new``, in a stable order; zero differences are left out."""
    keys = sorted(new.keys() | old.keys())
    return [_line(key, new[key] - old[key]) for key in keys if new[key] != old[key]]


def first_lines(keys: Sequence[LineKey], sex: int, birth_month: str) -> list[Line]:
    """Return a line of one for each key, in their order, with the sex and birth month of one person."""
    return [_line(key._replace(sex=sex, birth_month=birth_month), 1) for key in keys]


def _line(key: LineKey, value: int) -> Line:
    return typed(
        Line,
        {
            "population": key.population,
            "area": key.area,
            "on": key.on,
            "measure": key.measure,
            "sex": key.sex,
            "birth_month": key.birth_month or None,
            "parity": key.parity,
            "value": value,
        },
    )
