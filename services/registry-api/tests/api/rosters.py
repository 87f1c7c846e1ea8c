"""Rosters for import tests: small sheets of people whose ID numbers are valid and used once."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date, timedelta
from io import BytesIO
from itertools import count
from typing import Any

import httpx
import xlsxwriter

from renkou_common.codes.resident_id import check_character
from renkou_common.database import connect
from renkou_registry.imports.jobs import JobSession, work_off
from renkou_registry.imports.persons_sheet import SHEET

from ..support import Caller, Json, Registry

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
HEADINGS = [field.title for field in SHEET.fields]
COMMUNITY = "340103009001"
_NUMBERS = count(1)


def resident_id(region: str, birth: date, sequence: int) -> str:
    """A valid number; an odd sequence is a man's."""
    first = f"{region}{birth:%Y%m%d}{sequence:03d}"
    return first + check_character(first)


def person(**changed: Any) -> Json:
    """A row that is right: a man who lives alone; `changed` replaces cells by heading."""
    number = next(_NUMBERS)
    birth = date(1960, 1, 1) + timedelta(days=number // 400)
    return {
        "户号": f"T{number:09d}",
        "姓名": f"张{number}",
        "性别": "男",
        "出生日期": birth.isoformat(),
        "证件类型": "居民身份证",
        "证件号码": resident_id("340103", birth, number % 400 * 2 + 1),
        "民族": "汉族",
        "婚姻状况": "初婚",
        "与户主关系": "户主",
        "户籍地编码": COMMUNITY,
        "户籍地详细地址": "长江中路 1 号",
        "现居住地编码": COMMUNITY,
        "现居住地详细地址": "长江中路 1 号",
        "现居住起始日期": "2015-06-01",
        "联系电话": "13800138000",
        "生育子女数": "1",
        "工作单位": "",
    } | changed


def sheet(rows: Sequence[Json], headings: Sequence[str] = HEADINGS, first_column: int = 0) -> bytes:
    """An .xlsx with headings in row 1 and a person in each row below; text stays text, numbers numbers."""
    target = BytesIO()
    with xlsxwriter.Workbook(target, {"in_memory": True}) as book:
        page = book.add_worksheet("人口登记表")
        page.write_row(0, first_column, headings)
        day = book.add_format({"num_format": "yyyy-mm-dd"})
        for line, row in enumerate(rows, 1):
            for column, heading in enumerate(headings, first_column):
                value = row.get(heading, "")
                if isinstance(value, date):
                    page.write_datetime(line, column, value, day)
                elif isinstance(value, int | float):
                    page.write_number(line, column, value)
                elif value:
                    page.write_string(line, column, value)
    return target.getvalue()


@dataclass
class Rosters:
    """Makes rosters and carries imports to their end as a worker does."""

    person: Callable[..., Json]
    sheet: Callable[..., bytes]
    headings: list[str]

    async def hand_in(self, clerk: Caller, content: bytes, **query: Any) -> httpx.Response:
        day = {"stock_date": "2025-01-01"}
        return await clerk.post(
            "/imports", content=content, headers={"Content-Type": XLSX}, params=day | query
        )

    async def work(self, registry: Registry) -> None:
        """One worker's session: every open job to its end."""
        session = await connect(registry.runtime.database.dsn)
        try:
            while await work_off(registry.runtime, JobSession(session)):
                pass
        finally:
            await session.close()

    async def carry(self, registry: Registry, clerk: Caller, rows: Sequence[Json], **query: Any) -> Json:
        """Hand in rows, let a worker do its work and return the job as its clerk sees it."""
        handed_in = await self.hand_in(clerk, self.sheet(rows), **query)
        assert handed_in.status_code == 202, handed_in.text
        await self.work(registry)
        job: Json = (await clerk.get(handed_in.headers["Location"])).json()
        return job

    async def errors(self, clerk: Caller, job: Json, **query: Any) -> list[Json]:
        found: list[Json] = (await clerk.get(f"/imports/{job['id']}/errors", params=query)).json()["items"]
        return found
