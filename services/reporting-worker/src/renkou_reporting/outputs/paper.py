"""A scene as one page of PDF, with fpdf2: vectors and embedded fonts. Same scene and date, same bytes."""

from datetime import datetime
from pathlib import Path as File

from fpdf import FPDF

from renkou_reporting.outputs.lettering import FontLettering
from renkou_reporting.outputs.scene import Path, Scene, Words, dashed

_READABLE = 0.8
"""How much smaller a drawing may become before larger paper is taken."""


def pdf_of(scene: Scene, made: datetime) -> bytes:
    """Return the PDF of a scene whose lettering is :class:`FontLettering`; ``made`` becomes the file's date."""
    assert isinstance(scene.lettering, FontLettering)
    page = FPDF(unit="mm", format=(scene.width, scene.height))
    page.set_creation_date(made)
    page.set_producer("renkou")
    page.set_title(scene.title)
    page.set_lang("zh-CN")
    page.set_auto_page_break(False)
    page.add_page()
    for path in scene.paths:
        _paint(page, path)
    families: dict[File, str] = {}
    for words in scene.words:
        _write(page, scene, scene.lettering, words, families)
    return bytes(page.output())


def _paint(page: FPDF, path: Path) -> None:
    page.set_line_width(path.width)
    if path.color is not None:
        page.set_draw_color(*path.color)
    if path.closed:
        if path.fill is not None:
            page.set_fill_color(*path.fill)
        style = "DF" if path.fill and path.color else "F" if path.fill else "D"
        page.polygon(path.points, style=style)
    elif path.color is not None:
        for part in dashed(path.points, path.dash) if path.dash else [path.points]:
            page.polyline(part, style="D")


def _write(
    page: FPDF, scene: Scene, lettering: FontLettering, words: Words, families: dict[File, str]
) -> None:
    x = scene.extent(words)[0]
    page.set_text_color(*words.color)
    for path, run in lettering.runs(words.text):
        if path not in families:
            families[path] = f"font{len(families)}"
            page.add_font(families[path], "", path)
        page.set_font(families[path], size=words.size)
        page.text(x, words.y, run)
        x += lettering.width(run, words.size)


def on_paper(scene: Scene) -> Scene:
    """Return a drawing on the paper that shows it largest without turning A4 to A3 for nothing."""
    fitted = [
        (min(width / scene.width, height / scene.height, 1.05), width * height, width, height)
        for width, height in ((297.0, 210.0), (210.0, 297.0), (420.0, 297.0), (297.0, 420.0))
    ]
    readable = [one for one in fitted if one[0] >= _READABLE] or [max(fitted)]
    factor, _, width, height = min(readable, key=lambda one: (one[1], -one[0]))
    return scene.scaled(factor, width, height)
