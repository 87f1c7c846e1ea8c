"""A scene as a PNG, with Pillow: shapes are painted larger and reduced, words set at their size.

The same scene gives the same bytes.
"""

from functools import lru_cache
from io import BytesIO
from pathlib import Path as File

from PIL import Image, ImageDraw, ImageFont

from renkou_reporting.outputs.lettering import FontLettering
from renkou_reporting.outputs.scene import POINT, Path, Scene, Words, dashed

PER_MM = 6.5
"""Pixels of a millimetre: 165 dots to the inch."""
_LARGER = 3


def png_of(scene: Scene) -> bytes:
    """Return the PNG of a scene whose lettering is :class:`FontLettering`."""
    assert isinstance(scene.lettering, FontLettering)
    size = (round(scene.width * PER_MM), round(scene.height * PER_MM))
    large = Image.new("RGB", (size[0] * _LARGER, size[1] * _LARGER), (255, 255, 255))
    draw = ImageDraw.Draw(large)
    for path in scene.paths:
        _paint(draw, path)
    image = large.reduce(_LARGER)
    large.close()
    draw = ImageDraw.Draw(image)
    for words in scene.words:
        _write(draw, scene, scene.lettering, words)
    target = BytesIO()
    image.save(target, "PNG", dpi=(PER_MM * 25.4, PER_MM * 25.4))
    return target.getvalue()


def _paint(draw: ImageDraw.ImageDraw, path: Path) -> None:
    points = [(x * PER_MM * _LARGER, y * PER_MM * _LARGER) for x, y in path.points]
    width = max(round(path.width * PER_MM * _LARGER), 1)
    if path.closed:
        if path.fill is not None:
            draw.polygon(points, fill=path.fill)
        if path.color is not None:
            draw.line([*points, points[0], points[1]], fill=path.color, width=width, joint="curve")
    elif path.color is not None:
        for part in dashed(path.points, path.dash) if path.dash else [path.points]:
            draw.line(
                [(x * PER_MM * _LARGER, y * PER_MM * _LARGER) for x, y in part],
                fill=path.color, width=width, joint="curve",
            )  # fmt: skip


def _write(draw: ImageDraw.ImageDraw, scene: Scene, lettering: FontLettering, words: Words) -> None:
    x = scene.extent(words)[0]
    for path, run in lettering.runs(words.text):
        font = _font(path, round(words.size * POINT * PER_MM, 2))
        draw.text((x * PER_MM, words.y * PER_MM), run, font=font, fill=words.color, anchor="ls")
        x += lettering.width(run, words.size)


@lru_cache(maxsize=64)
def _font(path: File, pixels: float) -> ImageFont.FreeTypeFont:
    return ImageFont.truetype(path, pixels, layout_engine=ImageFont.Layout.BASIC)
