"""The report says what was measured: medians of pairs, numbers to find again, no outside asset."""

import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path

from tests.bench.about import about
from tests.bench.page import page
from tests.bench.report import Line, Report, line, read, table, write
from tests.bench.turns import in_turns

ABOUT = {
    "kind": "Quick form",
    "at": "2026-11-21T12:00+08:00",
    "revision": "0123456789",
    "cores": 2,
    "processor": "a processor",
    "memory_mib": 24_000,
    "system": "Linux 6",
    "python": "3.13.0",
    "postgresql": "18.6",
    "nats": "2.15.0",
}
READ = Line("person read", 1400.0, 2800.0, 0.5, "requests/s", "token & right")
FIGURE = Line("figure read", 3300.0, 3000.0, 1.1, "requests/s", "out of the cells")


def test_the_ratio_is_the_median_of_pairs_that_were_measured_together() -> None:
    found = line("x", [100, 10, 90], [200, 20, 100], "rows/s", "note")
    assert (found.ours, found.limit, found.ratio) == (90, 100, 0.5)
    assert "ratio 0.50 to 0.90" in found.note


def test_what_is_written_is_read_again(tmp_path: Path) -> None:
    spent = {"ours": (353.0, 157.0), "limit": (247.0, 56.0)}
    lines = [replace(line("x", [100, 10], [200, 20], "rows/s", "note"), microseconds=spent), READ]
    write(Report(ABOUT, lines), tmp_path / "build" / "bench.json")
    assert read(tmp_path / "build" / "bench.json") == Report(ABOUT, lines)
    assert lines[0].turns == ((100, 200), (10, 20))


def test_a_measurement_says_where_and_of_what_it_is() -> None:
    told = about("quick form")
    assert told.keys() == ABOUT.keys()
    assert re.fullmatch(r"\d+\.\d+", str(told["postgresql"]))
    assert re.fullmatch(r"\d+\.\d+\.\d+", str(told["nats"]))


def test_the_page_stands_by_itself_and_shows_every_line() -> None:
    seen: list[tuple[str, dict[str, str | None]]] = []

    class Reader(HTMLParser):
        def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
            seen.append((tag, dict(attrs)))

    text = page(Report(ABOUT, [READ, FIGURE]))
    Reader().feed(text)
    assert not {tag for tag, _ in seen} & {"script", "link", "img", "iframe"}
    assert not any({"src", "href"} & attributes.keys() for _, attributes in seen)
    widths = [float(str(attributes["width"])) for tag, attributes in seen if tag == "rect"]
    assert widths == sorted(widths)
    assert len(widths) == 2
    assert "token &amp; right" in text
    assert "2026-11-21T12:00+08:00" in text


def test_a_report_of_nothing_is_a_report() -> None:
    assert "Nothing was measured" in page(Report(ABOUT, []))
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
