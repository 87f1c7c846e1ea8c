"""The report says what was measured: medians of pairs, numbers to find again, no outside asset."""

import json
from datetime import UTC, datetime
from html.parser import HTMLParser
from pathlib import Path

from tests.bench.page import page
from tests.bench.report import Line, line, table, write
from tests.bench.turns import in_turns

MOMENT = datetime(2026, 11, 21, 12, tzinfo=UTC)
READ = Line("person read", 1400.0, 2800.0, 0.5, "requests/s", "token & right")
FIGURE = Line("figure read", 3300.0, 3000.0, 1.1, "requests/s", "out of the cells")


def test_the_ratio_is_the_median_of_pairs_that_were_measured_together() -> None:
    found = line("x", [100, 10, 90], [200, 20, 100], "rows/s", "note")
    assert (found.ours, found.limit, found.ratio) == (90, 100, 0.5)
    assert "ratio 0.50 to 0.90" in found.note


def test_the_json_holds_the_six_members_of_each_line(tmp_path: Path) -> None:
    write([READ], tmp_path / "build" / "bench.json")
    assert json.loads((tmp_path / "build" / "bench.json").read_text()) == [
        {
            "name": "person read",
            "ours": 1400.0,
            "limit": 2800.0,
            "ratio": 0.5,
            "unit": "requests/s",
            "note": "token & right",
        }
    ]


def test_the_page_stands_by_itself_and_shows_every_line() -> None:
    seen: list[tuple[str, dict[str, str | None]]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            seen.append((tag, dict(attrs)))

    text = page([READ, FIGURE], "Quick form", MOMENT)
    Reader().feed(text)
    assert not {tag for tag, _ in seen} & {"script", "link", "img", "iframe"}
    assert not any({"src", "href"} & attributes.keys() for _, attributes in seen)
    widths = [float(str(attributes["width"])) for tag, attributes in seen if tag == "rect"]
    assert widths == sorted(widths)
    assert len(widths) == 2
    assert "token &amp; right" in text
    assert "2026-11-21T12:00+00:00" in text


def test_a_report_of_nothing_is_a_report() -> None:
    assert "Nothing was measured" in page([], "Quick form", MOMENT)
    assert table([]).startswith("path")


async def test_each_side_goes_first_every_other_time() -> None:
    order: list[str] = []

    async def ours() -> float:
        order.append("ours")
        return 1.0

    async def limit() -> float:
        order.append("limit")
        return 2.0

    found = await in_turns("x", ours, limit, 2, "rows/s", lambda: f"{len(order)} runs")
    assert order == ["limit", "ours", "ours", "limit", "limit", "ours"]
    assert found.ratio == 0.5
    assert found.note.startswith("6 runs; 2 turns")
