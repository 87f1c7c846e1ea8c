"""The worker as a process: imports survive its death, its events reach the broker, it stops cleanly."""

import asyncio
import json
import os
import signal
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from io import BytesIO

import pytest
from python_calamine import CalamineWorkbook

from renkou_common.scope import AreaScope
from renkou_local.nats import EmbeddedNats

from ..support import Json, Registry
from .rosters import Rosters

pytestmark = pytest.mark.endurance

ROWS = 6000


class Worker:
    """A running `python -m renkou_registry.worker`; its log tells when something has happened."""

    def __init__(self, process: asyncio.subprocess.Process) -> None:
        self.process = process

    async def until(self, event: str) -> Json:
        """Read the log up to an event; fails when the process ends before."""
        async with asyncio.timeout(60):
            assert self.process.stdout
            while line := await self.process.stdout.readline():
                entry: Json = json.loads(line) if line.startswith(b"{") else {}
                if entry.get("event") == event:
                    return entry
        raise AssertionError(f"the worker ended before it logged {event!r}")

    async def end(self, number: signal.Signals) -> int | None:
        if self.process.returncode is None:
            self.process.send_signal(number)
        await self.process.communicate()
        return self.process.returncode


@asynccontextmanager
async def worker(registry: Registry, nats_server: EmbeddedNats) -> AsyncIterator[Worker]:
    environment = os.environ | registry.environment
    environment |= {
        "RENKOU_NATS_URL": nats_server.url,
        "RENKOU_NATS_SEED_FILE": str(nats_server.node_seed("340103", "registry")),
        "RENKOU_MIGRANT_URL": "http://127.0.0.1:9",
    }
    running = Worker(
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "renkou_registry.worker", env=environment, stdout=asyncio.subprocess.PIPE
        )
    )
    try:
        yield running
    finally:
        await running.end(signal.SIGKILL)


async def counts(registry: Registry) -> dict[str, int]:
    async with registry.runtime.database.transaction(AreaScope.everything(), read_only=True) as tx:
        row = await tx.fetchrow(
            "SELECT (SELECT count(*) FROM person) AS persons,"
            " (SELECT count(DISTINCT resident_id_index) FROM person) AS numbers,"
            " (SELECT count(*) FROM household_member) AS members,"
            " (SELECT count(*) FROM life_event) AS events,"
            " (SELECT count(DISTINCT subject) FROM outbox"
            "  WHERE type = 'registry.person.registered.v1') AS told,"
            " (SELECT count(*) FROM outbox WHERE type = 'registry.person.registered.v1') AS messages"
        )
    assert row
    return dict(row)


@pytest.mark.timeout(180)
async def test_an_import_goes_on_after_every_kill_and_enters_each_row_once(
    fresh_registry: Registry, nats_server: EmbeddedNats, rosters: Rosters
) -> None:
    clerk = await fresh_registry.staff("subdistrict_clerk", "340103")
    rows = [rosters.person() for _ in range(ROWS - 1)] + [rosters.person(性别="?")]
    handed_in = await rosters.hand_in(clerk, rosters.sheet(rows))
    path = handed_in.headers["Location"]
    for moment in ("import rows checked", "import rows applied", "import rows applied"):
        async with worker(fresh_registry, nats_server) as killed:
            await killed.until(moment)
            assert await killed.end(signal.SIGKILL) == -signal.SIGKILL
        job = (await clerk.get(path)).json()
        assert job["state"] in ("checking", "applying")
        assert (await counts(fresh_registry))["persons"] == job["rows_applied"]
    assert 0 < job["rows_applied"] < ROWS - 1
    async with worker(fresh_registry, nats_server) as last, worker(fresh_registry, nats_server) as second:
        done = [asyncio.create_task(each.until("import put down")) for each in (last, second)]
        finished, waiting = await asyncio.wait(done, return_when=asyncio.FIRST_COMPLETED)
        assert all(task.result()["state"] == "done" for task in finished)
        for task in waiting:
            task.cancel()
        await asyncio.gather(*waiting, return_exceptions=True)
        assert await second.end(signal.SIGTERM) == 0
        assert await last.end(signal.SIGTERM) == 0
    job = (await clerk.get(path)).json()
    assert (job["state"], job["rows_applied"], job["rows_refused"]) == ("done", ROWS - 1, 1)
    assert set((await counts(fresh_registry)).values()) == {ROWS - 1}


@pytest.mark.timeout(180)
async def test_deaths_and_an_export_go_on_after_a_kill_and_hold_each_row_once(
    fresh_registry: Registry, nats_server: EmbeddedNats, rosters: Rosters
) -> None:
    clerk = await fresh_registry.staff("subdistrict_clerk", "340103")
    people = [rosters.person() for _ in range(1200)]
    await rosters.carry(fresh_registry, clerk, people)
    titles = ["身份证号", "姓名", "死亡日期"]
    deaths = [dict(zip(titles, (p["证件号码"], p["姓名"], "2025-03-01"), strict=True)) for p in people]
    handed_in = await rosters.hand_in(clerk, rosters.sheet(deaths, titles), kind="deaths")
    async with worker(fresh_registry, nats_server) as killed:
        await killed.until("import rows applied")
        assert await killed.end(signal.SIGKILL) == -signal.SIGKILL
    asked = await clerk.post(
        "/exports",
        json={
            "list": "persons",
            "filters": {"area": "340103009001"},
            "columns": ["id"],
            "purpose_code": "register_upkeep",
            "purpose": "核对",
        },
    )
    async with worker(fresh_registry, nats_server) as killed:
        await killed.until("export rows written")
        assert await killed.end(signal.SIGKILL) == -signal.SIGKILL
    async with worker(fresh_registry, nats_server) as last:
        job: Json = {}
        export: Json = {}
        async with asyncio.timeout(90):
            while job.get("state") != "done" or export.get("state") != "done":
                job = (await clerk.get(handed_in.headers["Location"])).json()
                export = (await clerk.get(asked.headers["Location"])).json()
        assert await last.end(signal.SIGTERM) == 0
    assert (job["rows_applied"], job["rows_refused"], export["rows"]) == (1200, 0, 1200)
    async with fresh_registry.runtime.database.transaction(AreaScope.everything(), read_only=True) as tx:
        assert await tx.fetchval("SELECT count(*) FROM life_event WHERE kind = 'death'") == 1200
        assert (
            await tx.fetchval("SELECT count(*) FROM outbox WHERE type = 'registry.death.recorded.v1'") == 1200
        )
    link = (await clerk.post(f"/exports/{export['id']}/link")).json()["path"]
    rows = CalamineWorkbook.from_filelike(BytesIO((await clerk.get(link)).content)).get_sheet_by_index(0)
    assert len({row[0] for row in rows.to_python()[1:]}) == 1200


@pytest.mark.timeout(120)
async def test_events_get_gapless_numbers_and_stand_in_the_feed(
    fresh_registry: Registry, nats_server: EmbeddedNats, rosters: Rosters
) -> None:
    clerk = await fresh_registry.staff("subdistrict_clerk", "340103")
    async with worker(fresh_registry, nats_server) as running:
        await rosters.hand_in(clerk, rosters.sheet([rosters.person() for _ in range(20)]))
        await running.until("import put down")
        assert await running.end(signal.SIGTERM) == 0
    async with worker(fresh_registry, nats_server) as again:
        await again.until("relay leads")
        reporting = await fresh_registry.service("reporting-worker")
        page: Json = {"head": 0}
        async with asyncio.timeout(30):
            while page["head"] < 22:  # 20 persons, the first administrator, the clerk
                page = (await reporting.get("/feeds/registry", params={"limit": 1000})).json()
    assert [each["feedseq"] for each in page["items"]] == list(range(1, page["head"] + 1))
    kinds = [each["type"] for each in page["items"]]
    assert kinds.count("registry.person.registered.v1") == 20
    assert "张" not in str(page["items"])
