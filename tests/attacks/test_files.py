"""Files made by somebody who means harm: opened apart, with limits; and exports that must harm nobody."""

import asyncio
import csv
import io
import struct
import time
import zlib
from collections.abc import AsyncIterator
from copy import copy
from pathlib import Path
from zipfile import ZIP_DEFLATED, ZipFile

import pytest
import xlsxwriter

from renkou_common.sheets.delimited import TextWriter
from renkou_common.sheets.domain import Unreadable
from renkou_common.sheets.opening import open_file
from renkou_registry.exports.files import WorkbookWriter

SHEET = "Sheet1"


def workbook(*rows: list[str]) -> bytes:
    """A good workbook."""
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet(SHEET)
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
    return out.getvalue()


def with_parts(content: bytes, parts: dict[str, bytes]) -> bytes:
    """The workbook with parts replaced or added."""
    out = io.BytesIO()
    with ZipFile(io.BytesIO(content)) as old, ZipFile(out, "w", ZIP_DEFLATED) as new:
        for name in old.namelist():
            if name not in parts:
                new.writestr(name, old.read(name))
        for name, part in parts.items():
            new.writestr(name, part)
    return out.getvalue()


async def read(content: bytes) -> list[list[object]]:
    """All rows as an import reads them; raises Unreadable."""

    async def given() -> AsyncIterator[bytes]:
        yield content

    opened = await open_file(given(), SHEET)
    try:
        rows: list[list[object]] = [list(opened.headings)]
        async for block in opened.blocks():
            rows += [list(row) for _, row in block]
        return rows
    finally:
        opened.close()


def lying_bomb() -> bytes:
    """A worksheet of 600 MB that says of itself that it has four bytes, with the check sum of those."""
    held = io.BytesIO()
    with ZipFile(held, "w", ZIP_DEFLATED) as archive, archive.open("xl/worksheets/sheet1.xml", "w") as part:
        for _ in range(600):
            part.write(b" " * (1 << 20))
    content = bytearray(held.getvalue())
    directory = content.rindex(b"PK\x01\x02")
    content[directory + 16 : directory + 20] = struct.pack("<I", zlib.crc32(b"    "))
    content[directory + 24 : directory + 28] = struct.pack("<I", 4)
    content[14:18] = struct.pack("<I", zlib.crc32(b"    "))
    content[22:26] = struct.pack("<I", 4)
    good = ZipFile(io.BytesIO(workbook(["姓名"])))
    out = io.BytesIO(bytes(content))
    with ZipFile(out, "a", ZIP_DEFLATED) as archive:
        for name in good.namelist():
            if name != "xl/worksheets/sheet1.xml":
                archive.writestr(name, good.read(name))
    return out.getvalue()


def claims_billions_of_cells() -> bytes:
    sheet = (
        b'<?xml version="1.0"?><worksheet xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main">'
        b'<dimension ref="A1:XFD1048576"/><sheetData><row r="1"><c r="A1" t="inlineStr"><is><t>a</t></is></c></row>'
        b'<row r="1048576"><c r="XFD1048576" t="inlineStr"><is><t>b</t></is></c></row></sheetData></worksheet>'
    )
    return with_parts(workbook(["姓名"]), {"xl/worksheets/sheet1.xml": sheet})


def very_many_parts() -> bytes:
    """A workbook with 60,000 parts more than it needs, each of them empty."""
    return with_parts(workbook(["姓名"]), {f"xl/media/{number}": b"" for number in range(60_000)})


def the_same_part_very_often() -> bytes:
    """A directory that names one packed part of a megabyte three thousand times: they overlap."""
    held = io.BytesIO()
    with ZipFile(held, "w", ZIP_DEFLATED) as archive:
        for name in ("xl/workbook.xml", "xl/worksheets/sheet1.xml"):
            archive.writestr(name, b" " * (1 << 20))
        one = archive.filelist[-1]
        for number in range(3000):
            again = copy(one)
            again.filename = f"xl/worksheets/sheet{number}.xml"
            archive.filelist.append(again)
            archive.NameToInfo[again.filename] = again
    return held.getvalue()


def nested() -> bytes:
    inner = workbook(["姓名"])
    for _ in range(20):
        inner = with_parts(workbook(["姓名"]), {"xl/embeddings/inner.xlsx": inner})
    return inner


@pytest.mark.parametrize(
    "make", [lying_bomb, claims_billions_of_cells, very_many_parts, the_same_part_very_often]
)
async def test_a_workbook_that_unpacks_to_very_much_is_refused(make: "type[bytes]") -> None:
    started = time.monotonic()
    with pytest.raises(Unreadable) as refused:
        await read(make())
    assert refused.value.finding.code in {
        "workbook_too_large",
        "not_a_workbook",
        "too_many_rows",
        "headings_wrong",
    }
    assert time.monotonic() - started < 60


async def test_what_lies_within_a_workbook_is_left_there() -> None:
    assert await read(nested()) == [["姓名"]]


async def test_entities_of_xml_are_neither_expanded_nor_fetched() -> None:
    asked: list[str] = []

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        asked.append((await reader.readline()).decode())
        writer.close()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    port = server.sockets[0].getsockname()[1]
    laughs = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 12))
    strings = (
        f'<?xml version="1.0"?><!DOCTYPE sst [<!ENTITY l0 "laugh">{laughs}'
        f'<!ENTITY file SYSTEM "file:///etc/hostname"><!ENTITY net SYSTEM "http://127.0.0.1:{port}/asked">]>'
        '<sst xmlns="http://schemas.openxmlformats.org/spreadsheetml/2006/main" count="1" uniqueCount="1">'
        "<si><t>&l11;&file;&net;</t></si></sst>"
    ).encode()
    content = with_parts(workbook(["姓名"]), {"xl/sharedStrings.xml": strings})
    try:
        rows = await read(content)
    except Unreadable as refused:
        assert refused.finding.code in {"not_a_workbook", "workbook_too_large"}  # noqa: PT017
    else:
        told = str(rows)
        assert "laugh" not in told
        assert Path("/etc/hostname").read_text().strip() not in told
    server.close()
    await server.wait_closed()
    assert asked == []


async def test_names_of_parts_reach_no_file(tmp_path: Path) -> None:
    target = tmp_path / "written"
    slips = {
        f"../../../../../../../..{target}": b"x",
        str(target): b"x",
        "..\\..\\written": b"x",
        "xl/worksheets/../../../written": b"x",
    }
    assert await read(with_parts(workbook(["姓名"]), slips)) == [["姓名"]]
    assert not target.exists()
    assert list(tmp_path.iterdir()) == []


def test_a_link_in_an_archive_is_a_part_like_any_other(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("do not tell")
    out = io.BytesIO(workbook(["姓名"]))
    with ZipFile(out, "a") as archive:
        info = archive.getinfo("xl/workbook.xml").__class__("xl/link.xml")
        info.external_attr = 0o120777 << 16
        archive.writestr(info, str(secret))
    rows = asyncio.run(read(out.getvalue()))
    assert "do not tell" not in str(rows)


@pytest.mark.parametrize(
    "text",
    ["=1+1", "+cmd|' /C calc'!A0", "-2+3", "@SUM(1)", "\t=1", "\r=1", "\n=1", "＝1+1", "＋1", "－1", "＠A1"],
)
def test_no_text_of_an_export_begins_a_formula(text: str) -> None:
    writer = TextWriter(["姓名", text])
    written = b"".join([writer.add([["张三", text], ['a"b', "c,d\r\ne"]]), writer.end()]).decode("utf-8-sig")
    rows = list(csv.reader(io.StringIO(written, newline="")))
    assert rows[0][1] == rows[1][1] == f"'{text}"
    assert rows[2] == ['a"b', "c,d\r\ne"]  # quoted, and nothing else

    book = WorkbookWriter("名单", ["姓名"])
    content = b"".join([book.add([[text]]), book.end()])
    with ZipFile(io.BytesIO(content)) as archive:
        assert b"<f>" not in archive.read("xl/worksheets/sheet1.xml")
