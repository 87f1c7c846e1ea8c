"""Files to and from the bank: the payment list (.xlsx or .csv), and the list of results read back."""

import csv
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal
from io import BytesIO, StringIO
from uuid import UUID

import xlsxwriter
from python_calamine import CalamineError, CalamineWorkbook

from renkou_common.codes import gb18030
from renkou_common.errors import FieldError, InvalidInput, Text
from renkou_common.sheets.delimited import FORMULA

HEADINGS = ("行号", "收款人", "开户行", "账号", "金额(元)", "期次")
RESULT_HEADINGS = ("行号", "金额(元)", "结果", "原因")
MOST_ROWS = 200_000
_RESULTS = {"成功": True, "paid": True, "失败": False, "failed": False}
_LONG_NUMBER = re.compile(r"\d{8,}")
_AMOUNT = re.compile(r"\d{1,12}(\.\d{1,2})?", re.ASCII)


@dataclass(frozen=True, slots=True)
class Payment:
    """A line of the payment list."""

    line_id: UUID
    holder: str
    bank: str
    number: str
    amount: Decimal
    period: str

    @property
    def cells(self) -> tuple[str, ...]:
        texts = (self.holder, self.bank, self.number)
        return str(self.line_id), *texts, f"{self.amount:.2f}", self.period


@dataclass(frozen=True, slots=True)
class Result:
    """What the bank says of a line; ``row`` is its row in the file."""

    row: int
    line_id: UUID
    amount: Decimal
    paid: bool
    reason: str


def payment_list(payments: Sequence[Payment], kind: str) -> bytes:
    """Return the file as ``xlsx`` or ``csv``; account numbers are text, nothing becomes a formula."""
    return _xlsx(payments) if kind == "xlsx" else _csv(payments)


def _csv(payments: Sequence[Payment]) -> bytes:
    target = StringIO(newline="")
    writer = csv.writer(target)
    writer.writerow(HEADINGS)
    for each in payments:
        writer.writerow(["'" + cell if cell.startswith(FORMULA) else cell for cell in each.cells])
    return target.getvalue().encode("utf-8-sig")


def _xlsx(payments: Sequence[Payment]) -> bytes:
    target = BytesIO()
    options = {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False}
    with xlsxwriter.Workbook(target, options) as book:
        text = book.add_format({"num_format": "@"})
        sheet = book.add_worksheet("发放清单")
        sheet.set_column(0, 0, 38, text)
        sheet.set_column(1, len(HEADINGS) - 1, 22, text)
        sheet.freeze_panes(1, 0)
        for column, heading in enumerate(HEADINGS):
            sheet.write_string(0, column, heading)
        for row, each in enumerate(payments, 1):
            for column, cell in enumerate(each.cells):
                sheet.write_string(row, column, cell, text)
    return target.getvalue()


def read_results(content: bytes, kind: str) -> list[Result]:
    """Return the results of a file; raises InvalidInput that lists every row that cannot be read."""
    rows = list(_rows(content, kind))
    if not rows or tuple(rows[0][: len(RESULT_HEADINGS)]) != RESULT_HEADINGS:
        wanted = " ".join(RESULT_HEADINGS)
        raise InvalidInput.field(
            "/file", "headings", f"首行应为: {wanted}", f"the first row must be: {wanted}"
        )
    results: list[Result] = []
    errors: list[FieldError] = []
    for number, cells in enumerate(rows[1:], 2):
        if any(cell.strip() for cell in cells):
            read = _result(number, [*cells, "", "", "", ""])
            results += [read] if isinstance(read, Result) else []
            errors += [read] if isinstance(read, FieldError) else []
    if errors:
        raise InvalidInput.fields(errors)
    return results


def _result(row: int, cells: Sequence[str]) -> Result | FieldError:
    at = f"/rows/{row}"
    try:
        line_id = UUID(cells[0].strip())
    except ValueError:
        return FieldError(f"{at}/行号", "line_id", Text("行号有误", "is no line number"))
    written = cells[1].strip().replace(",", "")
    if not _AMOUNT.fullmatch(written):
        return FieldError(
            f"{at}/金额(元)", "amount", Text("金额有误, 应为 960.00", "is no amount such as 960.00")
        )
    paid = _RESULTS.get(cells[2].strip().lower())
    if paid is None:
        return FieldError(
            f"{at}/结果", "result", Text("只能是 成功、失败", "must be 成功 (paid) or 失败 (failed)")
        )
    reason = _LONG_NUMBER.sub("***", cells[3].strip())[:200]  # banks quote the account here
    if not paid and not reason:
        return FieldError(f"{at}/原因", "missing", Text("失败须写明原因", "a failure needs its reason"))
    return Result(row, line_id, Decimal(written), paid, reason)


def _rows(content: bytes, kind: str) -> Iterator[list[str]]:
    try:
        if kind == "csv":
            yield from csv.reader(StringIO(gb18030.decode(content), newline=""))
            return
        sheet = CalamineWorkbook.from_filelike(BytesIO(content)).get_sheet_by_index(0)
        if sheet.total_height > MOST_ROWS:
            raise ValueError("too many rows")
        for row in sheet.iter_rows():
            yield [f"{cell:.2f}" if isinstance(cell, float) else str(cell) for cell in row]
    except (CalamineError, ValueError, IndexError, csv.Error) as error:
        raise InvalidInput.field("/file", "unreadable", "文件无法读取", "the file cannot be read") from error
