"""A ruled table within a drawing: wrapped texts, small print below, and lights that each have a shape of their own."""

from collections.abc import Sequence
from dataclasses import dataclass

from renkou_common.errors import Text
from renkou_reporting.outputs.scene import (
    GREEN,
    GREY,
    INK,
    ORANGE,
    POINT,
    VERMILION,
    Align,
    Color,
    Scene,
    mark,
)

_PAD = 1.4
_FILL, _EDGE = (233, 240, 248), (120, 120, 120)
LIGHTS: dict[str, tuple[int, Color, bool]] = {
    "green": (0, GREEN, True),
    "amber": (2, ORANGE, True),
    "red": (1, VERMILION, True),
    "grey": (0, GREY, False),
}
"""Shape, colour and whether it is filled: circle, triangle, square, empty circle."""
LIGHT_WORDS = {
    "green": Text("达标", "reached"),
    "amber": Text("接近", "close"),
    "red": Text("未达标", "not reached"),
    "grey": Text("无数据", "no figure"),
}


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell: its text, small print below, and a light before it."""

    text: str
    align: Align = "left"
    small: str = ""
    light: str | None = None


def grid(
    scene: Scene, left: float, top: float, widths: Sequence[float], head: Sequence[Text],
    rows: Sequence[Sequence[Cell]], size: float,
) -> float:  # fmt: skip
    """Draw headings and rows; return where they end."""
    cells = [Cell(text.zh, "center", text.en) for text in head]
    y = _row(scene, left, top, widths, cells, size, _FILL)
    for row in rows:
        y = _row(scene, left, y, widths, row, size, None)
    return y


def _row(
    scene: Scene, left: float, top: float, widths: Sequence[float], cells: Sequence[Cell], size: float,
    fill: Color | None,
) -> float:  # fmt: skip
    line, small = size * POINT * 1.4, size * 0.8
    texts = [_lines(scene, cell, width, size) for cell, width in zip(cells, widths, strict=True)]
    height = max(sum(each for _, each in one) for one in texts) * POINT * 1.4 + 2.2
    height = max(height, line + 2.2)
    x = left
    for cell, width, lines in zip(cells, widths, texts, strict=True):
        scene.box(x, top, width, height, fill, _EDGE, 0.18)
        y = top + (height - sum(each for _, each in lines) * POINT * 1.4) / 2
        aside = 0.0
        if cell.light is not None:
            kind, color, filled = LIGHTS[cell.light]
            mark(scene, kind, x + 3, top + height / 2, 1.35, color, filled=filled)
            aside = 4.2
        for text, each in lines:
            y += each * POINT * 1.4
            at = {"left": x + _PAD + aside, "center": x + (width + aside) / 2, "right": x + width - _PAD}[
                cell.align
            ]
            scene.write(at, y - each * POINT * 0.36, text, each, GREY if each == small else INK, cell.align)
        x += width
    return top + height


def _lines(scene: Scene, cell: Cell, width: float, size: float) -> list[tuple[str, float]]:
    room = width - 2 * _PAD - (4.2 if cell.light is not None else 0)
    lines = [(line, size) for line in scene.wrapped(cell.text, room, size)] if cell.text else []
    small = size * 0.8
    return lines + ([(line, small) for line in scene.wrapped(cell.small, room, small)] if cell.small else [])


def lights_explained(scene: Scene, left: float, y: float, size: float) -> None:
    """Draw each light with its word."""
    x = left
    for code, (kind, color, filled) in LIGHTS.items():
        mark(scene, kind, x + 1.5, y - 1.1, 1.35, color, filled=filled)
        words = f"{LIGHT_WORDS[code].zh} {LIGHT_WORDS[code].en}"
        scene.write(x + 4, y, words, size)
        x += scene.lettering.width(words, size) + 9
