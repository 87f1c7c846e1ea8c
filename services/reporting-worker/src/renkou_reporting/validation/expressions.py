"""The language of rules: exact arithmetic over the cells of a form. No I/O.

    comparison  = sum ("=" | "<>" | "<=" | ">=" | "<" | ">") sum
    sum         = product (("+" | "-") product)*
    product     = signed (("*" | "/") signed)*
    signed      = "-" signed | "(" sum ")" | number | cell | function
    cell        = section "[" place "," place "]"        births[total, male]
    place       = code | code ":" code | "*"             a range only within sum, least, most
    function    = ("sum" | "least" | "most" | "abs") "(" sum ("," sum)* ")"
                | ("last" | "lastyear") "(" cell ")"     the same cell one period, one year earlier

``*`` stands for the same row (first place) or column (second place) wherever a rule has it: the rule is applied
to each in turn. An empty cell counts as 0; where there is no earlier return, or a divisor is 0, there is no value
and the rule does not apply.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from fractions import Fraction
from functools import lru_cache
from typing import Literal

from renkou_common.codes.findings import CodeError

LONGEST = 1000
_DEEPEST = 40
_TOKEN = re.compile(r"\s*(?:(\d+(?:\.\d+)?)|([a-z][a-z0-9_]*)|(<=|>=|<>|[-+*/()\[\],:=<>]))", re.ASCII)
_COMPARISONS = ("=", "<>", "<=", ">=", "<", ">")
_FUNCTIONS = ("sum", "least", "most", "abs")
_EARLIER = {"last": "last", "lastyear": "year"}

type When = Literal["now", "last", "year"]
type Node = Number | Cells | Negative | Operation | Function


class RuleError(CodeError):
    """A rule that cannot be read, or refers to nothing."""


@dataclass(frozen=True, slots=True)
class Number:
    """A number as written."""

    value: Fraction
    text: str

    def __str__(self) -> str:
        return self.text


@dataclass(frozen=True, slots=True)
class Place:
    """A row or column: one code, a range of codes, or ``*`` (both ends)."""

    first: str
    last: str

    def __str__(self) -> str:
        return self.first if self.first == self.last else f"{self.first}:{self.last}"


@dataclass(frozen=True, slots=True)
class Cells:
    """One cell, or several by a range; now, or one period or year earlier."""

    section: str
    row: Place
    column: Place
    when: When = "now"

    def __str__(self) -> str:
        written = f"{self.section}[{self.row}, {self.column}]"
        return {"now": written, "last": f"last({written})", "year": f"lastyear({written})"}[self.when]


@dataclass(frozen=True, slots=True)
class Negative:
    """Minus something."""

    of: Node

    def __str__(self) -> str:
        return f"-{self.of}" if not isinstance(self.of, Operation) else f"-({self.of})"


@dataclass(frozen=True, slots=True)
class Operation:
    """Two things added, subtracted, multiplied or divided."""

    left: Node
    sign: str
    right: Node

    def __str__(self) -> str:
        left, right = str(self.left), str(self.right)
        if self.sign in "*/" and isinstance(self.left, Operation) and self.left.sign in "+-":
            left = f"({left})"
        if isinstance(self.right, Operation) and (self.sign in "*/" or self.right.sign in "+-"):
            right = f"({right})"
        return f"{left} {self.sign} {right}"


@dataclass(frozen=True, slots=True)
class Function:
    """A function of one or more things."""

    name: str
    of: tuple[Node, ...]

    def __str__(self) -> str:
        return f"{self.name}({', '.join(str(one) for one in self.of)})"


@dataclass(frozen=True, slots=True)
class Comparison:
    """What a check says."""

    left: Node
    sign: str
    right: Node

    def __str__(self) -> str:
        return f"{self.left} {self.sign} {self.right}"


class _Reader:
    """Reads tokens one after the other."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._at = 0
        self._depth = 0

    def done(self) -> bool:
        return self._at == len(self._tokens)

    def peek(self) -> str:
        return self._tokens[self._at] if not self.done() else ""

    def take(self) -> str:
        token = self.peek()
        self._at += 1
        return token

    def expect(self, token: str) -> None:
        if self.peek() != token:
            raise _unread(f"应为 “{token}”", f'"{token}" expected', self.peek())
        self._at += 1

    def name(self) -> str:
        if not self.peek()[:1].isalpha():
            raise _unread("应为代码", "a code expected", self.peek())
        return self.take()

    def comparison(self) -> Comparison:
        left = self.sum()
        if self.peek() not in _COMPARISONS:
            raise _unread("应为比较符号", "a comparison (= <> <= >= < >) expected", self.peek())
        sign = self.take()
        return Comparison(left, sign, self.sum())

    def sum(self) -> Node:
        self._depth += 1
        if self._depth > _DEEPEST:
            raise RuleError("rule_too_deep", "公式嵌套过深", "the rule is nested too deeply")
        found = self._chain("+-", lambda: self._chain("*/", self._signed))
        self._depth -= 1
        return found

    def _chain(self, signs: str, part: Callable[[], Node]) -> Node:
        found = part()
        while self.peek() and self.peek() in signs:
            sign = self.take()
            found = Operation(found, sign, part())
        return found

    def _signed(self) -> Node:
        written = self.peek()
        if written == "-":
            self.take()
            self._depth += 1
            if self._depth > _DEEPEST:
                raise RuleError("rule_too_deep", "公式嵌套过深", "the rule is nested too deeply")
            found: Node = Negative(self._signed())
            self._depth -= 1
            return found
        if written == "(":
            self.take()
            found = self.sum()
            self.expect(")")
            return found
        if written[:1].isdigit():
            return Number(Fraction(self.take()), written)
        return self._named()

    def _named(self) -> Node:
        name = self.name()
        if self.peek() == "[":
            return self._cells(name, "now")
        if name in _EARLIER:
            self.expect("(")
            found = self._cells(self.name(), "last" if name == "last" else "year")
            self.expect(")")
            return found
        if name not in _FUNCTIONS:
            raise _unread("未知的函数", "no such function", name)
        self.expect("(")
        parts = [self.sum()]
        while self.peek() == ",":
            self.take()
            parts.append(self.sum())
        self.expect(")")
        return Function(name, tuple(parts))

    def _cells(self, section: str, when: When) -> Cells:
        self.expect("[")
        row = self._place()
        self.expect(",")
        column = self._place()
        self.expect("]")
        return Cells(section, row, column, when)

    def _place(self) -> Place:
        if self.peek() == "*":
            self.take()
            return Place("*", "*")
        first = self.name()
        if self.peek() != ":":
            return Place(first, first)
        self.take()
        return Place(first, self.name())


def _tokens(text: str) -> Iterator[str]:
    at, end = 0, len(text.rstrip())
    if end > LONGEST:
        raise RuleError("rule_too_long", f"公式超过 {LONGEST} 字符", f"longer than {LONGEST} characters")
    while at < end:
        found = _TOKEN.match(text, at)
        if found is None:
            raise _unread("无法识别", "not understood", text[at : at + 10].strip())
        yield found[found.lastindex or 0]
        at = found.end()


def _unread(zh: str, en: str, at: str) -> RuleError:
    return RuleError(
        "rule_unread",
        f"公式有误: {zh}, 于 “{at or '末尾'}”",
        f'the rule is wrong: {en}, at "{at or "the end"}"',
    )


@lru_cache(maxsize=2000)
def parse_comparison(text: str) -> Comparison:
    """Return what a check says; raises RuleError."""
    reader = _Reader(text)
    found = reader.comparison()
    _finish(reader)
    return found


@lru_cache(maxsize=2000)
def parse_value(text: str) -> Node:
    """Return an expression with a value; raises RuleError."""
    reader = _Reader(text)
    found = reader.sum()
    _finish(reader)
    return found


def _finish(reader: _Reader) -> None:
    if not reader.done():
        raise _unread("多余的内容", "something is left over", reader.peek())


def cells_in(node: Node | Comparison, within_function: bool = False) -> Iterator[tuple[Cells, bool]]:
    """Yield every reference to cells, and whether it stands within a function of several values."""
    match node:
        case Cells():
            yield node, within_function
        case Negative():
            yield from cells_in(node.of)
        case Operation() | Comparison():
            yield from cells_in(node.left)
            yield from cells_in(node.right)
        case Function():
            for one in node.of:
                yield from cells_in(one, node.name != "abs")
        case Number():
            pass
