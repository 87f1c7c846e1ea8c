"""Counts that offices hand in are explained by the return that they stand in."""

from ..api.test_returns import RETURN
from ..support import Json, Reporting

ASKED: Json = {"indicator": "births", "area": "340103", "population": "registered", "period": "2026-03"}


async def test_a_returns_count_leads_to_the_return(reporting: Reporting) -> None:
    desk = await reporting.desk()
    made = await desk.hand_in(RETURN)
    answer = await desk.signer.step(made, "withdrawal", reason="与接生记录不符")
    assert answer.status_code == 201, answer.text
    facts = (await desk.filler.get("/figures/facts", params=ASKED)).json()["items"]
    assert [(one["event_type"], one["value"], one["correction"]) for one in facts] == [
        ("return.signed", 12, False),
        ("return.withdrawn", -12, True),
    ]
    named = [{"feed": one["feed"], "event_id": one["event_id"]} for one in facts]
    body = {"facts": named, "purpose": "figure_verification"}
    found = (await desk.filler.post("/figures/cases", json=body)).json()
    assert {(case["kind"], case["path"]) for case in found["items"]} == {("return", f"/returns/{made['id']}")}
    assert found["hidden"] == 0

    worker = await reporting.staff("community_worker", "340103001001")  # holds no right to returns
    limited = (await worker.post("/figures/cases", json=body)).json()
    assert (limited["items"], limited["hidden"]) == ([], 2)
    clerk = await reporting.staff("subdistrict_clerk", "340103002")  # elsewhere
    assert (await clerk.post("/figures/cases", json=body)).json()["hidden"] == 2
