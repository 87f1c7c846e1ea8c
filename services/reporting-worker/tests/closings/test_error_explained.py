"""A reporting error is followed from the figure to its two versions, what differs between them, and the late facts."""

from fractions import Fraction

from renkou_common.codes.area import AreaCode
from renkou_common.contracts.registry import RegistryEventType, StaffAssignment, StaffChanged

from ..explain.test_growths import births_growth
from ..support import Caller, Json
from .steps import PERIOD, POLICE, District
from .test_shown_again import redefined

ERROR: Json = {
    "indicator": "reporting_error_rate",
    "area": "340103",
    "population": "resident",
    "period": PERIOD,
}
SMALL = "340103001003"
"""A community with so few births that they are hidden."""


async def told(caller: Caller, path: str, **asked: str | int) -> Json:
    answer = await caller.get(path, params=ERROR | asked)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def restated_twice(district: District) -> list[int]:
    """Publish January, add births that came late, take others back; returns the numbers of these events."""
    line = district.line
    closing_id = await district.closed()
    events = [
        await district.late(
            [line("resident", "birth", "2026-01-25", 10, sex=1, parity=1, birth_month="2026-01")]
        ),
        await district.late(
            [line("resident", "birth", "2026-02-03", 9, sex=1, parity=1, birth_month="2026-02")]
        ),
    ]
    await district.restate(closing_id, "补报一月出生")
    taken_back = line(
        "resident", "birth", "2026-01-15", -4, sex=2, parity=1, area="340103002001", birth_month="2026-01"
    )
    events.append(await district.late([taken_back]))
    await district.restate(closing_id, "核减重复登记")
    await district.late(
        [line("resident", "birth", "2026-01-26", 7, sex=2, parity=1, birth_month="2026-01")]
    )  # in no version yet
    return [events[0], events[2]]


def adds_up(answer: Json) -> None:
    for found in (answer["items"], answer["by_cause"]):
        for side in ("numerator", "denominator"):
            changes = (Fraction(one["change"]) for one in found if one["side"] == side)
            assert sum(changes) == Fraction(answer[f"{side}_change"])
        assert sum(Fraction(one["on_value"]) for one in found) == Fraction(answer["exact_value_change"])
        assert "other" not in {one["cause"] for one in found}


async def test_an_error_is_followed_down_to_the_facts_that_came_late(district: District) -> None:
    late = await restated_twice(district)
    cells = await told(district.statistician, "/figures/cells")
    assert (cells["numerator"], cells["denominator"], cells["value"]) == ("6", "246", "2.44")
    assert [(one["figure"], one["published"], one["value"]) for one in cells["figures"]] == [
        ("first", 1, "240"),
        ("restated", 3, "246"),
    ]
    assert {(one["area"], one["sex"], one["month"], one["counts"]) for one in cells["items"]} == {
        ("340103001", 1, PERIOD, "10"),
        ("340103002", 2, PERIOD, "-4"),
    }
    (more,) = [one for one in cells["items"] if one["sex"] == 1]
    (fact,) = (await told(district.statistician, "/figures/facts", cell=more["cell"]))["items"]
    assert (fact["seq"], fact["late"], fact["correction"]) == (late[0], True, False)
    facts = (await told(district.statistician, "/figures/facts"))["items"]
    assert [(one["seq"], one["correction"]) for one in facts] == [(late[0], False), (late[1], True)]

    below = await told(district.statistician, "/figures/cells", area="340103001", areas="communities")
    assert [(one["area"], one["counts"]) for one in below["items"]] == [("340103001001", "10")]
    elsewhere = await district.reporting.staff("community_worker", "340103002")
    assert (await elsewhere.get("/figures/cells", params=ERROR)).status_code == 404


async def error_of_a_rate(district: District) -> None:
    """Put the reporting error of the birth rate in force, beside that of the births."""
    definition = {
        "code": "birth_rate_error", "zh": "出生率统计误差", "en": "reporting error of the birth rate",
        "meaning_zh": "出生率首次公布数与修订数之差的占比。", "meaning_en": "|first - restated| / restated.",
        "source_zh": "公布版本", "source_en": "published versions", "kind": "error", "populations": ["resident"],
        "of": "birth_rate", "factor": 100, "unit": "%",
        "examples": [{"inputs": {"first": "8", "restated": "10"}, "value": "20.00"}],
    }  # fmt: skip
    drafted = await district.statistician.post(
        "/indicators", json={"definition": definition, "reason": "首版"}
    )
    colleague = await district.reporting.staff("statistician", "340103")
    path = f"/indicators/birth_rate_error/versions/{drafted.json()['version']}/activation"
    assert (await colleague.post(path)).status_code == 200


async def test_the_error_changes_with_each_restatement(district: District) -> None:
    await error_of_a_rate(district)
    await restated_twice(district)
    path = "/figures/change/versions"
    first = await told(district.statistician, path, before=1, after=2)
    assert (first["before"]["value"], first["after"]["value"]) == ("0.00", "4.00")
    assert {(one["side"], one["area"], one["cause"], one["change"]) for one in first["items"]} == {
        ("numerator", "340103001", "late", "10"),
        ("denominator", "340103001", "late", "10"),
    }
    adds_up(first)
    second = await told(district.statistician, path, before=2, after=3)
    assert (second["before"]["value"], second["after"]["value"]) == ("4.00", "2.44")
    numerator = [one for one in second["items"] if one["side"] == "numerator"]
    assert [(one["area"], one["cause"], one["change"]) for one in numerator] == [
        ("340103002", "correction", "-4")
    ]
    adds_up(second)
    for before, after in ((1, 2), (2, 3), (3, 1)):
        of_rate = await told(
            district.statistician, path, indicator="birth_rate_error", before=before, after=after
        )
        assert {one["side"] for one in of_rate["items"]} == {"numerator", "denominator"}
        assert of_rate["value_change"] not in (None, "0.00")
        adds_up(of_rate)
    missing = await district.statistician.get(path, params=ERROR | {"before": 1, "after": 4})
    assert (missing.status_code, missing.json()["code"]) == (404, "not_found")


async def test_the_error_of_a_month_is_held_against_that_of_the_month_before(district: District) -> None:
    line = district.line
    await district.late(
        [line("resident", "birth", "2025-12-10", 100, sex=1, parity=1, birth_month="2025-12")]
    )
    await (await district.reporting.desk()).hand_in(POLICE | {"period": "2025-12"})
    december = await district.closed("2025-12")
    await district.late([line("resident", "birth", "2025-12-30", 25, sex=1, parity=1, birth_month="2025-12")])
    await district.restate(december, "补报十二月出生")
    january = await district.closed()
    await district.late(
        [
            line(
                "resident",
                "birth",
                "2026-01-15",
                -40,
                sex=1,
                parity=1,
                area="340103002001",
                birth_month="2026-01",
            )
        ]
    )
    await district.restate(january, "核减")
    await district.late([line("resident", "birth", "2025-12-31", 3, sex=2, parity=1, birth_month="2025-12")])
    answer = await told(district.statistician, "/figures/change", against="2025-12")
    assert (answer["before"]["value"], answer["after"]["value"]) == ("20.00", "20.00")
    assert [(one["figure"], one["before"]["value"], one["after"]["value"]) for one in answer["figures"]] == [
        ("first", "100", "240"),
        ("restated", "125", "200"),
    ]
    # 40 taken back of January instead of 25 that came late of December, on 200 births instead of 125
    assert {(one["cause"], one["change"]) for one in answer["by_cause"] if one["side"] == "numerator"} == {
        ("correction", "40"),
        ("late", "-25"),
    }
    assert answer["denominator_change"] == "75"
    adds_up(answer)


async def test_what_was_never_published_has_no_error_to_explain(district: District) -> None:
    cells = await told(district.statistician, "/figures/cells")
    assert (cells["value"], cells["figures"], cells["items"]) == (None, [], [])
    assert (await told(district.statistician, "/figures/facts"))["items"] == []
    answer = await district.statistician.get("/figures/change", params=ERROR | {"against": "2025-12"})
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
    shown = await told(district.statistician, "/figures/restatement")
    assert (shown["figures"], shown["items"], shown["value"]) == ([], [], None)
    assert shown["reason"]["zh"] == "该期尚未公布，没有可比较的数"
    await district.closed()
    cells = await told(district.statistician, "/figures/cells")
    assert (cells["value"], [one["published"] for one in cells["figures"]]) == ("0.00", [1, 1])
    assert cells["items"] == []


async def test_another_definition_makes_an_error_too(district: District) -> None:
    closing_id = await district.closed()
    await redefined(district, "births", factor=10, examples=[{"inputs": {"births": "3"}, "value": "30"}])
    await district.late([district.line("resident", "death", "2026-01-25", 1, sex=1, birth_month="1990-01")])
    await district.restate(closing_id, "口径调整")
    cells = await told(district.statistician, "/figures/cells")
    assert (cells["value"], [one["value"] for one in cells["figures"]]) == ("90.00", ["240", "2400"])
    assert [one["version"] for one in cells["figures"]] == [1, 2]
    assert cells["items"] == []
    answer = await told(district.statistician, "/figures/change/versions", before=1, after=2)
    assert {(one["side"], one["cause"], one["change"]) for one in answer["items"]} == {
        ("numerator", "definition", "2160"),
        ("denominator", "definition", "2160"),
    }
    adds_up(answer)
    shown = await told(district.statistician, "/figures/restatement")
    assert all(one["definition_changed"] for one in shown["items"])


async def test_whoever_reads_published_figures_sees_what_differs_between_them(district: District) -> None:
    line, born = district.line, {"parity": 1, "birth_month": "2026-01"}
    await district.late([line("resident", "birth", "2026-01-12", 3, sex=1, area=SMALL, **born)])
    closing_id = await district.closed()
    more = [line("resident", "birth", "2026-01-25", 12, sex=1, area=SMALL, **born)]
    for area in ("340103001001", "340103001002", "340103002001"):
        more.append(line("resident", "birth", "2026-01-25", 20, sex=2, area=area, **born))
    await district.late(more)
    await district.restate(closing_id, "补报一月出生")
    auditor = await district.reporting.staff("auditor", "340103")
    for path in ("/figures/cells", "/figures/facts"):
        assert (await auditor.get(path, params=ERROR)).status_code == 403

    first, last = [await published_births(auditor, version) for version in (1, 2)]
    hidden = {place for place in first if first[place] is None or last[place] is None}
    differing = {place for place in first.keys() - hidden if first[place] != last[place]}
    assert (SMALL, "") in hidden
    shown = await told(auditor, "/figures/restatement")
    assert {(one["area"], one["dims"]) for one in shown["items"]} == differing
    assert not any(one["hidden"] for one in shown["items"])
    assert [(one["published"], one["reason"]) for one in shown["restatements"]] == [(2, "补报一月出生")]

    exact = await told(district.statistician, "/figures/restatement")
    by_place = {(one["area"], one["dims"]): one for one in exact["items"]}
    assert by_place.keys() > differing
    assert (by_place[SMALL, ""]["hidden"], by_place[SMALL, ""]["numerator_change"]) == (True, "12")
    assert (exact["numerator"], exact["denominator"], exact["value"]) == ("72", "315", "22.86")

    area = min(place[0] for place in differing if not place[1])
    own = await told(auditor, "/figures/restatement", area=area)
    told_first, told_last = (first[area, ""], last[area, ""])
    assert [(one["figure"], one["published"], one["value"]) for one in own["figures"]] == [
        ("first", 1, told_first),
        ("restated", 2, told_last),
    ]
    assert own["numerator"] == str(int(told_last or 0) - int(told_first or 0))
    assert own["value"] == (await told(district.statistician, "/figures", area=area))["value"]

    small = await told(auditor, "/figures/restatement", area=SMALL)
    assert (small["numerator"], small["denominator"], small["value"]) == (None, None, None)
    assert "Suppressed" in small["reason"]["en"]
    assert {one["value"] for one in small["figures"]} == {first[SMALL, ""], last[SMALL, ""]}
    assert not {(one["area"], one["dims"]) for one in small["items"]} & hidden
    assert (await told(district.statistician, "/figures/restatement", area=SMALL))["value"] == "80.00"

    await also_clerk(district, auditor, "340103002")  # sees exact figures there, and nowhere else
    assert await told(auditor, "/figures/restatement", area=SMALL) == small
    there = await told(auditor, "/figures/restatement", area="340103002")
    assert there["value"] == "14.29"

    elsewhere = await district.reporting.staff("auditor", "340103002")
    assert (await elsewhere.get("/figures/restatement", params=ERROR)).status_code == 404
    no_error = await auditor.get("/figures/restatement", params=ERROR | {"indicator": "births"})
    assert (no_error.status_code, no_error.json()["errors"][0]["code"]) == (422, "not_an_error")


async def also_clerk(district: District, auditor: Caller, area: str) -> None:
    """Make the district's auditor a clerk of one subdistrict as well."""
    assignments = []
    for role, where in (("auditor", district.code), ("subdistrict_clerk", area)):
        low, high = AreaCode.parse(where).interval()
        assignments.append(StaffAssignment(role=role, area=str(low), area_high=str(high)))
    data = StaffChanged(staff_id=auditor.id, active=True, assignments=assignments)
    district.reporting.feeds["registry"].append(RegistryEventType.STAFF_CHANGED, data, auditor.id)
    await district.reporting.catch_up("registry")


async def published_births(caller: Caller, version: int) -> dict[tuple[str, str], str | None]:
    """What a version shows of births by area and dimensions: None where it is suppressed."""
    asked = {"indicator": "births", "population": "resident"}
    rows = (await caller.get(f"/published/{PERIOD}/{version}", params=asked)).json()["items"]
    return {(row["area"], row["dims"]): row["value"] for row in rows}


async def test_a_published_growth_is_explained_by_the_late_facts_of_both_years(district: District) -> None:
    line = district.line
    await district.late(
        [line("resident", "birth", "2025-01-10", 200, sex=1, parity=1, birth_month="2025-01")]
    )
    await births_growth(district.statistician, await district.reporting.staff("statistician", "340103"))
    closing_id = await district.closed()
    await district.late([line("resident", "birth", "2026-01-25", 10, sex=1, parity=1, birth_month="2026-01")])
    await district.late([line("resident", "birth", "2025-01-15", 50, sex=1, parity=1, birth_month="2025-01")])
    await district.restate(closing_id, "补报")
    await district.late(
        [line("resident", "birth", "2025-01-16", 9, sex=1, parity=1, birth_month="2025-01")]
    )  # in no version yet
    asked: dict[str, str | int] = {"indicator": "births_growth", "before": 1, "after": 2}
    answer = await told(district.statistician, "/figures/change/versions", **asked)
    assert (answer["before"]["value"], answer["after"]["value"]) == ("20.00", "0.00")
    assert [(one["figure"], one["before"]["value"], one["after"]["value"]) for one in answer["figures"]] == [
        ("now", "240", "250"),
        ("before", "200", "250"),
    ]
    assert {(one["figure"], one["cause"], one["change"]) for one in answer["items"]} == {
        ("now", "late", "10"),
        ("before", "late", "50"),
    }
    assert sum(Fraction(one["on_value"]) for one in answer["items"]) == -20
