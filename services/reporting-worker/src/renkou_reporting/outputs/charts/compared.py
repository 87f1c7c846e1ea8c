"""Areas compared: a bar for each, the largest first, with value and target; the whole area apart on top."""

from collections.abc import Sequence
from dataclasses import dataclass

from renkou_reporting.outputs.charts.data import Aim, Point
from renkou_reporting.outputs.charts.frame import LABEL, SMALL, Caption, Room, framed, tick_text, ticks
from renkou_reporting.outputs.scene import BLUE, GREY, INK, PALE, SKY, VERMILION, Lettering, Scene

MOST_BARS = 80
_TARGET_DASH = (1.6, 1.1)


@dataclass(frozen=True, slots=True)
class Bar:
    """An area's value and target; ``whole`` is the area that the others are parts of."""

    name: str
    point: Point
    aim: Aim | None
    whole: bool = False


def compared(
    lettering: Lettering, caption: Caption, bars: Sequence[Bar], unit: str, *, ranked: bool = True
) -> Scene:
    """Return the chart of up to eighty bars; those without a value come last, in their own order."""
    parts = [bar for bar in bars if not bar.whole]
    if ranked:
        parts.sort(key=lambda bar: (bar.point.value is None, -(bar.point.value or 0)))
    ordered = [bar for bar in bars if bar.whole] + parts
    pitch = 8.0 if len(ordered) <= 20 else 5.4 if len(ordered) <= 40 else 4.3
    size = LABEL if pitch > 5 else SMALL
    scene, room = framed(lettering, caption, pitch * len(ordered) + 16)
    names = max(lettering.width(bar.name, size) for bar in ordered)
    values = [bar.point.value for bar in ordered if bar.point.value is not None]
    bounds = [bound for bar in ordered if bar.aim for bound in bar.aim.bounds]
    written = max(lettering.width(bar.point.text, size) for bar in ordered) + 3
    inner = Room(room.left + min(names, 62) + 3, room.top + 9, room.right - written - 6, room.bottom - 1)
    drawn = [0.0, *values, *bounds]
    marks = ticks(min(drawn), max(drawn) if any(drawn) else 1.0, 8)

    def at(value: float) -> float:
        return inner.left + (value - marks[0]) / (marks[-1] - marks[0]) * inner.width

    _across(scene, inner, marks, at(0), unit, at_of=[at(value) for value in marks])
    for number, bar in enumerate(ordered):
        y = inner.top + (number + 0.5) * (inner.height / len(ordered))
        _bar(
            scene,
            bar,
            y,
            pitch * 0.62,
            size,
            inner,
            at(0),
            None if bar.point.value is None else at(bar.point.value),
            room.right - 4,
        )
        if bar.aim is not None:
            for bound in bar.aim.bounds:
                scene.line([(at(bound), y - pitch * 0.46), (at(bound), y + pitch * 0.46)], INK, 0.7)
    _targets(scene, inner, ordered, room.top)
    return scene


def _across(
    scene: Scene, room: Room, marks: Sequence[float], zero: float, unit: str, at_of: Sequence[float]
) -> None:
    for value, x in zip(marks, at_of, strict=True):
        own = abs(x - zero) < 1e-9
        scene.line([(x, room.top - 1), (x, room.bottom)], GREY if own else PALE, 0.35 if own else 0.2)
        scene.write(x, room.top - 2, tick_text(value, marks[1] - marks[0]), SMALL, GREY, "center")
    scene.write(room.left - 3, room.top - 2, unit, SMALL, GREY, "right")


def _bar(
    scene: Scene,
    bar: Bar,
    y: float,
    thick: float,
    size: float,
    room: Room,
    zero: float,
    end: float | None,
    column: float,
) -> None:
    baseline = y + size * 0.124
    scene.write(room.left - 3, baseline, scene.shortened(bar.name, 62, size), size, INK, "right")
    missed = bar.aim is not None and bar.point.value is not None and not bar.aim.met(bar.point.value)
    scene.write(column, baseline, bar.point.text, size, INK, "right")
    if missed:
        scene.write(column + 1, baseline, "▽", size, VERMILION)
    if end is None:
        return
    fill = GREY if bar.whole else SKY if missed else BLUE
    scene.box(min(zero, end), y - thick / 2, abs(end - zero), thick, fill)
    if missed and not bar.whole:
        _hatched(scene, min(zero, end), y - thick / 2, abs(end - zero), thick)


def _hatched(scene: Scene, x: float, y: float, width: float, height: float) -> None:
    """Hatch a bar, so that not its colour alone tells that a target is missed."""
    at = x + 2.0
    while at < x + width + height:
        left, right = max(at - height, x), min(at, x + width)
        if left < right:
            scene.line([(left, y + height - (left - at + height)), (right, y + at - right)], BLUE, 0.25)
        at += 2.0


def _targets(scene: Scene, room: Room, bars: Sequence[Bar], top: float) -> None:
    """Write what the strokes across bars are."""
    aims = {bar.aim for bar in bars if bar.aim is not None}
    if not aims:
        return
    text = next(iter(aims)).text if len(aims) == 1 else None
    label = f"┃ {text.zh} {text.en}" if text else "┃ 各区划的目标 each area's target"
    scene.write(room.right, top + 1.5, f"{label}    ▽ 未达标 not reached", SMALL, INK, "right")
