"""A person of whom something stands in almost every table, with marks in all that a deletion has to reach."""

from dataclasses import dataclass, field
from typing import Any
from uuid import UUID, uuid4

from renkou_common.scope import AreaScope
from renkou_registry.field_keys.columns import PROTECTED
from renkou_registry.metadata import metadata
from renkou_registry.persons.registration import PHONE
from renkou_registry.supplies.users.service import indexes_of

from ...support import Json, Registry
from ..duplicates.records import KINDS, Records
from ..duplicates.test_duplicates import merge
from ..me.test_own_account import PASSWORD, activate, sign_in
from ..test_external_lists import matched

OF_THE_LAW = ("benefit",)
"""Kinds of records that hold a deletion up."""


@dataclass
class Life:
    """A person, the record that joined it, and the marks by which what was theirs is looked for."""

    person: Json
    joined: Json
    marks: list[str] = field(default_factory=list)

    @property
    def ids(self) -> list[UUID]:
        return [UUID(self.person["id"]), UUID(self.joined["id"])]


async def full_life(records: Records) -> Life:
    """Somebody with records of every kind, an account in use, a phone that changed, and a second record."""
    registry, caller = records.registry, records.caller
    phones = [f"138{uuid4().int % 10**8:08d}" for _ in range(3)]
    works = [f"厂{uuid4().hex[:10]}" for _ in range(2)]
    kinds = [kind for kind in KINDS if kind not in OF_THE_LAW]
    gone = await records.woman("supplies", "services", phone=phones[2], employer=works[1])
    person = await records.woman(*kinds, phone=phones[0], employer=works[0])
    await merge(caller, person, gone)
    life = Life(person, gone, [*phones, *works])
    await _change(records, person, phone=phones[1])
    await _visits(records, life)
    await _services(records, life)
    await findings_of(records, life.person)
    await _refused_correction(records, life)
    await _listed(records, life)
    await _account(registry, caller, person)
    return life


async def _change(records: Records, person: Json, **changes: Any) -> None:
    read = await records.people.read(person["id"])
    answer = await records.caller.patch(f"/persons/{person['id']}", version=read["version"], json=changes)
    assert answer.status_code == 200, answer.text


async def _visits(records: Records, life: Life) -> None:
    """One visit kept, with a note, and sent from a device; the next one declined."""
    mark, today = f"随访说{uuid4().hex[:10]}", str(records.today)
    card = (await records.caller.get(f"/persons/{life.person['id']}/card")).json()
    (visit,) = (await records.caller.get(f"/cards/{card['id']}/visits")).json()["items"]
    outcome = {"result": "kept", "on": today, "effect": "fair", "note": mark}
    item = {"client_id": "a", "visit_id": visit["id"], "base_version": visit["version"], "outcome": outcome}
    sent: Json = {"device_id": f"tablet-{uuid4().hex[:8]}", "batch_id": "1", "items": [item]}
    (done,) = (await records.post("/visit-batches", **sent))["items"]
    assert done["state"] == "applied", done
    late = sent | {"batch_id": "2", "items": [item | {"outcome": outcome | {"note": f"{mark}二"}}]}
    (conflict,) = (await records.post("/visit-batches", **late))["items"]
    assert conflict["state"] == "conflict", conflict
    visits = (await records.caller.get(f"/cards/{card['id']}/visits")).json()["items"]
    (offered,) = [each for each in visits if each["state"] == "offered"]
    await records.post(f"/visits/{offered['id']}/outcome", offered["version"], result="declined", on=today)
    life.marks.append(mark)


async def _services(records: Records, life: Life) -> None:
    """A service given with a result, and one that was declined."""
    path = f"/persons/{life.person['id']}"
    given = await records.post(f"{path}/services", kind="examination", given_on="2025-04-01")
    await records.post(f"/services/{given['id']}/result", given["version"], result="follow_up")
    offer = await records.post(f"{path}/service-offers", kind="gynaecological_check", offered_on="2025-04-01")
    await records.post(f"/services/{offer['id']}/decline", offer["version"])


async def findings_of(records: Records, person: Json) -> None:
    """A first step of the check that she agreed to."""
    async with records.registry.runtime.database.transaction(AreaScope.everything()) as tx:
        check = await tx.fetchrow(
            "SELECT * FROM prepregnancy_check WHERE first_person_id = $1", UUID(person["id"])
        )
    assert check is not None
    await records.post(
        f"/prepregnancy-checks/{check['id']}/steps/history",
        check["version"],
        done_on="2025-03-02",
        persons=[{"person_id": person["id"], "values": {"smoking": "no"}}],
    )


async def _refused_correction(records: Records, life: Life) -> None:
    mark = f"改名{uuid4().hex[:8]}"
    asked = await records.post(
        "/corrections", person_id=life.person["id"], details={"name": "端木改"}, reason=mark
    )
    second = await records.registry.staff("subdistrict_clerk", "340103")
    answer = await second.post(
        f"/corrections/{asked['id']}/rejection",
        json={"reason": f"{mark}不成立"},
        headers={"If-Match": f'"{asked["version"]}"'},
    )
    assert answer.status_code == 200, answer.text
    life.marks.append(mark)


async def _listed(records: Records, life: Life) -> None:
    """A line of another office's list that certainly means her, settled by nobody."""
    mark = f"名单{uuid4().hex[:8]}"
    async with records.registry.runtime.database.transaction(AreaScope.everything()) as tx:
        sealed = await tx.fetchval("SELECT resident_id_sealed FROM person WHERE id = $1", life.ids[0])
    number = records.registry.runtime.cipher.decrypt(sealed, "person.resident_id")
    line = {"身份证号": number, "姓名": life.person["name"], "配偶姓名": mark, "结婚日期": "2025-03-01"}
    await matched(records.registry, records.caller, "marriages", [line])
    life.marks.append(mark)


async def _account(registry: Registry, caller: Any, person: Json) -> None:
    opened = (await caller.post(f"/persons/{person['id']}/account")).json()
    assert await activate(registry, opened) == 204
    me = await sign_in(registry, opened, PASSWORD)
    given = await me.request("PUT", "/me/consents/health_in_lists", json={"given": True})
    assert given.status_code == 200, given.text


async def found_anywhere(registry: Registry, marks: list[str], ids: list[UUID]) -> dict[str, list[str]]:
    """Look for marks in every column of every table, sealed ones opened, and for look-up keys made of them; returns
    table to the marks found there."""
    cipher = registry.runtime.cipher
    keys = [each for mark in marks for each in cipher.blind_indexes(mark, PHONE)]
    keys += [each for person_id in ids for each in indexes_of(registry.runtime, person_id)]
    wanted = [*marks, *(key.hex() for key in keys)]
    found: dict[str, list[str]] = {}
    async with registry.runtime.database.transaction(AreaScope.everything(), read_only=True) as tx:
        for table in metadata.sorted_tables:
            if table.name == "area":
                continue
            rows = await tx.fetch(
                f'SELECT DISTINCT m FROM "{table.name}" t, unnest($1::text[]) m'
                " WHERE position(m IN t::text) > 0",
                wanted,
            )
            if rows:
                found[str(table.name)] = [row["m"] for row in rows]
        for column in PROTECTED:
            rows = await tx.fetch(f'SELECT * FROM "{column.table}" WHERE "{column.column}" IS NOT NULL')
            for row in rows:
                text = cipher.unseal(row[column.column], column.bound_to(dict(row))).decode(errors="replace")
                hits = [mark for mark in marks if mark in text]
                if hits:
                    found.setdefault(f"{column.table}.{column.column}", []).extend(hits)
    return found
