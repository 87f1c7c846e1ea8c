"""Tables for tests of files, made by hand."""

from collections.abc import Callable, Sequence
from datetime import datetime

from renkou_common.clock import SHANGHAI
from renkou_common.codes.period import Period
from renkou_common.contracts.lines import Population
from renkou_common.errors import Text
from renkou_reporting.outputs.domain import (
    Column,
    Dims,
    Heading,
    Number,
    Origin,
    Place,
    Position,
    State,
    Table,
)

DISTRICT = Place("340103", "庐阳区")
MADE = datetime(2026, 12, 31, tzinfo=SHANGHAI)
NO_DENOMINATOR = Text("分母为零，无法计算", "The denominator is zero; there is no value")


def heading(
    code: str = "birth_rate", zh: str = "出生率", unit: str = "‰", digits: int = 2, dims: Dims | None = None
) -> Heading:
    return Heading(
        code, 1, Text(zh, code.replace("_", " ")), unit, digits, dims or Dims(),
        Text(f"{zh}的定义。", f"What {code} says."), Text("户口与常住登记", "the register of residents"),
    )  # fmt: skip


def communities(number: int) -> list[Place]:
    """The district and communities below it."""
    return [DISTRICT, *(Place(f"340103001{each:03d}", f"第{each}社区") for each in range(1, number))]


def months(number: int, year: int = 2026) -> list[Column]:
    periods = [Period.parse(f"{year + each // 12}-{each % 12 + 1:02d}") for each in range(number)]
    return [Column(one, one.end) for one in periods]


def shown(value: str) -> Number:
    return Number("12", "1000", value)


def absent(reason: Text = NO_DENOMINATOR) -> Number:
    return Number("0", "0", None, State.ABSENT, reason)


def table(
    headings: Sequence[Heading],
    areas: Sequence[Place],
    columns: Sequence[Column],
    value: Callable[[Position], Number],
    *,
    version: int | None = None,
) -> Table:
    places = [
        Position(number, area, when)
        for number in range(len(headings))
        for area in range(len(areas))
        for when in range(len(columns))
    ]
    origin = Origin({"registry": 1234, "migrant": 99}, MADE, version, "ab" * 32 if version else None)
    numbers = {at: value(at) for at in places}
    return Table(areas[0], Population.RESIDENT, headings, areas, columns, numbers, origin)


def plain(at: Position) -> Number:
    """A value of its own for each position."""
    return shown(f"{at.heading * 100 + at.area + at.column / 100:.2f}")
