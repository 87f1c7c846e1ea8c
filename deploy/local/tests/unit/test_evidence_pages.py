"""Every threat and every requirement names evidence that exists, or says plainly what is missing."""

from typing import Any

import pytest

from renkou_local import evidence_pages
from renkou_local.evidence_pages import DOCS, asvs_page, requirements, threats, threats_page, wrong


def test_evidence_exists_and_nothing_is_left_open_without_saying_so() -> None:
    assert list(wrong()) == []


@pytest.mark.parametrize(
    "told",
    [
        {"shown": ["docs/no-such-file.md"]},
        {"shown": ["docs"]},
        {"shown": ["deploy/local/tests/unit/test_evidence_pages.py::test_that_is_not_there"]},
        {"shown": []},
        {},
        {"gap": "none", "why_not": "both"},
    ],
)
def test_evidence_of_nothing_is_found(told: dict[str, Any], monkeypatch: pytest.MonkeyPatch) -> None:
    true = requirements()
    made_up = {"number": "1.1.1", "level": 2, "title": "made up"} | told
    monkeypatch.setattr(evidence_pages, "requirements", lambda: [made_up, *true[1:]])
    assert len(list(wrong())) == 1


def test_a_requirement_that_is_left_out_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    true = requirements()
    monkeypatch.setattr(evidence_pages, "requirements", lambda: true[1:])
    assert "not every requirement" in next(wrong())


def test_the_pages_are_made_of_the_files() -> None:
    assert (DOCS / "threats.md").read_text(encoding="utf-8") == threats_page()
    assert (DOCS / "asvs.md").read_text(encoding="utf-8") == asvs_page()


def test_numbers_and_names_stand_once() -> None:
    ids = [threat["id"] for actor in threats() for threat in actor["threat"]]
    assert len(ids) == len(set(ids)) > 30
    numbers = [tuple(map(int, each["number"].split("."))) for each in requirements()]
    assert numbers == sorted(set(numbers))
