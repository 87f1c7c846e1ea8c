"""Fonts for drawings: which one draws a character, and how wide text is. Reads the font files once."""

from functools import cache
from pathlib import Path

from fontTools.ttLib import TTFont

from renkou_common.printing.fonts import BASE, Fonts
from renkou_reporting.outputs.scene import POINT

type Run = tuple[Path, str]


class FontLettering:
    """Widths and runs of text in the embedded Chinese font, with further fonts for rare characters."""

    def __init__(self) -> None:
        self._fonts = Fonts.of(None)
        self._paths = (BASE, *self._fonts.rare)
        self._ems: dict[str, float] = {}

    def width(self, text: str, size: float) -> float:
        """Return the width in millimetres of text of a size in points; nothing is kerned."""
        ems = self._ems
        for char in text:
            if char not in ems:
                ems[char] = sum(
                    _advances(path).get(ord(each), 1.0) for path, run in self.runs(char) for each in run
                )
        return sum(map(ems.__getitem__, text)) * size * POINT

    def runs(self, text: str) -> list[Run]:
        """Return a text in pieces of one font each; what no font has as its code point."""
        runs: list[Run] = []
        for char in self._fonts.printable(text.replace("\n", " ")):
            path = next((one for one in self._paths if ord(char) in _advances(one)), BASE)
            if runs and runs[-1][0] == path:
                runs[-1] = (path, runs[-1][1] + char)
            else:
                runs.append((path, char))
        return runs


@cache
def _advances(path: Path) -> dict[int, float]:
    """Return the advance of each character in ems."""
    with TTFont(path, lazy=True) as font:
        metrics, em = font["hmtx"].metrics, font["head"].unitsPerEm
        return {code: metrics[glyph][0] / em for code, glyph in (font.getBestCmap() or {}).items()}
