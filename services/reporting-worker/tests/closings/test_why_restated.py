"""Why a published figure was restated: the facts taken in between two versions add up to the difference."""

from fractions import Fraction

from ..support import Json
from .steps import PERIOD, District


async def why(district: District, indicator: str, before: int, after: int, area: str = "340103") -> Json:
    asked = {
        "indicator": indicator,
        "area": area,
        "population": "resident",
        "period": PERIOD,
        "before": before,
        "after": after,
    }
    answer = await district.statistician.get("/figures/change/versions", params=asked)
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def test_late_facts_and_reversals_explain_a_restatement(district: District) -> None:
    closing_id = await district.closed()
    line = district.line
    await district.late([line("resident", "birth", "2026-01-25", 10, sex=1, parity=1, birth_month="2026-01")])
    await district.late([line("resident", "birth", "2026-02-03", 9, sex=1, parity=1, birth_month="2026-02")])
    wrong = line(
        "resident", "birth", "2026-01-15", -4, sex=2, parity=1, area="340103002001", birth_month="2026-01"
    )
    await district.late([wrong])
    await district.restate(closing_id, "补报一月出生")
    await district.late(
        [line("resident", "birth", "2026-01-26", 7, sex=2, parity=1, birth_month="2026-01")]
    )  # in no version yet

    answer = await why(district, "births", 1, 2)
    assert (answer["before"]["value"], answer["after"]["value"], answer["value_change"]) == (
        "240",
        "246",
        "6",
    )
    assert (answer["before"]["published"], answer["after"]["published"]) == (1, 2)
    assert {(one["area"], one["cause"], one["change"], one["facts"]) for one in answer["items"]} == {
        ("340103001", "late", "10", 1),
        ("340103002", "correction", "-4", 1),
    }
    rate = await why(district, "birth_rate", 1, 2)
    for side, change in (
        ("numerator", rate["numerator_change"]),
        ("denominator", rate["denominator_change"]),
    ):
        told = sum(Fraction(one["change"]) for one in rate["items"] if one["side"] == side)
        assert told == Fraction(change)
    assert "other" not in {one["cause"] for one in rate["items"]}
    assert sum(Fraction(one["on_value"]) for one in rate["items"]) == Fraction(rate["exact_value_change"])


async def test_a_version_that_was_never_published_explains_nothing(district: District) -> None:
    await district.closed()
    asked = {
        "indicator": "births",
        "area": "340103",
        "population": "resident",
        "period": PERIOD,
        "before": 1,
        "after": 2,
    }
    answer = await district.statistician.get("/figures/change/versions", params=asked)
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")
