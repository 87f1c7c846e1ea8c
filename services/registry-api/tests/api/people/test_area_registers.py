"""A community changes: the rows of every register follow, each with its person, its street or the rule."""

from uuid import uuid4

import pytest_asyncio

from renkou_common.scope import AreaScope
from renkou_registry.areas.registers import REGISTERS, STAYING, WITH_PEOPLE, WITH_THEIR_POINT
from renkou_registry.metadata import metadata

from ...support import Json, Registry
from ..duplicates.records import Records, employer_body, open_records, rental_body
from .test_area_changes import EAST, OLD, SPLIT, WEST, carried


@pytest_asyncio.fixture(loop_scope="session")
async def records(fresh_registry: Registry) -> Records:
    return await open_records(fresh_registry)


async def areas(records: Records, table: str) -> dict[str, int]:
    async with records.registry.runtime.database.transaction(AreaScope.everything()) as tx:
        key = "id" if "id" in metadata.tables[table].columns else "point_id"
        rows = await tx.fetch(f'SELECT {key}, area FROM "{table}" WHERE area > 0')
    return {str(row[0]): row[1] for row in rows}


async def everything_in(records: Records) -> Json:
    """A woman with a record of every kind on a street that goes east, and what is about nobody."""
    street = {"present_street": "安庆路 3 号", "registered_street": "安庆路 3 号"}
    woman = await records.woman(**street)
    employer = await records.post("/employers", **employer_body(street="安庆路 8 号"))
    far = await records.post("/employers", **employer_body(street="长江路 8 号"))
    rental = await records.post("/rentals", landlord_name="周杰", **rental_body(street="安庆路 77 号"))
    place = await records.post(
        "/places", area=OLD, kind="building", code=uuid4().hex[:6], name="2 栋", valid_from="2024-01-01"
    )
    petition = await records.post(
        "/petitions",
        area=OLD,
        received_on="2025-03-03",
        channel="letter",
        topic="benefit",
        office="三孝口街道计生办",
        petitioner_name="赵敏",
        content="询问奖励扶助金何时发放",
    )
    return {
        "woman": woman,
        "employer": employer["id"],
        "far": far["id"],
        "rental": rental["id"],
        "place": place["id"],
        "petition": petition["id"],
    }


async def test_one_record_of_each_kind_follows_and_figures_move_with_it(
    records: Records, fresh_registry: Registry
) -> None:
    made = await everything_in(records)
    before = await records.sums()
    rule = {"by": "street_prefix", "matches": [{"value": "安庆路", "to": EAST}], "otherwise": WEST}
    await carried(fresh_registry, **(SPLIT | {"rule": rule}))
    east, west = int(EAST), int(WEST)
    for table in ("card", "visit", "prepregnancy_check", "childbirth_registration", "honour_certificate"):
        assert set((await areas(records, table)).values()) == {east}, table
    for table in ("benefit_enrolment", "household_member", "household"):
        assert set((await areas(records, table)).values()) == {east}, table
    async with fresh_registry.runtime.database.transaction(AreaScope.everything()) as tx:
        services = await tx.fetch("SELECT state, area FROM service_given")
    assert {(row["state"], row["area"]) for row in services} == {("offered", east), ("given", int(OLD))}
    employers, rentals = await areas(records, "employer"), await areas(records, "rental")
    assert (employers[made["employer"]], employers[made["far"]]) == (east, west)
    assert rentals[made["rental"]] == east
    assert (await areas(records, "place"))[made["place"]] == west
    assert (await areas(records, "petition"))[made["petition"]] == west
    for table in ("supply_point", "supply_stock", "supply_user"):
        assert set((await areas(records, table)).values()) == {west}, table

    after = await records.sums()
    measures = {measure for _, _, measure in before}
    for measure in measures - {"in", "out"}:  # each is counted as often as before, elsewhere
        for population in {name for name, _, found in before if found == measure}:
            one, two = (
                sum(n for (name, _, found), n in sums.items() if (name, found) == (population, measure))
                for sums in (before, after)
            )
            assert one == two, (population, measure)
    assert not [
        key for key in after if key[1] == OLD and key[2] in ("card_open", "card_due", "petition_received")
    ]


async def test_what_a_person_left_over_has_follows_when_the_person_is_settled(
    records: Records, fresh_registry: Registry
) -> None:
    woman = await records.woman("services", "childbirth", present_street="长江路 8 号")
    done = await carried(fresh_registry, **SPLIT)
    assert set((await areas(records, "childbirth_registration")).values()) == {int(OLD)}
    path = f"/area-changes/{done['id']}/settlements"
    answer = await records.caller.post(path, json={"person_id": woman["id"], "to_area": WEST})
    assert answer.status_code == 204, answer.text
    assert set((await areas(records, "childbirth_registration")).values()) == {int(WEST)}


def test_every_table_with_an_area_follows_or_stays_for_a_reason() -> None:
    with_area = {table.name for table in metadata.sorted_tables if "area" in table.columns}
    following = {each.table for each in REGISTERS} | WITH_PEOPLE | WITH_THEIR_POINT
    assert with_area == following | set(STAYING)
    assert not following & set(STAYING)
