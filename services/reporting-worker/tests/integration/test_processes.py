"""The service as it runs: migrate, main and worker as processes, with the other services over HTTP."""

from uuid import uuid4

import httpx
import pytest

from renkou_common.contracts.registry import RegistryEventType, StaffAssignment, StaffChanged

from ..processes import process, run_to_its_end, until
from ..support import LineMaker, NodeOverHttp


@pytest.mark.endurance
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
