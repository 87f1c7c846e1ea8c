"""The printed page: fonts embedded, the same bytes for the same content, no character lost silently."""

import io
from datetime import UTC, datetime
from pathlib import Path

import pytest
from fontTools.fontBuilder import FontBuilder
from fontTools.pens.ttGlyphPen import TTGlyphPen
from hypothesis import given, settings
from hypothesis import strategies as st
from pypdf import PdfReader

from renkou_common.printing.fonts import Fonts, has_code_points
from renkou_common.printing.page import Page, Row

CREATED = datetime(2026, 3, 4, 5, 6, tzinfo=UTC)
RARE = "𪛖"


def text_of(pdf: bytes) -> str:
    (page,) = PdfReader(io.BytesIO(pdf)).pages
    return page.extract_text().replace("\x00", "")


def drawn(rows: list[Row], fonts: Fonts | None = None) -> bytes:
    fonts = fonts or Fonts()
    page = Page(fonts, "凭证 Proof", CREATED, "".join(row.value for row in rows))
    page.frame("凭证", "Proof", "说明")
    page.rows(rows, 62, 216)
    return page.output()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a font that has one rare character, and a file that is no font."""
    pen = TTGlyphPen(None)
    pen.moveTo((0, 0))
    pen.lineTo((500, 700))
    pen.lineTo((900, 0))
    pen.closePath()
    empty = TTGlyphPen(None).glyph()
    font = FontBuilder(1000, isTTF=True)
    font.setupGlyphOrder([".notdef", "rare"])
    font.setupCharacterMap({ord(RARE): "rare"})
    font.setupGlyf({".notdef": empty, "rare": pen.glyph()})
    font.setupHorizontalMetrics({".notdef": (1000, 0), "rare": (1000, 0)})
    font.setupHorizontalHeader(ascent=800, descent=-200)
    font.setupNameTable({"familyName": "Rare", "styleName": "Regular"})
    font.setupOS2()
    font.setupPost()
    font.save(tmp_path / "Rare.ttf")
    (tmp_path / "README").write_text("no font")
    return tmp_path


def test_what_no_font_has_is_printed_as_its_code_point() -> None:
    assert Fonts().printable(f"王{RARE}") == "王[U+2A6D6]"
    assert Fonts().printable("欧阳·㛃") == "欧阳·㛃"
    assert has_code_points(Fonts(), ["王", RARE])
    assert not has_code_points(Fonts(), ["王", "a\nb"])
    assert "王[U+2A6D6]" in text_of(drawn([Row("姓名", "Name", f"王{RARE}")]))


def test_a_further_font_draws_what_the_base_font_lacks_and_is_embedded_only_then(folder: Path) -> None:
    fonts = Fonts.of(folder)
    assert [path.name for path in fonts.rare] == ["NotoSansCJKjp-Regular.otf", "Rare.ttf"]
    assert fonts.printable(f"王{RARE}") == f"王{RARE}"
    assert fonts.rare_needed("王") == []
    with_rare = drawn([Row("姓名", "Name", f"王{RARE}")], fonts)
    assert f"王{RARE}" in text_of(with_rare)
    assert b"Rare" in with_rare
    assert drawn([Row("姓名", "Name", "王")], fonts) == drawn([Row("姓名", "Name", "王")])


def test_names_with_rare_characters_are_drawn_without_anything_installed() -> None:
    fonts = Fonts.of(None)
    assert fonts.printable("𬭚㼆𠮷·䶮") == "𬭚㼆𠮷·䶮"
    assert "𠮷㼆𬭚" in text_of(drawn([Row("姓名", "Name", "𠮷㼆𬭚")], fonts))


def test_the_same_content_gives_the_same_bytes_with_further_fonts_too(folder: Path) -> None:
    fonts, rows = Fonts.of(folder), [Row("姓名", "Name", f"欧阳·{RARE}")]
    assert drawn(rows, fonts) == drawn(rows, fonts)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.text("阿卜杜拉·买提 abc", min_size=1, max_size=60), min_size=1, max_size=14))
def test_rows_stay_above_the_foot_of_the_page(values: list[str]) -> None:
    page = Page(Fonts(), "凭证", CREATED)
    assert page.rows([Row("项目", "Item", value) for value in values], 62, 216) <= 216


def test_a_table_fits_and_what_is_too_long_for_a_cell_ends_in_an_ellipsis() -> None:
    page = Page(Fonts(), "凭证", CREATED)
    page.table(("项目", "A"), [("血红蛋白", "121 g/L"), ("长", "很" * 60)], 100, 120)
    text = text_of(page.output())
    assert "121 g/L" in text
    assert "…" in text
