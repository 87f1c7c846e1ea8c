"""A population pyramid: men to the left, women to the right, ages between, numbers at the bars."""

from collections.abc import Sequence
from dataclasses import dataclass

from renkou_reporting.outputs.charts.frame import LABEL, SMALL, Caption, Room, framed, tick_text, ticks
from renkou_reporting.outputs.scene import BLUE, GREY, INK, PALE, VERMILION, Color, Lettering, Scene

_MIDDLE = 22.0


@dataclass(frozen=True, slots=True)
class Band:
    """People of an age; None where the number is not shown."""

    ages: str
    male: int | None
    female: int | None


def pyramid(lettering: Lettering, caption: Caption, bands: Sequence[Band]) -> Scene:
    """Return the pyramid, the youngest at the bottom."""
    pitch = 5.4 if len(bands) <= 25 else 2.2
    scene, room = framed(lettering, caption, pitch * len(bands) + 18)
    most = max((each or 0 for band in bands for each in (band.male, band.female)), default=0)
    marks = ticks(0, max(most, 1), 5)
    written = lettering.width(f"{most:,}", SMALL) + 3
    side = (room.width - _MIDDLE) / 2 - written
    scale = side / marks[-1]
    centre = (room.left + room.right) / 2
    left = Room(centre - _MIDDLE / 2 - side, room.top + 9, centre - _MIDDLE / 2, room.bottom - 8)
    right = Room(centre + _MIDDLE / 2, left.top, centre + _MIDDLE / 2 + side, left.bottom)
    _axis(scene, left, marks, scale, -1)
    _axis(scene, right, marks, scale, 1)
    for number, band in enumerate(reversed(bands)):
        y = left.top + (number + 0.5) * pitch
        if pitch > 5 or number % 5 == 0:
            scene.write(centre, y + 1.1, band.ages, SMALL, INK, "center")
        _bar(scene, left.right, y, pitch, band.male, scale, -1, BLUE, hatched=False)
        _bar(scene, right.left, y, pitch, band.female, scale, 1, VERMILION, hatched=True)
    _heads(scene, left, right, bands, centre)
    return scene


def _axis(scene: Scene, room: Room, marks: Sequence[float], scale: float, side: int) -> None:
    foot = room.right if side < 0 else room.left
    for value in marks:
        x = foot + side * value * scale
        scene.line([(x, room.top), (x, room.bottom)], GREY if value == 0 else PALE, 0.2)
        scene.write(x, room.bottom + 4.2, tick_text(value, marks[1]), SMALL, GREY, "center")


def _bar(
    scene: Scene, foot: float, y: float, pitch: float, number: int | None, scale: float, side: int, color: Color,
    *, hatched: bool,
) -> None:  # fmt: skip
    length = (number or 0) * scale
    thick = pitch * 0.74
    left = foot - length if side < 0 else foot
    if hatched:
        scene.box(left, y - thick / 2, length, thick, (250, 214, 190), color)
        at = left + 1.6
        while at < left + length:
            scene.line([(at, y - thick / 2), (at, y + thick / 2)], color, 0.2)
            at += 1.6
    else:
        scene.box(left, y - thick / 2, length, thick, color)
    if pitch > 5:
        text = "…" if number is None else f"{number:,}"
        scene.write(foot + side * (length + 1.2), y + 1, text, SMALL, INK, "right" if side < 0 else "left")


def _heads(scene: Scene, left: Room, right: Room, bands: Sequence[Band], centre: float) -> None:
    male = [band.male for band in bands]
    female = [band.female for band in bands]
    scene.write(left.left + left.width / 2, left.top - 3, f"男 male{_sum(male)}", LABEL, BLUE, "center")
    scene.write(
        right.left + right.width / 2, right.top - 3, f"女 female{_sum(female)}", LABEL, VERMILION, "center"
    )
    scene.write(centre, left.top - 3, "年龄 age", LABEL, GREY, "center")
    scene.write(right.right, left.bottom + 4.2 + 4, "人 persons", SMALL, GREY, "right")


def _sum(numbers: Sequence[int | None]) -> str:
    known = [each for each in numbers if each is not None]
    return f"  {sum(known):,} 人" if len(known) == len(numbers) else ""
