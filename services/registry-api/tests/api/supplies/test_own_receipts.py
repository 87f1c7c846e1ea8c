"""What a person received is in the person's own copy, and out of reach of who has no business with it."""

from renkou_common.scope import AreaScope

from ...support import Registry
from ..me.test_own_account import person
from .store import Store


async def test_the_own_copy_holds_what_one_received_and_the_years_one_asked_for_it(
    store: Store, registry: Registry
) -> None:
    entered, me = await person(registry)
    today = str(registry.runtime.clock.today())
    await store.receive(5)
    body = {"person_id": entered["id"], "point_id": store.point, "since": today}
    assert (await store.worker.post("/supply-users", json=body)).status_code == 201
    issued = await store.issue(2, person_id=entered["id"], on=today)
    assert issued.status_code == 201, issued.text
    records = (await me.get("/me/copy.json")).json()["records"]
    [receipt], [asked] = records["supply_recipient"], records["supply_user"]
    assert (receipt["document_id"], receipt["quantity"], receipt["happened_on"]) == (
        issued.json()["id"],
        2,
        today,
    )
    assert (asked["year"], asked["reached_on"]) == (int(today[:4]), today)
    assert not {"person_sealed", "person_index"} & set(asked)
    assert (await me.get("/me/copy.pdf")).status_code == 200


async def test_without_an_area_the_database_shows_no_receipt(store: Store, registry: Registry) -> None:
    await store.receive(5)
    await store.issue(1)
    tables = (
        "supply_stock",
        "supply_entry",
        "supply_document",
        "supply_recipient",
        "supply_user",
        "petition",
    )
    async with registry.runtime.database.transaction(AreaScope.nothing()) as tx:
        assert [await tx.fetchval(f"SELECT count(*) FROM {table}") for table in tables] == [0] * len(tables)
