"""Exported files: read back as they were written, and nothing in them is ever carried out."""

from io import BytesIO
from zipfile import ZipFile

from hypothesis import given
from hypothesis import strategies as st
from python_calamine import CalamineWorkbook

from renkou_common.sheets.delimited import TextWriter, defused
from renkou_registry.exports.files import WorkbookWriter

TEXTS = st.lists(
    st.lists(st.text(st.characters(exclude_categories=("Cs", "Cc")), max_size=20), min_size=2, max_size=2),
    max_size=20,
)


def workbook(rows: list[list[str]]) -> bytes:
    writer = WorkbookWriter("名单", ["姓名", "号码"])
    return writer.add(rows[:3]) + writer.add(rows[3:]) + writer.end()


@given(TEXTS)
def test_a_workbook_is_read_back_as_it_was_written(rows: list[list[str]]) -> None:
    content = workbook(rows)
    with ZipFile(BytesIO(content)) as archive:
        assert archive.testzip() is None
        assert "<f>" not in archive.read("xl/worksheets/sheet1.xml").decode()
    sheet = CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_index(0)
    read = sheet.to_python(skip_empty_area=False)
    assert read[0] == ["姓名", "号码"]
    told = [[str(cell) for cell in row] for row in read[1:]]
    assert told == rows[: len(told)]
    assert not any(any(row) for row in rows[len(told) :])


def test_the_headings_stay_in_sight_and_an_id_number_fits_its_column() -> None:
    with ZipFile(BytesIO(workbook([["张三", "340103199003071212"]]))) as archive:
        sheet = archive.read("xl/worksheets/sheet1.xml").decode()
        styles = archive.read("xl/styles.xml").decode()
    assert '<pane ySplit="1" topLeftCell="A2" activePane="bottomLeft" state="frozen"/>' in sheet
    assert '<col min="1" max="2" width="22" customWidth="1"/>' in sheet
    assert sheet.index("<sheetViews>") < sheet.index("<cols>") < sheet.index("<sheetData>")
    assert "<fill/>" not in styles  # Excel repairs a workbook whose fill has no pattern


def test_long_numbers_keep_every_digit() -> None:
    content = workbook([["张三", "340103199003071212"]])
    row = CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_index(0).to_python()[1]
    assert row == ["张三", "340103199003071212"]
    assert defused("340103199003071212") == "\t340103199003071212"


@given(st.text(max_size=30))
def test_no_text_of_a_csv_begins_a_formula(text: str) -> None:
    told = defused(text)
    assert not told.startswith(("=", "@"))
    assert text in told


def test_a_csv_carries_a_mark_and_defuses_formulas() -> None:
    writer = TextWriter(["姓名"])
    text = (writer.add([["=HYPERLINK(1)"], ["-5"], ["@x"]]) + writer.end()).decode()
    assert text == "\ufeff姓名\r\n'=HYPERLINK(1)\r\n-5\r\n'@x\r\n"
