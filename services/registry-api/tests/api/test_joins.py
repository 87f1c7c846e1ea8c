"""Where registers meet: certificates in benefits, consents and checks, entries taken back and what hung on them."""

from collections import Counter
from typing import Any

import pytest_asyncio

from renkou_common.messaging.envelope import parse_body
from renkou_common.scope import AreaScope
from renkou_registry.main import create_app

from ..support import Caller, Json, Registry
from .duplicates.records import Records, open_records
from .me.test_own_account import person as with_account
from .people.people import HERE
from .people.revising import carried_out


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def records(registry: Registry) -> Records:
    return await open_records(registry)


async def lines_of(records: Records, *subjects: str) -> Counter[tuple[str, str, str]]:
    """The sums of lines published about subjects."""
    found: Counter[tuple[str, str, str]] = Counter()
    async with records.registry.runtime.database.transaction(AreaScope.nothing()) as tx:
        rows = await tx.fetch("SELECT body FROM outbox WHERE subject = ANY($1) ORDER BY position", subjects)
    for number, row in enumerate(rows, 1):
        for line in parse_body(row["body"], number).data.get("lines", []):
            found[line["population"], line["area"], line["measure"]] += line["value"]
    return Counter({key: value for key, value in found.items() if value})


async def events_of(caller: Caller, person: Json) -> list[Json]:
    answer = await caller.get(f"/persons/{person['id']}/events")
    items: list[Json] = answer.json()["items"]
    return items


async def retract_entry(records: Records, person: Json) -> None:
    (entry,) = await events_of(records.caller, person)
    approver = await records.registry.staff("subdistrict_clerk", "340103")
    await carried_out(records.caller, approver, event_id=entry["id"], retract=True, reason="误登记")


async def finding_of(records: Records, scheme: Json, person: Json) -> Json:
    answer = await records.caller.get(
        f"/benefit-schemes/{scheme['id']}/eligibility", params={"person_id": person["id"]}
    )
    assert answer.status_code == 200, answer.text
    found: Json = answer.json()
    return found


async def test_an_entry_taken_back_leaves_no_list_and_no_figure(records: Records) -> None:
    before = await records.sums()
    woman = await records.woman("card", "services", "check", "childbirth", "supplies")
    await retract_entry(records, woman)
    after = await records.sums()
    changed = {key for key in after | before if after[key] != before[key]}
    assert {measure for _, _, measure in changed} <= {"supply_issued"}  # those goods did leave the stock
    for path in ("/services", "/childbirth-registrations", "/prepregnancy-checks", "/cards"):
        answer = await records.caller.get(path, params={"area": HERE, "limit": 200})
        assert answer.status_code == 200, (path, answer.text)
        assert woman["id"] not in answer.text, path


async def test_a_partner_stays_in_a_check_that_the_other_never_was_in(records: Records) -> None:
    woman = await records.people.enter(name="端木锦书", marital_status="20")
    man = await records.people.enter(name="李强", sex=1, birth_date="1989-02-02")
    before = await records.sums()
    alone = await records.post("/prepregnancy-checks", person_ids=[woman["id"]], registered_on="2025-03-01")
    sums = Counter(await records.sums())
    sums.subtract(before)
    couple = await records.post(
        "/prepregnancy-checks", person_ids=[woman["id"], man["id"]], registered_on="2025-03-01"
    )
    await retract_entry(records, man)
    check = (await records.caller.get(f"/prepregnancy-checks/{couple['id']}")).json()
    assert check["person_ids"] == [woman["id"]]
    one, two = await lines_of(records, alone["id"]), await lines_of(records, couple["id"])
    assert one == two


async def test_an_opening_taken_back_leaves_the_parent_with_the_children_counted_before(
    records: Records,
) -> None:
    mother = await records.people.enter(name="端木云", birth_date="1970-01-05")
    other = await records.people.enter(name="端木霞", birth_date="1970-01-05", children_count=1)
    for parent, number in ((mother, 0), (other, 1)):
        child = await records.people.enter(name="端木小雅", birth_date="2001-06-01", mother_id=parent["id"])
        assert (await records.people.read(parent["id"]))["children_count"] == 1
        await retract_entry(records, child)
        assert (await records.people.read(parent["id"]))["children_count"] == number


async def test_withdrawing_consent_ends_a_running_check_and_deletes_its_findings(
    records: Records, registry: Registry
) -> None:
    person, me = await with_account(registry, birth_date="1990-03-07")
    path = "/me/consents/prepregnancy_check"
    await me.request("PUT", path, json={"given": True})
    check = await records.post("/prepregnancy-checks", person_ids=[person["id"]], registered_on="2025-03-01")
    answer = await me.request("PUT", path, json={"given": False})
    assert answer.status_code == 200, answer.text
    shown = (await records.caller.get(f"/prepregnancy-checks/{check['id']}")).json()
    assert shown["state"] == "withdrawn"
    assert await lines_of(records, check["id"]) == Counter()


async def test_who_holds_an_honour_certificate_by_the_register_meets_the_condition(records: Records) -> None:
    manager = await records.registry.staff("administrator", "340103")
    made = await manager.post("/benefit-schemes/from-sample", json={"sample": "dusheng_jiangli"})
    assert made.status_code == 201, made.text
    scheme = made.json()
    (version,) = scheme["versions"]
    path = f"/benefit-schemes/{scheme['id']}/versions/{version['number']}/activation"
    await records.post(path, version["version"])
    holder, other = await records.woman("honour"), await records.woman("mother")
    assert (await finding_of(records, scheme, holder))["result"] == "met"
    assert (await finding_of(records, scheme, other))["result"] != "met"


def _keyed(operation: Json) -> bool:
    names = {each["name"].lower() for each in operation.get("parameters", []) if each["in"] == "header"}
    return bool(names & {"idempotency-key", "if-match"})


REPEATABLE: dict[str, str] = {
    "/auth/token": "makes nothing",
    "/auth/oidc": "an ID token signs in once",
    "/auth/password": "sets the same password again",
    "/auth/totp": "a new secret in the place of one that is not confirmed; 409 where one is",
    "/auth/totp/confirmation": "a code counts once",
    "/auth/totp/removal": "removes what is there",
    "/audit/exports": "reads; each export is an entry itself",
    "/area-changes/forecast": "reads",
    "/area-changes/{change_id}/settlements": "409 nothing_to_settle the second time",
    "/area-changes/{change_id}/unsettled/{unsettled_id}/settlement": "404 the second time: it waits no more",
    "/persons/search": "reads",
    "/persons/match": "reads",
    "/persons/{person_id}/unmask": "reads; each reading is logged",
    "/visit-batches": "the batch has an id of its own: the same batch gets the same answer",
    "/proofs/verification": "reads",
    "/benefit-batches/{batch_id}/results": "the same file again changes nothing",
    "/figure-cases": "reads; each reading is logged",
    "/figure-cases/persons": "reads; each reading is logged",
    "/employers/statement-years": "opens what is missing",
    "/employers/{employer_id}/employees/{link_id}/end": "409 ended the second time",
    "/rentals/agreement-years": "opens what is missing",
    "/rentals/{rental_id}/tenants/{link_id}/end": "409 ended the second time",
    "/petitions/{petition_id}/petitioner": "reads; each reading is logged",
    "/imports/{import_id}/start": "an import starts once",
    "/exports/{export_id}/link": "a link to what is there",
    "/external-lists/{list_id}/settlements": "settles what is open",
    "/persons/{person_id}/account/closing": "closes what is open",
    "/public/accounts/activation": "a code works once",
    "/me/card/facts/{fact_id}/withdrawal": "taken back is taken back",
}
"""POST without a key and without a version, and why sending it twice does no harm."""


def test_every_creation_has_a_key_or_is_conditional_or_may_be_repeated() -> None:
    document: Any = create_app().openapi()
    bare = {
        path
        for path, operations in document["paths"].items()
        for method, operation in operations.items()
        if method == "post" and not _keyed(operation)
    }
    assert bare == set(REPEATABLE)
