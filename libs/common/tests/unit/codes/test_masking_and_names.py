"""Masks and names: what staff and the public see, and that real names survive unchanged."""

import unicodedata

import pytest
from hypothesis import given, reject
from hypothesis import strategies as st

from renkou_common.codes.masking import mask_name, mask_phone, mask_resident_id, mask_resident_id_public
from renkou_common.codes.names import PersonNameError, clean_name

from .strategies import resident_ids


@given(resident_ids())
def test_masked_numbers_keep_four_and_four_or_one_and_two(number: str) -> None:
    assert mask_resident_id(number) == number[:4] + "*" * 10 + number[-4:]
    assert mask_resident_id_public(number) == number[0] + "*" * 15 + number[-2:]


@given(st.text(max_size=8))
def test_short_text_is_hidden_altogether(text: str) -> None:
    assert mask_resident_id(text) == "*" * len(text)


def test_phones() -> None:
    assert mask_phone("13812341234") == "138****1234"
    assert mask_phone("055162345678") == "**********78"
    assert mask_phone("") == ""


@pytest.mark.parametrize(
    ("name", "masked"),
    [("王伟", "王**"), ("欧阳娜娜", "欧阳**"), ("东方", "东**"), ("买买提·吐尔逊", "买**"), ("", "")],
)
def test_names_show_the_surname(name: str, masked: str) -> None:
    assert mask_name(name) == masked


@pytest.mark.parametrize("separator", "•‧・･．·")
def test_separators_become_one_character(separator: str) -> None:
    assert clean_name(f"阿卜杜拉{separator}买买提") == "阿卜杜拉·买买提"


@pytest.mark.parametrize("name", ["𬱖䶮", "王㛃", "Ann-Marie O'Neil", "ﬁ①Ａ", "单于仇曾", "葛󠄀城"])
def test_names_are_stored_as_received(name: str) -> None:
    assert clean_name(name) == name


@given(st.text(min_size=1, max_size=120))
def test_a_clean_name_stays_clean(text: str) -> None:
    try:
        name = clean_name(text)
    except PersonNameError:
        reject()
    assert clean_name(name) == name
    assert 0 < len(name) <= 100
    assert not {unicodedata.category(character) for character in name} & {"Cc", "Cf", "Cs"}


def test_empty_and_endless_names_are_refused() -> None:
    for empty in ("", "  ", "\u3000\t", "\u200b"):
        with pytest.raises(PersonNameError, match="姓名为空"):
            clean_name(empty)
    with pytest.raises(PersonNameError, match="100"):
        clean_name("王" * 101)
