"""No text of a file for a spreadsheet becomes a formula: each kind of file, opened by a reader of spreadsheets."""

import csv
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from io import BytesIO, StringIO
from pathlib import Path
from uuid import UUID
from zipfile import ZipFile

import openpyxl
import pytest

from renkou_common.sheets.delimited import FORMULA, TextWriter
from renkou_registry.benefits.payments.files import Payment, payment_list
from renkou_registry.exports.files import WorkbookWriter
from renkou_registry.imports.kinds import KINDS
from renkou_registry.imports.repository import StoredFinding
from renkou_registry.imports.sheet import Severity
from renkou_registry.imports.sheets import refused_rows
from renkou_registry.supplies.balances.schemas import Balance, BalanceRow
from renkou_registry.supplies.balances.workbook import workbook as balance_sheet

NAMES = [
    '=HYPERLINK("http://x.example","y")',
    "+cmd|' /C calc'!A0",
    "-2+3",
    "@SUM(1)",
    "\t=1+1",
    "\r=1+1",
    "\n=1+1",
    "＝1+1",
    '"=1+1',
    '","=1+1',
]
SOME = UUID(int=1)
SOURCES = Path(__file__).parents[2]
WRITERS = re.compile(r"\bcsv\.writer\(|\bxlsxwriter\.Workbook\(")


def exported_text(name: str) -> bytes:
    writer = TextWriter(["姓名", name])
    return writer.add([[name, "王小明"]]) + writer.end()


def exported_workbook(name: str) -> bytes:
    writer = WorkbookWriter("名单", ["姓名", name])
    return writer.add([[name, "王小明"]]) + writer.end()


def payments(kind: str) -> Callable[[str], bytes]:
    def made(name: str) -> bytes:
        return payment_list([Payment(SOME, name, name, name, Decimal("12.50"), name)], kind)

    return made


def refused(name: str) -> bytes:
    sheet = KINDS["persons"].sheet
    headings = [field.title for field in sheet.fields]
    found = StoredFinding(0, 2, "姓名", "B2", name, "name_wrong", name, name, Severity.ERROR)
    return refused_rows(sheet, [*headings, name], [(2, [name] * (len(headings) + 1))], [found])


def balance(name: str) -> bytes:
    numbers = dict.fromkeys(BalanceRow.model_fields, 1)
    row = BalanceRow.model_validate(
        numbers | {"specification_id": SOME, "product_name": name, "name": name, "unit": name}
    )
    month = Balance(point_id=SOME, point_name=name, area="340103001001", month="2025-03", rows=[row])
    return balance_sheet(month, name)


FILES: dict[str, tuple[Callable[[str], bytes], bool]] = {
    "list as CSV": (exported_text, False),
    "list as workbook": (exported_workbook, True),
    "payments as CSV": (payments("csv"), False),
    "payments as workbook": (payments("xlsx"), True),
    "refused rows of an import": (refused, True),
    "month of a supply point": (balance, True),
}


def cells_of_text(content: bytes) -> Iterator[str]:
    for row in csv.reader(StringIO(content.decode("utf-8-sig"), newline="")):
        yield from row


def cells_of_workbook(content: bytes) -> Iterator[str]:
    """Every text; raises where a cell is a formula, or the workbook reaches out of itself."""
    for sheet in openpyxl.load_workbook(BytesIO(content)):
        for row in sheet.iter_rows():
            for cell in row:
                assert cell.data_type != "f", f"{sheet.title} {cell.coordinate} is a formula: {cell.value}"
                assert cell.hyperlink is None
                if isinstance(cell.value, str):
                    yield cell.value
    with ZipFile(BytesIO(content)) as archive:
        reaching = [name for name in archive.namelist() if "externalLink" in name or "vba" in name]
    assert reaching == []


@pytest.mark.parametrize("file", FILES)
def test_no_text_of_any_file_is_worked_out_or_lost(file: str) -> None:
    make, is_workbook = FILES[file]
    for name in NAMES:
        content = make(name)
        if is_workbook:
            shown = "".join(cells_of_workbook(content)).replace("_x000D_", "\r")
            assert name in shown or name.replace("\r", "\n") in shown, name
            continue
        cells = list(cells_of_text(content))
        assert [cell for cell in cells if cell.startswith(FORMULA)] == []
        assert any(name in cell for cell in cells), name


def test_whoever_writes_a_file_is_known() -> None:
    """A new writer of CSV or workbooks comes into the files above, or under a test of its own."""
    found = {
        str(path.relative_to(SOURCES))
        for folder in ("services", "libs", "partner-kit", "deploy")
        for path in (SOURCES / folder).rglob("src/**/*.py")
        if WRITERS.search(path.read_text(encoding="utf-8"))
    }
    assert found == {
        "libs/common/src/renkou_common/sheets/delimited.py",
        "libs/common/src/renkou_common/sheets/writing.py",
        "services/registry-api/src/renkou_registry/benefits/payments/files.py",
        "services/registry-api/src/renkou_registry/privacy/registers/routes.py",  # each cell defused
        "services/reporting-worker/src/renkou_reporting/outputs/sdmx.py",  # codes and numbers only
    }
