"""A trend: values over periods, the target as a dashed line, names at the ends of the lines."""

from collections.abc import Callable, Sequence
from itertools import pairwise

from renkou_reporting.outputs.charts.data import Aim, Series
from renkou_reporting.outputs.charts.frame import LABEL, SMALL, Caption, Room, framed, spread, upright
from renkou_reporting.outputs.scene import (
    DASHES,
    GREY,
    INK,
    SERIES,
    Align,
    Lettering,
    Path,
    Point,
    Scene,
    Words,
    mark,
)

MOST_SERIES, MOST_PERIODS = 6, 60
_HEIGHT, _GAP = 110.0, 4.4
_TARGET_DASH = (1.6, 1.1)
type Periods = Sequence[tuple[str, str]]
"""Labels below: the period, and its year where that begins."""
type Scale = Callable[[float], float]


def trend(
    lettering: Lettering, caption: Caption, periods: Periods, series: Sequence[Series], unit: str
) -> Scene:
    """Return the chart of one to six series over up to sixty periods."""
    scene, room = framed(lettering, caption, _HEIGHT)
    several = len(series) > 1
    aims = _aims(series)
    values = [point.value for each in series for point in each.points if point.value is not None]
    bounds = [bound for aim in aims for bound in aim.bounds]
    texts = [each.name for each in series] if several else []
    texts += [aim.text.zh for aim in aims]
    aside = min(max((lettering.width(text, LABEL) for text in texts), default=0) + 7, 66)
    inner = Room(room.left + 19, room.top + 8, room.right - max(aside, 8), room.bottom - 12)
    at = upright(scene, inner, _roomy([*values, *bounds]), unit)
    step = inner.width / len(periods)
    places = [inner.left + step * (number + 0.5) for number in range(len(periods))]
    _below(scene, inner, periods, places)
    for aim, (first, last) in aims.items():
        for bound in aim.bounds:
            ends = [(places[first] - step / 2, at(bound)), (places[last] + step / 2, at(bound))]
            scene.line(ends, INK, 0.5, _TARGET_DASH)
        if last < len(places) - 1:
            scene.write(places[first] - step / 2 + 1, at(max(aim.bounds)) - 1.2, aim.text.zh, LABEL)
    for number, each in reversed(list(enumerate(series))):  # the first on top
        _line(scene, inner, each, number, places, at)
    if not several and len(periods) <= 24:
        _written(scene, inner, series[0], places, at)
    _aside(scene, inner, series, aims, at)
    return scene


def _roomy(values: Sequence[float]) -> list[float]:
    """Return what the axis has to reach: a little below the lowest value, so that its text has room."""
    if not values:
        return [0, 1]
    low, high = min(values), max(values)
    below = low - (high - low) * 0.08
    return [max(below, 0) if low >= 0 else below, high]


def _aims(series: Sequence[Series]) -> dict[Aim, tuple[int, int]]:
    """Return each target with the first and last period that it holds for."""
    held: dict[Aim, list[int]] = {}
    for each in series:
        for number, aim in enumerate(each.aims):
            if aim is not None:
                held.setdefault(aim, []).append(number)
    return {aim: (min(numbers), max(numbers)) for aim, numbers in held.items()}


def _below(scene: Scene, room: Room, periods: Periods, places: Sequence[float]) -> None:
    """Write the periods, every one that has room, and the years below them."""
    widest = max(scene.lettering.width(text, SMALL) for text, _ in periods) + 1.5
    step = room.width / len(periods)
    every = next(
        number for number in range(1, len(periods) + 1) if number * step >= widest or number == len(periods)
    )
    for number, ((text, year), x) in enumerate(zip(periods, places, strict=True)):
        scene.line([(x, room.bottom), (x, room.bottom + 1)], GREY, 0.2)
        if number % every == 0:
            scene.write(x, room.bottom + 4.6, text, SMALL, INK, "center")
        if year:
            left = x - step / 2
            scene.line([(left, room.bottom), (left, room.bottom + 10)], GREY, 0.2)
            scene.write(left + 1, room.bottom + 9.6, year, SMALL, GREY)


def _line(scene: Scene, room: Room, each: Series, number: int, places: Sequence[float], at: Scale) -> None:
    """Draw one series: a gap where there is no value, with … or — at the foot."""
    color = SERIES[number]
    points = [(x, one) for x, one in zip(places, each.points, strict=True)]
    for (left, one), (right, other) in pairwise(points):
        if one.value is not None and other.value is not None:
            scene.line([(left, at(one.value)), (right, at(other.value))], color, 0.6, DASHES[number])
    for x, point in points:
        if point.value is None:
            scene.write(x, room.bottom - 1.5 - 3.2 * number, point.text, SMALL, color, "center")
        elif len(places) <= 36:
            mark(scene, number, x, at(point.value), 1.15, color)


def _written(scene: Scene, room: Room, each: Series, places: Sequence[float], at: Scale) -> None:
    """Write each value by its point: the first place of a few where it crosses no line and no other value."""
    heights = [None if point.value is None else at(point.value) for point in each.points]
    run = [(x, y) for x, y in zip(places, heights, strict=True) if y is not None]
    lines = [*pairwise(run), *(_ends(path) for path in scene.paths if path.dash)]
    taken: list[_Box] = []
    for number, (x, y, point) in enumerate(zip(places, heights, each.points, strict=True)):
        if y is None:
            continue
        around = [one for one in heights[max(number - 1, 0) : number + 2] if one is not None]
        above = y <= sum(around) / len(around)
        tried = sorted(_TRIED, key=lambda place: (place[1] < 0) != above)
        places_tried = [Words(x + dx, y + dy, point.text, SMALL, INK, align) for dx, dy, align in tried]
        words = min(places_tried, key=lambda one: _trouble(scene.extent(one), room, lines, taken))
        scene.words.append(words)
        taken.append(scene.extent(words))


type _Box = tuple[float, float, float, float]
_TRIED: tuple[tuple[float, float, Align], ...] = (
    (0, -2.2, "center"), (0, 4.6, "center"), (-0.6, -1.8, "right"), (0.6, -1.8, "left"), (-0.6, 4.2, "right"),
    (0.6, 4.2, "left"), (0, -4.6, "center"), (0, 7.2, "center"),
)  # fmt: skip


def _trouble(box: _Box, room: Room, lines: Sequence[tuple[Point, Point]], taken: Sequence[_Box]) -> int:
    """Return how bad a place for a value is: worst outside of the chart, then on another value, then on a line."""
    left, top, right, bottom = box
    outside = left < room.left - 0.3 or right > room.right or top < room.top - 4 or bottom > room.bottom - 0.3
    crossed = sum(_crosses(line, box) for line in lines)
    return 1000 * outside + 100 * sum(_overlap(box, other) for other in taken) + crossed


def _ends(path: Path) -> tuple[Point, Point]:
    return path.points[0], path.points[-1]


def _crosses(line: tuple[Point, Point], box: _Box) -> bool:
    """Say whether a line runs through a box, by looking along it."""
    (x1, y1), (x2, y2) = line
    left, top, right, bottom = box
    if max(x1, x2) < left or min(x1, x2) > right:
        return False
    steps = [max(min((edge - x1) / (x2 - x1), 1), 0) for edge in (left, right)] if x1 != x2 else [0.0, 1.0]
    first, last = (y1 + (y2 - y1) * each for each in steps)
    return min(first, last) < bottom + 0.2 and max(first, last) > top - 0.2


def _overlap(one: _Box, other: _Box) -> bool:
    return one[0] < other[2] and other[0] < one[2] and one[1] < other[3] and other[1] < one[3]


def _aside(
    scene: Scene, room: Room, series: Sequence[Series], aims: dict[Aim, tuple[int, int]], at: Scale
) -> None:
    """Write names and targets at the right ends of their lines, moved apart where they would overlap."""
    labels: list[tuple[float, str, int | None]] = []
    for aim, (_, last) in aims.items():
        if last == len(series[0].points) - 1:
            labels.append((at(max(aim.bounds)), aim.text.zh, None))
    if len(series) > 1:
        for number, each in enumerate(series):
            ends = [point.value for point in each.points if point.value is not None]
            labels.append((at(ends[-1]) if ends else room.bottom, each.name, number))
    heights = spread([label[0] for label in labels], _GAP, room.top, room.bottom)
    for (_, text, kind), y in zip(labels, heights, strict=True):
        if kind is not None:
            mark(scene, kind, room.right + 2.2, y, 1.15, SERIES[kind])
        x = room.right + (4.6 if kind is not None else 1)
        scene.write(x, y + 1.1, scene.shortened(text, 58, LABEL), LABEL)
