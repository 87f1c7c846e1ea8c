"""While processing is restricted nothing is done with a person's data but what is kept and what the person asks for."""

import csv
from datetime import datetime
from io import StringIO
from uuid import UUID, uuid4

import pytest

from renkou_common.scope import AreaScope

from ...support import Caller, Json, Registry
from ..duplicates.records import Records, open_records
from ..duplicates.test_duplicates import candidate_of, compared, merge, twice
from ..me.test_own_account import activate, sign_in
from ..people.people import HERE
from ..test_exports import exported, load
from .test_requests import GRANTED, REFUSED, act, asked, clerk_of, tried

WHY = {"reason": "本人对信息有异议"}


@pytest.fixture
async def records(registry: Registry) -> Records:
    return await open_records(registry)


async def own(registry: Registry, person: Json) -> Caller:
    """The person, signed in."""
    worker = await registry.staff("community_worker", HERE)
    account: Json = (await worker.post(f"/persons/{person['id']}/account")).json()
    assert await activate(registry, account) == 204
    return await sign_in(registry, account)


async def listed(
    registry: Registry, clerk: Caller, of: str, name: str, purpose_code: str = "register_upkeep"
) -> tuple[list[list[str]], int]:
    """The rows of an export of the community about somebody, and how many were left out of it."""
    filters = {"area": HERE} | ({"name": name} if of == "persons" else {})
    export = await exported(
        registry, clerk, list=of, format="csv", filters=filters, purpose_code=purpose_code
    )
    text = (await load(clerk, export)).content.decode("utf-8-sig")
    rows = [row for row in csv.reader(StringIO(text)) if any(name in cell for cell in row)]
    assert export["state"] == "done"
    return rows, export["left_out"]


async def states(records: Records, person: Json) -> list[str]:
    card = (await records.caller.get(f"/persons/{person['id']}/card")).json()
    visits = (await records.caller.get(f"/cards/{card['id']}/visits")).json()["items"]
    return [each["state"] for each in visits]


async def restricted(clerk: Caller, person: Json) -> bool:
    return bool((await clerk.get(f"/persons/{person['id']}")).json()["restricted"])


async def test_what_a_person_asked_for_stops_every_use_until_it_is_lifted(
    registry: Registry, records: Records
) -> None:
    name = f"司空{uuid4().hex[:6]}"
    person = await records.woman("card", name=name)
    namesake = await twice(registry, records.caller, name)
    me, clerk = await own(registry, person), await clerk_of(registry)
    await records.post(f"/persons/{person['id']}/service-offers", kind="examination", offered_on="2025-03-01")
    before = await states(records, person)
    assert before.count("accepted") == 1
    await compared(registry)
    assert await candidate_of(clerk, *[each["id"] for each in namesake])

    request = await asked(me, "restriction")
    decided = await act(clerk, request, "decision", **GRANTED)
    assert (decided["state"], decided["deletion"]) == ("answered", None)
    assert await restricted(clerk, person)
    standing = (await clerk.get(f"/persons/{person['id']}/restriction")).json()
    assert (standing["restricted"], standing["items"][0]["request_id"]) == (True, request["id"])
    rows, left_out = await listed(registry, clerk, "persons", name)
    assert (len(rows), left_out) == (2, 1)
    assert person["id"] not in str(rows)
    assert set(await states(records, person)).isdisjoint({"offered", "accepted"})
    offer = await records.caller.post(
        f"/persons/{person['id']}/service-offers", json={"kind": "counselling", "offered_on": "2025-03-02"}
    )
    assert (offer.status_code, offer.json()["code"]) == (409, "processing_restricted")
    again = await twice(registry, records.caller, name)
    await compared(registry)
    for each in (*namesake, *again):
        assert await candidate_of(clerk, person["id"], each["id"]) is None
    mine = (await me.get("/me/copy.json")).text
    assert "processing_restriction" in mine
    given = await records.caller.post(
        f"/persons/{person['id']}/services", json={"kind": "counselling", "given_on": "2025-03-02"}
    )
    assert given.status_code == 201, "a service that the person comes for is given and recorded"

    key = {"Idempotency-Key": str(uuid4())}
    path = f"/persons/{person['id']}/restriction/lifting"
    first = await clerk.post(path, json={"reason": "已核实更正"}, headers=key)
    repeated = await clerk.post(path, json={"reason": "已核实更正"}, headers=key)
    assert (first.status_code, repeated.json()) == (200, first.json())
    assert (first.json()["restricted"], first.json()["items"][0]["lifted_reason"]) == (False, "已核实更正")
    assert (await clerk.post(path, json=WHY)).json()["code"] == "not_restricted"
    rows, left_out = await listed(registry, clerk, "persons", name)
    assert (len(rows), left_out) == (5, 0)
    assert "offered" in await states(records, person)
    told = [
        each.data["restricted"]
        for each in await records.people.events(person["ref"])
        if each.type == "registry.person.restricted.v1"
    ]
    assert told == [True, False]


async def test_rows_that_name_somebody_who_is_restricted_stay_out_of_every_list(
    registry: Registry, records: Records
) -> None:
    name = f"宗政{uuid4().hex[:6]}"
    person = await records.woman("card", "services", "honour", "childbirth", name=name)
    me, clerk = await own(registry, person), await clerk_of(registry)
    lists = {
        "persons": "register_upkeep",
        "cards": "service_offers",
        "services": "service_offers",
        "honour_certificates": "honour_certificate",
        "childbirth_registrations": "childbirth_registration",
    }
    before = {of: await listed(registry, clerk, of, name, code) for of, code in lists.items()}
    assert all(rows for rows, _ in before.values()), before
    readings = {"limit": 200}
    logged = len((await me.get("/me/readings", params=readings)).json()["items"])
    path = f"/persons/{person['id']}/restriction"
    answer = await clerk.request("PUT", path, json=WHY)
    assert answer.status_code == 200, answer.text
    assert (await clerk.request("PUT", path, json=WHY)).json() == answer.json()
    for of, (rows, left_out) in before.items():
        assert await listed(registry, clerk, of, name, lists[of]) == ([], left_out + len(rows)), of
    log = (await (await registry.staff("auditor", "340103")).get("/exports/log")).json()["items"]
    assert log[0]["left_out"] >= 1
    after = (await me.get("/me/readings", params=readings)).json()["items"]
    assert {each["what_label"] for each in after[: len(after) - logged]} <= {"个人信息权利申请"}


async def test_a_refusal_restricts_nothing_and_only_who_decides_on_privacy_may_restrict(
    registry: Registry, records: Records
) -> None:
    person = await records.woman("consent")
    me, clerk = await own(registry, person), await clerk_of(registry)
    request = await asked(me, "restriction")
    await act(clerk, request, "decision", **REFUSED)
    assert not await restricted(clerk, person)
    assert (await tried(clerk, request, "decision", **GRANTED))[0] == 409
    path = f"/persons/{person['id']}/restriction"
    worker = await registry.staff("community_worker", HERE)
    assert (await worker.request("PUT", path, json=WHY)).status_code == 403
    outside = await registry.staff("subdistrict_clerk", "340103009")
    assert (await outside.request("PUT", path, json=WHY)).status_code == 404
    assert (await outside.get(path)).status_code == 404
    short = await clerk.request("PUT", path, json={"reason": ""})
    assert [each["pointer"] for each in short.json()["errors"]] == ["/reason"]


async def test_a_restriction_follows_a_record_that_is_joined_and_goes_back_when_they_are_separated(
    registry: Registry, records: Records
) -> None:
    clerk = await clerk_of(registry)
    kept, gone = await twice(registry, records.caller, f"太叔{uuid4().hex[:6]}")
    await clerk.request("PUT", f"/persons/{gone['id']}/restriction", json=WHY)
    merged = await merge(records.caller, kept, gone)
    assert await restricted(clerk, kept)
    undone = await records.caller.post(
        f"/duplicate-merges/{merged['id']}/undoing",
        json={"reason": "核实为两人"},
        headers={"If-Match": f'"{merged["version"]}"'},
    )
    assert undone.status_code == 200, undone.text
    assert [await restricted(clerk, each) for each in (kept, gone)] == [False, True]


async def test_the_office_that_was_asked_restricts_also_whoever_has_moved_since(
    registry: Registry, records: Records
) -> None:
    person = await records.woman("consent")
    me = await own(registry, person)
    request = await asked(me, "restriction")
    moved = {"happened_on": "2025-03-01", "to_area": "340103002001", "transfer_registration": True}
    await records.people.record("moves", person_id=person["id"], **moved)
    clerk = await clerk_of(registry, "340103001")
    assert (await clerk.get(f"/persons/{person['id']}")).status_code == 404
    assert (await act(clerk, request, "decision", **GRANTED))["state"] == "answered"
    assert await restricted(await clerk_of(registry, "340103002"), person)


async def test_other_services_hear_of_consents_as_they_are_given_and_withdrawn(
    registry: Registry, records: Records
) -> None:
    person = await records.woman("consent")
    me = await own(registry, person)
    for given in (False, True):
        answer = await me.request("PUT", "/me/consents/contact_by_phone", json={"given": given})
        assert answer.status_code == 200, answer.text
    told = [
        (each.data["purpose"], each.data["given"])
        for each in await records.people.events(person["ref"])
        if each.type == "registry.consent.changed.v1"
    ]
    assert told == [("contact_by_phone", True), ("contact_by_phone", False), ("contact_by_phone", True)]


async def test_what_other_services_hear_is_timed_as_it_is_kept_whichever_clock_is_ahead(
    registry: Registry, records: Records
) -> None:
    person, clerk = await records.woman("consent"), records.caller
    me, ahead = await own(registry, person), "now() + interval '2 days'"
    await clerk.request("PUT", f"/persons/{person['id']}/restriction", json=WHY)
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        for change in (f"consent SET given_at = {ahead}", f"processing_restriction SET imposed_at = {ahead}"):
            await tx.execute(f"UPDATE {change} WHERE person_id = $1", UUID(person["id"]))
    await me.request("PUT", "/me/consents/contact_by_phone", json={"given": False})
    await clerk.post(f"/persons/{person['id']}/restriction/lifting", json=WHY)
    told = {each.type: each for each in await records.people.events(person["ref"])}
    for kind in ("registry.consent.changed.v1", "registry.person.restricted.v1"):
        assert datetime.fromisoformat(told[kind].data["at"]) > registry.runtime.clock.now(), kind
