"""A roster sheet handed in and applied, beside its four parts each alone: parse, validate, encrypt, COPY.

There are two limits. ``import`` has COPY write one bare table of the sheet's columns. ``import, same tables``
has it write what a register keeps of each row: the rows of the import before, read back, into copies of the
same tables with their indexes and checks, but without policies, foreign keys and triggers. The first three
parts are the same.
"""

import asyncio
import hmac
import os
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from hashlib import sha256
from io import BytesIO
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4

import asyncpg
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from pydantic import AfterValidator, BaseModel, Field, TypeAdapter
from python_calamine import CalamineWorkbook

from tests.bench.node import HOME, STOCK_DATE, Nodes
from tests.bench.report import Line, line
from tests.bench.stored import Peaks, Spent, Stored
from tests.bench.turns import Setting, in_turns
from tests.e2e.api import Api
from tests.e2e.roster_import import XLSX
from tests.e2e.synthetic.workbook import HEADINGS, SHEET_NAME, write_xlsx

PATIENCE_SECONDS = 120
_SLOWEST_ROWS_PER_SECOND = 200
_BETWEEN_LOOKS = 0.1
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_CHECK = "10X98765432"
_TABLE = """
DROP TABLE IF EXISTS bare_row;
CREATE TABLE bare_row (
    id uuid PRIMARY KEY, household text, name text, sex text, birth_date date, document_kind text,
    document_sealed bytea, document_index bytea, nationality text, marital_status text, relation text,
    registered_area bigint, registered_street text, present_area bigint, present_street text,
    present_since date, phone_sealed bytea, phone_index bytea, children smallint, employer text
);
"""


def _checked(number: str) -> str:
    """GB 11643: the eighteenth character follows from the others; other documents have another length."""
    if len(number) == 18:
        total = sum(int(digit) * weight for digit, weight in zip(number, _WEIGHTS, strict=False))
        if _CHECK[total % 11] != number[17]:
            raise ValueError("check digit")
    return number


type _Area = Annotated[str, Field(pattern=r"^\d{12}$")]
type _Text = Annotated[str, Field(max_length=200)]


class _Row(BaseModel):
    """A row validated as cheaply as its types and the check digit allow."""

    household: Annotated[str, Field(min_length=1, max_length=40)]
    name: Annotated[str, Field(min_length=1, max_length=100)]
    sex: Annotated[str, Field(pattern="^(男|女)$")]
    birth_date: date
    document_kind: _Text
    document_number: Annotated[str, AfterValidator(_checked)]
    nationality: _Text
    marital_status: _Text
    relation: _Text
    registered_area: _Area
    registered_street: _Text
    present_area: _Area
    present_street: _Text
    present_since: date
    phone: Annotated[str, Field(pattern=r"^(1\d{10})?$")]
    children: Annotated[str, Field(pattern=r"^\d{0,2}$")]
    employer: _Text


_ROWS = TypeAdapter(list[_Row])
_NAMES = tuple(_Row.model_fields)


@dataclass(frozen=True)
class _Sheet:
    content: bytes
    rows: int


def _parse(content: bytes) -> list[list[Any]]:
    book = CalamineWorkbook.from_filelike(BytesIO(content))
    return book.get_sheet_by_name(SHEET_NAME).to_python(skip_empty_area=False)[1:]


def _validate(rows: Sequence[Sequence[Any]]) -> list[_Row]:
    return _ROWS.validate_python([dict(zip(_NAMES, row, strict=False)) for row in rows])


class _Cipher:
    """AES-GCM and HMAC on nothing but the library."""

    def __init__(self) -> None:
        self._cipher = AESGCM(os.urandom(32))
        self._key = os.urandom(32)

    def both(self, text: str) -> tuple[bytes | None, bytes | None]:
        """Return the encrypted text and its blind index."""
        if not text:
            return None, None
        content, nonce = text.encode(), os.urandom(12)
        return nonce + self._cipher.encrypt(nonce, content, None), hmac.digest(self._key, content, sha256)


def _record(
    row: _Row, document: tuple[bytes | None, ...], phone: tuple[bytes | None, ...]
) -> tuple[Any, ...]:
    return (
        UUID(bytes=os.urandom(16)),
        row.household,
        row.name,
        row.sex,
        row.birth_date,
        row.document_kind,
        *document,
        row.nationality,
        row.marital_status,
        row.relation,
        int(row.registered_area),
        row.registered_street,
        int(row.present_area),
        row.present_street,
        row.present_since,
        *phone,
        int(row.children or 0),
        row.employer,
    )


class _Parts:
    """The four parts, each timed alone; ``per_row`` keeps the microseconds that each took per row."""

    def __init__(self, connection: "asyncpg.Connection[asyncpg.Record]", stored: Stored) -> None:
        self._connection = connection
        self._stored = stored
        self._cipher = _Cipher()
        self.per_row: dict[str, list[float]] = {}
        self.beside_same_tables: list[float] = []

    async def run(self, sheet: _Sheet) -> float:
        """Return rows per second of the four parts one after another."""
        parsed, parse = _timed(lambda: _parse(sheet.content))
        rows, validate = _timed(lambda: _validate(parsed))
        cipher = self._cipher.both
        sealed, encrypt = _timed(lambda: [(cipher(row.document_number), cipher(row.phone)) for row in rows])
        records = [_record(row, *pair) for row, pair in zip(rows, sealed, strict=True)]
        await self._connection.execute(_TABLE)
        started = time.perf_counter()
        await self._connection.copy_records_to_table("bare_row", records=records)
        copy = time.perf_counter() - started
        same_tables = await self._stored.copied()
        parts = {"parse": parse, "validate": validate, "encrypt": encrypt, "copy": copy}
        for name, seconds in (parts | {"copy to same tables": same_tables}).items():
            self.per_row.setdefault(name, []).append(1e6 * seconds / sheet.rows)
        self.beside_same_tables.append(sheet.rows / (parse + validate + encrypt + same_tables))
        return sheet.rows / sum(parts.values())

    def told(self) -> str:
        """Return the median microseconds per row of each part."""
        return ", ".join(f"{name} {sorted(us)[len(us) // 2]:.0f}" for name, us in self.per_row.items())


def _timed[T](work: Callable[[], T]) -> tuple[T, float]:
    started = time.perf_counter()
    done = work()
    return done, time.perf_counter() - started


async def _import(clerk: Api, sheet: _Sheet, peaks: Peaks) -> tuple[float, str]:
    """Hand a sheet in and wait until it is applied; returns rows per second and when the job was made."""
    started = time.perf_counter()
    answer = await clerk.request(
        "POST",
        "registry",
        "/imports",
        params={"stock_date": STOCK_DATE.isoformat()},
        content=sheet.content,
        headers={"Content-Type": XLSX, "Idempotency-Key": str(uuid4())},
    )
    job = answer.json()
    patience = PATIENCE_SECONDS + sheet.rows / _SLOWEST_ROWS_PER_SECOND
    while job["state"] != "done":
        if job["state"] == "failed" or time.perf_counter() - started > patience:
            raise RuntimeError(f"the import did not come to its end: {job}")
        peaks.look()
        await asyncio.sleep(_BETWEEN_LOOKS)
        job = await clerk.get("registry", f"/imports/{job['id']}")
    seconds = time.perf_counter() - started
    if job["rows_applied"] != sheet.rows:
        raise RuntimeError(f"{job['rows_applied']} of {sheet.rows} rows were applied")
    return sheet.rows / seconds, job["created_at"]


def _sheets(setting: Setting, nodes: Nodes, folder: Path) -> list[_Sheet]:
    folder.mkdir(parents=True, exist_ok=True)
    sheets = []
    for number in range(setting.passes + 1):
        roster, path = nodes.roster(setting.rows), folder / f"roster-{number}.xlsx"
        write_xlsx(roster, path, bad_share=0)
        sheets.append(_Sheet(path.read_bytes(), len(roster.people)))
    return sheets


async def importing(setting: Setting, nodes: Nodes) -> list[Line]:
    """Rows per second from the upload to the last committed row, beside both limits."""
    if len(_NAMES) != len(HEADINGS):
        raise RuntimeError("the bare validation does not fit the sheet's columns")
    sheets = await asyncio.to_thread(_sheets, setting, nodes, nodes.stack.data_dir / "sheets")
    remaining = iter(sheets)
    connection, register = await nodes.stack.postgres.connect(), await nodes.connect("registry")
    stored = Stored(register)
    parts, peaks, rates = _Parts(connection, stored), Peaks(HOME), list[float]()
    spent = Spent(HOME, nodes.database("registry").name)

    async def ours() -> float:
        sheet = next(remaining)
        spent.begin()
        rate, since = await _import(nodes.home.clerk, sheet, peaks)
        spent.end(sheet.rows)
        await stored.keep(since)
        rates.append(rate)
        return rate

    async def limit() -> float:
        return await parts.run(sheets[-1])

    def note() -> str:
        return (
            f"sheets of {sheets[0].rows:,} rows handed in, checked, households, events, applied;"
            f" processor time in microseconds per row: {spent.told()};"
            f" limit in microseconds per row: {parts.told()}; peaks of memory: {peaks.told()}"
        )

    try:
        bare = await in_turns("import", ours, limit, setting.passes, "rows/s", note)
        same = "copies of the same tables, without policies, foreign keys and triggers"
        same_tables = line(
            "import, same tables", rates[1:], parts.beside_same_tables[1:], "rows/s", f"COPY into {same}"
        )
        return [bare, same_tables]
    finally:
        await connection.close()
        await register.close()
