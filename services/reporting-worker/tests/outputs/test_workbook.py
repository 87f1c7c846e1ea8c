"""The sheet of a statistical return, read back as a spreadsheet program reads it."""

from collections.abc import Iterator
from io import BytesIO
from zipfile import ZipFile

import openpyxl
import pytest
from openpyxl.worksheet.worksheet import Worksheet
from python_calamine import CalamineWorkbook

from renkou_reporting.outputs.domain import HIDDEN, Dims, Number, Place, Table
from renkou_reporting.outputs.form import Form
from renkou_reporting.outputs.workbook import workbook

from .tables import absent, communities, heading, months, plain, shown, table

FORM = Form("人统1表", "省卫生健康委员会", "庐阳区卫生健康局")


def opened(found: Table, form: Form = FORM) -> Worksheet:
    sheet = openpyxl.load_workbook(BytesIO(workbook(found, form)))["统计表"]
    assert isinstance(sheet, Worksheet)
    return sheet


def first_line(sheet: Worksheet) -> int:
    """The line of the first row, below the numbered columns."""
    return next(row for row in range(1, 20) if sheet.cell(row, 1).value == "甲") + 1


def texts(sheet: Worksheet) -> Iterator[str]:
    for row in sheet.iter_rows(values_only=True):
        yield from (value for value in row if isinstance(value, str))


def test_the_sheet_has_the_head_and_foot_of_a_form() -> None:
    found = list(texts(opened(table([heading()], communities(4), months(3), plain))))
    assert found[0] == "庐阳区出生率统计表（常住人口）"
    for expected in (
        "表　　号 No.：人统1表", "制定机关 Issued by：省卫生健康委员会", "填报单位 Reported by：庐阳区卫生健康局",
        "统计期 Period：2026年1月—2026年3月", "计量单位 Unit：‰",
    ):  # fmt: skip
        assert expected in found
    (signed,) = [text for text in found if "制表人" in text]
    assert all(who in signed for who in ("单位负责人", "统计负责人", "审核人", "报出日期"))
    assert any(text.startswith("注：资料来源：户口与常住登记") for text in found)
    assert any("registry 1234" in text for text in found)


def test_headings_are_merged_over_years_and_indicators() -> None:
    by_parity = [heading("births", "出生人数", "人", 0, Dims(parity=one)) for one in ("1", "2", "3+")]
    sheet = opened(table([heading(), *by_parity], communities(3), months(2), plain))
    merged = {str(one): sheet.cell(one.min_row, one.min_col).value for one in sheet.merged_cells.ranges}
    assert merged["A6:A10"] == "区划名称\narea"
    assert merged["C6:D7"] == "出生率\nbirth rate"
    assert merged["E6:J6"] == "出生人数\nbirths"
    assert merged["E7:F7"] == "一孩\nparity 1"
    assert merged["I7:J7"] == "三孩及以上\nparity 3 and later"
    assert merged["C8:D8"] == "‰"
    assert merged["C9:D9"] == "2026年"
    assert sheet["C10"].value == "1月\n2026-01"
    assert [sheet.cell(11, column).value for column in (1, 2, 3, 10)] == ["甲", "乙", "1", "8"]


def test_values_are_numbers_with_their_decimals() -> None:
    sheet = opened(
        table([heading()], communities(2), months(1), lambda at: shown(("-1234.50", "7.00")[at.area]))
    )
    assert [sheet.cell(row, 3).value for row in (9, 10)] == [-1234.5, 7]
    assert sheet.cell(9, 3).number_format == "#,##0.00"
    assert sheet.cell(10, 2).value == "340103001001"


def test_hidden_and_absent_figures_are_marked_and_noted() -> None:
    numbers = [HIDDEN, absent(), shown("1.00")]
    found = table([heading()], communities(3), months(1), lambda at: numbers[at.area], version=2)
    sheet = opened(found)
    assert [sheet.cell(row, 3).value for row in (9, 10, 11)] == ["…", "— [1]", 1]
    everything = list(texts(sheet))
    assert any(text.startswith("注：… 少于5人不予显示") for text in everything)
    assert any(text.startswith("— [1] 分母为零，无法计算") for text in everything)
    counted = (
        CalamineWorkbook.from_object(BytesIO(workbook(found, FORM))).get_sheet_by_name("分子分母").to_python()
    )
    assert counted[1][5:8] == ["…", "…", "…"]
    assert counted[3][5:8] == [12, 1000, 1]


def test_it_prints_on_a4_across_with_headings_on_every_page() -> None:
    sheet = opened(table([heading()], communities(60), months(12), plain))
    assert (sheet.page_setup.paperSize, sheet.page_setup.orientation) == (9, "landscape")
    assert (sheet.page_setup.fitToWidth or 1, sheet.page_setup.fitToHeight) == (1, 0)
    assert sheet.print_title_rows == "$6:$10"
    assert sheet.freeze_panes == "C11"
    assert sheet.oddFooter is not None
    assert sheet.oddFooter.center is not None
    assert sheet.oddFooter.center.text == "第 &P 页 共 &N 页"


def test_a_high_and_narrow_table_is_printed_upright() -> None:
    sheet = opened(table([heading()], communities(30), months(3), plain))
    assert (sheet.page_setup.orientation, sheet.page_setup.fitToHeight) == ("portrait", 0)


def test_a_title_is_on_the_first_of_several_pages_beside_what_each_repeats() -> None:
    sheet = opened(table([heading(f"figure_{at}") for at in range(40)], communities(3), months(1), plain))
    assert (sheet.print_title_cols, sheet.page_setup.fitToWidth) == ("$A:$B", 2)
    assert "C1:V1" in {str(one) for one in sheet.merged_cells.ranges}
    assert sheet["V3"].value == "表　　号 No.：人统1表"


def test_a_table_of_100_rows_and_40_columns() -> None:
    headings = [heading(f"figure_{number}", f"指标{number}") for number in range(40)]
    sheet = opened(table(headings, communities(100), months(1), plain))
    assert (sheet.max_column, sheet.page_setup.fitToWidth) == (42, 2)
    assert sheet.cell(first_line(sheet) + 99, 42).value == 3999


def test_a_table_of_nothing_and_names_of_every_kind() -> None:
    assert opened(table([], communities(1), months(1), plain)) is not None
    names = ['=HYPERLINK("http://x")', "𠮷林路㼆社区", "很长很长的名字" * 8]
    places = [Place(f"34010300{number}", name) for number, name in enumerate(names)]
    sheet = opened(table([heading()], places, months(1), plain))
    assert [sheet.cell(row, 1).value for row in (9, 10, 11)] == names
    assert sheet.cell(9, 1).data_type == "s"


@pytest.mark.parametrize("value", ["1234567890123456.50", "0.1234567890123456"])
def test_more_digits_than_a_spreadsheet_keeps_stay_text(value: str) -> None:
    sheet = opened(table([heading()], communities(1), months(1), lambda _: Number(value, "1", value)))
    assert sheet.cell(first_line(sheet), 3).value == value


def test_the_same_table_gives_the_same_bytes() -> None:
    found = table([heading()], communities(5), months(12), plain)
    assert workbook(found, FORM) == workbook(found, FORM)
    with ZipFile(BytesIO(workbook(found, FORM))) as archive:
        assert b"2026-12-31T00:00:00Z" in archive.read("docProps/core.xml")


def test_many_indicators_go_down_and_the_areas_across() -> None:
    headings = [heading(f"figure_{number}", f"指标{number}") for number in range(60)]
    sheet = opened(table(headings, communities(3), months(1), plain))
    assert [cell.value for cell in sheet[6]][:4] == [
        "指标名称\nindicator", "计量单位\nunit", "庐阳区\n340103", "第1社区\n340103001001",
    ]  # fmt: skip
    assert sheet.cell(first_line(sheet) + 59, 1).value == "指标59 figure 59"
    assert sheet.cell(first_line(sheet) + 59, 5).value == 5902
