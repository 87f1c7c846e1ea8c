"""A table as one printed page: the smallest paper on which it can be read, A4 before A3. No I/O.

What does not fit on A3 in letters of 6 points is refused with what would fit: the sheet prints over several pages.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from renkou_common.errors import Text
from renkou_reporting.outputs.domain import Table
from renkou_reporting.outputs.form import Form, foot
from renkou_reporting.outputs.layout import Box, Layout, laid_out
from renkou_reporting.outputs.scene import GREY, INK, POINT, Lettering, Scene

_A4, _A3 = (210.0, 297.0), (297.0, 420.0)
_PAPERS = (_A4[::-1], _A4, _A3[::-1], _A3)
_SIZES = (9.5, 9.0, 8.5, 8.0, 7.5, 7.0, 6.5, 6.0)
_READABLE = 6.5
"""Larger paper is taken before letters become smaller than this."""
_MARGIN, _PAD = 12.0, 1.3
_WIDEST_STUB, _WIDEST_COLUMN = 58.0, 34.0
_HEAD_FILL, _EDGE = (233, 240, 248), (120, 120, 120)
_NOTE = 7.0


class TooLarge(Exception):
    """The table does not fit on one page."""


@dataclass(frozen=True, slots=True)
class _Fitted:
    """A table measured for a paper and a size of letters."""

    paper: tuple[float, float]
    size: float
    widths: tuple[float, ...]
    heads: tuple[float, ...]
    row: float
    notes: tuple[str, ...]


def page(lettering: Lettering, table: Table, form: Form) -> Scene:
    """Return a table's page; raises TooLarge."""
    layout = laid_out(table)
    fitted = _fitted(lettering, table, layout)
    scene = Scene(*fitted.paper, lettering, table.title.zh)
    y = _top(scene, table, form)
    left = (scene.width - sum(fitted.widths)) / 2
    edges = [left]
    for width in fitted.widths:
        edges.append(edges[-1] + width)
    y = _heading(scene, layout, fitted, edges, y)
    y = _rows(scene, table, layout, fitted, edges, y)
    y += 4.2
    for line in fitted.notes:
        scene.write(_MARGIN, y, line, _NOTE, GREY)
        y += _NOTE * POINT * 1.4
    scene.write(_MARGIN, y + 4, foot(), _foot_size(scene), INK)
    return scene


def choices(lettering: Lettering, table: Table) -> tuple[int, int, int]:
    """Return how many of its areas, of its periods or of its indicators, the first ones, fit on a page with all else.

    0 where not even one does.
    """
    sizes = (len(table.areas), len(table.columns), len(table.headings))
    found = []
    for axis, size in enumerate(sizes):
        low, high = 0, size - 1
        while low < high:
            middle = (low + high + 1) // 2
            kept = tuple(middle if each == axis else whole for each, whole in enumerate(sizes))
            if _fits(lettering, _first(table, *kept)):
                low = middle
            else:
                high = middle - 1
        found.append(low)
    return found[0], found[1], found[2]


def _first(table: Table, areas: int, columns: int, headings: int) -> Table:
    return replace(
        table,
        areas=table.areas[:areas],
        columns=table.columns[:columns],
        headings=table.headings[:headings],
        numbers={
            at: one
            for at, one in table.numbers.items()
            if at.area < areas and at.column < columns and at.heading < headings
        },
    )


def _fits(lettering: Lettering, table: Table) -> bool:
    layout = laid_out(table)
    return any(_largest(lettering, table, layout, paper, _SIZES[-1:]) for paper in _PAPERS[2:])


def _fitted(lettering: Lettering, table: Table, layout: Layout) -> _Fitted:
    """Return the table measured for the first paper that it is readable on, else for the largest letters."""
    found = [one for paper in _PAPERS if (one := _largest(lettering, table, layout, paper)) is not None]
    if not found:
        raise TooLarge
    return next((one for one in found if one.size >= _READABLE), max(found, key=lambda one: one.size))


def _largest(
    lettering: Lettering, table: Table, layout: Layout, paper: tuple[float, float],
    sizes: Sequence[float] = _SIZES,
) -> _Fitted | None:  # fmt: skip
    measure = Scene(*paper, lettering)
    inner = paper[0] - 2 * _MARGIN
    notes = tuple(line for note in table.notes for line in _note(measure, note, inner))
    for size in sizes:
        widths = _widths(measure, table, layout, size, inner)
        if widths is None:
            continue
        heads = _heads(measure, layout, size, widths)
        row = size * POINT * 1.45
        height = sum(heads) + row * (len(layout.lines) + 1) + len(notes) * _NOTE * POINT * 1.4
        if _MARGIN + 29 + height + 14 <= paper[1] - _MARGIN + 4:
            roomy = min((paper[1] - _MARGIN - 43 - height) / max(len(layout.lines), 1), 1.4)
            return _Fitted(paper, size, widths, heads, row + max(roomy, 0), notes)
    return None


def _widths(
    measure: Scene, table: Table, layout: Layout, size: float, inner: float
) -> tuple[float, ...] | None:
    """Return the widths of columns, None where they need more than there is."""
    width = measure.lettering.width
    stubs = [
        max((width(_stub(measure, line.stubs[number], size), size) for line in layout.lines), default=20) + 2 * _PAD
        for number in range(layout.stubs)
    ]  # fmt: skip
    stubs = [max(each, 4 * size * POINT + 2 * _PAD) for each in stubs]
    shown = max((width(table.shown(one), size) for one in table.numbers.values()), default=0)
    shown = max(shown, 2.2 * size * POINT) + 2 * _PAD
    count = layout.width - layout.stubs
    if sum(stubs) + count * shown > inner:
        return None
    wide = min(max((inner - sum(stubs)) / count, shown), max(shown, _WIDEST_COLUMN)) if count else 0
    return (*stubs, *([wide] * count))


def _note(measure: Scene, note: Text, inner: float) -> list[str]:
    """Return a note's lines: both languages on one where they have room."""
    both = f"{note.zh}　{note.en}"
    if measure.lettering.width(both, _NOTE) <= inner:
        return [both]
    return [line for text in (note.zh, note.en) for line in measure.wrapped(text, inner, _NOTE)]


def _stub(measure: Scene, text: Text, size: float) -> str:
    """Return what a row is: in both languages where there is room, else in Chinese, shortened if need be."""
    both = text.zh if text.en in ("", text.zh) else f"{text.zh} {text.en}"
    if measure.lettering.width(both, size) <= _WIDEST_STUB:
        return both
    return measure.shortened(text.zh, _WIDEST_STUB, size)


def _box_lines(measure: Scene, box: Box, size: float, widths: Sequence[float]) -> list[tuple[str, float]]:
    """Return the lines of a heading with their sizes; English only where its words have room."""
    room = sum(widths[box.column : box.column + box.columns]) - 2 * _PAD
    lines = [(line, size) for line in measure.wrapped(box.text.zh, room, size)]
    small = size * 0.82
    english = measure.wrapped(box.text.en, room, small) if box.text.en not in ("", box.text.zh) else []
    if (
        english
        and len(english) <= 3
        and all(measure.lettering.width(line, small) <= room for line in english)
    ):
        lines += [(line, small) for line in english]
    return lines


def _heads(measure: Scene, layout: Layout, size: float, widths: Sequence[float]) -> tuple[float, ...]:
    """Return the heights of the rows of headings."""
    heights = [size * POINT * 1.7] * layout.head_rows
    for box in sorted(layout.head, key=lambda box: box.rows):
        needed = sum(each for _, each in _box_lines(measure, box, size, widths)) * POINT * 1.3 + 1.6
        rows = range(box.row, box.row + box.rows)
        missing = needed - sum(heights[row] for row in rows)
        if missing > 0:
            for row in rows:
                heights[row] += missing / box.rows
    return tuple(heights)


def _top(scene: Scene, table: Table, form: Form) -> float:
    """Write what stands above the table; return where it begins."""
    middle, inner = scene.width / 2, scene.width - 2 * _MARGIN
    size = 16.0
    while size > 9 and scene.lettering.width(table.title.zh, size) > inner:
        size -= 0.5
    scene.write(middle, _MARGIN + 5, table.title.zh, size, INK, "center")
    scene.write(middle, _MARGIN + 10, scene.shortened(table.title.en, inner, 8.5), 8.5, GREY, "center")
    left = (
        f"统计期 Period：{table.period.zh}",
        f"区划代码 Area：{table.area.code}",
        f"计量单位 Unit：{table.unit or '见表内 in the table'}",
    )
    right = form.head(table.area.name)
    for number, (text, (label, value)) in enumerate(zip(left, right, strict=True)):
        y = _MARGIN + 16 + number * 4.4
        told = f"{label}：{value}"
        scene.write(scene.width - _MARGIN, y, told, 8.5, INK, "right")
        scene.write(_MARGIN, y, scene.shortened(text, inner - 4 - scene.lettering.width(told, 8.5), 8.5), 8.5)
    return _MARGIN + 28


def _heading(scene: Scene, layout: Layout, fitted: _Fitted, edges: Sequence[float], top: float) -> float:
    levels = [top]
    for height in fitted.heads:
        levels.append(levels[-1] + height)
    for box in layout.head:
        x, right = edges[box.column], edges[box.column + box.columns]
        y, bottom = levels[box.row], levels[box.row + box.rows]
        scene.box(x, y, right - x, bottom - y, _HEAD_FILL, _EDGE, 0.18)
        lines = _box_lines(scene, box, fitted.size, fitted.widths)
        at = (y + bottom) / 2 - sum(size for _, size in lines) * POINT * 1.3 / 2
        for text, size in lines:
            at += size * POINT * 1.3
            color = INK if size == fitted.size else GREY
            scene.write((x + right) / 2, at - size * POINT * 0.32, text, size, color, "center")
    for number, text in enumerate(layout.numbers):
        x, width = edges[number], edges[number + 1] - edges[number]
        scene.box(x, levels[-1], width, fitted.row, None, _EDGE, 0.18)
        scene.write(x + width / 2, _baseline(levels[-1], fitted), text, fitted.size * 0.9, GREY, "center")
    return levels[-1] + fitted.row


def _rows(
    scene: Scene, table: Table, layout: Layout, fitted: _Fitted, edges: Sequence[float], top: float
) -> float:
    y = top
    for line in layout.lines:
        for number, text in enumerate(line.stubs):
            x, width = edges[number], edges[number + 1] - edges[number]
            scene.box(x, y, width, fitted.row, None, _EDGE, 0.18)
            scene.write(x + _PAD, _baseline(y, fitted), _stub(scene, text, fitted.size), fitted.size)
        for number, position in enumerate(line.positions, layout.stubs):
            right = edges[number + 1]
            scene.box(edges[number], y, right - edges[number], fitted.row, None, _EDGE, 0.18)
            told = table.shown(table.numbers[position])
            scene.write(right - _PAD, _baseline(y, fitted), told, fitted.size, INK, "right")
        y += fitted.row
    return y


def _baseline(top: float, fitted: _Fitted) -> float:
    return top + fitted.row / 2 + fitted.size * POINT * 0.36


def _foot_size(scene: Scene) -> float:
    """Return the size in which the line of signatures fits."""
    size = 9.0
    while scene.lettering.width(foot(), size) > scene.width - 2 * _MARGIN:
        size -= 0.25
    return size
