"""The division tree over HTTP."""

import pytest

from ..support import Registry


async def test_a_division_comes_with_the_names_above_it(registry: Registry) -> None:
    answer = (await registry.administrator.get("/areas/340103009")).json()
    assert answer["full_name"].startswith("安徽省合肥市庐阳区")
    assert [each["code"] for each in answer["chain"]] == ["34", "3401", "340103", "340103009"]
    assert answer["level_name"] == "街道/镇/乡"


async def test_padded_codes_name_the_same_division(registry: Registry) -> None:
    assert (await registry.administrator.get("/areas/340103000000")).json()["code"] == "340103"


async def test_a_prefecture_without_counties_and_its_county_level_code_are_two(registry: Registry) -> None:
    prefecture = (await registry.administrator.get("/areas/4419")).json()
    county = (await registry.administrator.get("/areas/441900")).json()
    assert (prefecture["level"], county["level"]) == (2, 3)
    assert county["chain"][1]["code"] == "4419"


@pytest.mark.parametrize(("code", "status"), [("340199", 404), ("99", 422), ("34010", 422), ("abc", 422)])
async def test_what_is_no_division_is_refused(registry: Registry, code: str, status: int) -> None:
    assert (await registry.administrator.get(f"/areas/{code}")).status_code == status
    assert (await registry.administrator.get(f"/areas/{code}/children")).status_code == status


async def test_children_come_page_by_page_and_whole(registry: Registry) -> None:
    codes, after = [], None
    while True:
        query = {"limit": 7} | ({"after": after} if after else {})
        page = (await registry.administrator.get("/areas/34/children", params=query)).json()
        codes += [each["code"] for each in page["items"]]
        after = page["next"]
        if after is None:
            break
    assert codes == sorted(set(codes))
    assert len(codes) == 16
    assert all(len(code) == 4 and code.startswith("34") for code in codes)


async def test_a_foreign_cursor_is_refused(registry: Registry) -> None:
    answer = await registry.administrator.get("/areas/34/children", params={"after": "bm90IG1pbmU"})
    assert answer.status_code == 422


async def test_the_feed_is_for_services(registry: Registry) -> None:
    reporting = await registry.service("reporting-worker")
    answer = await reporting.get("/feeds/registry", params={"after": 0, "limit": 10})
    assert answer.status_code == 200
    assert answer.json()["items"] == []
    assert (await registry.administrator.get("/feeds/registry")).status_code == 403
