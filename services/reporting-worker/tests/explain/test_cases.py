"""From a call in the register to the figure, and from the figure back down to the case behind it."""

from uuid import uuid4

from renkou_common.scope import AreaScope

from ..support import Caller, Json
from .register import Node, enter
from .test_cells import question

HERE, THERE = "340103001001", "340103002001"
PURPOSE = "figure_verification"


async def facts_of(caller: Caller, asked: Json) -> list[Json]:
    answer = await caller.get("/figures/facts", params=asked)
    assert answer.status_code == 200, answer.text
    items: list[Json] = answer.json()["items"]
    return items


async def cases_of(caller: Caller, facts: list[Json], purpose: str = PURPOSE) -> Json:
    named = [{"feed": one["feed"], "event_id": one["event_id"]} for one in facts]
    answer = await caller.post("/figures/cases", json={"facts": named, "purpose": purpose})
    assert answer.status_code == 200, answer.text
    assert answer.headers["Cache-Control"] == "no-store"
    found: Json = answer.json()
    return found


async def test_a_birth_in_the_register_is_found_behind_the_figure(node: Node) -> None:
    at_the_register, clerk = await node.staff("subdistrict_clerk", "340103")
    mother = await enter(at_the_register, HERE)
    elsewhere = await enter(at_the_register, THERE)
    for woman, born in ((mother, "2026-03-04"), (elsewhere, "2026-03-05")):
        body = {
            "mother_id": woman["id"],
            "happened_on": born,
            "child": {"name": "王小明", "sex": 1},
        }
        answer = await at_the_register.post("/life-events/births", json=body)
        assert answer.status_code == 201, answer.text
    await node.catch_up()

    asked = question({"indicator": "births"}, "340103", "2026-03")
    figure = (await clerk.get("/figures", params=asked)).json()
    assert figure["value"] == "2"
    facts = await facts_of(clerk, asked)
    assert {one["event_type"] for one in facts} == {"registry.birth.recorded.v1"}
    found = await cases_of(clerk, facts)
    assert (len(found["items"]), found["hidden"]) == (2, 0)
    case = found["items"][0]
    child = (await at_the_register.get(case["path"])).json()
    assert (child["name"], child["birth_date"]) == ("王小明", "2026-03-04")
    assert case["person"]["resident_id"] is None or "*" in case["person"]["resident_id"]

    _, worker = await node.staff("community_worker", "340103001")
    limited = await cases_of(worker, facts)
    assert [one["person"]["birth_date"] for one in limited["items"]] == ["2026-03-04"]
    assert limited["hidden"] == 1

    _, statistician = await node.staff("statistician", "340103")
    assert await facts_of(statistician, asked) == facts
    none = await cases_of(statistician, facts)
    assert (none["items"], none["hidden"]) == ([], 2)
    (source,) = none["sources"]
    assert source["refused"]["code"] == "scope_missing"
    assert "人口登记服务" in source["refused"]["detail"]

    _, auditor = await node.staff("auditor", "340103")
    named = {"facts": [{"feed": "registry", "event_id": str(uuid4())}], "purpose": PURPOSE}
    assert (await auditor.post("/figures/cases", json=named)).status_code == 403


async def test_nothing_about_a_person_is_kept_here(node: Node) -> None:
    at_the_register, clerk = await node.staff("subdistrict_clerk", "340103")
    await enter(at_the_register, HERE, name="独一无二")
    await node.catch_up()
    asked = question({"indicator": "population"}, HERE, "2025-01")
    await cases_of(clerk, await facts_of(clerk, asked))
    async with node.runtime.database.transaction(AreaScope.everything()) as tx:
        tables = await tx.fetch("SELECT tablename FROM pg_tables WHERE schemaname = 'public'")
        for table in tables:
            if table["tablename"] == "alembic_version":
                continue
            kept = await tx.fetchval(
                f"SELECT count(*) FROM {table['tablename']} t WHERE t::text LIKE '%独一无二%'"
            )
            assert kept == 0, table["tablename"]


async def test_a_service_that_is_away_is_named(node: Node) -> None:
    _, clerk = await node.staff("subdistrict_clerk", "340103")
    named = {"facts": [{"feed": "migrant", "event_id": str(uuid4())}], "purpose": PURPOSE}
    answer = await clerk.post("/figures/cases", json=named)
    assert (answer.status_code, answer.json()["code"]) == (503, "migrant_unavailable")
    assert "流动人口服务" in answer.json()["detail"]
