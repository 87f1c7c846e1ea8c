"""Code lists: what codes mean, in both languages, by version."""

import pytest

from renkou_common.codes.catalogue import CODE_LISTS

from ..support import Registry


@pytest.mark.parametrize("list_id", sorted(CODE_LISTS))
async def test_every_list_is_published_with_its_codes(registry: Registry, list_id: str) -> None:
    worker = await registry.staff("community_worker", "340103009001")
    found = (await worker.get(f"/code-lists/{list_id}")).json()
    wanted = CODE_LISTS[list_id]
    assert (found["version"], found["versions"]) == (wanted.version, [wanted.version])
    assert [(each["code"], each["zh"], each["en"]) for each in found["entries"]] == [
        (each.code, each.zh, each.en) for each in wanted.entries
    ]
    same = await worker.get(f"/code-lists/{list_id}", params={"version": wanted.version})
    assert same.json() == found


async def test_lists_and_versions_that_are_not_there_are_not_found(registry: Registry) -> None:
    worker = await registry.staff("auditor", "340103")
    listed = (await worker.get("/code-lists")).json()["items"]
    assert {each["id"] for each in listed} == set(CODE_LISTS)
    assert (await worker.get("/code-lists/person")).status_code == 404
    assert (await worker.get("/code-lists/sex", params={"version": "1980"})).status_code == 404
    assert (await registry.client.get("/code-lists")).status_code == 401
