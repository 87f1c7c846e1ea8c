"""The steps of a closing, as the people of a district take them."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from renkou_common.contracts.lines import Line

from ..support import Caller, Json, LineMaker, Reporting

PERIOD = "2026-01"
POLICE: Json = {
    "form": "police_registration",
    "area": "340103",
    "period": PERIOD,
    "cells": {
        f"movements.{row}.{column}": "0"
        for row in (
            "opening", "birth", "in_province", "in_country", "death", "out_province", "out_country", "closing",
        )
        for column in ("total", "male", "female")
    },
}  # fmt: skip
"""The only return that every district hands in for a January; the police saw nobody come or go."""


@dataclass
class District:
    """A running service with its statistician and administrator."""

    reporting: Reporting
    statistician: Caller
    administrator: Caller
    line: LineMaker
    code: str = "340103"

    async def rebuild(self) -> None:
        """Make the figures anew, and compare them with the services, as a closing asks for."""
        assert (await self.statistician.post("/rebuilds")).status_code == 202
        assert await self.reporting.rebuilder().run_once()
        await self.reconcile()

    async def reconcile(self) -> None:
        """Compare with the services what was taken in."""
        assert (await self.statistician.post("/reconciliations")).status_code == 202
        await self.reporting.reconcile()

    async def open(self, period: str = PERIOD) -> str:
        answer = await self.statistician.post("/closings", json={"period": period})
        assert answer.status_code == 201, answer.text
        closing_id: str = answer.json()["id"]
        return closing_id

    async def sign(self, closing_id: str, reason: str = "核对无误") -> Json:
        answer = await self.statistician.post(f"/closings/{closing_id}/signatures", json={"reason": reason})
        assert answer.status_code == 201, answer.text
        found: Json = answer.json()
        return found

    async def publish(self, closing_id: str, reason: str = "核对无误") -> Json:
        """Both sign; returns the closing."""
        signed = await self.sign(closing_id, reason)
        given = {"hash": signed["first_signed"]["hash"]}
        answer = await self.administrator.post(f"/closings/{closing_id}/publication", json=given)
        assert answer.status_code == 201, answer.text
        found: Json = answer.json()
        return found

    async def closed(self, period: str = PERIOD) -> str:
        """Close a period for the first time; returns the closing's id."""
        await self.rebuild()
        closing_id = await self.open(period)
        await self.publish(closing_id)
        return closing_id

    async def restate(self, closing_id: str, reason: str) -> Json:
        """Open a published period and publish it anew."""
        reopened = await self.statistician.post(f"/closings/{closing_id}/reopening", json={"reason": reason})
        assert reopened.status_code == 200, reopened.text
        return await self.publish(closing_id, reason)

    async def late(self, lines: Sequence[Line]) -> int:
        """Take an event in; returns its number in the register's feed."""
        await self.reporting.take_in("registry", lines)
        return self.reporting.feeds["registry"].events[-1].seq

    async def published(self, version: int | str = "latest", **asked: Any) -> Json:
        answer = await self.statistician.get(f"/published/{PERIOD}/{version}", params=asked)
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    async def figure(
        self, indicator: str, version: int | str = "latest", dims: str = "", **asked: Any
    ) -> Json:
        """One published figure of the usual residents of the district, or of the area asked for."""
        area = asked.get("area", "340103")
        rows = (await self.published(version, indicator=indicator, population="resident", **asked))["items"]
        (found,) = [row for row in rows if row["area"] == area and row["dims"] == dims]
        row: Json = found
        return row


async def populated(reporting: Reporting, line: LineMaker, code: str = "340103") -> District:
    """Give a district two subdistricts with people, births and deaths, and the return that it owes."""
    lines = []
    for number, area in enumerate((f"{code}001001", f"{code}001002", f"{code}002001"), 1):
        lines.append(
            line("resident", "opening", "2025-12-31", 10_000 * number, area=area, sex=1,
                 birth_month="1990-01")
        )  # fmt: skip
        for sex in (1, 2):
            lines.append(
                line("resident", "birth", "2026-01-15", 20 * number, area=area, sex=sex, parity=1,
                     birth_month="2026-01")
            )  # fmt: skip
        lines.append(line("resident", "death", "2026-01-20", 12, area=area, sex=1, birth_month="1990-01"))
    await reporting.take_in("registry", lines)
    await (await reporting.desk(code)).hand_in(POLICE | {"area": code})
    statistician = await reporting.staff("statistician", code)
    administrator = await reporting.staff("administrator", code)
    return District(reporting, statistician, administrator, line, code)
