"""What spreadsheet cells mean, whatever staff and their programs write into them."""

from datetime import date, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkou_common.codes.area import AreaCode
from renkou_common.codes.findings import CodeError
from renkou_common.sheets.domain import Cell
from renkou_registry.imports import cells
from renkou_registry.imports.cells import Privacy

LUYANG = AreaCode("340103")


@pytest.mark.parametrize(
    "written",
    ["1990-01-31", "1990/1/31", "1990.1.31", "19900131",
     "1990年1月31日", "１９９０-０１-３１", " 1990-01-31 ",
     date(1990, 1, 31), datetime(1990, 1, 31), datetime(1990, 1, 31, 8, 30)],
)  # fmt: skip
def test_a_day_is_read_however_it_is_written(written: Cell) -> None:
    assert cells.day(written) == date(1990, 1, 31)


@pytest.mark.parametrize("written", ["1990-02-30", "31.1.1990", "90-1-31", 32904.0, "昨天", "1990-1", True])
def test_what_is_no_day_is_refused(written: Cell) -> None:
    with pytest.raises(CodeError) as refusal:
        cells.day(written)
    assert refusal.value.code == "date_unreadable"


@pytest.mark.parametrize(
    "written", [340103199001310019.0, 3.401031990013101e17, "3.40103E+17", "3.401031990013101e17", 15]
)
def test_a_number_in_the_id_column_is_explained(written: Cell) -> None:
    with pytest.raises(CodeError) as refusal:
        cells.document_number(written)
    assert refusal.value.code == "document_number_numeric"
    assert "15" in refusal.value.zh


def test_a_whole_number_has_no_decimal_point() -> None:
    assert cells.text_of(340103000001.0) == "340103000001"
    assert cells.text_of(1.5) == "1.5"


@pytest.mark.parametrize(
    ("written", "code"),
    [("340103", "area_too_coarse"), ("340103009", "area_too_coarse"), 
     ("3101", "area_too_coarse"), ("31", "area_too_coarse"),
     ("34010", "area_code_length"), ("990101", "area_code_province"), ("庐阳区", "area_code_digits")],
)  # fmt: skip
def test_an_area_is_fine_enough(written: Cell, code: str) -> None:
    with pytest.raises(CodeError) as refusal:
        cells.area(written, LUYANG)
    assert refusal.value.code == code


@pytest.mark.parametrize(
    ("written", "code"),
    [
        ("340103009001", "340103009001"),
        (340103009001.0, "340103009001"),
        ("310115", "310115"),
        ("310115000000", "310115"),
    ],
)
def test_an_area_is_read_as_text_or_number(written: Cell, code: str) -> None:
    assert cells.area(written, LUYANG).value == code


@pytest.mark.parametrize(
    ("written", "good"),
    [
        ("13800138000", True),
        (13800138000.0, True),
        ("0551-62345678", True),
        ("12345", False),
        ("23800138000", False),
    ],
)
def test_a_phone_number_has_a_form(written: Cell, good: bool) -> None:
    if good:
        assert cells.phone(written)
    else:
        with pytest.raises(CodeError):
            cells.phone(written)


@given(st.text(max_size=60))
def test_no_text_in_the_id_column_is_shown_whole(text: str) -> None:
    shown = cells.shown(Privacy.NUMBER, text)
    plain = cells.text_of(text)
    assert len(plain) < 9 or "*" in plain or plain not in shown


@given(
    st.one_of(
        st.text(),
        st.floats(),
        st.integers(),
        st.booleans(),
        st.dates(),
        st.datetimes(),
        st.times(),
        st.timedeltas(),
    )
)
def test_any_cell_can_be_shown_and_is_short(cell: Cell) -> None:
    for privacy in Privacy:
        assert len(cells.shown(privacy, cell)) <= 60
