"""The shipped division tree is complete, well formed and the one that was built."""

from collections import Counter

import pytest

from renkou_common.codes.area import AreaCode
from renkou_common.codes.divisions import Division, content_hash, read_divisions

COUNTS = {1: 31, 2: 342, 3: 2_978, 4: 41_352, 5: 620_573}
HASH = "e3ff1cee1b1fea7a0c88b9936b23c13fbf6992e15a2de2a5217fd8aef8637fea"


@pytest.fixture(scope="module")
def divisions() -> list[Division]:
    return list(read_divisions())


def test_counts_and_content_are_those_of_the_source(divisions: list[Division]) -> None:
    assert Counter(division.level for division in divisions) == COUNTS
    assert content_hash(divisions) == HASH


def test_divisions_come_in_order_after_their_parents(divisions: list[Division]) -> None:
    seen = {(0, 0)}
    for division in divisions:
        assert (division.level - 1, division.parent) in seen
        seen.add((division.level, division.key))
    assert len(seen) == len(divisions) + 1
    assert [(d.level, d.key) for d in divisions] == sorted((d.level, d.key) for d in divisions)


def test_names_carry_no_noise(divisions: list[Division]) -> None:
    assert all(d.name and d.name == d.name.strip() and not set("\"'“”\n\t") & set(d.name) for d in divisions)


def test_upper_divisions_are_valid_area_codes_with_that_parent(divisions: list[Division]) -> None:
    for division in divisions:
        if division.level == 5 and not division.code.startswith("340103"):
            continue
        if division.code == "350527000":
            continue
        area = AreaCode(division.code)
        assert (area.level, area.key) == (division.level, division.key)
        assert (area.parent.key if area.parent else 0) == division.parent


def test_only_five_divisions_have_the_key_of_their_parent(divisions: list[Division]) -> None:
    shared = [division for division in divisions if division.shares_parent_key]
    assert {division.code for division in shared} == {
        "441900",
        "442000",
        "460400",
        "350527000",
        "350527000000",
    }
    unique = [division.key for division in divisions if not division.shares_parent_key]
    assert len(set(unique)) == len(unique) == len(divisions) - 5


def test_intermediate_levels_remain(divisions: list[Division]) -> None:
    names = {division.code: division.name for division in divisions if division.level <= 3}
    assert (names["1101"], names["340103"], names["310115"]) == ("市辖区", "庐阳区", "浦东新区")
    assert (names["4190"], names["419001"]) == ("省直辖县级行政区划", "济源市")
