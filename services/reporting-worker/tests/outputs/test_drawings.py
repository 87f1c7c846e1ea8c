"""Charts and pages: what is written on them, that nothing overlaps or is cut off, and that bytes repeat."""

from collections.abc import Callable
from datetime import datetime
from io import BytesIO
from itertools import combinations
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from PIL import Image
from pypdf import PdfReader

from renkou_common.clock import SHANGHAI
from renkou_common.errors import InvalidInput
from renkou_reporting.outputs import examples
from renkou_reporting.outputs.charting import chart, check
from renkou_reporting.outputs.charts.data import Aim
from renkou_reporting.outputs.domain import HIDDEN, Dims, Number, Place, Position, Table
from renkou_reporting.outputs.drawing import card, pyramid_scene, table_chart, table_page
from renkou_reporting.outputs.form import Form
from renkou_reporting.outputs.lettering import FontLettering
from renkou_reporting.outputs.page import choices, page
from renkou_reporting.outputs.painting import png_of
from renkou_reporting.outputs.paper import on_paper, pdf_of
from renkou_reporting.outputs.scene import Scene
from renkou_reporting.outputs.schemas import CardForm

from .tables import absent, communities, heading, months, plain, shown, table

LETTERING = FontLettering()
FORM = Form("人统1表", "省卫生健康委员会", "庐阳区卫生健康局")


def overlaps(scene: Scene) -> list[tuple[str, str]]:
    """Pairs of words that lie on each other by more than a hair."""
    boxes = [(words.text, scene.extent(words)) for words in scene.words]

    def meet(a: tuple[float, ...], b: tuple[float, ...]) -> bool:
        return min(a[2], b[2]) - max(a[0], b[0]) > 0.3 and min(a[3], b[3]) - max(a[1], b[1]) > 0.3

    return [(one, other) for (one, a), (other, b) in combinations(boxes, 2) if meet(a, b)]


def outside(scene: Scene) -> list[str]:
    """Words that leave the drawing."""
    found = []
    for words in scene.words:
        left, top, right, bottom = scene.extent(words)
        if left < 0 or top < 0 or right > scene.width or bottom > scene.height:
            found.append(words.text)
    return found


def texts(scene: Scene) -> list[str]:
    return [words.text for words in scene.words]


def aimed(found: Table, low: str) -> dict[Position, Aim]:
    return dict.fromkeys(found.numbers, Aim(low, None))


NUMBERS = st.one_of(
    st.decimals(min_value=-500, max_value=500, places=2).map(lambda value: shown(str(value))),
    st.decimals(min_value=95, max_value=100, places=2).map(lambda value: shown(str(value))),
    st.just(HIDDEN),
    st.just(absent()),
)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.data(),
    st.integers(1, 9),
    st.integers(1, 14),
    st.sampled_from(["社区", "很长很长的名字的街道办事处社区"]),
)
def test_no_words_of_a_chart_overlap_or_are_cut(
    data: st.DataObject, areas: int, columns: int, name: str
) -> None:
    places = [Place(code, f"第{at}{name}") for at, (code, _) in enumerate(communities(areas))]
    found = table([heading(unit="%")], places, months(columns), lambda _: data.draw(NUMBERS))
    scene = chart(LETTERING, found, aimed(found, "98") if data.draw(st.booleans()) else {})
    assert outside(scene) == []
    written = {words.text for words in scene.words if words.size == 8.0}
    assert [pair for pair in overlaps(scene) if not set(pair) <= written] == []


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data(), st.integers(1, 30), st.integers(1, 12), st.integers(1, 3))
def test_no_words_of_a_page_overlap_or_are_cut(
    data: st.DataObject, areas: int, columns: int, headings: int
) -> None:
    of = [heading(f"figure_{at}", f"第{at}项很长的指标名称") for at in range(headings)]
    found = table(of, communities(areas), months(columns), lambda _: data.draw(NUMBERS))
    scene = page(LETTERING, found, FORM)
    assert outside(scene) == []
    assert overlaps(scene) == []


@pytest.mark.parametrize("name", ["trend", "parities", "compared", "multiples"])
def test_the_examples_are_legible(name: str) -> None:
    made: dict[str, Callable[[], tuple[Any, Any]]] = {
        "trend": examples.check_rate_trend,
        "parities": lambda: (examples.births_by_parity(), {}),
        "compared": lambda: examples.areas_compared(),
        "multiples": lambda: (examples.year_of_communities(), {}),
    }
    scene = chart(LETTERING, *made[name]())
    assert overlaps(scene) == []
    assert outside(scene) == []
    assert min(words.size for words in scene.words) >= 6


def test_a_trend_tells_targets_gaps_source_and_as_of() -> None:
    numbers = [shown("97.00"), HIDDEN, shown("98.50"), absent()]
    found = table([heading(unit="%")], communities(1), months(4), lambda at: numbers[at.column], version=3)
    written = texts(chart(LETTERING, found, aimed(found, "98")))
    assert "目标 ≥ 98" in written
    assert {"97.00", "…", "98.50", "— [1]"} <= set(written)
    assert "资料来源：户口与常住登记" in written
    assert "数据版本：公布数第 3 版，2026-12-31 签发，截至事件 migrant 99、registry 1234" in written


def test_lines_and_bars_are_told_apart_without_colour() -> None:
    scene = chart(LETTERING, examples.births_by_parity(), {})
    lines = {path.color: path.dash for path in scene.paths if not path.closed and path.width == 0.6}
    assert len(set(lines.values())) == len(lines) == 3
    bars, aims = examples.areas_compared()
    written = texts(chart(LETTERING, bars, aims))
    missed = sum(1 for at, one in bars.numbers.items() if float(one.value or 0) < float(aims[at].low or 0))
    assert written.count("▽") == missed > 0


def test_areas_come_by_value_below_the_whole() -> None:
    values = ("5.00", "1.00", "9.00", "-3.00")
    found = table([heading()], communities(4), months(1), lambda at: shown(values[at.area]))
    scene = chart(LETTERING, found, {})
    names = [words for words in scene.words if words.text.endswith("社区") or words.text == "庐阳区"]
    assert [words.text for words in sorted(names, key=lambda one: one.y)] == [
        "庐阳区",
        "第2社区",
        "第1社区",
        "第3社区",
    ]


@pytest.mark.parametrize(
    ("headings", "areas", "columns", "code"),
    [
        ([], 1, 1, "no_figures"),
        ([heading(), heading("deaths", unit="人")], 1, 3, "chart_units"),
        ([heading(), heading("deaths")], 5, 1, "chart_indicators"),
        ([heading()], 1, 61, "chart_too_large"),
        ([heading()], 61, 12, "chart_too_large"),
        ([heading()], 81, 1, "chart_too_large"),
    ],
)
def test_what_makes_no_chart_is_refused(headings: list, areas: int, columns: int, code: str) -> None:  # type: ignore[type-arg]
    with pytest.raises(InvalidInput) as refused:
        check(table(headings, communities(areas), months(columns), plain))
    assert refused.value.code == code
    assert refused.value.detail.zh != refused.value.detail.en


def test_twelve_months_of_55_communities_are_one_page_and_one_picture() -> None:
    found = examples.year_of_communities()
    scene = page(LETTERING, found, FORM)
    assert (scene.width, scene.height) == (210, 297)
    assert overlaps(scene) == []
    assert len(Image.open(BytesIO(table_chart(found, {}))).getcolors(1 << 20) or []) > 10


@pytest.mark.parametrize(
    ("areas", "columns", "paper"), [(3, 3, (297, 210)), (40, 4, (210, 297)), (56, 24, (420, 297))]
)
def test_larger_paper_is_taken_only_where_needed(areas: int, columns: int, paper: tuple[int, int]) -> None:
    scene = page(LETTERING, table([heading()], communities(areas), months(columns), plain), FORM)
    assert (scene.width, scene.height) == paper


def test_what_does_not_fit_on_one_page_is_refused_with_what_would() -> None:
    def of(areas: int, columns: int, headings: int) -> Table:
        named = [heading(f"figure_{at}", f"指标{at}") for at in range(headings)]
        return table(named, communities(areas), months(columns), plain)

    whole = (100, 12, 3)
    with pytest.raises(InvalidInput) as refused:
        table_page(of(*whole), FORM)
    assert refused.value.code == "page_too_large"
    (told,) = refused.value.errors
    most = choices(LETTERING, of(*whole))
    for axis, (number, name) in enumerate(zip(most, ("区划", "统计期", "指标"), strict=True)):
        assert 0 < number < whole[axis]
        assert f"{name}减到 {number} 个" in told.text.zh
        assert f"{number} of its {whole[axis]} " in told.text.en
        kept = [number if each == axis else size for each, size in enumerate(whole)]
        assert table_page(of(*kept), FORM).startswith(b"%PDF")
    with pytest.raises(InvalidInput):
        table_page(of(100, most[1] + 1, 3), FORM)


def test_a_page_is_one_page_with_its_text_and_rare_characters() -> None:
    places = [
        Place("340103", "庐阳区"),
        Place("340103001", "𠮷林路街道"),
        Place("340103002", "㼆\U0003134f街道"),
    ]
    numbers = [shown("1234567.00"), HIDDEN, Number("-3", "1000", "-3.00")]
    found = table([heading()], places, months(1), lambda at: numbers[at.area], version=1)
    reader = PdfReader(BytesIO(table_page(found, FORM)))
    assert len(reader.pages) == 1
    text = reader.pages[0].extract_text().replace("\0", "")
    for expected in ("𠮷林路街道", "㼆", "1,234,567.00", "-3.00", "…", "人统1表", "制表人", "审核人"):
        assert expected in text
    assert "\U0003134f" in text or "[U+3134F]" in text


def test_the_same_content_gives_the_same_bytes() -> None:
    found, aims = examples.areas_compared()
    assert table_chart(found, aims) == table_chart(found, aims)
    assert table_page(found, FORM) == table_page(found, FORM)
    fresh = FontLettering()
    scene = chart(fresh, found, aims)
    assert pdf_of(on_paper(scene), found.origin.made) == pdf_of(on_paper(scene), found.origin.made)
    assert png_of(scene) == table_chart(found, aims)


def test_a_pyramid_counts_men_left_and_women_right() -> None:
    found = examples.people()
    scene = pyramid_scene(found)
    assert overlaps(scene) == []
    total = {found.headings[at.heading].dims: one.value for at, one in found.numbers.items()}
    assert f"男 male  {int(total[Dims('1')] or 0):,} 人" in texts(scene)
    middle = scene.width / 2
    men = next(words for words in scene.words if words.text == f"{int(total[Dims('1', ages='0-4')] or 0):,}")
    assert men.x < middle


def test_scorecards_fit_on_a4_and_say_their_lights_in_words() -> None:
    made = datetime(2026, 12, 31, tzinfo=SHANGHAI)
    for found in (examples.scores(), examples.one_card()):
        reader = PdfReader(BytesIO(card(found, [], CardForm.PDF, made)))
        box = reader.pages[0].mediabox
        assert (
            len(reader.pages),
            round(float(box.width) / 72 * 25.4),
            round(float(box.height) / 72 * 25.4),
        ) == (1, 297, 210)
        text = reader.pages[0].extract_text().replace("\0", "")
        assert all(word in text for word in ("达标", "接近", "未达标", "无数据", "考核单位"))
