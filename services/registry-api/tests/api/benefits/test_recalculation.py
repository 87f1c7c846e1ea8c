"""What is due follows every correction of a birth, of a child and of a death; nothing is paid twice."""

from datetime import date
from typing import Any

import pytest

from ...support import Json
from ..people.revising import carried_out
from .office import Office, definition
from .test_payments import FOR_CHILDREN

BORN = "2025-05-10"
ONE_CHILD = definition() | {
    "conditions": {"all": [{"registered_here": {}}, {"children": {"at_least": 1, "at_most": 1}}]}
}


async def mother(office: Office, **more: Any) -> Json:
    return await office.people.enter(birth_date="1995-04-04", **more)


async def born_of(office: Office, parent: Json, on: str = BORN) -> Json:
    child = {"name": "王一诺", "sex": 2}
    return await office.people.record("births", mother_id=parent["id"], happened_on=on, child=child)


async def correct(office: Office, event: Json, **changes: Any) -> None:
    await carried_out(
        office.worker, office.clerk, event_id=event["id"], changes=changes, reason="见出生医学证明"
    )


async def retract(office: Office, event: Json) -> None:
    await carried_out(office.worker, office.clerk, event_id=event["id"], retract=True, reason="登记错人")


async def amounts(office: Office, case: Json) -> list[str]:
    return [due["amount"] for due in await office.dues(case) if due["amount"] != "0.00"]


async def in_payment(office: Office, scheme: Json, *parents: Json) -> list[Json]:
    """The cases of some people in payment, in the order of the people."""
    cases = [await office.apply(scheme, each) for each in parents]
    await office.start(scheme, *cases)
    return cases


@pytest.mark.parametrize("first", ["wrong", "right"])
async def test_what_is_due_for_a_child_goes_to_the_right_mothers_case(office: Office, first: str) -> None:
    scheme = await office.scheme(FOR_CHILDREN)
    wrong, right = await mother(office), await mother(office)
    await born_of(office, wrong, "2025-01-03")
    await born_of(office, right, "2025-01-04")
    birth = await born_of(office, wrong)
    order = [wrong, right] if first == "wrong" else [right, wrong]
    cases = dict(zip((each["id"] for each in order), await in_payment(office, scheme, *order), strict=True))
    before = {each["id"]: len(await amounts(office, cases[each["id"]])) for each in order}
    await correct(office, birth, mother_id=right["id"])
    after = {each["id"]: len(await amounts(office, cases[each["id"]])) for each in order}
    moved = before[wrong["id"]] - after[wrong["id"]]
    assert moved > 0
    assert after[right["id"]] == before[right["id"]] + moved
    lines = await office.lines((await office.draft(scheme)).json())
    assert len(lines) == len({(line["subject_id"], line["period"]) for line in lines})


async def test_what_was_paid_to_the_wrong_mother_waits_for_a_decision_and_is_not_paid_again(
    office: Office,
) -> None:
    scheme = await office.scheme(FOR_CHILDREN)
    wrong, right = await mother(office), await mother(office)
    birth = await born_of(office, wrong)
    await born_of(office, right, "2025-02-03")
    case, _ = await in_payment(office, scheme, wrong, right)
    await office.paid(scheme)
    paid = sum(float(due["paid"]) for due in await office.dues(case))
    assert paid > 0
    await correct(office, birth, mother_id=right["id"])
    assert await amounts(office, case) == []
    [over] = [each for each in await office.overpayments() if each["enrolment_id"] == case["id"]]
    assert float(over["amount"]) == paid
    assert (await office.draft(scheme)).json()["code"] == "nothing_due"


async def test_a_condition_on_the_number_of_children_is_asked_anew_of_both_mothers(office: Office) -> None:
    scheme = await office.scheme(ONE_CHILD)
    wrong, right = await mother(office), await mother(office)
    await born_of(office, wrong, "2020-01-03")
    await born_of(office, right, "2020-01-04")
    cases = await in_payment(office, scheme, wrong, right)
    both = [await amounts(office, case) for case in cases]
    assert all(both)
    birth = await born_of(office, wrong)
    assert [bool(await amounts(office, case)) for case in cases] == [False, True]
    await correct(office, birth, mother_id=right["id"])
    assert [bool(await amounts(office, case)) for case in cases] == [True, False]
    await retract(office, birth)
    assert [await amounts(office, case) for case in cases] == both


async def test_a_link_taken_away_by_hand_is_asked_anew_too(office: Office) -> None:
    scheme = await office.scheme(ONE_CHILD)
    parent = await mother(office)
    first = await born_of(office, parent, "2020-01-03")
    [case] = await in_payment(office, scheme, parent)
    assert await amounts(office, case)
    child = await office.people.read(first["person_id"])
    removed = await office.clerk.post(
        f"/persons/{child['id']}/kin/removal",
        headers={"If-Match": f'"{child["version"]}"'},
        json={"relation": "mother", "person_id": parent["id"], "reason": "录错"},
    )
    assert removed.status_code == 200, removed.text
    assert await amounts(office, case) == []
    linked = await office.clerk.post(
        f"/persons/{child['id']}/kin", json={"relation": "mother", "person_id": parent["id"]}
    )
    assert linked.status_code == 201, linked.text
    assert await amounts(office, case)


async def test_a_childs_corrected_birth_date_moves_the_years_that_are_due(office: Office) -> None:
    scheme = await office.scheme(FOR_CHILDREN)
    parent = await mother(office)
    birth = await born_of(office, parent)
    [case] = await in_payment(office, scheme, parent)
    [before] = await office.dues(case)
    await correct(office, birth, happened_on="2023-05-10")
    after = [due for due in await office.dues(case) if due["amount"] != "0.00"]
    assert len(after) > 1
    await correct(office, birth, happened_on=BORN)
    [again] = [due for due in await office.dues(case) if due["amount"] != "0.00"]
    assert (again["period"], again["amount"]) == (before["period"], before["amount"])


async def test_a_childs_death_ends_what_is_due_and_a_corrected_or_retracted_one_gives_it_back(
    office: Office,
) -> None:
    scheme = await office.scheme(FOR_CHILDREN)
    parent = await mother(office)
    birth = await born_of(office, parent)
    [case] = await in_payment(office, scheme, parent)
    whole = await amounts(office, case)
    office.set_today(date(2026, 3, 20))
    death = await office.people.record("deaths", person_id=birth["person_id"], happened_on="2025-07-10")
    short = await amounts(office, case)
    assert short != whole
    await correct(office, death, happened_on="2025-09-10")
    longer = await amounts(office, case)
    assert float(short[0]) < float(longer[0]) < float(whole[0])
    await retract(office, death)
    assert await amounts(office, case) == whole


async def test_a_birth_that_never_was_leaves_nothing_due(office: Office) -> None:
    scheme = await office.scheme(FOR_CHILDREN)
    parent = await mother(office)
    birth = await born_of(office, parent)
    [case] = await in_payment(office, scheme, parent)
    assert await amounts(office, case)
    assert (await office.figures(scheme)).get("benefit_due")
    await retract(office, birth)
    assert await amounts(office, case) == []
    assert await office.figures(scheme) == {}
    assert (await office.draft(scheme)).json()["code"] == "nothing_due"
