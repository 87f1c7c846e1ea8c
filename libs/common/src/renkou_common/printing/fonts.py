"""Fonts that a page embeds, and which characters they can draw.

Noto Sans SC draws some 30,000 characters, among them 㼆 and 𬭚; Noto Sans CJK, from a package as well, 2,100 of
CJK extension B, among them 𠮷. The images install Debian's ``fonts-hanazono``, which has the extensions A to F
(GB 18030-2022 level 3) whole; it is used wherever it is installed. Another folder of fonts can be named; what no
font has is printed as its code point, so that nothing of a name is lost silently. All of them are free: SIL Open
Font License 1.1, Hanazono also under its own licence.
"""

import logging
from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

import noto_cjk_sans_jp_regular
from fontTools.ttLib import TTFont
from pylopdf_fonts_zh_cn import sans_path

BASE = Path(sans_path())
FURTHER = Path(str(noto_cjk_sans_jp_regular.FONT_PATH))
INSTALLED = Path("/usr/share/fonts/truetype/hanazono")
"""Where Debian's ``fonts-hanazono`` lies."""

logging.getLogger("fontTools").setLevel(logging.WARNING)


@dataclass(frozen=True, slots=True)
class Fonts:
    """The base font and further ones that are asked, in order, for what the base font lacks."""

    rare: tuple[Path, ...] = ()

    @classmethod
    def of(cls, folder: Path | None) -> "Fonts":
        """Return the packaged fonts with every .ttf and .otf of a folder, by name; None: the installed ones."""
        chosen = INSTALLED if folder is None and INSTALLED.is_dir() else folder
        found = chosen.iterdir() if chosen else ()
        return cls((FURTHER, *sorted(path for path in found if path.suffix in (".ttf", ".otf"))))

    def printable(self, text: str) -> str:
        """Return ``text`` with every character that no font has as ``[U+XXXX]``."""
        return "".join(char if self._draws(char) else f"[U+{ord(char):04X}]" for char in text)

    def rare_needed(self, text: str) -> list[Path]:
        """Return those further fonts that ``text`` needs; they are large, so a page embeds no others."""
        missing = {char for char in text if ord(char) not in _code_points(BASE)}
        needed = []
        for path in self.rare:
            found = {char for char in missing if ord(char) in _code_points(path)}
            if found:
                needed.append(path)
                missing -= found
        return needed

    def _draws(self, char: str) -> bool:
        return char == "\n" or any(ord(char) in _code_points(path) for path in (BASE, *self.rare))


def has_code_points(fonts: Fonts, texts: Iterable[str]) -> bool:
    """Say whether some text is printed with a code point in place of a character."""
    return any(fonts.printable(text) != text for text in texts)


@lru_cache(maxsize=16)
def _code_points(path: Path) -> frozenset[int]:
    with TTFont(path, lazy=True) as font:
        return frozenset(font.getBestCmap() or ())
