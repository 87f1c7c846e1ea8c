"""Why a figure changed: contributions add up exactly, and each is put down to what it came by."""

from fractions import Fraction
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from renkou_common.contracts.lines import AREA_CHANGE
from renkou_common.contracts.migrant import MigrantEventType, StayCorrected
from renkou_common.database import Transaction
from renkou_common.ids import new_id
from renkou_reporting.explain.changes import against_period
from renkou_reporting.explain.domain import Member
from renkou_reporting.explain.schemas import ChangeAnswer, ChangeQuestion, Difference
from renkou_reporting.figures.schemas import FigureQuestion
from renkou_reporting.figures.service import figure

from ..support import Json, LineMaker, Reporting
from .histories import EVERYWHERE, History, histories, left_behind
from .test_cells import areas, figures, periods, question

ANY = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def exact(text: str | None) -> Fraction:
    assert text is not None
    return Fraction(text)


def adds_up(answer: ChangeAnswer) -> None:
    """Everything that is told adds up, by contribution and by cause; of a growth within each of its figures."""
    wholes: dict[Member | None, Difference] = {None: answer}
    if answer.indicator.endswith("_growth"):
        wholes = {one.figure: one for one in answer.figures}
    for found in (answer.items, answer.by_cause):
        for member, whole in wholes.items():
            for side, change in (
                ("numerator", whole.numerator_change),
                ("denominator", whole.denominator_change),
            ):
                told = [one for one in found if (one.figure, one.side) == (member, side)]
                assert sum(exact(one.change) for one in told) == exact(change)
        if answer.exact_value_change is not None:
            assert sum(exact(one.on_value) for one in found) == exact(answer.exact_value_change)
    if answer.value_change is not None:
        assert exact(answer.value_change) - exact(answer.rounding) == exact(answer.exact_value_change)


@ANY
@given(
    history=histories,
    asked=figures,
    area=areas,
    period=periods,
    against=periods,
    below=st.sampled_from(["children", "communities"]),
)
async def test_contributions_add_up_to_the_change(
    shared_reporting: Reporting,
    history: History,
    asked: dict[str, str],
    area: str,
    period: str,
    against: str,
    below: str,
) -> None:
    async def check(tx: Transaction) -> None:
        given = question(asked, area, period)
        answer = await against_period(
            tx, EVERYWHERE, ChangeQuestion.model_validate(given | {"against": against, "areas": below})
        )
        now = await figure(tx, EVERYWHERE, FigureQuestion.model_validate(given))
        before = await figure(tx, EVERYWHERE, FigureQuestion.model_validate(given | {"period": against}))
        assert exact(answer.numerator_change) == exact(now.numerator) - exact(before.numerator)
        assert exact(answer.denominator_change) == exact(now.denominator) - exact(before.denominator)
        assert (answer.before.value, answer.after.value) == (before.value, now.value)
        assert "other" not in {one.cause for one in answer.items}
        adds_up(answer)
        back = await against_period(
            tx,
            EVERYWHERE,
            ChangeQuestion.model_validate(given | {"period": against, "against": period, "areas": below}),
        )
        assert {(one.side, one.cause): exact(one.change) for one in back.by_cause} == {
            (one.side, one.cause): -exact(one.change) for one in answer.by_cause
        }

    await left_behind(shared_reporting, history, check)


async def test_each_change_is_put_down_to_its_cause(reporting: Reporting, line: LineMaker) -> None:
    moved = [
        line("resident", "out", "2024-02-10", 3, area="340103001001", detail=AREA_CHANGE),
        line("resident", "in", "2024-02-10", 3, area="340103002001", detail=AREA_CHANGE),
    ]
    await reporting.take_in(
        "registry",
        [line("resident", "opening", "2023-12-31", 1000)],
        [line("resident", "birth", "2024-01-05", 4, sex=1, parity=1)],  # recorded today: long after its month
        moved,
    )
    correction = StayCorrected(
        arrival_id=new_id(),
        person_ref=new_id(),
        arrived_on=moved[0].on,
        lines=[line("resident", "birth", "2024-02-20", 2, sex=2, parity=1)],
    )
    reporting.feeds["migrant"].append(MigrantEventType.STAY_CORRECTED, correction)
    await reporting.catch_up("migrant")
    statistician = await reporting.staff("statistician", "340103")
    asked: Json = question({"indicator": "births"}, "340103", "2024-02") | {"against": "2024-01"}
    answer = (await statistician.get("/figures/change", params=asked)).json()
    unsaid = {name: value for name, value in asked.items() if name != "against"}
    assert (await statistician.get("/figures/change", params=unsaid)).json() == answer
    assert (answer["before"]["value"], answer["after"]["value"], answer["value_change"]) == ("4", "2", "-2")
    told = {one["cause"]: (one["change"], one["on_value"], one["facts"]) for one in answer["items"]}
    assert told == {"late": ("-4", "-4", 1), "correction": ("2", "2", 1)}

    people = question({"indicator": "population"}, "340103001", "2024-02") | {"against": "2024-01"}
    answer = (await statistician.get("/figures/change", params=people)).json()
    assert {(one["measure"], one["cause"], one["area"], one["change"]) for one in answer["items"]} == {
        ("out", "boundary", "340103001001", "-3"),
        ("birth", "correction", "340103001001", "2"),
    }
    adds_up(ChangeAnswer.model_validate(answer))


async def test_who_passed_an_age_limit_is_told_apart(reporting: Reporting, line: LineMaker) -> None:
    await reporting.take_in(
        "registry",
        [line("resident", "opening", "2024-12-31", 1, sex=2, birth_month="1975-06")],
        [line("resident", "opening", "2024-12-31", 2, sex=2, birth_month="1990-01")],
    )
    statistician = await reporting.staff("statistician", "340103")
    asked = question({"indicator": "population", "ages": "15-49"}, "340103", "2025-06") | {
        "against": "2025-05"
    }
    answer = (await statistician.get("/figures/change", params=asked)).json()
    unsaid = {name: value for name, value in asked.items() if name != "against"}
    assert (await statistician.get("/figures/change", params=unsaid)).json() == answer
    assert (answer["before"]["value"], answer["after"]["value"]) == ("3", "2")
    assert [(one["cause"], one["change"]) for one in answer["items"]] == [("ageing", "-1")]


async def test_a_rate_changes_by_numerator_and_denominator(reporting: Reporting, line: LineMaker) -> None:
    await reporting.take_in(
        "registry",
        [
            line("migrant_in", "check_due", "2025-01-10", 10),
            line("migrant_in", "check_made", "2025-01-10", 9),
        ],
        [
            line("migrant_in", "check_due", "2025-02-10", 20),
            line("migrant_in", "check_made", "2025-02-10", 15),
        ],
    )
    statistician = await reporting.staff("statistician", "340103")
    asked: dict[str, Any] = {
        "indicator": "certificate_check_rate",
        "population": "migrant_in",
        "area": "340103",
        "period": "2025-02",
        "against": "2025-01",
    }
    answer = (await statistician.get("/figures/change", params=asked)).json()
    unsaid = {name: value for name, value in asked.items() if name != "against"}
    assert (await statistician.get("/figures/change", params=unsaid)).json() == answer
    assert (answer["before"]["value"], answer["after"]["value"]) == ("90.00", "75.00")
    told = {one["side"]: (one["change"], one["on_value"]) for one in answer["by_cause"]}
    # 6 x (1/10 + 1/20) / 2 x 100 = 45; 10 x (9 + 15) / 2 / (10 x 20) x 100 = 60
    assert told == {"numerator": ("6", "45"), "denominator": ("10", "-60")}
    assert answer["exact_value_change"] == "-15"


async def test_another_version_of_the_definition_is_a_cause_of_its_own(
    reporting: Reporting, line: LineMaker
) -> None:
    await reporting.take_in(
        "registry",
        [line("resident", "birth", "2025-12-10", 8, sex=1, parity=1)],
        [
            line("resident", "birth", "2026-01-10", 5, sex=1, parity=1),
            line("resident", "death", "2026-01-11", 2),
        ],
    )
    author = await reporting.staff("statistician", "340103")
    approver = await reporting.staff("statistician", "340103")
    versions = (await author.get("/indicators/births/versions")).json()["items"]
    definition = {key: value for key, value in versions[0]["definition"].items() if key != "version"}
    both = [*definition["numerator"], {"part": "dead", "kind": "flow", "measure": "death"}]
    inputs = {"births": "1", "dead": "2"}
    definition |= {
        "numerator": both,
        "factor": 10,
        "valid_from": "2026-01-01",
        "examples": [{"inputs": inputs, "value": "30"}],
    }
    drafted = await author.post("/indicators", json={"definition": definition, "reason": "试"})
    assert drafted.status_code == 201, drafted.text
    path = f"/indicators/births/versions/{drafted.json()['version']}/activation"
    assert (await approver.post(path)).status_code == 200
    asked = question({"indicator": "births"}, "340103", "2026-01") | {"against": "2025-12"}
    answer = (await author.get("/figures/change", params=asked)).json()
    assert (answer["before"]["value"], answer["after"]["value"]) == ("8", "70")
    told = {(one["measure"], one["cause"]): one["change"] for one in answer["items"]}
    assert told == {("birth", "late"): "-3", ("death", "definition"): "2", (None, "definition"): "0"}
    adds_up(ChangeAnswer.model_validate(answer))
