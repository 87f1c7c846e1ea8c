"""Returns of offices: a hospital fills its form in, rules are checked, two others check and sign."""

from decimal import Decimal

import pytest

from renkou_common.codes.period import Period

from ..support import Caller, Desk, Json, Reporting

UNIT = {
    "code": "340103-h01",
    "area": "340103",
    "zh": "庐阳区妇幼保健院",
    "en": "Luyang maternity hospital",
    "forms": ["hospital_births", "abortions"],
    "valid_from": "2020-01-01",
}
PLACE = {"form": "hospital_births", "reporter": "340103-h01"}


def births(first: tuple[int, int] = (60, 50), defects: int = 2) -> Json:
    """A hospital's month that fits together: boys and girls of a first child, some later ones."""
    rows = {"first": (*first, 0), "second": (30, 28, 0), "third": (5, 4, 1)}
    cells: Json = {}
    totals = [sum(row[n] for row in rows.values()) for n in range(3)]
    for code, row in {**rows, "total": tuple(totals)}.items():
        cells |= _row(f"births.{code}", row)
    cells |= _row("perinatal.births", (totals[0] + 1, totals[1], totals[2]))
    cells |= _row("perinatal.stillbirths", (1, 0, 0))
    cells |= _row("perinatal.early_deaths", (0, 0, 0))
    kinds = ("heart", "digits", "cleft", "neural", "down", "other")
    cells |= {f"defects.{kind}.cases": 0 for kind in kinds}
    return cells | {"defects.heart.cases": defects, "defects.total.cases": defects}


def _row(name: str, row: tuple[int, ...]) -> Json:
    male, female, unknown = row
    return {
        f"{name}.total": sum(row),
        f"{name}.male": male,
        f"{name}.female": female,
        f"{name}.unknown": unknown,
    }


@pytest.fixture
async def desk(reporting: Reporting) -> Desk:
    """A hospital's service station fills in; a statistician checks; an administrator signs."""
    desk = await reporting.desk()
    assert (await desk.checker.post("/reporters", json=UNIT)).status_code == 201
    return Desk(await reporting.staff("service_station", "340103"), desk.checker, desk.signer)


async def codes(caller: Caller, made: Json) -> list[str]:
    """What the return is refused for."""
    answer = await caller.step(made, "handing-in")
    return [one["pointer"].removeprefix("/cells/") for one in answer.json().get("errors", [])]


async def save(caller: Caller, made: Json, cells: Json, **further: Json) -> Json:
    path = f"/returns/{made['id']}/values"
    answer = await caller.send("PUT", path, version=made["version"], json={"cells": cells, **further})
    assert answer.status_code == 200, answer.text
    saved: Json = answer.json()
    return saved


async def test_a_hospitals_month_enters_the_figures_by_sex_and_parity(
    desk: Desk, reporting: Reporting
) -> None:
    made = await desk.hand_in(PLACE | {"period": "2026-03", "cells": births()})
    assert (made["state"], made["findings"], made["area"], made["reporter"]) == (
        "signed",
        [],
        "340103",
        "340103-h01",
    )
    rows = await reporting.rows(
        "SELECT measure, sex, parity, detail, month, value FROM cell WHERE value <> 0"
        " AND measure IN ('hospital_live_birth', 'birth_defect') ORDER BY 1, 2, 3"
    )
    assert [tuple(row) for row in rows] == [
        ("birth_defect", 0, 0, "heart", 202603, 2),
        ("hospital_live_birth", 1, 1, "", 202603, 60),
        ("hospital_live_birth", 1, 2, "", 202603, 30),
        ("hospital_live_birth", 1, 3, "", 202603, 5),
        ("hospital_live_birth", 2, 1, "", 202603, 50),
        ("hospital_live_birth", 2, 2, "", 202603, 28),
        ("hospital_live_birth", 2, 3, "", 202603, 4),
        ("hospital_live_birth", 9, 3, "", 202603, 1),
    ]


async def test_what_is_wrong_in_cells_is_named_by_section_row_column_and_address(desk: Desk) -> None:
    cells = births() | {
        "births.first.male": "六十",
        "births.first.female": "50.5",
        "births.second.male": "-1",
        "births.third.unknown": None,
    }
    made = await desk.begin(PLACE | {"period": "2026-03", "cells": cells})
    found = {one["pointers"][0]: one for one in made["findings"]}
    assert {name: (one["code"], one["addresses"]) for name, one in found.items()} == {
        "/cells/births.first.male": ("not_a_number", ["E12"]),
        "/cells/births.first.female": ("not_whole", ["F12"]),
        "/cells/births.second.male": ("out_of_range", ["E13"]),
        "/cells/births.third.unknown": ("value_missing", ["G14"]),
    }
    assert found["/cells/births.first.male"]["text"] == {
        "zh": "“一、住院分娩活产”“一孩”行“男”列 (E12): “六十”不是数字",
        "en": '"1. Live births in hospital", row "first child", column "male" (E12): "六十" is no number',
    }
    assert await codes(desk.filler, made)


async def test_a_hard_rule_across_cells_refuses(desk: Desk) -> None:
    wrong = births() | {"births.first.total": 111}
    made = await desk.begin(PLACE | {"period": "2026-03", "cells": wrong})
    answer = await desk.filler.step(made, "handing-in")
    assert answer.status_code == 422
    errors = {one["code"]: one for one in answer.json()["errors"]}
    assert errors.keys() == {"R01", "R02"}
    assert errors["R01"]["detail"].startswith("合计应等于各性别之和: 111 应等于 110; 涉及“一、住院分娩活产”")
    right = await save(desk.filler, made, births())
    assert (await desk.filler.step(right, "handing-in")).status_code == 201


async def test_a_soft_rule_wants_an_explanation_of_these_very_numbers(desk: Desk) -> None:
    made = await desk.begin(PLACE | {"period": "2026-03", "cells": births((100, 50))})
    answer = await desk.filler.step(made, "handing-in")
    assert [(one["pointer"], one["code"]) for one in answer.json()["errors"]] == [
        ("/explanations/R07", "explanation_required")
    ]
    told = {"R07": "双胎男婴多, 已与分娩登记核对"}
    explained = await save(desk.filler, made, births((100, 50)), explanations=told)
    assert [(one["code"], one["explanation"], one["refuses"]) for one in explained["findings"]] == [
        ("R07", told["R07"], False)
    ]
    other = await save(desk.filler, explained, births((101, 50)))
    assert [one["refuses"] for one in other["findings"]] == [True]
    again = await save(desk.filler, other, births((101, 50)), explanations=told)
    signed = await desk.pass_on(again)
    assert signed["explanations"] == told


async def test_values_are_compared_with_the_last_period(desk: Desk) -> None:
    await desk.hand_in(PLACE | {"period": "2026-02", "cells": births()})
    made = await desk.begin(PLACE | {"period": "2026-03", "cells": births((110, 100))})
    assert [one["code"] for one in made["findings"]] == ["R09"]
    assert made["findings"][0]["text"]["zh"] == (
        "活产与上期相比变动较大: “一、住院分娩活产”“活产合计”行“合计”列 (D11) 本期 278, 上期 178,"
        " 变动 56.18 %, 超过 30 %"
    )
    assert made["findings"][0]["addresses"] == ["D11"]


async def test_values_far_from_earlier_periods_are_outliers(desk: Desk) -> None:
    for month, boys in enumerate((60, 61, 59, 62, 60), 1):
        explained = {"explanations": {"R09": "无"}} if month > 1 else {}
        await desk.hand_in(PLACE | {"period": f"2025-{month:02d}", "cells": births((boys, 50))} | explained)
    made = await desk.begin(PLACE | {"period": "2025-06", "cells": births((80, 72))})
    assert [one["code"] for one in made["findings"]] == ["R10"]
    usual = await save(desk.filler, made, births((63, 50)))
    assert usual["findings"] == []


async def test_a_rate_far_from_other_hospitals_is_an_outlier(desk: Desk) -> None:
    for number in range(2, 7):
        unit = UNIT | {"code": f"340103-h0{number}", "zh": f"第{number}医院", "en": f"hospital {number}"}
        assert (await desk.checker.post("/reporters", json=unit)).status_code == 201
        place = {"form": "hospital_births", "reporter": unit["code"], "period": "2026-03"}
        made = await desk.begin(place | {"cells": births((60 * number, 50 * number), defects=number)})
        assert (await desk.filler.step(made, "handing-in")).status_code == 201
    made = await desk.begin(PLACE | {"period": "2026-03", "cells": births(defects=12)})
    assert [one["code"] for one in made["findings"]] == ["R11"]
    assert made["findings"][0]["text"]["en"].startswith(
        "the rate of birth defects (per thousand) lies far from other hospitals:"
    )


async def test_who_fills_in_does_not_check_and_who_checks_does_not_sign(
    reporting: Reporting, desk: Desk
) -> None:
    filler = await reporting.staff("statistician", "340103")
    made = (await filler.post("/returns", json=PLACE | {"period": "2026-03", "cells": births()})).json()
    handed_in = (await filler.step(made, "handing-in")).json()
    refused = await filler.step(handed_in, "check")
    assert (refused.status_code, refused.json()["code"]) == (409, "same_person")
    checked = (await desk.signer.step(handed_in, "check")).json()
    refused = await desk.signer.step(checked, "signature")
    assert (refused.status_code, refused.json()["code"]) == (409, "same_person")
    other = await reporting.staff("administrator", "340103")
    assert (await other.step(checked, "signature")).json()["state"] == "signed"


async def test_everybody_who_entered_something_counts_as_filling_in(reporting: Reporting, desk: Desk) -> None:
    made = await desk.begin(PLACE | {"period": "2026-03", "cells": births((1, 1))})
    saved = await save(desk.checker, made, births())
    handed_in = (await desk.filler.step(saved, "handing-in")).json()
    assert (await desk.checker.step(handed_in, "check")).json()["code"] == "same_person"


async def test_a_return_is_sent_back_with_a_reason_and_its_history_stays(desk: Desk) -> None:
    made = await desk.begin(PLACE | {"period": "2026-03", "cells": births()})
    handed_in = (await desk.filler.step(made, "handing-in")).json()
    locked = await desk.filler.send(
        "PUT", f"/returns/{made['id']}/values", version=handed_in["version"], json={"cells": births((1, 1))}
    )
    assert (locked.status_code, locked.json()["code"]) == (409, "return_state")
    back = (await desk.checker.step(handed_in, "sending-back", reason="缺陷例数与台账不符")).json()
    assert (back["state"], back["filled_by"], back["handed_in_at"]) == (
        "draft",
        None,
        handed_in["handed_in_at"],
    )
    signed = await desk.pass_on(await save(desk.filler, back, births(defects=3)))
    assert [(one["step"], one["revision"], one["reason"]) for one in signed["history"]] == [
        ("begun", 1, ""),
        ("filled", 1, ""),
        ("sent_back", 1, "缺陷例数与台账不符"),
        ("saved", 2, ""),
        ("filled", 2, ""),
        ("checked", 2, ""),
        ("signed", 2, ""),
    ]
    once = (await desk.checker.get(f"/returns/{made['id']}/revisions/1")).json()
    assert (once["cells"]["defects.total.cases"], once["saved_by"], once["way"]) == (
        "2",
        str(desk.filler.id),
        "json",
    )
    assert (await desk.checker.get(f"/returns/{made['id']}/revisions/3")).status_code == 404


async def test_a_step_wants_the_version_that_was_seen(desk: Desk) -> None:
    made = await desk.begin(PLACE | {"period": "2026-03", "cells": births()})
    assert (await desk.filler.post(f"/returns/{made['id']}/handing-in")).status_code == 428
    await save(desk.filler, made, births(defects=3))
    assert (await desk.filler.step(made, "handing-in")).status_code == 412


async def test_one_return_for_a_unit_and_period(desk: Desk) -> None:
    body = PLACE | {"period": "2026-03", "cells": births()}
    made = await desk.begin(body)
    again = await desk.filler.post("/returns", json=body)
    assert (again.status_code, again.json()["code"]) == (409, "return_exists")
    assert made["id"] in again.json()["detail"]
    await desk.filler.step(made, "withdrawal", reason="误建")
    signed = await desk.hand_in(body)
    again = await desk.filler.post("/returns", json=body)
    assert signed["id"] in again.json()["detail"]


async def test_a_period_that_is_not_over_is_not_handed_in(reporting: Reporting) -> None:
    desk = await reporting.desk()
    today = reporting.runtime.clock.today()
    place = {"form": "finance_spending", "area": "340103", "period": f"{today.year}Q{(today.month + 2) // 3}"}
    made = await desk.begin(place)
    last = Period.parse(made["period"]).end
    answer = await desk.filler.step(made, "handing-in")
    assert ("period_not_over" in [one["code"] for one in answer.json()["errors"]]) == (today < last)


async def test_historic_births_are_refused_after_their_end(desk: Desk, reporting: Reporting) -> None:
    statistician = desk.checker
    place = {"form": "policy_births", "area": "340103"}
    refused = await statistician.post("/returns", json=place | {"period": "2021-06"})
    assert (refused.status_code, refused.json()["errors"][0]["code"]) == (422, "period_of_form")
    assert "2021-05-30" in refused.json()["errors"][0]["detail"]
    cells = {
        f"births.{row}.{column}": births
        for row, births in (("all", 932), ("within", 821))
        for column in ("registered", "resident")
    }
    made = (await statistician.post("/returns", json=place | {"period": "2021-05", "cells": cells})).json()
    handed_in = (await statistician.step(made, "handing-in")).json()
    other = await reporting.staff("statistician", "340103")
    await desk.signer.step((await other.step(handed_in, "check")).json(), "signature")
    rows = await reporting.rows("SELECT DISTINCT happened_on::text FROM fact")
    assert [row["happened_on"] for row in rows] == ["2021-05-30"]


async def test_money_in_10000_yuan_is_counted_in_fen(reporting: Reporting) -> None:
    desk = await reporting.desk()
    cells: Json = {}
    for item, planned, paid in (
        ("services", "200.00", "183.93"),
        ("benefits", "150", "150.00"),
        ("publicity", 20, 20),
        ("staff", 30, 30),
    ):
        cells |= {f"money.{item}.planned": planned, f"money.{item}.spent": paid}
    cells |= {"money.total.planned": 400, "money.total.spent": "383.93"}
    made = await desk.hand_in(
        {"form": "finance_spending", "area": "340103", "period": "2026Q1", "cells": cells}
    )
    assert made["due_on"] == "2026-04-15"
    spent = await reporting.rows("SELECT sum(value) AS fen FROM cell WHERE measure = 'finance_spent'")
    assert Decimal(spent[0]["fen"]) / 1_000_000 == Decimal("383.93")
    wrong = cells | {"money.staff.spent": "30.005"}
    begun = await desk.begin(
        {"form": "finance_spending", "area": "340103", "period": "2026Q2", "cells": wrong}
    )
    assert "decimals" in [one["code"] for one in begun["findings"]]


async def test_the_opening_population_counts_before_the_year(reporting: Reporting) -> None:
    desk = await reporting.desk()
    cells = {
        f"population.{row}.{column}": value
        for row in ("registered", "resident")
        for column, value in (("total", 690_000), ("male", 345_000), ("female", 345_000))
    }
    await desk.hand_in({"form": "opening_population", "area": "340103", "period": "2026", "cells": cells})
    asked = {"indicator": "birth_rate", "area": "340103", "population": "registered", "period": "2026"}
    found = (await desk.filler.get("/figures", params=asked)).json()
    assert found["parts"]["opening"] == "690000"


async def test_a_correction_keeps_the_day_on_which_the_return_was_handed_in(desk: Desk) -> None:
    made = await desk.hand_in(PLACE | {"period": "2026-03", "cells": births()})
    begun = await desk.filler.post(f"/returns/{made['id']}/correction", json={"reason": "漏报"})
    assert begun.json()["handed_in_at"] == made["handed_in_at"]
    assert made["handed_in_at"] is not None
    assert begun.json()["days_late"] == made["days_late"]
