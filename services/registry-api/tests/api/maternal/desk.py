"""What the tests look at besides answers: published events, sums of lines, the log of readings."""

import io
from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

import httpx
from pypdf import PdfReader

from renkou_common.messaging.envelope import Event, parse_body
from renkou_common.scope import AreaScope
from renkou_registry.runtime import Runtime

from ...support import Caller, Json

BORN = "1991-04-08"


@dataclass
class Desk:
    """Reads the outbox and the log of one application."""

    runtime: Runtime

    async def events(self, subject: str, kind: str | None = None) -> list[Event]:
        """What was published about a subject, in order."""
        async with self.runtime.database.transaction(AreaScope.nothing()) as tx:
            rows = await tx.fetch("SELECT body FROM outbox WHERE subject = $1 ORDER BY position", subject)
        events = [parse_body(row["body"], number) for number, row in enumerate(rows, 1)]
        return [each for each in events if kind is None or each.type == kind]

    async def sums(self, subject: str, kinds: Iterable[str]) -> Counter[tuple[str, str, str]]:
        """The sum of every published line of some types, by population, day and measure; zeros left out."""
        found: Counter[tuple[str, str, str]] = Counter()
        for event in await self.events(subject):
            if event.type in kinds:
                for line in event.data["lines"]:
                    found[line["population"], line["on"], line["measure"]] += line["value"]
        return Counter({key: value for key, value in found.items() if value})

    async def readings(self, person_id: str) -> list[tuple[list[str], str | None]]:
        """Which health data of a person were read, and what for."""
        async with self.runtime.database.transaction(AreaScope.everything()) as tx:
            rows = await tx.fetch(
                "SELECT fields, purpose FROM audit_entry WHERE action = 'unmask' AND person_ids = ARRAY[$1::uuid]"
                " ORDER BY at, id",
                person_id,
            )
        return [(row["fields"], row["purpose"]) for row in rows]


async def change(
    caller: Caller, path: str, record: Json, body: Json | None = None, **headers: str
) -> httpx.Response:
    """Change a record at the version that was answered last."""
    own = {"If-Match": f'"{record["version"]}"'} | headers
    return await caller.post(path, json=body if body is not None else {}, headers=own)


async def done(answer: httpx.Response) -> Json:
    """The body of an answer that went well."""
    assert answer.status_code in (200, 201), answer.text
    body: Json = answer.json()
    return body


def refusal(answer: httpx.Response) -> tuple[int, Any]:
    """Status and code of a refusal, whose detail must be in Chinese and English by turns."""
    return answer.status_code, answer.json()["code"]


def pdf_text(answer: httpx.Response) -> str:
    """The text of the one page of a PDF; pypdf puts a zero byte before characters of two-byte fonts."""
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    (page,) = PdfReader(io.BytesIO(answer.content)).pages
    width, height = (float(side) / 72 * 25.4 for side in page.mediabox[2:])
    assert (round(width), round(height)) == (210, 297)
    return page.extract_text().replace("\x00", "").replace("\n", " ")
