"""What is sent where a sheet is wanted: whole workbooks with odd cells, half of one, none at all."""

import io
from typing import Any

import schemathesis
import xlsxwriter
from hypothesis import strategies as st

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
_HEADS = [
    "姓名",
    "性别",
    "公民身份号码",
    "出生日期",
    "户籍地",
    "现居住地",
    "手机号码",
    "area",
    "year",
    "number",
]
_CELLS = st.one_of(
    st.text(max_size=20),
    st.floats(allow_nan=False, allow_infinity=False),
    st.sampled_from(
        ["=1+1", "340103199001011234", "2024-02-30", "9" * 400, "-1", "340103002003", "１９９０年"]
    ),
)


def _workbook(rows: list[list[Any]], name: str) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False}) as book:
        sheet = book.add_worksheet(name)
        for number, row in enumerate(rows):
            for column, value in enumerate(row):
                sheet.write(number, column, value)
    return out.getvalue()


_ROWS = st.lists(st.lists(_CELLS, max_size=6), max_size=4)
_BOOKS = st.builds(lambda rows: _workbook([_HEADS, *rows], "Sheet1"), _ROWS)
_HALVES = st.builds(lambda book, share: book[: int(len(book) * share)], _BOOKS, st.floats(0, 1))
_LINES = st.builds(
    lambda rows, mark: (mark + "\r\n".join(",".join(map(str, row)) for row in [_HEADS, *rows])).encode(
        "utf-8", "replace"
    ),
    _ROWS,
    st.sampled_from(["", "\ufeff"]),
)


def register() -> None:
    """Make Schemathesis send them."""

    @schemathesis.serializer(XLSX, "text/csv")
    def as_it_is(context: Any, value: Any) -> bytes:
        return value if isinstance(value, bytes) else str(value).encode("utf-8", "replace")

    schemathesis.openapi.media_type(XLSX, st.one_of(_BOOKS, _HALVES, st.binary(max_size=200)))
    schemathesis.openapi.media_type("text/csv", st.one_of(_LINES, st.binary(max_size=200)))
