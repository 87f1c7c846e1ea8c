"""The pages of speed and scale say what their report says: they are made from it, not written."""

from collections.abc import Callable
from pathlib import Path

import pytest

from tests.bench import document, scale
from tests.bench.report import Report, read

DOCS = Path(__file__).parents[2] / "docs"
REPORT = DOCS / "performance" / "bench.json"


@pytest.mark.parametrize(
    ("page", "made"),
    [
        ("performance.md", document.text),
        (document.PICTURE, document.drawn),
        ("scale.md", scale.text),
    ],
)
def test_a_page_is_what_is_made_from_the_report(page: str, made: Callable[[Report], str]) -> None:
    assert (DOCS / page).read_text(encoding="utf-8") == made(read(REPORT))
