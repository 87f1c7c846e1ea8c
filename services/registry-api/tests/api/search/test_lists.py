"""The list of an area narrowed by what is known of its people."""

from datetime import date

import pytest

from ...support import Caller, Registry
from ..people.people import People

HERE = "340103005001"


@pytest.fixture
async def clerk(fresh_registry: Registry) -> Caller:
    fresh_registry.set_today(date(2026, 3, 7))
    clerk = await fresh_registry.staff("subdistrict_clerk", "340103005")
    people = People(clerk, fresh_registry.runtime)
    for name, sex, born, status in (
        ("甲", 1, "1990-03-07", "21"),
        ("乙", 2, "2011-03-07", "10"),
        ("丙", 2, "2011-03-08", "10"),
        ("丁", 2, "1946-01-01", "30"),
    ):
        await people.enter(
            name=f"列{name}",
            sex=sex,
            birth_date=born,
            marital_status=status,
            registered_area=HERE,
            present_area=HERE,
        )
    return clerk


async def listed(clerk: Caller, **query: object) -> list[str]:
    answer = await clerk.get("/persons", params={"area": HERE, **query})
    assert answer.status_code == 200, answer.text
    return [each["name"] for each in answer.json()["items"]]


async def test_a_list_is_narrowed_by_sex_marital_status_and_completed_years(clerk: Caller) -> None:
    assert await listed(clerk) == ["列甲", "列乙", "列丙", "列丁"]
    assert await listed(clerk, sex=1) == ["列甲"]
    assert await listed(clerk, sex=2, age_from=15, age_to=49) == ["列乙"]
    assert await listed(clerk, age_to=14) == ["列丙"]
    assert await listed(clerk, age_from=80, marital_status="30") == ["列丁"]
    assert await listed(clerk, age_from=15, limit=2) == ["列甲", "列乙"]


async def test_a_wrong_criterion_is_refused_with_its_field(clerk: Caller) -> None:
    for name, value in (("sex", "3"), ("age_from", "-1"), ("marital_status", "99")):
        answer = await clerk.get("/persons", params={"area": HERE, name: value})
        assert answer.status_code == 422
        assert answer.json()["errors"][0]["pointer"] == f"/query/{name}", answer.text
