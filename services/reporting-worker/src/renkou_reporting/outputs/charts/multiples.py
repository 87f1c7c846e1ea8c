"""Small multiples: a panel for each area, all on the same scales, with the target in each."""

from collections.abc import Sequence
from itertools import pairwise

from renkou_reporting.outputs.charts.data import Series
from renkou_reporting.outputs.charts.frame import LABEL, SMALL, Caption, Room, framed, tick_text, ticks
from renkou_reporting.outputs.scene import BLUE, GREY, INK, PALE, Lettering, Scene, mark

MOST_PANELS = 60
_ACROSS, _PANEL = 5, 33.0


def multiples(
    lettering: Lettering, caption: Caption, ends: tuple[str, str], series: Sequence[Series], unit: str
) -> Scene:
    """Return a panel for each series; ``ends`` are the first and the last period. Numbers are the newest values."""
    rows = -(-len(series) // _ACROSS)
    scene, room = framed(lettering, caption, rows * _PANEL)
    values = [point.value for each in series for point in each.points if point.value is not None]
    bounds = [bound for each in series for aim in each.aims if aim for bound in aim.bounds]
    marks = ticks(min([*values, *bounds] or [0]), max([*values, *bounds] or [1]), 3)
    left = max(lettering.width(tick_text(value, marks[1] - marks[0]), SMALL) for value in marks) + 2
    step = (room.width - left) / _ACROSS
    for number, each in enumerate(series):
        column, row = number % _ACROSS, number // _ACROSS
        x, y = room.left + left + column * step, room.top + row * _PANEL
        panel = Room(x + 1, y + 8, x + step - 3, y + _PANEL - 7)
        texts = [point.text for point in each.points if point.value is not None]
        room_for_name = panel.width - (lettering.width(texts[-1], LABEL) + 1.5 if texts else 0)
        scene.write(panel.left, y + 4.6, scene.shortened(each.name, room_for_name, LABEL), LABEL)
        last = number >= len(series) - _ACROSS
        _panel(scene, panel, each, marks, numbered=column == 0, ends=ends if last else None)
    scene.write(room.left, room.top - 0.5, unit, SMALL, GREY)
    return scene


def _panel(
    scene: Scene, room: Room, each: Series, marks: Sequence[float], *, numbered: bool, ends: tuple[str, str] | None
) -> None:  # fmt: skip
    def at(value: float) -> float:
        return room.bottom - (value - marks[0]) / (marks[-1] - marks[0]) * room.height

    for value in marks:
        scene.line([(room.left, at(value)), (room.right, at(value))], PALE, 0.2)
        if numbered:
            scene.write(
                room.left - 1.5, at(value) + 1, tick_text(value, marks[1] - marks[0]), SMALL, GREY, "right"
            )
    step = room.width / len(each.points)
    places = [room.left + (number + 0.5) * step for number in range(len(each.points))]
    for x, aim in zip(places, each.aims, strict=True):
        for bound in aim.bounds if aim else []:
            scene.line([(x - step * 0.4, at(bound)), (x + step * 0.4, at(bound))], INK, 0.35)
    for (x, one), (right, other) in pairwise(zip(places, each.points, strict=True)):
        if one.value is not None and other.value is not None:
            scene.line([(x, at(one.value)), (right, at(other.value))], BLUE, 0.5)
    for x, point in zip(places, each.points, strict=True):
        if point.value is None:
            scene.write(x, room.bottom - 0.6, point.text[:1], 6, GREY, "center")
    known = [number for number, one in enumerate(each.points) if one.value is not None]
    if known:
        last = each.points[known[-1]]
        mark(scene, 0, places[known[-1]], at(last.value or 0.0), 0.9, BLUE)
        scene.write(room.right, room.top - 3.4, last.text, LABEL, BLUE, "right")
    if ends is not None:
        scene.write(room.left, room.bottom + 3.8, ends[0], SMALL, GREY)
        scene.write(room.right, room.bottom + 3.8, ends[1], SMALL, GREY, "right")
