"""What charts are drawn from: values with their text, and targets. No I/O."""

from collections.abc import Sequence
from dataclasses import dataclass

from renkou_common.errors import Text
from renkou_reporting.outputs.domain import Number, Table


@dataclass(frozen=True, slots=True)
class Point:
    """A value as it is drawn and as it is written: ``…`` where it is hidden, ``— [1]`` where there is none."""

    value: float | None
    text: str

    @classmethod
    def of(cls, table: Table, number: Number) -> "Point":
        """Return the point of a figure; drawing may round, the text does not."""
        return cls(None if number.value is None else float(number.value), table.shown(number))


@dataclass(frozen=True, slots=True)
class Aim:
    """A target: from and to, in the figure's unit; None where there is no bound."""

    low: str | None
    high: str | None

    @property
    def bounds(self) -> list[float]:
        """The bounds to be drawn."""
        return [float(one) for one in (self.low, self.high) if one is not None]

    @property
    def text(self) -> Text:
        """The target in words."""
        if self.low is not None and self.high is not None:
            return Text(f"目标 {self.low}—{self.high}", f"target {self.low} to {self.high}")
        sign = f"≥ {self.low}" if self.low is not None else f"≤ {self.high}"
        return Text(f"目标 {sign}", f"target {sign}")

    def met(self, value: float) -> bool:
        """Whether a drawn value reaches it; only for the look of a mark, scores reckon exactly."""
        return (self.low is None or value >= float(self.low)) and (
            self.high is None or value <= float(self.high)
        )


@dataclass(frozen=True, slots=True)
class Series:
    """Values over one period after the other, with the target of each period."""

    name: str
    points: Sequence[Point]
    aims: Sequence[Aim | None]
