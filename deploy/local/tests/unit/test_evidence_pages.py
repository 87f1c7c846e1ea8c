"""Every threat and every requirement names evidence that exists, or says plainly what is missing."""

from renkou_local.evidence_pages import DOCS, asvs_page, requirements, threats, threats_page, wrong


def test_evidence_exists_and_nothing_is_left_open_without_saying_so() -> None:
    assert list(wrong()) == []


def test_the_pages_are_made_of_the_files() -> None:
    assert (DOCS / "threats.md").read_text(encoding="utf-8") == threats_page()
    assert (DOCS / "asvs.md").read_text(encoding="utf-8") == asvs_page()


def test_numbers_and_names_stand_once() -> None:
    ids = [threat["id"] for actor in threats() for threat in actor["threat"]]
    assert len(ids) == len(set(ids)) > 30
    numbers = [tuple(map(int, each["number"].split("."))) for each in requirements()]
    assert numbers == sorted(set(numbers))
