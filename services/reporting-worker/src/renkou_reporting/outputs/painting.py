"""A scene as a PNG, with Pillow: shapes are painted larger and reduced, words set at their size.

The same scene gives the same bytes.
"""

from collections.abc import Callable, Sequence
from functools import lru_cache
from io import BytesIO
from pathlib import Path as File

from PIL import Image, ImageDraw, ImageFont

from renkou_reporting.outputs.lettering import FontLettering
from renkou_reporting.outputs.scene import POINT, WHITE, Path, Point, Scene, Words, dashed

PER_MM = 6.5
"""Pixels of a millimetre: 165 dots to the inch."""
_LARGER, _BAND, _ABOVE = 3, 256, 16


def png_of(scene: Scene) -> bytes:
    """Return the PNG of a scene whose lettering is :class:`FontLettering`."""
    assert isinstance(scene.lettering, FontLettering)
    image = Image.new("RGB", (round(scene.width * PER_MM), round(scene.height * PER_MM)))
    paths = [(path, *_reach(path)) for path in scene.paths]
    for top in range(0, image.height, _BAND):
        height = min(_BAND, image.height - top)
        within = [path for path, first, last in paths if first < top + height and last > top]
        image.paste(_band(within, image.width, top, height), (0, top))
    draw = ImageDraw.Draw(image)
    for words in scene.words:
        _write(draw, scene, scene.lettering, words)
    target = BytesIO()
    image.save(target, "PNG", dpi=(PER_MM * 25.4, PER_MM * 25.4))
    return target.getvalue()


def _reach(path: Path) -> tuple[float, float]:
    """Return from where to where down the picture a shape reaches, in pixels."""
    heights = [y * PER_MM for _, y in path.points]
    around = path.width * PER_MM + 1
    return min(heights) - around, max(heights) + around


def _band(paths: Sequence[Path], width: int, top: int, height: int) -> Image.Image:
    """Return a band of the picture, painted larger and reduced: a whole picture would take a hundred megabytes."""
    # what ends just above a band is rounded as within it, so that no seam shows
    large = Image.new("RGB", (width * _LARGER, (height + _ABOVE) * _LARGER), WHITE)
    draw = ImageDraw.Draw(large)

    def moved(points: Sequence[Point]) -> list[Point]:
        return [(x * PER_MM * _LARGER, (y * PER_MM - top + _ABOVE) * _LARGER) for x, y in points]

    for path in paths:
        _paint(draw, path, moved)
    return large.reduce(_LARGER).crop((0, _ABOVE, width, _ABOVE + height))


def _paint(draw: ImageDraw.ImageDraw, path: Path, moved: Callable[[Sequence[Point]], list[Point]]) -> None:
    width = max(round(path.width * PER_MM * _LARGER), 1)
    if path.closed:
        points = moved(path.points)
        if path.fill is not None:
            draw.polygon(points, fill=path.fill)
        if path.color is not None:
            draw.line([*points, points[0], points[1]], fill=path.color, width=width, joint="curve")
    elif path.color is not None:
        for part in dashed(path.points, path.dash) if path.dash else [path.points]:
            draw.line(moved(part), fill=path.color, width=width, joint="curve")


def _write(draw: ImageDraw.ImageDraw, scene: Scene, lettering: FontLettering, words: Words) -> None:
    x = scene.extent(words)[0]
    for path, run in lettering.runs(words.text):
        font = _font(path, round(words.size * POINT * PER_MM, 2))
        draw.text((x * PER_MM, words.y * PER_MM), run, font=font, fill=words.color, anchor="ls")
        x += lettering.width(run, words.size)


@lru_cache(maxsize=64)
def _font(path: File, pixels: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, pixels, layout_engine=ImageFont.Layout.BASIC)
