"""The printed page: one, A4, bilingual, reproducible, with a code that holds exactly what is printed."""

import io
import os
import subprocess
import sys
from collections.abc import Iterable
from dataclasses import replace
from datetime import date

import pytest
import zxingcpp
from PIL import Image
from pypdf import PageObject, PdfReader
from pypdf.generic import ArrayObject, DictionaryObject, PdfObject

from renkou_migrant.credentials import qr, sdjwt
from renkou_migrant.credentials.document import printable, render_document
from renkou_migrant.credentials.groups import ALL_GROUPS, CertificateFacts, Group
from renkou_migrant.credentials.reasons import CredentialError

from .world import World

NAMES = {"340103": ("合肥市庐阳区", "Luyang, Hefei")}
FACTS = CertificateFacts(
    name="欧阳娜娜",
    sex=2,
    birth_date=date(1996, 5, 3),
    id_number="34010319960503124X",
    area_code="340103",
    area_name="安徽省合肥市庐阳区",
    marital_status="21",
    children_count=2,
    children_birth_dates=(date(2018, 1, 2), date(2022, 3, 4)),
)


def page_of(pdf: bytes) -> PageObject:
    (page,) = PdfReader(io.BytesIO(pdf)).pages
    return page


def inside(one: PdfObject, *steps: str | int) -> DictionaryObject:
    """The dictionary at the end of names and positions, references followed."""
    found = one.get_object()
    for step in steps:
        if isinstance(step, int):
            assert isinstance(found, ArrayObject)
            found = found[step].get_object()
        else:
            assert isinstance(found, DictionaryObject)
            found = found[step].get_object()
    assert isinstance(found, DictionaryObject)
    return found


def text_of(pdf: bytes) -> str:
    """The page's text; pypdf puts a zero byte before each character of two-byte fonts."""
    return page_of(pdf).extract_text().replace("\x00", "").replace("\n", " ")


def code_of(pdf: bytes) -> str:
    """The QR code out of the page's only image, read as a scanner would."""
    (image,) = page_of(pdf).images
    assert image.image
    picture = image.image.convert("L")
    framed = Image.new("L", (picture.width + 80, picture.height + 80), 255)
    framed.paste(picture, (40, 40))
    (found,) = zxingcpp.read_barcodes(framed)
    return found.text


def test_it_is_one_a4_page_with_embedded_fonts(world: World) -> None:
    page = page_of(render_document(world.issue(), NAMES))
    width, height = (float(side) / 72 * 25.4 for side in page.mediabox[2:])
    assert (round(width), round(height)) == (210, 297)
    fonts = inside(page, "/Resources", "/Font").values()
    descriptors = [inside(font, "/DescendantFonts", 0, "/FontDescriptor") for font in fonts]
    assert descriptors
    assert all("/FontFile3" in one or "/FontFile2" in one for one in descriptors)


def test_the_same_presentation_gives_the_same_bytes(world: World) -> None:
    presentation = world.minimal()
    assert render_document(presentation, NAMES) == render_document(presentation, NAMES)


def test_another_process_on_another_day_prints_the_same_bytes(world: World) -> None:
    presentation = world.issue()
    program = (
        "import sys; from renkou_migrant.credentials.document import render_document as render;"
        f"sys.stdout.buffer.write(render(sys.stdin.read(), {NAMES!r}))"
    )
    printed = {
        subprocess.run(
            [sys.executable, "-c", program],
            input=presentation.encode(),
            env=os.environ | {"PYTHONHASHSEED": seed, "TZ": zone},
            capture_output=True,
            check=True,
        ).stdout
        for seed, zone in (("1", "UTC"), ("4711", "Asia/Shanghai"))
    }
    assert printed == {render_document(presentation, NAMES)}


def test_everything_disclosed_is_printed(world: World) -> None:
    text = text_of(render_document(world.issue(), NAMES))
    for expected in (
        "流动人口婚育证明", "Certificate of Marriage and Childbearing", "欧阳娜娜", "女 female", "1996-05-03",
        "34010319960503124X", "安徽省合肥市庐阳区", "初婚 first marriage", "2018-01-02",
        "合肥市庐阳区 340103", "voluntary", "自愿",
    ):  # fmt: skip
        assert expected in text


def test_nothing_undisclosed_is_printed_or_in_the_code(world: World) -> None:
    pdf = render_document(world.minimal(), NAMES)
    text = text_of(pdf)
    for hidden in ("34010319960503124X", "初婚", "Marital", "2018-01-02", "Number of children", "ID number"):
        assert hidden not in text
    assert b"34010319960503124X" not in pdf
    certificate = world.verifier().verify_text(code_of(pdf)).certificate
    assert certificate
    assert list(certificate.groups) == [Group.PERSON]


@pytest.mark.parametrize("groups", [[Group.PERSON], ALL_GROUPS])
def test_the_code_holds_exactly_the_presentation(world: World, groups: Iterable[Group]) -> None:
    presentation = sdjwt.present(world.issue(), groups)
    assert qr.unpack(code_of(render_document(presentation, NAMES))) == presentation


def test_the_code_measures_40_millimetres(world: World) -> None:
    contents = page_of(render_document(world.minimal(), NAMES)).get_contents()
    assert contents is not None
    content = contents.get_data().decode("latin-1")
    (matrix,) = [line for line in content.splitlines() if " cm /I" in line]
    width, _, _, height = (float(number) for number in matrix.split("q ")[1].split(" cm")[0].split()[:4])
    assert width / 72 * 25.4 == pytest.approx(40, abs=0.005)
    assert height == width


def test_a_character_without_a_glyph_is_printed_as_its_code_point(world: World) -> None:
    assert printable("王𪛖\U0003106f") == "王[U+2A6D6][U+3106F]"
    assert printable("欧阳·㛃𠮷娜") == "欧阳·㛃[U+20BB7]娜"
    pdf = render_document(world.minimal(facts=replace(FACTS, name="王𪛖")), NAMES)
    assert "王[U+2A6D6]" in text_of(pdf)
    assert "Unicode" in text_of(pdf)
    assert "Unicode" not in text_of(render_document(world.minimal(), NAMES))
    assert qr.unpack(code_of(pdf))


def test_very_long_content_stays_on_the_one_page(world: World) -> None:
    facts = replace(
        FACTS, name="阿" * 50, children_birth_dates=tuple(date(2000, 1, day) for day in range(1, 21))
    )
    text = text_of(render_document(world.issue(facts=facts), NAMES)).replace(" ", "")
    assert text.count("阿") == 50
    assert "2000-01-20" in text
    assert "renkou:340103/status-lists/1#7" in text


def test_what_is_no_presentation_is_not_printed() -> None:
    with pytest.raises(CredentialError):
        render_document("x", NAMES)
