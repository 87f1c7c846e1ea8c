"""The value of an expression over the cells of a return: exact fractions, or none. No I/O."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from decimal import Decimal
from fractions import Fraction

from renkou_reporting.validation.expressions import Cells, Function, Negative, Node, Number, Operation, Place

type Values = Mapping[str, Decimal | None]
"""Values by cell key; None: empty. A key that is absent: the form had no such cell then."""
type Grid = Mapping[str, tuple[tuple[str, ...], tuple[str, ...]]]


@dataclass(frozen=True, slots=True)
class Setting:
    """What an expression is evaluated over: the grid of the form, the values now, one period and one year ago,
    and the row and column that ``*`` stands for.
    """

    grid: Grid
    now: Values
    last: Values | None = None
    year: Values | None = None
    row: str = ""
    column: str = ""

    def keys(self, cells: Cells) -> Iterator[str]:
        """Yield the keys that a reference means, in the order of the form."""
        rows, columns = self.grid[cells.section]
        for row in _range(rows, cells.row, self.row):
            for column in _range(columns, cells.column, self.column):
                yield f"{cells.section}.{row}.{column}"

    def values(self, cells: Cells) -> Iterator[Fraction | None]:
        """Yield the values of a reference; None where there was no such return or cell."""
        of = {"now": self.now, "last": self.last, "year": self.year}[cells.when]
        for key in self.keys(cells):
            if of is None or (cells.when != "now" and key not in of):
                yield None
            else:
                yield Fraction(of.get(key) or 0)


def _range(codes: tuple[str, ...], place: Place, bound: str) -> tuple[str, ...]:
    if place.first == "*":
        return (bound,)
    return codes[codes.index(place.first) : codes.index(place.last) + 1]


def evaluate(node: Node, setting: Setting) -> Fraction | None:
    """Return the value of an expression, None where it has none."""
    match node:
        case Number():
            return node.value
        case Cells():
            return next(setting.values(node))
        case Negative():
            value = evaluate(node.of, setting)
            return None if value is None else -value
        case Operation():
            return _operate(evaluate(node.left, setting), node.sign, evaluate(node.right, setting))
        case Function():
            return _apply(node, setting)


def _operate(left: Fraction | None, sign: str, right: Fraction | None) -> Fraction | None:
    if left is None or right is None:
        return None
    match sign:
        case "+":
            return left + right
        case "-":
            return left - right
        case "*":
            return left * right
        case _:
            return left / right if right else None


def _apply(node: Function, setting: Setting) -> Fraction | None:
    values: list[Fraction] = []
    for one in node.of:
        parts = setting.values(one) if isinstance(one, Cells) else iter((evaluate(one, setting),))
        for part in parts:
            if part is None:
                return None
            values.append(part)
    match node.name:
        case "sum":
            return sum(values, Fraction())
        case "least":
            return min(values)
        case "most":
            return max(values)
        case _:
            return abs(values[0])


def holds(left: Fraction, sign: str, right: Fraction) -> bool:
    """Say whether a comparison holds."""
    match sign:
        case "=":
            return left == right
        case "<>":
            return left != right
        case "<=":
            return left <= right
        case ">=":
            return left >= right
        case "<":
            return left < right
        case _:
            return left > right
