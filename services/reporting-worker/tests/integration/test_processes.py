"""The service as it runs: migrate, main and worker as processes, with the other services over HTTP."""

import asyncio
import os
import signal
import sys
from asyncio.subprocess import Process
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from uuid import uuid4

import httpx

from renkou_common.contracts.registry import RegistryEventType, StaffAssignment, StaffChanged

from ..support import LineMaker, NodeOverHttp


@asynccontextmanager
async def process(role: str, environment: dict[str, str], *arguments: str) -> AsyncIterator[Process]:
    """Run `python -m renkou_reporting.<role>`; stop it with SIGTERM and expect a clean end."""
    started = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        f"renkou_reporting.{role}",
        *arguments,
        env={**os.environ, **environment},
        stdout=asyncio.subprocess.DEVNULL,
    )
    try:
        yield started
        assert started.returncode is None, f"{role} ended by itself"
        started.send_signal(signal.SIGTERM)
        # uvicorn shuts down in order and then lets the signal end the process.
        assert await asyncio.wait_for(started.wait(), 15) in (0, -signal.SIGTERM)
    finally:
        if started.returncode is None:
            started.kill()
            await started.wait()


async def run_to_its_end(role: str, environment: dict[str, str], *arguments: str) -> int:
    started = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"renkou_reporting.{role}", *arguments, env={**os.environ, **environment}
    )
    return await started.wait()


async def until(processes: Sequence[Process], holds: Callable[[], Awaitable[bool]]) -> None:
    """Wait until a condition holds; fail when a process ends or after thirty seconds."""
    ends = [asyncio.create_task(one.wait()) for one in processes]
    try:
        async with asyncio.timeout(30):
            while not await holds():
                ended, _ = await asyncio.wait(ends, timeout=0.1, return_when=asyncio.FIRST_COMPLETED)
                assert not ended
    finally:
        for end in ends:
            end.cancel()


async def test_the_processes_turn_events_into_figures_and_rebuild_them(
    node_over_http: NodeOverHttp, line: LineMaker
) -> None:
    node = node_over_http
    staff_id = uuid4()
    rights = [StaffAssignment(role="statistician", area="340103000000", area_high="340103999999")]
    change = StaffChanged(staff_id=staff_id, active=True, assignments=rights)
    node.feeds["registry"].append(RegistryEventType.STAFF_CHANGED, change, staff_id)
    node.feeds["registry"].append_lines([line("resident", "opening", "2025-12-31", 1000)])
    node.feeds["registry"].append_lines([line("resident", "birth", "2026-05-01", 10, sex=1, parity=1)])
    headers = {"Authorization": f"Bearer {node.issuer.issue(staff_id, 'staff', 'someone')}"}
    asked = {"indicator": "birth_rate", "area": "340103", "population": "resident", "period": "2026"}

    assert await run_to_its_end("migrate", node.environment) == 0
    assert await run_to_its_end("migrate", node.environment) == 0
    assert await run_to_its_end("migrate", node.environment, "--check") == 0
    url = f"http://127.0.0.1:{node.environment['RENKOU_HTTP_PORT']}"
    async with (
        process("main", node.environment) as main,
        process("worker", node.environment) as worker,
        httpx.AsyncClient(
            base_url=url, headers=headers, transport=httpx.AsyncHTTPTransport(retries=20)
        ) as client,
    ):

        async def caught_up() -> bool:
            answer = await client.get("/feeds/status")
            return answer.status_code == 200 and all(
                one["high_water"] == one["head"] for one in answer.json()["items"]
            )

        await until([main, worker], caught_up)
        figure = (await client.get("/figures", params=asked)).json()
        assert (figure["numerator"], figure["denominator"], figure["value"]) == ("10", "1005", "9.95")
        requested = await client.post("/rebuilds", headers={"Idempotency-Key": str(uuid4())})
        path = requested.headers["location"]

        async def rebuilt() -> bool:
            state: str = (await client.get(path)).json()["state"]
            return state == "done"

        await until([main, worker], rebuilt)
        assert (await client.get(path)).json()["equal"] is True
        assert (await client.get("/figures", params=asked)).json() == figure
