"""What callers send by mistake: the field is named, nothing is half done, and no request ends in a 500."""

from base64 import urlsafe_b64encode
from typing import Any
from uuid import uuid4

import orjson
import pytest
import pytest_asyncio

from ...support import Caller, Registry
from .people import PeopleOf

HERE = "340103001001"


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def clerk(registry: Registry) -> Caller:
    return await registry.staff("subdistrict_clerk", "340103001")


def _pointers(answer: Any) -> list[tuple[str, str]]:
    return [(each["pointer"], each["code"]) for each in answer.json()["errors"]]


def _cursor(*keys: Any) -> str:
    return urlsafe_b64encode(orjson.dumps(keys)).decode().rstrip("=")


async def test_a_member_is_listed_once_with_one_head_and_since_no_day_to_come(
    clerk: Caller, people_of: PeopleOf
) -> None:
    people = people_of(clerk)
    one, other = await people.enter(name="甲"), await people.enter(name="乙")
    members = [
        {"person_id": one["id"], "relation": "02"},
        {"person_id": one["id"], "relation": "10"},
        {"person_id": other["id"], "relation": "02", "since": "9999-12-31"},
    ]
    answer = await clerk.post("/households", json={"number": f"{uuid4()}", "area": HERE, "members": members})
    assert answer.status_code == 422
    assert _pointers(answer) == [
        ("/members/1/person_id", "member_twice"),
        ("/members/2/relation", "second_head"),
        ("/members/2/since", "in_future"),
    ]


async def test_a_birth_is_not_moved_before_that_of_its_mother(clerk: Caller, people_of: PeopleOf) -> None:
    mother = await people_of(clerk).enter(sex=2, birth_date="1995-03-07")
    body = {"mother_id": mother["id"], "happened_on": "2025-03-18", "child": {"name": "小满", "sex": 2}}
    birth = await clerk.post("/life-events/births", json=body)
    assert birth.status_code == 201, birth.text
    asked = {"event_id": birth.json()["id"], "changes": {"happened_on": "1980-01-01"}, "reason": "录入错误"}
    answer = await clerk.post("/corrections", json=asked)
    assert (answer.status_code, answer.json()["code"]) == (409, "parent_younger")


async def test_a_wrong_marital_status_of_a_marriage_is_pointed_at(clerk: Caller) -> None:
    body = {"person_id": str(uuid4()), "happened_on": "2025-03-18", "marital_status": "10"}
    answer = await clerk.post("/life-events/marriages", json=body)
    assert _pointers(answer) == [("/marital_status", "marital_status")]


async def test_consent_is_true_or_false_and_nothing_like_it(clerk: Caller, people_of: PeopleOf) -> None:
    person = await people_of(clerk).enter()
    body = {"kind": "examination", "given_on": "2025-03-18", "share_with_home": "yes"}
    answer = await clerk.post(f"/persons/{person['id']}/services", json=body)
    assert _pointers(answer) == [("/share_with_home", "bool_type")]


@pytest.mark.parametrize(
    ("path", "keys"),
    [
        ("/persons", (10**18, 2, str(uuid4()))),
        ("/persons", (99_999_999_999, 5, str(uuid4()))),
        ("/households", ("x", str(uuid4()))),
        ("/households", ("\x00", str(uuid4()))),
    ],
)
async def test_a_cursor_of_another_list_is_refused(clerk: Caller, path: str, keys: tuple[Any, ...]) -> None:
    answer = await clerk.get(path, params={"area": HERE, "after": _cursor(*keys)})
    assert _pointers(answer) == [("/after", "cursor")]


async def test_the_character_nul_in_a_street_is_pointed_at(clerk: Caller, people_of: PeopleOf) -> None:
    person = await people_of(clerk).enter()
    answer = await clerk.patch(f"/persons/{person['id']}", json={"present_street": "a\x00b"}, version=1)
    assert _pointers(answer) == [("/present_street", "nul_character")]
