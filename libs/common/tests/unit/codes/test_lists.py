"""Code lists: complete, unambiguous, in both languages, and the enums are their codes."""

from enum import Enum

import pytest

from renkou_common.codes import lists
from renkou_common.codes.catalogue import CODE_LISTS
from renkou_common.codes.kinship import RELATIONS, Relation
from renkou_common.codes.lists import CodeList, CodeListError
from renkou_common.codes.nationalities import HAN, NATIONALITIES


@pytest.mark.parametrize("code_list", CODE_LISTS.values(), ids=CODE_LISTS.keys())
def test_codes_and_labels_are_unique_and_bilingual(code_list: CodeList) -> None:
    entries = code_list.entries
    assert len({entry.code for entry in entries}) == len(entries)
    assert len({entry.zh for entry in entries}) == len(entries)
    assert all(entry.zh and entry.en.isascii() for entry in entries)
    for entry in entries:
        assert code_list.entry(entry.code) == entry
        assert code_list.from_label(f" {entry.zh} ") == entry
        assert code_list.from_label(entry.code) == entry


@pytest.mark.parametrize(
    ("enum", "code_list"),
    [
        (lists.Sex, lists.SEXES),
        (lists.MaritalStatus, lists.MARITAL_STATUSES),
        (lists.Population, lists.POPULATIONS),
        (lists.HouseholdKind, lists.HOUSEHOLD_KINDS),
        (lists.DocumentKind, lists.DOCUMENT_KINDS),
        (lists.ServiceKind, lists.SERVICE_KINDS),
    ],
)
def test_enums_are_the_codes_of_their_list(enum: type[Enum], code_list: CodeList) -> None:
    assert [str(member.value) for member in enum] == list(code_list.codes)


def test_relations_that_the_program_knows_are_in_the_standard() -> None:
    assert [RELATIONS.entry(relation).zh for relation in (Relation.HEAD, Relation.SPOUSE, Relation.SON)] == [
        "户主",
        "配偶",
        "子",
    ]
    assert all(relation in RELATIONS.codes for relation in Relation)


def test_there_are_56_nationalities() -> None:
    assert [code for code in NATIONALITIES.codes if code <= "56"] == [
        f"{number:02d}" for number in range(1, 57)
    ]
    assert NATIONALITIES.entry(HAN).zh == "汉族"
    assert NATIONALITIES.entry("56").zh == "基诺族"


def test_unknown_codes_and_labels_are_refused() -> None:
    with pytest.raises(CodeListError) as raised:
        lists.MARITAL_STATUSES.from_label("同居")
    assert raised.value.code == "label_unknown"
    assert "未婚" in raised.value.zh
    with pytest.raises(CodeListError) as raised:
        lists.SEXES.entry(7)
    assert raised.value.code == "code_unknown"
