"""The figures: what the register records and what offices type into their forms comes out, balances and is held against
a target. On the running node, over HTTP alone."""

from decimal import Decimal

from tests.e2e.api import Json
from tests.e2e.register.caller import Caller
from tests.e2e.register.support import DISTRICT, HERE, Walk

REPORTING = "reporting"


async def figure(
    walk: Walk, indicator: str, population: str, period: str = "2026", area: str = DISTRICT
) -> Json:
    """Read a figure as the statistician does."""
    asked = {"indicator": indicator, "population": population, "period": period, "area": area}
    return await walk.statistician.get("/figures", service=REPORTING, **asked)


async def grown(walk: Walk, before: Json, indicator: str, population: str) -> list[int]:
    """Return by how much numerator and denominator are more than they were."""
    after = await figure(walk, indicator, population, area=HERE)
    return [int(Decimal(after[side]) - Decimal(before[side])) for side in ("numerator", "denominator")]


async def test_what_the_register_records_comes_out_in_the_figures(walk: Walk) -> None:
    watched = [
        ("births", "registered"), ("sex_ratio_at_birth", "registered"), ("late_birth_rate", "registered"),
        ("examination_rate", "registered"), ("examination_rate_entitled", "registered"), ("card_rate", "registered"),
        ("petition_on_time_rate", "office"), ("activities_held", "office"),
    ]  # fmt: skip
    await walk.caught_up()
    before = {(code, over): await figure(walk, code, over, area=HERE) for code, over in watched}

    mother = await walk.enter(birth_date="1995-04-04", marital_status="20")
    child = {"name": "王小满", "sex": 1}
    walk.secrets.add("王小满")
    birth = {"mother_id": mother["id"], "happened_on": walk.before(days=3), "child": child}
    await walk.worker.post("/life-events/births", birth)
    await walk.worker.post("/cards", {"person_id": mother["id"]})
    given = {"kind": "examination", "given_on": walk.before(days=2)}
    await walk.worker.post(f"/persons/{mother['id']}/services", given)
    petition = {
        "area": HERE, "received_on": walk.before(days=1), "channel": "letter", "topic": "benefit",
        "office": "三孝口街道计生办", "content": "询问补贴", "petitioner_name": "钱多多",
    }  # fmt: skip
    walk.secrets |= {"钱多多", "询问补贴"}
    received = await walk.worker.post("/petitions", petition)
    reply = {"on": str(walk.today), "content": "已答复", "closing": True}
    await walk.worker.post(f"/petitions/{received['id']}/replies", reply)
    await walk.caught_up()  # it enters one activity more

    more = {each: await grown(walk, before[each], *each) for each in watched}
    assert more["births", "registered"][0] == 1
    assert more["sex_ratio_at_birth", "registered"] == [1, 0]
    assert more["late_birth_rate", "registered"] == [1, 1]
    assert more["examination_rate", "registered"] == [1, 1]
    assert more["examination_rate_entitled", "registered"] == [1, 1]
    assert more["card_rate", "registered"] == [1, 1]
    assert more["petition_on_time_rate", "office"] == [1, 1]
    assert more["activities_held", "office"][0] == 1


async def hand_in(walk: Walk, filler: Caller, place: Json, cells: Json) -> None:
    """Hand a form in: every cell that is not given is 0, every question is answered; three people."""
    form = await walk.statistician.get(f"/forms/{place['form']}", service=REPORTING)
    empty = {one["key"]: 0 for one in form["cells"] if not one["blocked"]}
    asked = [one["code"] for one in form["definition"]["rules"] if one.get("severity") == "soft"]
    body = place | {"cells": empty | cells, "explanations": dict.fromkeys(asked, "已核实")}
    made = await filler.post("/returns", body, service=REPORTING)
    for caller, step in ((filler, "handing-in"), (walk.statistician, "check"), (walk.manager, "signature")):
        made = await caller.post(f"/returns/{made['id']}/{step}", version=made["version"], service=REPORTING)
    assert made["state"] == "signed"


async def test_what_offices_type_into_their_forms_comes_out_in_the_figures(walk: Walk) -> None:
    """The worked examples of the list, by the forms that hospitals, finance and the historic return have."""
    hospital = await walk.employ(("service_station", DISTRICT))
    unit = {"code": f"{DISTRICT}-h01", "area": DISTRICT, "zh": "区妇幼保健院", "en": "maternity hospital"}
    hands_in: Json = {"forms": ["hospital_births"], "valid_from": "2020-01-01"}
    await walk.statistician.post("/reporters", unit | hands_in, service=REPORTING)
    place: Json = {"form": "hospital_births", "reporter": unit["code"], "period": "2026-01"}
    perinatal = {
        "perinatal.births.male": 3412,
        "perinatal.births.female": 3412,
        "perinatal.births.total": 6824,
    }
    await hand_in(walk, hospital, place, perinatal | {"defects.heart.cases": 52, "defects.total.cases": 52})
    assert (await figure(walk, "birth_defect_rate", "office", "2026-01"))["value"] == "7.62"

    clerk = await walk.employ(("statistician", DISTRICT))
    for period, spent in (("2024Q4", "312.18"), ("2025Q4", "383.93")):
        money = {
            f"money.{row}.{column}": spent for row in ("services", "total") for column in ("planned", "spent")
        }
        await hand_in(walk, clerk, {"form": "finance_spending", "area": DISTRICT, "period": period}, money)
    assert (await figure(walk, "finance_spend_growth", "office", "2025Q4"))["value"] == "22.98"

    births = {"births.all.resident": 932, "births.within.resident": 821}
    await hand_in(walk, clerk, {"form": "policy_births", "area": DISTRICT, "period": "2021-03"}, births)
    assert (await figure(walk, "policy_compliance_rate", "resident", "2021-03"))["value"] == "88.09"


async def test_the_accounts_balance_and_a_target_says_what_is_missing(walk: Walk) -> None:
    await walk.enter()
    await walk.caught_up()
    asked = {"area": DISTRICT, "population": "registered", "period": "2026-02", "ages": "five_years"}
    account = await walk.statistician.get("/accounts", service=REPORTING, **asked)
    total = account["total"]
    made = (
        total["opening"]
        + total["entered"]
        + total["born"]
        - total["died"]
        + total["moved_in"]
        - total["moved_out"]
    )
    assert made == total["closing"] == sum(row["closing"] for row in account["rows"]) > 0
    assert account["area_name"]

    body = {
        "indicator": "card_rate", "population": "registered", "area": DISTRICT, "period": "2026",
        "comparison": "at_least", "low": "98", "below": True, "reason": "年度目标",
    }  # fmt: skip
    target = await walk.manager.post("/targets", body, service=REPORTING)
    path = f"/targets/{target['id']}/activation"
    await walk.statistician.post(path, version=target["version"], service=REPORTING)
    progress = await walk.statistician.get("/targets/progress", service=REPORTING, area=HERE, period="2026")
    (item,) = progress["items"]
    assert item["target_area"] == DISTRICT
    assert item["missing"]["direction"] in ("more", "none")
