"""The language of rules: what is written is read, what is read means what arithmetic says, nonsense is refused."""

from collections.abc import Mapping
from decimal import Decimal
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkou_reporting.validation.evaluating import Setting, evaluate
from renkou_reporting.validation.expressions import (
    Cells,
    Comparison,
    Function,
    Negative,
    Node,
    Number,
    Operation,
    Place,
    RuleError,
    parse_comparison,
    parse_value,
)

ROWS, COLUMNS = ("a", "b", "c"), ("m", "f")
GRID = {"s": (ROWS, COLUMNS), "t": (ROWS, COLUMNS)}
VALUES = st.fixed_dictionaries(
    {
        f"{section}.{row}.{column}": st.integers(-50, 50).map(Decimal)
        for section in GRID
        for row in ROWS
        for column in COLUMNS
    }
)


def _places(codes: tuple[str, ...]) -> st.SearchStrategy[Place]:
    return st.sampled_from([Place(code, code) for code in codes] + [Place("*", "*")])


def _ranges(codes: tuple[str, ...]) -> st.SearchStrategy[Place]:
    pairs = [(a, b) for i, a in enumerate(codes) for b in codes[i:]]
    return st.sampled_from([Place(a, b) for a, b in pairs])


CELLS = st.builds(
    Cells,
    st.sampled_from(tuple(GRID)),
    _places(ROWS),
    _places(COLUMNS),
    st.sampled_from(("now", "last", "year")),
)
RANGES = st.builds(Cells, st.sampled_from(tuple(GRID)), _ranges(ROWS), _ranges(COLUMNS))
NUMBERS = st.decimals(0, 999, places=2).map(lambda number: Number(Fraction(number), format(number, "f")))


def _larger(inner: st.SearchStrategy[Node]) -> st.SearchStrategy[Node]:
    return st.one_of(
        st.builds(Negative, inner),
        st.builds(Operation, inner, st.sampled_from("+-*/"), inner),
        st.builds(
            Function,
            st.sampled_from(("sum", "least", "most")),
            st.lists(st.one_of(inner, RANGES), min_size=1, max_size=3).map(tuple),
        ),
        st.builds(Function, st.just("abs"), inner.map(lambda one: (one,))),
    )


NODES: st.SearchStrategy[Node] = st.recursive(st.one_of(NUMBERS, CELLS), _larger, max_leaves=8)


def independently(node: Node, setting: Setting) -> Fraction | None:
    """What an expression means, computed by Python's own parser from the text that is shown to people."""
    values: dict[str, list[Fraction]] = {}

    def cells(section: str, row: str, column: str, when: str) -> list[Fraction]:
        source: Mapping[str, Decimal | None] | None = {
            "now": setting.now,
            "last": setting.last,
            "year": setting.year,
        }[when]
        if source is None:
            raise LookupError
        rows = [setting.row] if row == "*" else list(ROWS)[_slice(ROWS, row)]
        columns = [setting.column] if column == "*" else list(COLUMNS)[_slice(COLUMNS, column)]
        return [Fraction(source[f"{section}.{r}.{c}"] or 0) for r in rows for c in columns]

    def text(one: Node) -> str:
        match one:
            case Number():
                return f"Fraction('{one.text}')"
            case Cells():
                name = f"v{len(values)}"
                values[name] = cells(one.section, str(one.row), str(one.column), one.when)
                return f"*{name}"
            case Negative():
                return f"(-{single(one.of)})"
            case Operation():
                return f"({single(one.left)} {one.sign} {single(one.right)})"
            case Function():
                name = {"sum": "add", "least": "min", "most": "max", "abs": "absolute"}[one.name]
                return f"{name}([{', '.join(text(each) for each in one.of)}])"

    def single(one: Node) -> str:
        written = text(one)
        return f"{written[1:]}[0]" if written.startswith("*") else written

    try:
        names = {"Fraction": Fraction, "add": sum, "min": min, "max": max, "absolute": lambda of: abs(of[0])}
        written = single(node)
        return Fraction(eval(written, names | values))  # the text is made above, from a closed grammar
    except (LookupError, ZeroDivisionError):
        return None


def _slice(codes: tuple[str, ...], written: str) -> slice:
    first, _, last = written.partition(":")
    return slice(codes.index(first), codes.index(last or first) + 1)


@given(NODES)
def test_an_expression_shown_to_people_is_read_as_the_same(node: Node) -> None:
    assert evaluate_both(node, parse_value(str(node)))


def evaluate_both(one: Node, other: Node) -> bool:
    now = {
        f"{s}.{r}.{c}": Decimal(n * n - 7)
        for s in GRID
        for n, (r, c) in enumerate((r, c) for r in ROWS for c in COLUMNS)
    }
    setting = Setting(GRID, now, now, now, "a", "f")
    return evaluate(one, setting) == evaluate(other, setting)


@given(NODES, VALUES, st.none() | VALUES, st.none() | VALUES, st.sampled_from(ROWS), st.sampled_from(COLUMNS))
def test_an_expression_means_what_arithmetic_says(
    node: Node,
    now: dict[str, Decimal],
    last: dict[str, Decimal] | None,
    year: dict[str, Decimal] | None,
    row: str,
    column: str,
) -> None:
    setting = Setting(GRID, now, last, year, row, column)
    assert evaluate(node, setting) == independently(node, setting)


@given(st.text(max_size=60) | st.text(alphabet="st[]abc,:*+-/()<>= 0.1lastumf", max_size=60))
def test_any_text_is_read_or_refused_with_a_reason(text: str) -> None:
    for parse in (parse_value, parse_comparison):
        try:
            found = parse(text)
        except RuleError as refusal:
            told = refusal.zh and refusal.en
        else:
            told = "read"
            assert isinstance(found, Comparison) or str(parse_value(str(found))) == str(found)
        assert told


@pytest.mark.parametrize("text", ["(" * 500 + "1" + ")" * 500, "-" * 900 + "1", "1 + " * 400 + "1"])
def test_what_is_too_long_or_too_deep_is_refused(text: str) -> None:
    with pytest.raises(RuleError):
        parse_value(text)


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("1 - 2 - 3", -4),
        ("12 / 3 / 2", 2),
        ("2 + 3 * 4", 14),
        ("-(2 + 3) * 4", -20),
        ("sum(s[a:c, m:f])", 21),
        ("most(s[a:c, m]) - least(s[a:c, m])", 4),
        ("abs(s[a, m] - s[c, f])", 5),
        ("s[*, m] + s[a, *]", 5),
    ],
)
def test_expressions_that_forms_use(text: str, value: int) -> None:
    now = {
        f"s.{row}.{column}": Decimal(n + 1)
        for n, (row, column) in enumerate((r, c) for r in ROWS for c in COLUMNS)
    }
    assert evaluate(parse_value(text), Setting(GRID, now, row="b", column="f")) == value


def test_without_an_earlier_return_or_a_divisor_there_is_no_value() -> None:
    now = {f"s.{row}.{column}": Decimal(0) for row in ROWS for column in COLUMNS}
    for text in ("last(s[a, m])", "sum(s[a:c, m], lastyear(s[a, m]))", "1 / s[a, m]", "-last(s[a, m])"):
        assert evaluate(parse_value(text), Setting(GRID, now)) is None
    earlier = {key: value for key, value in now.items() if key != "s.a.m"}
    assert evaluate(parse_value("last(s[a, m])"), Setting(GRID, now, earlier)) is None
    assert evaluate(parse_value("last(s[b, m])"), Setting(GRID, now, earlier)) == 0
