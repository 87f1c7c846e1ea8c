"""Every figure of the list: what the register and the exchange tell, and what offices type into their forms, comes out.

The worked example of each definition is fed as events, in a community and for each population; the forms of hospitals,
finance and police are filled in as those offices fill them.
"""

from collections.abc import Iterable, Iterator
from decimal import Decimal

import pytest

from renkou_common.contracts.lines import Line, Population
from renkou_reporting.indicators.domain import Example, Indicator, IndicatorKind, Term, TermKind
from renkou_reporting.indicators.service import packaged_definitions
from renkou_reporting.measures.domain import MeasureOrigin, MeasureUnit
from renkou_reporting.measures.service import packaged_measures

from ..support import Caller, Desk, Json, LineMaker, Reporting

MEASURES = packaged_measures()
BEFORE, WITHIN = "2025-12-31", "2026-05-31"
BY_FORM = {
    "birth_defect_rate", "perinatal_death_rate", "hospital_live_births", "abortion_rate", "finance_spend",
    "finance_spend_growth", "finance_spend_rate", "finance_spend_per_head", "policy_compliance_rate",
    "police_births_agreement", "police_deaths_agreement", "police_in_agreement", "police_out_agreement",
}  # fmt: skip


def from_returns(indicator: Indicator) -> bool:
    return any(
        term.measure and MEASURES[term.measure].origin is MeasureOrigin.RETURN for term in indicator.terms
    )


def fed() -> Iterator[tuple[Indicator, Population]]:
    """The indicators whose counts come by events, each with each of its populations."""
    for one in packaged_definitions():
        if one.kind in (IndicatorKind.RATIO, IndicatorKind.COUNT) and not from_returns(one):
            for population in one.populations:
                yield one, population


def lines_of(
    line: LineMaker, indicator: Indicator, population: Population, example: Example, area: str
) -> Iterable[Line]:
    """Yield lines of which an example's inputs are the counts."""
    given = dict(example.inputs)
    mean = given.get("mean_population", Decimal())
    opening, closing = (given.get(name, mean) for name in ("opening", "closing"))
    if indicator.code == "parity_share":
        given["births"] -= given["births_of_parity"]
    moved = opening - closing
    seen = set()
    for number, term in enumerate(indicator.terms):
        if term.part in seen or term.kind is TermKind.MEAN:
            continue
        seen.add(term.part)
        if term.measure in ("birth", "death"):
            moved += given[term.part] * (1 if term.measure == "birth" else -1)
        yield _line(line, indicator, population, term, given[term.part], area, number)
    if any(term.kind is TermKind.MEAN for term in indicator.terms):
        yield line(population, "opening", BEFORE, int(opening), area=area)
        yield line(population, "out", WITHIN, int(moved), area=area)


def _line(
    line: LineMaker,
    indicator: Indicator,
    population: Population,
    term: Term,
    value: Decimal,
    area: str,
    number: int,
) -> Line:
    fen = term.measure is not None and MEASURES[term.measure].unit is MeasureUnit.FEN
    of_age = {"birth_month": "1990-06", "sex": 2} if term.ages else {}
    parity = 0 if term.measure != "birth" else 1 + (indicator.code == "parity_share" and number == 1)
    return line(
        term.population or population,
        term.measure or "opening",
        BEFORE if term.measure is None else WITHIN,
        int(value * 100 if fen else value),
        area=area,
        parity=parity,
        **({"sex": term.sex} if term.sex else {}) | of_age,
    )


async def read(
    caller: Caller,
    indicator: str,
    population: str,
    period: str = "2026",
    area: str = "340103",
    **further: str,
) -> Json:
    asked = {"indicator": indicator, "population": population, "period": period, "area": area} | further
    answer = await caller.get("/figures", params=asked)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


def test_every_indicator_is_fed_or_filled_in() -> None:
    by_event = {one.code for one, _ in fed()}
    derived = {one.code for one in packaged_definitions() if one.kind is IndicatorKind.ERROR}
    grown = {one.code for one in packaged_definitions() if one.kind is IndicatorKind.GROWTH} - BY_FORM
    assert grown == {"spend_growth", "spend_per_head_growth"}
    assert by_event | BY_FORM | derived | grown == {one.code for one in packaged_definitions()}


async def test_what_the_register_and_the_exchange_tell_comes_out(
    reporting: Reporting, line: LineMaker
) -> None:
    lines: list[Line] = []
    expected: dict[tuple[str, str, str], str | None] = {}
    for number, (indicator, population) in enumerate(fed(), start=1):
        example, area = indicator.examples[0], f"340103001{number:03d}"
        lines += lines_of(line, indicator, population, example, area)
        expected[indicator.code, population, area] = example.value
    await reporting.take_in("registry", lines)
    statistician = await reporting.staff("statistician", "340103")
    came_out = {}
    for asked in expected:
        code, over, area = asked
        parity = {"parity": "1"} if code == "parity_share" else {}
        came_out[asked] = (await read(statistician, code, over, area=area, **parity))["value"]
    assert came_out == expected


async def test_growth_is_against_the_same_period_of_the_year_before(
    reporting: Reporting, line: LineMaker
) -> None:
    await reporting.take_in(
        "registry",
        [
            line("office", "budget_spent", "2025-03-01", 312_180_000),
            line("office", "budget_spent", "2026-03-01", 383_930_000),
            line("resident", "opening", "2024-12-31", 100_000),
        ],
    )
    statistician = await reporting.staff("statistician", "340103")
    assert (await read(statistician, "spend_growth", "office"))["value"] == "22.98"
    assert (await read(statistician, "spend_per_head_growth", "resident"))["value"] == "22.98"


@pytest.fixture
async def desk(reporting: Reporting) -> Desk:
    """The office that fills in, the statistician who checks and the administrator who signs; a hospital is known."""
    desk = await reporting.desk()
    unit = {
        "code": "340103-h01",
        "area": "340103",
        "zh": "庐阳区妇幼保健院",
        "en": "Luyang maternity hospital",
    }
    forms = {"forms": ["hospital_births", "abortions"], "valid_from": "2020-01-01"}
    assert (await desk.checker.post("/reporters", json=unit | forms)).status_code == 201
    return desk


async def fill_in(desk: Desk, place: Json, cells: Json) -> None:
    """Hand a form in with the cells given, every other 0, each total added up, and every question explained."""
    form = (await desk.filler.get(f"/forms/{place['form']}")).json()
    empty = {one["key"]: 0 for one in form["cells"] if not one["blocked"]}
    rules = [one["code"] for one in form["definition"]["rules"] if one.get("severity") == "soft"]
    explained = dict.fromkeys(rules, "已核实")
    made = await desk.begin(place | {"cells": empty | cells, "explanations": explained})
    assert (await desk.pass_on(made))["state"] == "signed"


async def test_what_a_hospital_types_comes_out(desk: Desk) -> None:
    place = {"form": "hospital_births", "reporter": "340103-h01", "period": "2026-03"}
    born = {
        f"births.{row}.{sex}": 3398 if sex != "total" else 6796
        for row in ("first", "total") for sex in ("male", "female", "total")
    }  # fmt: skip
    perinatal = {
        "perinatal.births.male": 3412,
        "perinatal.births.female": 3412,
        "perinatal.births.total": 6824,
    }
    lost = {
        f"perinatal.{row}.{sex}": number
        for row, number in (("stillbirths", 28), ("early_deaths", 6)) for sex in ("male", "total")
    }  # fmt: skip
    defects = {"defects.heart.cases": 30, "defects.other.cases": 22, "defects.total.cases": 52}
    await fill_in(desk, place, born | perinatal | lost | defects)
    assert (await read(desk.filler, "birth_defect_rate", "office"))["value"] == "7.62"
    assert (await read(desk.filler, "birth_defect_rate", "office", detail="heart"))["value"] == "4.40"
    assert (await read(desk.filler, "perinatal_death_rate", "office"))["value"] == "4.98"
    assert (await read(desk.filler, "perinatal_death_rate", "office", detail="stillbirth"))["value"] == "4.10"
    assert (await read(desk.filler, "hospital_live_births", "office"))["value"] == "6796"
    assert (await read(desk.filler, "hospital_live_births", "office", sex="1", parity="1"))["value"] == "3398"


async def test_procedures_come_by_return_and_are_held_against_the_women_of_the_register(
    desk: Desk, reporting: Reporting, line: LineMaker
) -> None:
    women = [
        line("resident", "opening", BEFORE, number, sex=sex, birth_month=born)
        for number, sex, born in ((110_000, 2, "1990-06"), (400, 2, "1950-01"), (90_000, 1, "1990-06"))
    ]
    await reporting.take_in("registry", women)
    place = {"form": "abortions", "reporter": "340103-h01", "period": "2026Q1"}
    await fill_in(desk, place, {"procedures.surgical.cases": 1320, "procedures.total.cases": 1320})
    found = await read(desk.filler, "abortion_rate", "resident", "2026Q1")
    assert (found["numerator"], found["denominator"], found["value"]) == ("1320", "110000", "12.00")


async def test_what_finance_types_comes_out_in_yuan(
    desk: Desk, reporting: Reporting, line: LineMaker
) -> None:
    await reporting.take_in("registry", [line("resident", "opening", "2024-12-31", 160_000)])
    for period, spent in (("2025Q1", "312.18"), ("2026Q1", "383.93")):
        money = {
            f"money.{row}.{column}": value
            for row in ("services", "total") for column, value in (("planned", "400.00"), ("spent", spent))
        }  # fmt: skip
        await fill_in(desk, {"form": "finance_spending", "area": "340103", "period": period}, money)
    assert (await read(desk.filler, "finance_spend", "office", "2026Q1"))["value"] == "3839300.00"
    assert (await read(desk.filler, "finance_spend", "office", "2026Q1", detail="staff"))["value"] == "0.00"
    assert (await read(desk.filler, "finance_spend_growth", "office", "2026Q1"))["value"] == "22.98"
    assert (await read(desk.filler, "finance_spend_rate", "office", "2026Q1"))["value"] == "95.98"
    assert (await read(desk.filler, "finance_spend_per_head", "resident", "2026Q1"))["value"] == "24.00"


async def test_the_polices_movements_stand_beside_the_registers(
    desk: Desk, reporting: Reporting, line: LineMaker
) -> None:
    told = (("birth", 4_680), ("death", 725), ("in", 980), ("out", 1_010))
    await reporting.take_in(
        "registry", [line("registered", measure, "2026-03-05", number, sex=1) for measure, number in told]
    )
    rows = {
        "birth": 4_700,
        "in_province": 900,
        "in_country": 100,
        "death": 720,
        "out_province": 1_000,
        "closing": 3_980,
    }
    moved = {f"movements.{row}.{column}": n for row, n in rows.items() for column in ("male", "total")}
    await fill_in(desk, {"form": "police_registration", "area": "340103", "period": "2026-03"}, moved)
    agreement = {
        name: (await read(desk.filler, f"police_{name}_agreement", "registered"))["value"]
        for name in ("births", "deaths", "in", "out")
    }
    assert agreement == {"births": "100.43", "deaths": "99.31", "in": "102.04", "out": "99.01"}


async def test_births_within_the_policy_of_their_day_are_history(desk: Desk) -> None:
    cells = {"births.all.registered": 932, "births.within.registered": 821}
    await fill_in(desk, {"form": "policy_births", "area": "340103", "period": "2021-05"}, cells)
    found = await read(desk.filler, "policy_compliance_rate", "registered", "2021-05")
    assert (found["numerator"], found["denominator"], found["value"]) == ("821", "932", "88.09")
    after = {
        "indicator": "policy_compliance_rate",
        "population": "registered",
        "area": "340103",
        "period": "2021-06",
    }
    assert (await desk.filler.get("/figures", params=after)).status_code == 422
    begun = {"form": "policy_births", "area": "340103", "period": "2021-06", "cells": cells}
    assert (await desk.filler.post("/returns", json=begun)).status_code == 422


async def test_the_statistics_offices_opening_is_where_an_account_begins(desk: Desk) -> None:
    cells = {"population.resident.male": 345_000, "population.resident.female": 345_000}
    place = {"form": "opening_population", "area": "340103", "period": "2026"}
    await fill_in(desk, place, cells | {"population.resident.total": 690_000})
    assert (await read(desk.filler, "mean_population", "resident", "2026-01"))["value"] == "690000.0"


async def test_a_form_put_in_force_brings_its_measures_into_definitions(desk: Desk) -> None:
    """A count that nobody counted before: a form, an indicator over it, a figure; no code."""
    names = {"zh": "义诊", "en": "free clinics"}
    form = {
        **names, "code": "clinics", "number": "人统活01表", "authority": names, "approval": names, "office": names,
        "periodicity": "quarter", "level": "district", "by": "area", "people": 2,
        "due": {"days": 10, "calendar": "working"},
        "measures": [{**names, "code": "clinic_visitors", "populations": ["office"], "unit": "person"}],
        "sections": [
            {
                **names, "code": "clinics", "unit": names, "population": "office",
                "columns": [{**names, "code": "number"}],
                "rows": [{**names, "code": "visitors", "measure": "clinic_visitors"},
                         {**names, "code": "held", "measure": "activity_held", "detail": "clinic"}],
            }
        ],
    }  # fmt: skip
    definition = {
        **names, "code": "visitors_per_clinic", "meaning_zh": "每场人次", "meaning_en": "visitors of a clinic",
        "source_zh": "义诊报表", "source_en": "returns on clinics", "populations": ["office"],
        "factor": 1, "unit": "人次",
        "numerator": [{"part": "visitors", "kind": "flow", "measure": "clinic_visitors"}],
        "denominator": [{"part": "clinics", "kind": "flow", "measure": "activity_held", "details": ["clinic"]}],
        "examples": [{"inputs": {"visitors": 210, "clinics": 4}, "value": "52.50"}],
    }  # fmt: skip
    drafted = {"definition": definition, "reason": "新增"}
    assert (await desk.filler.post("/indicators", json=drafted)).status_code == 422
    assert (await desk.filler.post("/forms", json={"definition": form, "reason": "新增"})).status_code == 201
    assert (await desk.signer.post("/forms/clinics/versions/1/activation")).status_code == 201
    listed = {one["code"]: one for one in (await desk.filler.get("/measures")).json()["items"]}
    assert (listed["clinic_visitors"]["unit"], listed["clinic_visitors"]["origin"]) == ("person", "return")
    assert (await desk.filler.post("/indicators", json=drafted)).status_code == 201
    put = await desk.checker.post("/indicators/visitors_per_clinic/versions/1/activation")
    assert put.status_code == 200, put.text
    place = {"form": "clinics", "area": "340103", "period": "2026Q1"}
    await fill_in(desk, place, {"clinics.visitors.number": 210, "clinics.held.number": 4})
    assert (await read(desk.filler, "visitors_per_clinic", "office"))["value"] == "52.50"
    changed = form | {"measures": [{**form["measures"][0], "unit": "case"}]}  # type: ignore[index]
    refused = await desk.filler.post("/forms", json={"definition": changed, "reason": "改"})
    assert [one["code"] for one in refused.json()["errors"]] == ["measure_known"]
