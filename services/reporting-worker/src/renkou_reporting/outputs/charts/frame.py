"""What every chart has: title in two languages above, notes with source and as-of line below; and axes of numbers."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from math import ceil, floor, log10

from renkou_common.errors import Text
from renkou_reporting.outputs.scene import GREY, INK, PALE, Lettering, Scene

WIDTH = 240.0
MARGIN = 10.0
TITLE, SUBTITLE, LABEL, SMALL, NOTE = 15.0, 9.5, 9.0, 8.0, 7.5
_NOTE_LINE = 3.7


@dataclass(frozen=True, slots=True)
class Caption:
    """What is written around a chart."""

    title: Text
    notes: Sequence[Text]


@dataclass(frozen=True, slots=True)
class Room:
    """Where a chart's own part lies, in millimetres."""

    left: float
    top: float
    right: float
    bottom: float

    @property
    def width(self) -> float:
        return self.right - self.left

    @property
    def height(self) -> float:
        return self.bottom - self.top


def framed(lettering: Lettering, caption: Caption, height: float) -> tuple[Scene, Room]:
    """Return a scene with title and notes around a room of a height."""
    scene, top = begun(lettering, caption, WIDTH, MARGIN)
    ended(scene, caption, top + height, MARGIN)
    return scene, Room(MARGIN, top, WIDTH - MARGIN, top + height)


def begun(lettering: Lettering, caption: Caption, width: float, margin: float) -> tuple[Scene, float]:
    """Return a scene with its title, and where the title ends."""
    scene = Scene(width, 0, lettering, caption.title.zh)
    y = margin + 3.5
    for line in scene.wrapped(caption.title.zh, width - 2 * margin, TITLE):
        scene.write(margin, y, line, TITLE)
        y += 6.6
    for line in scene.wrapped(caption.title.en, width - 2 * margin, SUBTITLE):
        scene.write(margin, y - 0.6, line, SUBTITLE, GREY)
        y += 4.6
    return scene, y + 1.5


def ended(scene: Scene, caption: Caption, bottom: float, margin: float) -> None:
    """Write the notes below and give the scene its height."""
    y = bottom + 5.5
    for text in notes_of(caption.notes):
        for line in scene.wrapped(text, scene.width - 2 * margin, NOTE):
            scene.write(margin, y, line, NOTE, GREY)
            y += _NOTE_LINE
    scene.height = y + 2


def notes_of(notes: Sequence[Text]) -> list[str]:
    """Return notes in both languages, one after the other."""
    return [text for note in notes for text in (note.zh, note.en)]


def ticks(low: float, high: float, most: int = 6) -> list[float]:
    """Return round numbers that reach from ``low`` to ``high``: steps of 1, 2 or 5 times a power of ten."""
    if high <= low:
        low, high = low - (abs(low) or 1) * 0.1, low + (abs(low) or 1) * 0.1
    rough = (high - low) / most
    power = 10.0 ** floor(log10(rough))
    step = next(one * power for one in (1, 2, 5, 10) if one * power >= rough * 0.999999)
    first, last = floor(low / step + 1e-9), ceil(high / step - 1e-9)
    return [round(number * step, 10) for number in range(first, last + 1)]


def tick_text(value: float, step: float) -> str:
    """Return a tick's number with as many decimals as the step has."""
    digits = 0
    while digits < 6 and abs(step - round(step, digits)) > 1e-9:
        digits += 1
    return f"{value:,.{digits}f}".replace("-", "−")


def upright(scene: Scene, room: Room, values: Sequence[float], unit: str) -> Callable[[float], float]:
    """Draw a vertical axis with lines across; return how a value becomes a height on the drawing."""
    marks = ticks(min(values), max(values))
    if unit == "%" and max(values) <= 100 < marks[-1] and 100 in marks:
        marks = marks[: marks.index(100) + 1]
    low, high = marks[0], marks[-1]

    def at(value: float) -> float:
        return room.bottom - (value - low) / (high - low) * room.height

    for value in marks:
        zero = value == 0
        scene.line(
            [(room.left, at(value)), (room.right, at(value))], GREY if zero else PALE, 0.35 if zero else 0.2
        )
        scene.write(
            room.left - 1.8, at(value) + 1.1, tick_text(value, marks[1] - marks[0]), LABEL, INK, "right"
        )
    scene.write(room.left - 1.8, room.top - 3.2, unit, LABEL, GREY, "right")
    return at


def spread(wanted: Sequence[float], gap: float, top: float, bottom: float) -> list[float]:
    """Return heights for labels near those wanted, at least ``gap`` apart, in the same order of height."""
    order = sorted(range(len(wanted)), key=lambda each: wanted[each])
    placed = [0.0] * len(wanted)
    at = top - gap
    for number in order:
        at = max(wanted[number], at + gap)
        placed[number] = at
    at = bottom + gap
    for number in reversed(order):
        at = min(placed[number], at - gap)
        placed[number] = at
    return placed
