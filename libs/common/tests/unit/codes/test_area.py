"""Area codes: what is accepted, and that subtree, prefix and interval are the same relation."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkou_common.codes.area import AreaCode, AreaCodeError, AreaLevel

from .strategies import area_codes


@given(area_codes(), area_codes())
def test_interval_containment_is_the_prefix_relation(one: AreaCode, other: AreaCode) -> None:
    _containment_agrees(one, other)


@given(st.data(), area_codes())
def test_interval_containment_is_the_prefix_relation_inside_a_subtree(
    data: st.DataObject, area: AreaCode
) -> None:
    inside = data.draw(area_codes(under=area))
    assert area.contains(inside)
    _containment_agrees(area, inside)
    _containment_agrees(inside, area)


def _containment_agrees(one: AreaCode, other: AreaCode) -> None:
    (low, high), (other_low, other_high) = one.interval(), other.interval()
    is_prefix = other.value.startswith(one.value)
    assert one.contains(other) is is_prefix
    assert (low <= other_low and other_high <= high) is is_prefix


@given(area_codes(), area_codes())
def test_intervals_are_nested_or_apart(one: AreaCode, other: AreaCode) -> None:
    (low, high), (other_low, other_high) = one.interval(), other.interval()
    assert high < other_low or other_high < low or one.contains(other) or other.contains(one)


@given(area_codes())
def test_key_leads_back_to_the_code(area: AreaCode) -> None:
    back = AreaCode.from_key(area.key)
    assert back.key == area.key
    assert back == area or (back == area.parent and area.value.endswith("00"))


@given(area_codes())
def test_padded_and_full_width_text_reads_as_the_same_code(area: AreaCode) -> None:
    full_width = area.value.translate({ord("0") + digit: ord("０") + digit for digit in range(10)})
    assert AreaCode.parse(f" {full_width}\u3000") == area
    padded = AreaCode.parse(area.value.ljust(12, "0"))
    assert padded.key == area.key


@given(area_codes())
def test_parents_lead_up_to_the_province(area: AreaCode) -> None:
    levels = [ancestor.level for ancestor in area.ancestors()]
    assert levels == list(range(area.level - 1, 0, -1))
    assert all(ancestor.contains(area) for ancestor in area.ancestors())
    assert area.district == area.value[:6]


@pytest.mark.parametrize(
    ("code", "level", "zh", "kind"),
    [
        ("34", AreaLevel.PROVINCE, "省", "省"),
        ("3401", AreaLevel.PREFECTURE, "市", "市"),
        ("340103", AreaLevel.COUNTY, "县/区", "县/区"),
        ("340103001", AreaLevel.TOWN, "街道/镇/乡", "街道"),
        ("340103100", AreaLevel.TOWN, "街道/镇/乡", "镇"),
        ("340103200", AreaLevel.TOWN, "街道/镇/乡", "乡"),
        ("340103400", AreaLevel.TOWN, "街道/镇/乡", "其他"),
        ("340103001001", AreaLevel.VILLAGE, "社区/村", "社区"),
        ("340103100201", AreaLevel.VILLAGE, "社区/村", "村"),
    ],
)
def test_levels_have_their_names(code: str, level: AreaLevel, zh: str, kind: str) -> None:
    area = AreaCode.parse(code)
    assert (area.level, area.level.zh, area.kind[0]) == (level, zh, kind)


def test_shortest_code_of_a_key() -> None:
    assert AreaCode.from_key(340000000000) == AreaCode("34")
    assert AreaCode.from_key(340100000000) == AreaCode("3401")
    assert AreaCode.from_key(340103000000) == AreaCode("340103")
    assert AreaCode.from_key(441900000000) == AreaCode("4419")
    assert AreaCode.from_key(441900003000) == AreaCode("441900003")


def test_codes_padded_with_zeros_are_shortened() -> None:
    assert AreaCode.parse("340103000000") == AreaCode("340103")
    assert AreaCode.parse("340100") == AreaCode("3401")
    assert AreaCode.parse("340000000000") == AreaCode("34")


def test_dongguan_is_a_county_without_a_county_number() -> None:
    county = AreaCode.parse("441900")
    assert county.level is AreaLevel.COUNTY
    assert AreaCode.parse("441900003").parent == county
    assert county.parent == AreaCode("4419")


@pytest.mark.parametrize(
    ("text", "error"),
    [
        ("", "area_code_digits"),
        ("34010A", "area_code_digits"),
        ("-34010", "area_code_digits"),
        ("34010", "area_code_length"),
        ("3401030010011", "area_code_length"),
        ("99", "area_code_province"),
        ("000000", "area_code_province"),
        ("340100001", "area_code_zero_part"),
        ("340103000201", "area_code_zero_part"),
    ],
)
def test_wrong_codes_are_refused_in_both_languages(text: str, error: str) -> None:
    with pytest.raises(AreaCodeError) as raised:
        AreaCode.parse(text)
    assert raised.value.code == error
    assert raised.value.zh
    assert raised.value.en


@pytest.mark.parametrize("key", [0, -340103000000, 34, 3401030000000, 340103000201, 990000000000])
def test_keys_that_are_no_area_are_refused(key: int) -> None:
    with pytest.raises(AreaCodeError):
        AreaCode.from_key(key)
