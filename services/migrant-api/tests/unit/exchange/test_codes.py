"""Every code by which the exchange refuses or puts aside has its words, its documentation, and a test that gets it."""

import re
from pathlib import Path

import pytest

from renkou_migrant.agreements.domain import RefusalCode
from renkou_migrant.credentials.reasons import Reason
from renkou_migrant.exchange import dead_letters, refusals
from renkou_migrant.exchange.codes import Refused, Unreadable

ROOT = Path(__file__).parents[5]
SPECIFICATION = (ROOT / "partner-kit/SPEC.md").read_text("utf-8")
PAGE = (ROOT / "docs/partners.md").read_text("utf-8")
SOURCES = ROOT / "services/migrant-api/src/renkou_migrant/exchange"
TESTS = [
    text.read_text("utf-8")
    for folder in ("services/migrant-api/tests", "partner-kit/src/renkou_partner/conformance")
    for text in sorted((ROOT / folder).rglob("*.py"))
    if text != Path(__file__)
]
OF_A_MESSAGE = [*Refused, *RefusalCode]
SIGNED = [*RefusalCode, *list(Refused)[:8]]


@pytest.mark.parametrize("code", OF_A_MESSAGE)
def test_a_refusal_is_explained_in_both_languages_with_what_to_do(code: Refused | RefusalCode) -> None:
    words = refusals.explain(code)
    assert words
    assert code not in words.zh, "not the words for a code that nobody knows"
    assert all(re.search("[一-鿿]", text) for text in (words.zh, words.do_zh))
    assert all(text.isascii() and text for text in (words.en, words.do_en))


def test_a_refusal_of_a_member_names_it() -> None:
    words = refusals.explain("field_not_agreed:subject.resident_id")
    assert words
    assert "subject.resident_id" in words.zh
    assert "subject.resident_id" in words.en


def test_a_code_that_a_partner_made_up_is_named() -> None:
    words = refusals.explain("because")
    assert words
    assert ("because" in words.zh, "because" in words.en) == (True, True)


@pytest.mark.parametrize("code", Unreadable)
def test_a_dead_letter_is_explained_in_both_languages(code: Unreadable) -> None:
    zh, en = dead_letters.explain(code)
    assert re.search("[一-鿿]", zh)
    assert en.isascii()
    assert en != f"Reason code {code}"


@pytest.mark.parametrize("code", SIGNED)
def test_what_a_receipt_may_say_is_in_the_specification_of_the_kit(code: str) -> None:
    assert re.search(rf"`{code}(:<path>)?`", SPECIFICATION)


@pytest.mark.parametrize("code", [*OF_A_MESSAGE, *Unreadable])
def test_a_code_is_documented(code: str) -> None:
    assert f"`{code}`" in PAGE


@pytest.mark.parametrize("code", [*OF_A_MESSAGE, *Unreadable])
def test_a_code_is_reached_by_a_test_or_a_conformance_check(code: str) -> None:
    asserted = re.compile(rf"""["'](dead: |expired: )?{code}(:[\\w.]+)?["']""")
    assert any(asserted.search(text) for text in TESTS)


def test_no_code_is_written_beside_the_closed_lists() -> None:
    codes = "|".join({*Refused, *Unreadable, *RefusalCode} - {"expired", "malformed", "internal", *Reason})
    loose = re.compile(rf"""["']({codes})["']""")
    for source in sorted(SOURCES.rglob("*.py")):
        if source.name != "codes.py":
            assert not loose.search(source.read_text("utf-8")), source
