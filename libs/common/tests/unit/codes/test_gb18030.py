"""The 18 code points that GB 18030-2022 moved, from files of any program."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkou_common.codes import gb18030

MOVED = {
    "A6D9": "︐", "A6DA": "︒", "A6DB": "︑", "A6DC": "︓", "A6DD": "︔", "A6DE": "︕", "A6DF": "︖",
    "A6EC": "︗", "A6ED": "︘", "A6F3": "︙", "FE59": "龴", "FE61": "龵", "FE66": "龶", "FE67": "龷",
    "FE6D": "龸", "FE7E": "龹", "FE90": "龺", "FEA0": "龻",
}  # fmt: skip


@pytest.mark.parametrize(("code", "character"), MOVED.items())
def test_a_moved_code_is_read_as_the_standard_of_2022_has_it(code: str, character: str) -> None:
    assert gb18030.decode(b"\xd0\xd5" + bytes.fromhex(code)) == "姓" + character


def test_private_use_code_points_in_a_workbook_are_mended_too() -> None:
    assert gb18030.settle("\ue81e王") == "龴王"
    assert gb18030.settle("plain") == "plain"


@given(st.text(alphabet=st.characters(codec="utf-8", exclude_categories=("Co", "Cs")), max_size=40))
def test_what_is_not_private_stays_as_it_is(text: str) -> None:
    assert gb18030.settle(text) == text
    assert gb18030.decode(("\ufeff" + text).encode()) == text


def test_bytes_of_neither_encoding_are_refused() -> None:
    with pytest.raises(UnicodeDecodeError):
        gb18030.decode(b"\xff\xff\xff")
