"""What is wrong with a form before it may be used. No I/O."""

from collections.abc import Iterator, Mapping, Set
from decimal import Decimal

from renkou_common.errors import FieldError, Text
from renkou_reporting.forms.domain import MAXIMUM_CELLS, Cell, Definition, Form
from renkou_reporting.validation.domain import rule_errors

type Known = Mapping[str, Set[str]]
"""Measures by code with the populations that they are counted over."""


def definition_errors(definition: Definition, known: Known) -> Iterator[FieldError]:
    """Yield everything that is wrong: codes twice, traits that contradict, unknown measures, wrong rules."""
    if bool(definition.sections) == definition.open_lines:
        yield _error("/sections", "sections", "表格或逐行填报须有且仅有一种", "either sections or open lines")
        return
    if sum(len(one.rows) * len(one.columns) for one in definition.sections) > MAXIMUM_CELLS:
        zh, en = f"超过 {MAXIMUM_CELLS} 格", f"more than {MAXIMUM_CELLS} cells"
        yield _error("/sections", "too_many_cells", zh, en)
        return
    if definition.valid_from and definition.valid_to and definition.valid_from > definition.valid_to:
        yield _error("/valid_to", "valid_to", "止于起之前", "ends before it begins")
    yield from _twice(definition)
    yield from _measure_errors(definition, known)
    measures = {**known, **{one.code: set(one.populations) for one in definition.measures}}
    for number, section in enumerate(definition.sections):
        for row in section.rows:
            for column in section.columns:
                yield from _contradiction(number, definition, row.code, column.code)
    form = Form(definition, 0)
    counted: dict[tuple[object, ...], Cell] = {}
    for cell in form.cells.values():
        yield from _cell_errors(definition, cell, measures)
        if cell.measure is not None and not cell.blocked:
            key = (cell.measure, cell.population, cell.sex, cell.parity, cell.detail)
            if (other := counted.setdefault(key, cell)) is not cell:
                yield _counted_twice(definition, cell, other)
    for number, rule in enumerate(definition.rules):
        for member, error in rule_errors(rule, form.grid):
            yield _error(f"/rules/{number}/{member}", error.code, error.zh, error.en)


def _twice(definition: Definition) -> Iterator[FieldError]:
    for pointer, codes in (
        ("/sections", [one.code for one in definition.sections]),
        ("/rules", [one.code for one in definition.rules]),
        ("/measures", [one.code for one in definition.measures]),
        *((f"/sections/{n}/rows", [r.code for r in one.rows]) for n, one in enumerate(definition.sections)),
        *(
            (f"/sections/{n}/columns", [c.code for c in one.columns])
            for n, one in enumerate(definition.sections)
        ),
    ):
        for code in sorted({code for code in codes if codes.count(code) > 1}):
            yield _error(pointer, "code_twice", f"代码 {code} 重复", f"the code {code} stands there twice")
    for number, section in enumerate(definition.sections):
        rows, columns = {row.code for row in section.rows}, {column.code for column in section.columns}
        for at, cell in enumerate(section.cells):
            if cell.row not in rows or cell.column not in columns:
                yield _error(
                    f"/sections/{number}/cells/{at}", "no_such_cell", "没有该单元格", "there is no such cell"
                )


def _measure_errors(definition: Definition, known: Known) -> Iterator[FieldError]:
    populations = {name for names in known.values() for name in names}
    for number, one in enumerate(definition.measures):
        if one.code in known:
            yield _error(
                f"/measures/{number}/code",
                "measure_known",
                f"指标 {one.code} 已存在",
                f"the measure {one.code} exists already",
            )
        for name in one.populations:
            if name not in populations:
                yield _error(
                    f"/measures/{number}/populations",
                    "population_unknown",
                    f"未知的统计人口 {name}, 可用 {', '.join(sorted(populations))}",
                    f"unknown population {name}; allowed: {', '.join(sorted(populations))}",
                )


def _contradiction(number: int, definition: Definition, row: str, column: str) -> Iterator[FieldError]:
    section = definition.sections[number]
    down = next(one for one in section.rows if one.code == row).stated()
    across = next(one for one in section.columns if one.code == column).stated()
    own = section.special.get((row, column))
    settled = own.stated() if own else {}
    for trait in sorted((down.keys() & across.keys()) - settled.keys() - {"counted"}):
        if down[trait] != across[trait]:
            yield _error(
                f"/sections/{number}/cells",
                "traits_contradict",
                f"{row} 行与 {column} 列的 {trait} 不一致, 请在 cells 中指明",
                f"row {row} and column {column} state different {trait}; settle it in cells",
            )


def _cell_errors(definition: Definition, cell: Cell, measures: Known) -> Iterator[FieldError]:
    number = definition.sections.index(cell.section)
    pointer = f"/sections/{number}/cells"
    where = cell.named
    if cell.low > cell.high:
        yield _error(pointer, "range", f"{where.zh}: 下限大于上限", f"{where.en}: low is above high")
    if cell.measure is None or cell.blocked:
        return
    if cell.measure not in measures:
        yield _error(
            pointer,
            "measure_unknown",
            f"{where.zh}: 未知的指标 {cell.measure}",
            f"{where.en}: there is no measure {cell.measure}",
        )
        return
    if cell.population not in measures[cell.measure]:
        allowed = ", ".join(sorted(measures[cell.measure]))
        yield _error(
            pointer,
            "measure_of_population",
            f"{where.zh}: 指标 {cell.measure} 的统计人口应为 {allowed}",
            f"{where.en}: {cell.measure} is counted over {allowed}",
        )
    if cell.scale * Decimal(1).scaleb(-cell.digits) % 1:
        yield _error(
            pointer,
            "scale",
            f"{where.zh}: {cell.digits} 位小数乘以 {cell.scale} 不是整数",
            f"{where.en}: {cell.digits} decimals times {cell.scale} is no whole number",
        )


def _counted_twice(definition: Definition, cell: Cell, other: Cell) -> FieldError:
    return _error(
        f"/sections/{definition.sections.index(cell.section)}/cells",
        "counted_twice",
        f"{cell.named.zh} 与 {other.named.zh} 计入同一指标、人口、性别、孩次和细分",
        f"{cell.named.en} and {other.named.en} count into the same measure, population, sex, parity and detail",
    )


def _error(pointer: str, code: str, zh: str, en: str) -> FieldError:
    return FieldError(pointer, code, Text(zh, en))
