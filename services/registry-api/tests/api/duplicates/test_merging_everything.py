"""Two records of one person with a record of every kind: joined without loss, separated as they were."""

from itertools import combinations

import pytest
import pytest_asyncio

from renkou_common.scope import AreaScope
from renkou_registry.duplicates.moving import BY_FEATURE, MOVED, STAYING
from renkou_registry.metadata import APPEND_ONLY, metadata

from ...support import Json, Registry
from .records import KINDS, Records, open_records
from .test_duplicates import merge


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def records(registry: Registry) -> Records:
    return await open_records(registry)


async def undo(records: Records, merged: Json) -> None:
    await records.post(f"/duplicate-merges/{merged['id']}/undoing", merged["version"], reason="核实为两人")


async def check_there_and_back(records: Records, kept: Json, gone: Json) -> None:
    """Join and separate; everything and every sum is as before."""
    held, sums = await records.held(kept, gone), await records.sums()
    merged = await merge(records.caller, kept, gone)
    assert (await records.caller.get(f"/persons/{gone['id']}")).status_code == 404
    await undo(records, merged)
    after = await records.held(kept, gone)
    different = [key for key in held.keys() | after.keys() if held.get(key) != after.get(key)]
    assert {key: after.get(key) for key in different} == {key: held.get(key) for key in different}
    assert await records.sums() == sums


async def test_a_record_of_every_kind_joins_a_bare_one_and_comes_back(records: Records) -> None:
    kept = await records.people.enter(name="端木锦书", birth_date="1979-05-09", marital_status="20")
    gone = await records.woman()
    await check_there_and_back(records, kept, gone)


async def test_two_records_of_every_kind_are_joined_and_come_back(records: Records) -> None:
    kinds = [kind for kind in KINDS if kind not in ("husband", "mother")]
    kept, gone = await records.woman(*kinds), await records.woman()
    await check_there_and_back(records, kept, gone)


@pytest.mark.parametrize(
    ("one", "other"), list(combinations(("card", "household", "supplies", "benefit"), 2))
)
async def test_records_with_something_of_either_kind_are_joined_and_come_back(
    records: Records, one: str, other: str
) -> None:
    kept, gone = await records.woman(one), await records.woman(one, other)
    await check_there_and_back(records, kept, gone)


async def test_the_kept_record_shows_everything_that_the_other_had(records: Records) -> None:
    kept = await records.people.enter(name="端木锦书", birth_date="1979-05-09", marital_status="20")
    gone = await records.woman()
    await merge(records.caller, kept, gone)
    path, caller = f"/persons/{kept['id']}", records.caller
    card = (await caller.get(f"{path}/card")).json()
    assert (card["person_id"], card["state"]) == (kept["id"], "open")
    shown = await records.held(kept)
    tables = {key.split()[1] for key in shown}
    assert tables >= {
        "card",
        "visit",
        "service_given",
        "prepregnancy_check",
        "prepregnancy_consent",
        "childbirth_registration",
        "honour_certificate",
        "supply_recipient",
        "supply_user",
        "household_member",
        "kin_link",
        "employer_employee",
        "rental",
        "rental_tenant",
        "benefit_enrolment",
        "consent",
    }
    kin = (await caller.get(f"{path}/kin")).json()
    assert sorted(each["relation"] for each in kin["items"]) == ["child", "mother", "spouse"]
    assert kin["children_count"] == 1


async def test_a_child_recorded_twice_counts_once_for_its_mother(records: Records) -> None:
    mother = await records.people.enter(name="端木云", birth_date="1970-01-05")
    one, two = [
        await records.people.enter(name="端木小雅", birth_date="2001-06-01", mother_id=mother["id"])
        for _ in range(2)
    ]
    number = (await records.people.read(mother["id"]))["children_count"]
    merged = await merge(records.caller, one, two)
    assert (number, (await records.people.read(mother["id"]))["children_count"]) == (2, 1)
    await undo(records, merged)
    assert (await records.people.read(mother["id"]))["children_count"] == 2
    links = (await records.caller.get(f"/persons/{mother['id']}/kin")).json()["items"]
    assert {each["person_id"] for each in links} == {one["id"], two["id"]}


async def test_records_of_different_sexes_or_with_living_spouses_of_their_own_are_not_joined(
    records: Records,
) -> None:
    kept, gone = await records.woman("husband"), await records.woman("husband")
    man = await records.people.enter(name="端木锦书", sex=1, birth_date="1979-05-09")
    for other, code in ((gone, "spouses_differ"), (man, "sexes_differ")):
        body = {"kept_id": kept["id"], "gone_id": other["id"], "reason": "同一人"}
        answer = await records.caller.post("/duplicate-merges", json=body)
        assert (answer.status_code, answer.json()["code"]) == (409, code)
    single = await records.people.enter(name="端木锦书", birth_date="1979-05-09", marital_status="10")
    body = {"kept_id": single["id"], "gone_id": gone["id"], "reason": "同一人"}
    assert (await records.caller.post("/duplicate-merges", json=body)).json()["code"] == "not_married"


def test_every_table_that_names_a_person_is_moved_joined_by_its_feature_or_stays_for_a_reason() -> None:
    named = {
        (table.name, column.name)
        for table in metadata.sorted_tables
        for column in table.columns
        if any(key.column.table.name == "person" for key in column.foreign_keys)
        or column.name in ("person_id", "person_ids", "person_index")
    }
    moved = {(table, column) for table, columns in MOVED.items() for column in columns}
    decided = {*MOVED, *BY_FEATURE, *STAYING}
    assert {table for table, _ in named} <= decided
    assert {each for each in named if each[0] in MOVED} == moved
    assert not set(MOVED) & set(BY_FEATURE) | set(MOVED) & set(STAYING) | set(BY_FEATURE) & set(STAYING)
    assert not set(MOVED) & set(APPEND_ONLY)
    assert decided <= set(metadata.tables)


async def test_nothing_is_left_behind_for_who_left(records: Records) -> None:
    kept, gone = await records.woman("household"), await records.woman("services", "childbirth", "check")
    await merge(records.caller, kept, gone)
    async with records.registry.runtime.database.transaction(AreaScope.everything()) as tx:
        for table, columns in MOVED.items():
            for column in columns:
                left = await tx.fetchval(
                    f'SELECT count(*) FROM "{table}" WHERE "{column}" = $1',
                    gone["id"],
                )
                assert left == 0, (table, column)


async def noted(records: Records, person: Json, *, given: bool) -> None:
    """Note what the person said about being telephoned, and see that it is the last entry of the history."""
    history = await records.post(
        f"/persons/{person['id']}/consents", purpose="contact_by_phone", given=given, how="paper"
    )
    assert history["items"][0]["given"] is given


async def consents_of(records: Records, person: Json) -> tuple[list[str], list[bool]]:
    """What a person consents to, and what was noted, the last first."""
    body = (await records.caller.get(f"/persons/{person['id']}/consents")).json()
    return body["in_force"], [each["given"] for each in body["items"]]


@pytest.mark.parametrize("last_word_in", ["kept", "gone"])
async def test_the_last_word_on_a_consent_holds_whichever_record_it_was_noted_in(
    records: Records, last_word_in: str
) -> None:
    kept, gone = [
        await records.people.enter(name="端木听雨", birth_date="1985-04-04", marital_status="20")
        for _ in range(2)
    ]
    earlier, later = (gone, kept) if last_word_in == "kept" else (kept, gone)
    await noted(records, later, given=True)
    await noted(records, earlier, given=True)
    await noted(records, later, given=False)
    merged = await merge(records.caller, kept, gone)
    assert await consents_of(records, kept) == ([], [False, True, True])
    await undo(records, merged)
    assert await consents_of(records, earlier) == (["contact_by_phone"], [True])
    assert await consents_of(records, later) == ([], [False, True])

    await merge(records.caller, kept, gone)
    await noted(records, kept, given=True)
    assert await consents_of(records, kept) == (["contact_by_phone"], [True, False, True, True])
    await noted(records, kept, given=False)
    assert (await consents_of(records, kept))[0] == []
