"""A return's content against its form: what is wrong in single cells, what the rules find, what it counts. No I/O."""

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from hashlib import sha256
from typing import Any

from pydantic import ValidationError

from renkou_common.codes.area import AreaCode, AreaCodeError
from renkou_common.codes.period import Period
from renkou_common.codes.text import half_width
from renkou_common.contracts.lines import Measure
from renkou_common.errors import FieldError, Text
from renkou_common.http.problems import field_error
from renkou_common.sheets.domain import letters
from renkou_reporting.facts.domain import birth_month_number, month_number
from renkou_reporting.forms.checking import Known
from renkou_reporting.forms.domain import Cell, Form
from renkou_reporting.returns.domain import Count
from renkou_reporting.returns.schemas import LINE_FIELDS, ReturnLine
from renkou_reporting.validation.domain import Finding, Past, Severity, Skipped, findings
from renkou_reporting.validation.evaluating import Values

FIRST_LINE = 8
"""The line of a sheet (from 1) on which an open list begins."""
AT = "at"
"""Under this name a line that came in a sheet keeps the line on which it stood."""
_EARLIEST_BIRTH_YEAR = 1880
_NUMBER = re.compile(r"-?\d{1,15}(\.\d{1,9})?", re.ASCII)
_LONG = re.compile(r"\d{7,}")
_SHOWN = 20
LONGEST_CODE = 40


@dataclass(frozen=True, slots=True)
class Place:
    """Where a return belongs: its area and its period."""

    area: AreaCode
    period: Period


@dataclass(frozen=True, slots=True)
class Found:
    """A finding in a return: its code (of a rule, or of a single cell's fault), the cells by pointer into the
    content and by address in the sheet, and whether it is explained.
    """

    code: str
    severity: Severity
    pointers: tuple[str, ...]
    addresses: tuple[str, ...]
    text: Text
    explanation: str | None = None

    @property
    def refuses(self) -> bool:
        """Whether the return cannot be handed in like this."""
        return self.severity is Severity.HARD or self.explanation is None

    def as_error(self) -> FieldError:
        """Return the finding as an error of a request."""
        if self.severity is Severity.HARD:
            return FieldError(self.pointers[0], self.code, self.text)
        asked = Text(f"{self.text.zh}。请书面说明", f"{self.text.en}. Explain in writing")
        return FieldError(f"/explanations/{self.code}", "explanation_required", asked)


@dataclass(frozen=True, slots=True)
class Examined:
    """What a content holds: values by cell, counts for the figures, and everything found."""

    values: Values
    counts: list[Count]
    found: list[Found]


def kept(text: str, limit: int = _SHOWN) -> str:
    """Return what is kept of an entry: numbers in their shortest form, other text cut, without long numbers."""
    text = half_width(text).strip().replace(",", "").replace(" ", "")
    if _NUMBER.fullmatch(text):
        return format((Decimal(text) + 0).normalize(), "f")
    return _LONG.sub("*", text)[:limit].strip()


def examine(form: Form, content: Mapping[str, Any], past: Past, place: Place, known: Known) -> Examined:
    """Return what a content means and everything that is wrong or odd in it."""
    if form.definition.open_lines:
        counts, found = _examine_lines(content["lines"], place, known)
        return Examined({}, counts, found)
    values = _values(form, content)
    found = []
    for key, cell in form.cells.items():
        fault = _cell_error(cell, content["cells"].get(key, ""))
        if fault is not None:
            code, what = fault
            named = Text(f"{cell.named.zh}: {what.zh}", f"{cell.named.en}: {what.en}")
            found.append(Found(code, Severity.HARD, (f"/cells/{key}",), (cell.address,), named))
    wrong = frozenset(one.pointers[0].removeprefix("/cells/") for one in found)
    ruled = findings(
        form.definition.rules,
        form.grid,
        Skipped(form.blocked, wrong),
        values,
        past,
        lambda key: form.cells[key].named,
    )
    found += _with_explanations(form, ruled, content.get("explanations", {}))
    return Examined(values, [] if found and _unreadable(found) else _counts(form, values, place), found)


def counts_of(form: Form, content: Mapping[str, Any], place: Place) -> list[Count]:
    """Return what a content that was found good counts."""
    if form.definition.open_lines:
        return _examine_lines(content["lines"], place, {})[0]
    return _counts(form, _values(form, content), place)


def _values(form: Form, content: Mapping[str, Any]) -> dict[str, Decimal | None]:
    entered = ((key, content["cells"].get(key, "")) for key in form.cells)
    return {key: Decimal(text) if _NUMBER.fullmatch(text) else None for key, text in entered}


def _unreadable(found: Sequence[Found]) -> bool:
    return any(one.severity is Severity.HARD for one in found)


def _cell_error(cell: Cell, text: str) -> tuple[str, Text] | None:
    if text == "":
        if cell.required and not cell.blocked:
            return "value_missing", Text("必填项为空, 没有的填 0", "empty; enter 0 where there is none")
        return None
    if cell.blocked:
        return "cell_blocked", Text("此格不填", "nothing stands in this cell")
    if not _NUMBER.fullmatch(text):
        return "not_a_number", Text(f"“{text}”不是数字", f'"{text}" is no number')
    if -min(int(Decimal(text).normalize().as_tuple().exponent), 0) > cell.digits:
        if cell.digits == 0:
            return "not_whole", Text(f"{text} 应为整数", f"{text} must be a whole number")
        return "decimals", Text(
            f"{text} 超过 {cell.digits} 位小数", f"{text} has more than {cell.digits} decimals"
        )
    if not cell.low <= Decimal(text) <= cell.high:
        low, high = format(cell.low, "f"), format(cell.high, "f")
        return "out_of_range", Text(
            f"{text} 应在 {low} 至 {high} 之间", f"{text} must lie between {low} and {high}"
        )
    return None


def _with_explanations(
    form: Form, ruled: Sequence[Finding], explanations: Mapping[str, Any]
) -> Iterator[Found]:
    told = about(ruled)
    for one in ruled:
        given = explanations.get(one.rule)
        explained = one.severity is Severity.SOFT and given is not None and given["about"] == told[one.rule]
        yield Found(
            one.rule,
            one.severity,
            tuple(f"/cells/{key}" for key in one.cells),
            tuple(form.cells[key].address for key in one.cells),
            one.text,
            given["text"] if given is not None and explained else None,
        )


def about(ruled: Sequence[Finding | Found]) -> dict[str, str]:
    """Return for each rule what an explanation is about: a digest of what was found, numbers and all."""
    told: dict[str, list[str]] = {}
    for one in ruled:
        told.setdefault(one.rule if isinstance(one, Finding) else one.code, []).append(one.text.en)
    return {rule: sha256("\n".join(texts).encode()).hexdigest()[:32] for rule, texts in told.items()}


def _counts(form: Form, values: Values, place: Place) -> list[Count]:
    on = form.definition.counted_on(place.period)
    return [
        Count(
            place.area.key,
            on,
            cell.population or "",
            cell.measure,
            cell.sex,
            0,
            cell.parity,
            int(value * cell.scale),
            cell.detail,
        )
        for key, cell in form.cells.items()
        if cell.measure is not None and (value := values[key])
    ]


def _examine_lines(
    lines: Sequence[Mapping[str, Any]], place: Place, known: Known
) -> tuple[list[Count], list[Found]]:
    counts: list[Count] = []
    found: list[Found] = []
    if not lines:
        nothing = Text("没有填报任何数", "no count was entered")
        found.append(Found("value_missing", Severity.HARD, ("/lines",), (f"A{FIRST_LINE}",), nothing))
    for number, raw in enumerate(lines):
        for wrong in _line_errors(raw, place, known, counts):
            name = wrong.pointer.split("/")[1]
            column = letters(LINE_FIELDS.index(name)) if name in LINE_FIELDS else "A"
            address = f"{column}{raw.get(AT, FIRST_LINE + number)}"
            named = Text(f"第 {number + 1} 行 ({address}): {wrong.text.zh}", f"line {number + 1} ({address}): "
                         f"{wrong.text.en}")  # fmt: skip
            found.append(
                Found(wrong.code, Severity.HARD, (f"/lines/{number}{wrong.pointer}",), (address,), named)
            )
    return counts, found


def _line_errors(
    raw: Mapping[str, Any], place: Place, known: Known, counts: list[Count]
) -> Iterator[FieldError]:
    """Yield what is wrong with a line, and add what it counts."""
    try:
        line = ReturnLine.model_validate(
            {name: raw[name] for name in LINE_FIELDS if raw.get(name) is not None}
        )
    except ValidationError as error:
        for one in error.errors():
            yield field_error(one["type"], one["loc"], one.get("ctx", {}), one["msg"])
        return
    key = 0
    try:
        area = AreaCode.parse(line.area)
        key = area.key
        if not place.area.contains(area):
            yield _error("/area", "area_outside", f"应属于 {place.area}", f"must lie within {place.area}")
    except AreaCodeError as error:
        yield _error("/area", error.code, error.zh, error.en)
    count = Count(
        key,
        line.on,
        line.population.value,
        line.measure,
        line.sex,
        birth_month_number(line.birth_month),
        line.parity,
        line.value,
        line.detail,
    )
    counts.append(count)
    yield from _count_errors(count, place.period, known)


def _count_errors(count: Count, period: Period, known: Known) -> Iterator[FieldError]:
    if not period.contains(count.happened_on):
        yield _error("/on", "on_outside", f"日期应在 {period} 内", f"must be a day of {period}")
    if count.population not in known.get(count.measure, ()):
        allowed = ", ".join(sorted(code for code, over in known.items() if count.population in over))
        yield _error(
            "/measure",
            "measure_of_population",
            f"{count.population} 只能填 {allowed}",
            f"{count.population} takes only {allowed}",
        )
    if count.parity and count.measure in _WITHOUT_PARITY:
        yield _error("/parity", "parity_of_birth", "只有出生有孩次", "only births have a parity")
    if count.birth_month and not _birth_month_is_possible(count.birth_month, count.happened_on):
        yield _error(
            "/birth_month",
            "birth_month",
            "出生年月有误或晚于填报日期",
            "is no month, or lies after the day of the line",
        )


_WITHOUT_PARITY = frozenset(measure.value for measure in Measure) - {Measure.BIRTH.value}


def _birth_month_is_possible(birth_month: int, on: date) -> bool:
    in_calendar = 1 <= birth_month % 100 <= 12 and birth_month // 100 >= _EARLIEST_BIRTH_YEAR
    return in_calendar and birth_month <= month_number(on)


def _error(pointer: str, code: str, zh: str, en: str) -> FieldError:
    return FieldError(pointer, code, Text(zh, en))
