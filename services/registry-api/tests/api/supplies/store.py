"""A point with stock for the tests of the supplies ledger."""

from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx

from renkou_common.messaging.envelope import Event, parse_body
from renkou_common.scope import AreaScope

from ...support import Caller, Json, Registry

COMMUNITY = "340103001001"
DAY = "2025-03-18"


@dataclass
class Store:
    """Posts as the station (receipts, losses, reversals) and as the worker (issues, returns, counts)."""

    registry: Registry
    station: Caller
    worker: Caller
    product: str
    medium: str
    large: str
    point: str = ""

    async def new_point(self, area: str = COMMUNITY) -> str:
        answer = await self.station.post(
            "/supply-points", json={"name": f"发放点 {uuid4()}", "kind": "community", "area": area}
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["id"])

    async def receive(
        self, quantity: int, *, expires_on: str = "2098-12-31", number: str | None = None, **changes: Any
    ) -> str:
        """Receive a batch at the point; returns the batch's id."""
        line = {
            "specification_id": changes.pop("specification_id", self.medium),
            "batch_number": number or uuid4().hex,
            "expires_on": expires_on,
            "quantity": quantity,
        }
        point = changes.pop("point", self.point)
        answer = await self.station.post(
            f"/supply-points/{point}/receipts", json={"on": DAY, "lines": [line]} | changes
        )
        assert answer.status_code == 201, answer.text
        return str(answer.json()["lines"][0]["batch_id"])

    async def issue(self, quantity: int, *, key: str | None = None, **changes: Any) -> httpx.Response:
        line = {"specification_id": self.medium, "quantity": quantity}
        if "batch_id" in changes:
            line["batch_id"] = changes.pop("batch_id")
        body = {"on": DAY, "lines": [line]} | changes
        return await self.worker.post(f"/supply-points/{self.point}/issues", json=body, key=key)

    async def stock(self, point: str | None = None) -> dict[str, int]:
        answer = await self.worker.get(f"/supply-points/{point or self.point}/stock")
        assert answer.status_code == 200, answer.text
        return {each["batch_id"]: each["quantity"] for each in answer.json()["items"]}

    async def balance(self, month: str, point: str | None = None) -> Json:
        answer = await self.worker.get(
            f"/supply-points/{point or self.point}/balance", params={"month": month}
        )
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    async def events(self, subject: str) -> list[Event]:
        """What the outbox says about a record, in order."""
        async with self.registry.runtime.database.transaction(AreaScope.nothing()) as tx:
            rows = await tx.fetch("SELECT body FROM outbox WHERE subject = $1 ORDER BY position", subject)
        return [parse_body(row["body"], number) for number, row in enumerate(rows, 1)]

    def refused(self, answer: httpx.Response) -> tuple[int, str]:
        return answer.status_code, answer.json()["code"]
