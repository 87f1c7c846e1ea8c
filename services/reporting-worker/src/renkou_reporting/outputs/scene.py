"""A drawing as a list of shapes and words, in millimetres from the upper left corner. No I/O.

Charts and pages are scenes; :mod:`.painting` makes a PNG of one, :mod:`.paper` a PDF. So both look the same, and tests
can ask whether words overlap or leave the drawing.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from itertools import pairwise
from typing import Literal, Protocol

type Color = tuple[int, int, int]
type Point = tuple[float, float]
type Align = Literal["left", "center", "right"]
INK, GREY, PALE, WHITE = (30, 30, 30), (95, 95, 95), (214, 214, 214), (255, 255, 255)
BLUE, VERMILION, GREEN, PURPLE, ORANGE, SKY = (
    (0, 114, 178), (213, 94, 0), (0, 158, 115), (160, 75, 130), (230, 159, 0), (86, 180, 233),
)  # fmt: skip
SERIES = (BLUE, VERMILION, GREEN, PURPLE, ORANGE, INK)
"""Colours that the colour-blind can tell apart (Okabe and Ito); never the only difference."""
DASHES: tuple[tuple[float, ...], ...] = (
    (),
    (2.4, 1.2),
    (0.8, 0.9),
    (3.2, 0.9, 0.8, 0.9),
    (1.6, 0.7),
    (4, 1.6),
)
POINT = 0.3528
"""Millimetres in a point."""


class Lettering(Protocol):
    """Says how wide words are."""

    def width(self, text: str, size: float) -> float:
        """Return the width in millimetres of text of a size in points."""


@dataclass(frozen=True, slots=True)
class Path:
    """A line through points, or with ``closed`` an area."""

    points: tuple[Point, ...]
    color: Color | None
    width: float = 0.3
    dash: tuple[float, ...] = ()
    fill: Color | None = None
    closed: bool = False


@dataclass(frozen=True, slots=True)
class Words:
    """A line of text; ``y`` is its baseline."""

    x: float
    y: float
    text: str
    size: float
    color: Color = INK
    align: Align = "left"


@dataclass(slots=True)
class Scene:
    """A drawing being made."""

    width: float
    height: float
    lettering: Lettering
    title: str = ""
    paths: list[Path] = field(default_factory=list)
    words: list[Words] = field(default_factory=list)

    def line(
        self, points: Sequence[Point], color: Color = INK, width: float = 0.3, dash: tuple[float, ...] = ()
    ) -> None:
        """Draw a line."""
        self.paths.append(Path(tuple(points), color, width, dash))

    def area(
        self, points: Sequence[Point], fill: Color | None, edge: Color | None = None, width: float = 0.25
    ) -> None:
        """Draw an area."""
        self.paths.append(Path(tuple(points), edge, width, (), fill, closed=True))

    def box(
        self, x: float, y: float, width: float, height: float, fill: Color | None, edge: Color | None = None,
        line: float = 0.25,
    ) -> None:  # fmt: skip
        """Draw a rectangle."""
        corners = ((x, y), (x + width, y), (x + width, y + height), (x, y + height))
        self.area(corners, fill, edge, line)

    def write(
        self, x: float, y: float, text: str, size: float, color: Color = INK, align: Align = "left"
    ) -> None:
        """Write a line of text at a baseline."""
        if text:
            self.words.append(Words(x, y, text, size, color, align))

    def scaled(self, factor: float, width: float, height: float) -> "Scene":
        """Return the drawing larger or smaller, in the middle of a paper's width and at its top."""
        left = (width - self.width * factor) / 2

        def moved(points: tuple[Point, ...]) -> tuple[Point, ...]:
            return tuple((left + x * factor, y * factor) for x, y in points)

        paths = [
            replace(
                one,
                points=moved(one.points),
                width=one.width * factor,
                dash=tuple(d * factor for d in one.dash),
            )
            for one in self.paths
        ]
        words = [
            replace(one, x=left + one.x * factor, y=one.y * factor, size=one.size * factor)
            for one in self.words
        ]
        return Scene(width, height, self.lettering, self.title, paths, words)

    def extent(self, words: Words) -> tuple[float, float, float, float]:
        """Return the box of some words: left, top, right, bottom."""
        width = self.lettering.width(words.text, words.size)
        left = words.x - {"left": 0.0, "center": width / 2, "right": width}[words.align]
        height = words.size * POINT
        return left, words.y - 0.86 * height, left + width, words.y + 0.12 * height

    def shortened(self, text: str, width: float, size: float) -> str:
        """Return as much of a text as fits, with … where something is left out."""
        if self.lettering.width(text, size) <= width:
            return text
        kept = len(text)
        while kept > 1 and self.lettering.width(f"{text[:kept]}…", size) > width:
            kept -= 1
        return f"{text[:kept]}…"

    def wrapped(self, text: str, width: float, size: float) -> list[str]:
        """Return the lines that a text takes; broken between Chinese characters or at blanks."""
        lines, line = [], ""
        for piece in _pieces(text):
            if line and self.lettering.width((line + piece).rstrip(), size) > width:
                lines.append(line.rstrip())
                line = piece.lstrip()
            else:
                line += piece
        return [*lines, line.rstrip()] if line.strip() or not lines else lines


_OPENING, _CLOSING = "（《“「", "，。、；：）》！？”」"


def _pieces(text: str) -> list[str]:
    """Return what a line may not be broken within: words with what follows them, and single Chinese characters."""
    pieces: list[str] = []
    for char in text:
        if pieces and pieces[-1][-1] in _OPENING:
            pieces[-1] += char
        elif ord(char) >= 0x2E80 and char not in _CLOSING:
            pieces.append(char)
        elif pieces and (not _ends(pieces[-1]) or char == " " or char in _CLOSING):
            pieces[-1] += char
        else:
            pieces.append(char)
    return pieces


def _ends(piece: str) -> bool:
    return piece.endswith(" ") or ord(piece[-1]) >= 0x2E80


def dashed(points: tuple[Point, ...], dash: tuple[float, ...]) -> list[list[Point]]:
    """Return the strokes of a dashed line: lengths drawn and left out in turn, over its corners."""
    parts: list[list[Point]] = []
    number, left, drawing = 0, dash[0], True
    for (x1, y1), (x2, y2) in pairwise(points):
        length = ((x2 - x1) ** 2 + (y2 - y1) ** 2) ** 0.5
        at = 0.0
        while length - at > 1e-9:
            step = min(left, length - at)
            if drawing:
                ends = [
                    (x1 + (x2 - x1) * where / length, y1 + (y2 - y1) * where / length)
                    for where in (at, at + step)
                ]
                parts.append(ends)
            at, left = at + step, left - step
            if left <= 1e-9:
                number += 1
                left, drawing = dash[number % len(dash)], not drawing
    return parts


def mark(
    scene: Scene, kind: int, x: float, y: float, radius: float, color: Color, *, filled: bool = True
) -> None:
    """Draw a mark whose shape goes with its kind: circle, square, triangle, diamond, triangle down, cross."""
    scene.area(_outline(kind % 6, x, y, radius), color if filled else WHITE, color, 0.35)


def _outline(kind: int, x: float, y: float, radius: float) -> list[Point]:
    big = radius * 1.25
    match kind:
        case 0:
            return circle(x, y, radius)
        case 1:
            side = radius * 0.9
            return [(x - side, y - side), (x + side, y - side), (x + side, y + side), (x - side, y + side)]
        case 2:
            return [(x, y - big), (x + big, y + big * 0.75), (x - big, y + big * 0.75)]
        case 3:
            return [(x, y - big), (x + big, y), (x, y + big), (x - big, y)]
        case 4:
            return [(x, y + big), (x + big, y - big * 0.75), (x - big, y - big * 0.75)]
        case _:
            arm, thick = big, big * 0.38
            return [
                (x - thick, y - arm), (x + thick, y - arm), (x + thick, y - thick), (x + arm, y - thick),
                (x + arm, y + thick), (x + thick, y + thick), (x + thick, y + arm), (x - thick, y + arm),
                (x - thick, y + thick), (x - arm, y + thick), (x - arm, y - thick), (x - thick, y - thick),
            ]  # fmt: skip


def circle(x: float, y: float, radius: float) -> list[Point]:
    """Return the outline of a circle as a polygon."""
    return [(x + radius * cos, y + radius * sin) for cos, sin in _ROUND]


_ROUND = tuple(
    (round(real, 6), round(imaginary, 6))
    for real, imaginary in (
        (turned.real, turned.imag)
        for turned in (complex(0.9659258263, 0.2588190451) ** step for step in range(24))
    )
)
