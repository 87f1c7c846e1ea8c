"""Hypothesis strategies for the field's codes."""

from datetime import date

from hypothesis import strategies as st

from renkou_common.codes.area import PREFECTURES_WITHOUT_COUNTIES, PROVINCES, AreaCode
from renkou_common.codes.resident_id import check_character

_PART_WIDTHS = (2, 2, 3, 3)


@st.composite
def area_codes(draw: st.DrawFn, under: AreaCode | None = None) -> AreaCode:
    """Valid codes of all levels; `under` keeps to the subtree of an area."""
    code = under.value if under else draw(st.sampled_from(sorted(PROVINCES)))
    start = under.level if under else 1
    for width in _PART_WIDTHS[start - 1 : draw(st.integers(start, 5)) - 1]:
        low = 0 if code in PREFECTURES_WITHOUT_COUNTIES else 1
        code += str(draw(st.integers(low, 10**width - 1))).zfill(width)
    return AreaCode(code)


@st.composite
def resident_ids(draw: st.DrawFn) -> str:
    """Valid numbers of 18 characters."""
    region = draw(st.sampled_from(sorted(PROVINCES))) + draw(st.from_regex(r"[0-9]{4}", fullmatch=True))
    birth = draw(st.dates(min_value=date(1900, 1, 1), max_value=date(2030, 12, 31)))
    sequence = draw(st.integers(0, 999))
    first_17 = f"{region}{birth:%Y%m%d}{sequence:03d}"
    return first_17 + check_character(first_17)
