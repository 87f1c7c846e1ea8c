"""A range of a feed is divided into parts of whole blocks, none left out and none twice."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from renkou_common.messaging.digest import BLOCK, parts_of


@given(first=st.integers(1, 10**7), length=st.integers(1, 10**6), parts=st.integers(1, 64))
def test_parts_follow_each_other_at_the_ends_of_blocks(first: int, length: int, parts: int) -> None:
    last = first + length - 1
    found = parts_of(first, last, parts)
    assert (found[0][0], found[-1][1]) == (first, last)
    assert len(found) <= parts
    for (begin, end), (following, _) in pairwise(found):
        assert begin <= end
        assert following == end + 1
        assert end % BLOCK == 0
