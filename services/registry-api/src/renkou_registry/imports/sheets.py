"""Workbooks that staff get: the empty template, and the refused rows with their cells marked."""

from collections.abc import Iterable, Mapping, Sequence
from io import BytesIO

from xlsxwriter.format import Format
from xlsxwriter.workbook import Workbook as Writer
from xlsxwriter.worksheet import Worksheet

from renkou_common.sheets.domain import EXAMPLE, MAXIMUM_ROWS, Cell, letters
from renkou_common.sheets.writing import writer
from renkou_registry.imports.cells import text_of
from renkou_registry.imports.repository import StoredFinding
from renkou_registry.imports.sheet import NO, REASON_HEADING, ROW_HEADING, YES, Field, Sheet

MAXIMUM_FINDINGS = 100_000
_TEMPLATE_ROWS = MAXIMUM_ROWS + 1  # row 2 is the example; a drop-down of a column is one range, however long
_CODES_SHEET = "码表"
_NOTES = (
    "第 1 行为表头, 不要改动; 从第 2 行起一行一条, 最多 100000 行, 文件不超过 50 MB。",
    "以“示例”开头的行不会导入。单元格均为文本格式, 身份证号等长号码不要改为数字格式。",
    "有错误的行不会导入, 其余的行照常导入; 下载错误表改正后可直接再次上传。同一行再次上传不会重复登记。",
    "也可上传 CSV 文件 (GB 18030 或 UTF-8 编码), 表头相同。",
)


class _Styles:
    """The few formats that both workbooks use."""

    def __init__(self, book: Writer) -> None:
        self.text = book.add_format({"num_format": "@"})
        self.example = book.add_format({"num_format": "@", "font_color": "#7F7F7F", "italic": True})
        self.heading = book.add_format({"bold": True, "bg_color": "#DDEBF7", "border": 1, "text_wrap": True})
        self.required = book.add_format({"bold": True, "bg_color": "#FCE4D6", "border": 1, "text_wrap": True})
        self.wrong = book.add_format(
            {"num_format": "@", "bg_color": "#FFC7CE", "font_color": "#9C0006", "bold": True}
        )
        self.wrap = book.add_format({"text_wrap": True, "valign": "top"})


def _head(sheet: Worksheet, styles: _Styles, headings: Sequence[str], fields: Mapping[str, Field]) -> None:
    for place, heading in enumerate(headings):
        field = fields.get(heading)
        sheet.set_column(place, place, field.width if field else 13, styles.text)
        style = styles.required if field and field.required else styles.heading
        sheet.write_string(0, place, heading, style)
    sheet.freeze_panes(1, 0)


def template(sheet_of_kind: Sheet) -> bytes:
    """Return the empty sheet of a kind: all cells text, drop-downs for codes, instructions, an example
    row.
    """
    target = BytesIO()
    fields = sheet_of_kind.fields
    with writer(target) as book:
        styles = _Styles(book)
        sheet = book.add_worksheet(sheet_of_kind.title)
        help_sheet = book.add_worksheet("填写说明")
        codes_sheet = book.add_worksheet(_CODES_SHEET)
        _head(sheet, styles, [field.title for field in fields], {field.title: field for field in fields})
        for place, field in enumerate(fields):
            example = f"{EXAMPLE} {field.example}" if place == 0 else field.example
            sheet.write_string(1, place, example, styles.example)
            if field.offered:
                _drop_down(sheet, codes_sheet, place, field)
        _instructions(help_sheet, styles, sheet_of_kind)
    return target.getvalue()


def _drop_down(sheet: Worksheet, codes_sheet: Worksheet, place: int, field: Field) -> None:
    codes_sheet.write_string(0, place, field.title)
    for number, label in enumerate(field.offered, 1):
        codes_sheet.write_string(number, place, label)
    letter = letters(place)
    sheet.data_validation(
        1,
        place,
        _TEMPLATE_ROWS,
        place,
        {
            "validate": "list",
            "source": f"='{_CODES_SHEET}'!${letter}$2:${letter}${len(field.offered) + 1}",
            "error_title": field.title,
            "error_message": "请从下拉框中选择",
        },
    )


def _instructions(sheet: Worksheet, styles: _Styles, of: Sheet) -> None:
    sheet.set_column(0, 0, 18)
    sheet.set_column(1, 1, 8)
    sheet.set_column(2, 2, 70, styles.wrap)
    sheet.set_column(3, 3, 26, styles.text)
    for place, heading in enumerate(("列", "必填", "填写要求", "示例")):
        sheet.write_string(0, place, heading, styles.heading)
    for number, field in enumerate(of.fields, 1):
        sheet.write_string(number, 0, field.title)
        sheet.write_string(number, 1, YES if field.required else NO)
        sheet.write_string(number, 2, field.help, styles.wrap)
        sheet.write_string(number, 3, field.example)
    for number, note in enumerate((*_NOTES, *of.notes), len(of.fields) + 2):
        sheet.write_string(number, 0, note)


def refused_rows(
    of: Sheet,
    file_headings: Sequence[str],
    rows: Iterable[tuple[int, Sequence[Cell]]],
    findings: Iterable[StoredFinding],
) -> bytes:
    """Return a sheet of the rows that have findings; the cells are marked and say why in both languages."""
    by_row: dict[int, list[StoredFinding]] = {}
    for finding in findings:
        by_row.setdefault(finding.row, []).append(finding)
    fields = {field.title: field for field in of.fields}
    at = {"".join(each.split()).rstrip("*＊"): place for place, each in enumerate(file_headings)}
    headings = [each for each in at if each in fields]
    headings += [field.title for field in of.fields if field.absent and field.title not in at]
    target = BytesIO()
    with writer(target) as book:
        styles = _Styles(book)
        sheet = book.add_worksheet(of.title)
        _head(sheet, styles, headings, fields)
        for place, heading in enumerate((ROW_HEADING, REASON_HEADING), len(headings)):
            sheet.write_string(0, place, heading, styles.heading)
        sheet.set_column(len(headings) + 1, len(headings) + 1, 60)
        places = [at.get(heading) for heading in headings]
        for line, (number, cells) in enumerate(rows, 1):
            written = [cells[place] if place is not None and place < len(cells) else "" for place in places]
            _refused_row(sheet, styles, line, headings, written, by_row[number])
    return target.getvalue()


def _refused_row(
    sheet: Worksheet,
    styles: _Styles,
    line: int,
    headings: Sequence[str],
    cells: Sequence[Cell],
    findings: Sequence[StoredFinding],
) -> None:
    reasons: dict[str, list[str]] = {}
    for finding in findings:
        reasons.setdefault(finding.column, []).append(f"{finding.zh} / {finding.en}")
    for place, (heading, cell) in enumerate(zip(headings, cells, strict=True)):
        _cell(sheet, styles.wrong if heading in reasons else styles.text, line, place, cell)
        if heading in reasons:
            text = "; ".join(reasons[heading])
            sheet.write_comment(line, place, text, {"author": "人口登记", "x_scale": 2, "visible": False})
    sheet.write_string(line, len(headings), str(findings[0].row), styles.text)
    summary = "; ".join(f"{finding.column}: {finding.zh} / {finding.en}" for finding in findings)
    sheet.write_string(line, len(headings) + 1, summary[:2000], styles.text)


def _cell(sheet: Worksheet, style: Format, line: int, place: int, cell: Cell) -> None:
    text = text_of(cell)
    if text:
        sheet.write_string(line, place, text[:32_000], style)
    else:
        sheet.write_blank(line, place, None, style)
