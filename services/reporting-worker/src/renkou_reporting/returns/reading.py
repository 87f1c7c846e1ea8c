"""What came in a sheet: which form, whose, of when; its values, lines and explanations. No I/O."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from renkou_common.sheets.domain import Unreadable, letters
from renkou_reporting.forms.domain import Form
from renkou_reporting.returns.examining import AT, FIRST_LINE, LONGEST_CODE, kept
from renkou_reporting.returns.further_sheets import EXPLAINED, FIRST_RULE_LINE, IDENTITY, MAIN, MARK
from renkou_reporting.returns.schemas import LINE_FIELDS, MAX_LINES

TITLES = (MAIN, EXPLAINED, IDENTITY)
_LONGEST_EXPLANATION = 500
type Grid = Sequence[Sequence[Any]]


@dataclass(frozen=True, slots=True)
class Identity:
    """What a sheet says it is; empty texts where it says nothing."""

    form: str
    version: int
    area: str
    reporter: str
    period: str
    occurrence: str
    title: str
    source: str


def identity_of(grids: Mapping[str, Grid]) -> Identity:
    """Return what a sheet says it is; raises Unreadable for one that was not made here."""
    texts = [_text(row[0]) if row else "" for row in grids.get(IDENTITY, ())]
    texts += [""] * (9 - len(texts))
    if (
        MAIN not in grids
        or texts[0] != MARK
        or not (texts[2].isascii() and texts[2].isdigit() and len(texts[2]) < 6)
    ):
        raise Unreadable(
            "not_a_form",
            "不是本系统下载的报表, 请下载模板填写",
            "this is no sheet of a form; download the template and fill that in",
        )
    _, form, version, *others = texts[:9]
    return Identity(form, int(version), *others)


def content_of_sheet(form: Form, grids: Mapping[str, Grid]) -> dict[str, Any]:
    """Return what stands in a sheet; raises Unreadable where rows or columns were moved."""
    main = grids[MAIN]
    explanations = _explanations(form, grids.get(EXPLAINED, ()))
    if form.definition.open_lines:
        return {"cells": {}, "lines": _lines(main), "explanations": explanations}
    cells = {}
    for key, cell in form.cells.items():
        code = _text(_at(main, cell.line, 0))
        if code != cell.row.code:
            raise Unreadable(
                "sheet_changed",
                f"A{cell.line + 1} 应为 {cell.row.code}, 现为“{code[:20]}”; 行列已被移动, 请重新下载模板",
                f'A{cell.line + 1} has to be {cell.row.code} and is "{code[:20]}": rows or columns were moved; '
                "download the template again",
            )
        text = _text(_at(main, cell.line, cell.place))
        cells[key] = "" if cell.blocked and text == "×" else kept(text)
    return {"cells": cells, "lines": [], "explanations": explanations}


def _lines(main: Grid) -> list[dict[str, Any]]:
    lines: list[dict[str, Any]] = []
    for number, row in enumerate(main[FIRST_LINE - 1 :], FIRST_LINE):
        texts = [_text(cell) for cell in row[: len(LINE_FIELDS)]]
        texts += [""] * (len(LINE_FIELDS) - len(texts))
        if not any(texts) or texts[0].startswith("统计负责人"):
            continue
        if len(lines) == MAX_LINES:
            raise Unreadable("too_many_rows", f"超过 {MAX_LINES} 行", f"more than {MAX_LINES} rows")
        lines.append(_line(texts) | {AT: number})
    return lines


def _line(texts: Sequence[str]) -> dict[str, Any]:
    line: dict[str, Any] = {}
    for name, text in zip(LINE_FIELDS, texts, strict=True):
        if text == "":
            line[name] = None
        elif name in ("population", "measure", "sex"):
            code = text.split()[0]
            number = name == "sex" and code.isascii() and code.isdigit() and len(code) < 4
            line[name] = int(code) if number else kept(code, LONGEST_CODE)
        elif name in ("parity", "value") and text.isascii() and text.isdigit() and len(text) < 16:
            line[name] = int(text)
        else:
            line[name] = text if name == "area" and len(text) <= 12 else kept(text, LONGEST_CODE)
    return line


def _explanations(form: Form, grid: Grid) -> dict[str, str]:
    rules = {rule.code for rule in form.definition.rules}
    found = {}
    for line, row in enumerate(grid[FIRST_RULE_LINE - 1 :], FIRST_RULE_LINE):
        rule = _text(row[0]) if row else ""
        text = _text(row[4]) if len(row) > 4 else ""
        if rule not in rules or not text:
            continue
        if len(text) > _LONGEST_EXPLANATION:
            raise Unreadable(
                "explanation_too_long",
                f"“情况说明”页 {letters(4)}{line} 超过 {_LONGEST_EXPLANATION} 字",
                f"sheet 情况说明, {letters(4)}{line}: longer than {_LONGEST_EXPLANATION} characters",
            )
        found[rule] = text
    return found


def _at(grid: Grid, line: int, place: int) -> Any:
    row = grid[line] if line < len(grid) else ()
    return row[place] if place < len(row) else ""


def _text(cell: Any) -> str:
    """Return a cell as text; a number without the noise of binary fractions."""
    if isinstance(cell, float):
        return format(Decimal(repr(round(cell, 9))).normalize(), "f")
    return str(cell).strip()
