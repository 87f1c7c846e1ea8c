"""Two districts and a province as processes: published figures are pulled, verified and added up; no person comes."""

import asyncio
import json
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
import pytest

from renkou_common.codes.area import AreaCode
from renkou_common.contracts.registry import RegistryEventType, StaffAssignment, StaffChanged

from ..processes import process, run_to_its_end, until
from ..support import PROVINCE_SECRET, Json, LineMaker, NodeFactory, NodeOverHttp

pytestmark = pytest.mark.endurance

DISTRICTS = {"340103": (1000, 40), "340104": (9000, 60)}
PERIOD = "2026-01"


@dataclass
class Office:
    """A node of processes, and somebody signed in there."""

    node: NodeOverHttp
    client: httpx.AsyncClient
    processes: list[asyncio.subprocess.Process]

    def caller(self, role: str, area: str) -> dict[str, str]:
        """The headers of a new member of staff."""
        staff_id = uuid4()
        low, high = AreaCode.parse(area).interval()
        rights = [StaffAssignment(role=role, area=str(low), area_high=str(high))]
        data = StaffChanged(staff_id=staff_id, active=True, assignments=rights)
        self.node.feeds["registry"].append(RegistryEventType.STAFF_CHANGED, data, staff_id)
        return {"Authorization": f"Bearer {self.node.issuer.issue(staff_id, 'staff', role)}"}

    async def post(self, path: str, headers: dict[str, str], content: Any = None) -> Json:
        answer = await self.client.post(
            path, headers=headers | {"Idempotency-Key": str(uuid4())}, json=content
        )
        assert answer.status_code in (200, 201, 202), answer.text
        found: Json = answer.json()
        return found

    async def until(self, holds: Callable[[], Awaitable[bool]]) -> None:
        await until(self.processes, holds, 120)


async def start(stack: AsyncExitStack, node: NodeOverHttp, **settings: str) -> Office:
    environment = node.environment | {f"RENKOU_{name}": value for name, value in settings.items()}
    assert await run_to_its_end("migrate", environment) == 0
    running = [await stack.enter_async_context(process(role, environment)) for role in ("main", "worker")]
    url = f"http://127.0.0.1:{environment['RENKOU_HTTP_PORT']}"
    client = httpx.AsyncClient(base_url=url, transport=httpx.AsyncHTTPTransport(retries=30), timeout=60)
    return Office(node, await stack.enter_async_context(client), running)


async def publish(office: Office, district: str) -> None:
    """Close January with two signatures, in spite of a return of the police that nobody handed in."""
    statistician = office.caller("statistician", district)
    administrator = office.caller("administrator", district)

    async def known() -> bool:
        asked = [await office.client.get("/closings", headers=one) for one in (statistician, administrator)]
        return all(answer.status_code == 200 for answer in asked)

    await office.until(known)
    rebuild = await office.post("/rebuilds", statistician)

    async def rebuilt() -> bool:
        answer = await office.client.get(f"/rebuilds/{rebuild['id']}", headers=statistician)
        return bool(answer.json()["state"] == "done")

    await office.until(rebuilt)

    async def reconciled() -> bool:
        listed = await office.client.get("/reconciliations", headers=statistician)
        return bool(listed.json()["items"]) and listed.json()["items"][0]["state"] == "done"

    await office.until(reconciled)  # the daily one: nobody has to ask for it
    path = f"/closings/{(await office.post('/closings', statistician, {'period': PERIOD}))['id']}"
    first = {"reason": "核对无误", "despite": ["returns_signed"]}
    signed = await office.post(f"{path}/signatures", statistician, first)
    second = {"hash": signed["first_signed"]["hash"], "overrides": {"returns_signed": "公安月报迟报"}}
    published = await office.post(f"{path}/publication", administrator, second)
    assert published["state"] == "published"


async def test_a_province_adds_up_what_its_districts_published(
    nodes: NodeFactory, line: LineMaker, tmp_path: Path
) -> None:
    secret_file = tmp_path / "province_secret"
    secret_file.write_text(PROVINCE_SECRET, encoding="utf-8")
    async with AsyncExitStack() as stack:
        offices: dict[str, Office] = {}
        sources = []
        for district, (people, births) in DISTRICTS.items():
            node = await stack.enter_async_context(nodes(tmp_path / district, district))
            area = f"{district}001001"
            node.feeds["registry"].append_lines(
                [
                    line("resident", "opening", "2025-12-31", people, area=area),
                    line("resident", "birth", "2026-01-10", births, area=area, sex=1, parity=1),
                ]
            )
            office = await start(stack, node, PROVINCE_SECRET_FILE=str(secret_file))
            offices[district] = office

            async def serves(asked: Office = office) -> bool:
                return (await asked.client.get("/health/ready")).status_code == 200

            await office.until(serves)
            keys = await office.client.get("/published/keys")
            assert keys.status_code == 200, keys.text
            sources.append(
                {
                    "district": district,
                    "url": str(office.client.base_url),
                    "secret_file": str(secret_file),
                    "keys": keys.json(),
                }
            )
        districts_file = tmp_path / "districts.json"
        districts_file.write_text(json.dumps({"districts": sources}), encoding="utf-8")
        above = await stack.enter_async_context(nodes(tmp_path / "province", "340000"))
        province = await start(
            stack, above, PROVINCE_DISTRICTS=str(districts_file), PROVINCE_PULL_SECONDS="3600"
        )
        auditor = province.caller("auditor", "34")

        async def figures() -> Json:
            answer = await province.client.get(
                "/province/figures", params={"period": PERIOD, "population": "resident"}, headers=auditor
            )
            assert answer.status_code in (200, 403), answer.text
            return answer.json() if answer.status_code == 200 else {"missing": None}

        async def missing(expected: list[str]) -> bool:
            found: list[str] | None = (await figures())["missing"]
            return found == expected

        await publish(offices["340103"], "340103")
        await province.until(lambda: missing(["340104"]))
        await publish(offices["340104"], "340104")
        await province.until(lambda: missing([]))
        answer = await figures()
        found = {(one["indicator"], one["dims"]): one for one in answer["items"]}
        assert answer["province"] == "34"
        assert found["births", ""]["value"] == "100"
        rate = found["birth_rate", ""]
        assert (rate["numerator"], rate["denominator"], rate["value"]) == ("100", "10050", "9.95")
        (account,) = answer["accounts"]
        assert (account["parts"]["opening"], account["parts"]["closing"]) == (10000, 10100)
        states = (await province.client.get("/province/districts", headers=auditor)).json()["items"]
        assert [(one["district"], one["position"], one["problem"]) for one in states] == [
            ("340103", 1, None), ("340104", 1, None),
        ]  # fmt: skip
        database = await asyncpg.connect(above.environment["RENKOU_DATABASE_URL"])
        for table in ("fact", "cell", "cohort_cell", "aggregate_return"):
            assert await database.fetchval(f"SELECT count(*) FROM {table}") == 0
        await database.close()
