"""What a province takes over of its districts, and what it refuses: nothing of it ever changes what it has."""

import asyncio
import json
from collections.abc import Callable
from pathlib import Path

import pytest

from renkou_common.codes.area import AreaCode
from renkou_local import keys as local_keys
from renkou_local.databases import DatabaseAccess
from renkou_reporting.published.signing import FigureKey, canonical, decode

from ..support import PROVINCE_SECRET, DatabaseFactory, Json, running
from .province import Items, Province, province_of
from .steps import PERIOD, District


def changed(**members: object) -> Callable[[Items], Items]:
    """Documents with other members, under the signature that they came with."""

    def change(items: Items) -> Items:
        return [one | {"document": one["document"] | members} for one in items]

    return change


def signed_anew(key: FigureKey, **members: object) -> Callable[[Items], Items]:
    """Documents with other content, signed by a key."""

    def change(items: Items) -> Items:
        return [
            one
            | {
                "document": key.sign(
                    canonical(json.loads(decode(one["document"]["payload"])) | members)
                ).to_json()
            }
            for one in items
        ]

    return change


def district_key(district: District) -> FigureKey:
    """The key that a district signs with: what a district may do that changes its mind in secret."""
    file = district.reporting.runtime.settings.figure_key_file
    assert file is not None
    return FigureKey(json.loads(file.read_text()))


async def test_districts_are_added_up_and_a_restatement_takes_the_place_of_what_it_restates(
    district: District, neighbour: District, province: Province
) -> None:
    closing_id = await district.closed()
    first = await province.answer()
    assert (first["missing"], first["complete"]) == (["340104"], False)
    assert [(one["district"], one["version"]) for one in first["districts"]] == [("340103", 1)]
    births = await province.figure("births")
    assert (births["value"], births["districts"], births["complete"]) == ("240", 1, False)
    await neighbour.closed()
    births = await province.figure("births")
    assert (births["value"], births["districts"], births["complete"]) == ("480", 2, True)
    assert (await province.figure("births", "sex=1"))["value"] == "240"
    rate = await province.figure("birth_rate")
    assert (rate["numerator"], rate["denominator"], rate["value"]) == ("480", "120204", "3.99")
    await district.late([district.line("resident", "birth", "2026-01-25", 10, sex=1, parity=1)])
    await district.restate(closing_id, "补报")
    assert (await province.figure("births"))["value"] == "490"
    (account,) = (await province.answer(population="resident"))["accounts"]
    assert account["complete"]
    assert account["parts"] == {
        "opening": 120000, "entered": 0, "born": 490, "died": 72, "moved_in": 0, "moved_out": 0,
        "closing": 120418,
    }  # fmt: skip
    versions = await province.reporting.rows("SELECT district, version FROM district_version ORDER BY 1, 2")
    assert [tuple(row) for row in versions] == [("340103", 1), ("340103", 2), ("340104", 1)]


async def test_a_number_that_one_district_hides_leaves_the_sum_incomplete(
    district: District, neighbour: District, province: Province
) -> None:
    few = district.line("resident", "birth", "2026-01-09", 3, area="340103002001", sex=1, parity=2)
    many = neighbour.line("resident", "birth", "2026-01-09", 30, area="340104002001", sex=1, parity=2)
    await district.late([few])
    await neighbour.late([many])
    await district.closed()
    await neighbour.closed()
    second = await province.figure("births", "parity=2")
    assert (second["numerator"], second["value"], second["reason"]) == (None, None, "incomplete")
    assert (second["hidden"], second["districts"], second["complete"]) == (["340103"], 2, False)
    items = (await province.answer(population="resident"))["items"]
    assert any(one["complete"] and one["value"] is not None for one in items), "others are summed as ever"


async def test_no_person_and_no_fact_comes_to_the_province(
    district: District, neighbour: District, province: Province
) -> None:
    await district.closed()
    await neighbour.closed()
    await province.answer()
    for table in ("fact", "cell", "cohort_cell", "aggregate_return"):
        assert not await province.reporting.rows(f"SELECT FROM {table} LIMIT 1")
    part = await province.reporting.staff("auditor", "340103")
    assert (await part.get("/province/figures", params={"period": PERIOD})).status_code == 403
    below = await district.statistician.get("/province/figures", params={"period": PERIOD})
    assert below.status_code == 404
    wrong = await province.auditor.get("/province/figures", params={"period": "January"})
    assert (wrong.status_code, wrong.json()["errors"][0]["pointer"]) == (422, "/query/period")


async def test_what_is_forged_is_refused_and_the_true_one_taken_once_it_comes(
    district: District, neighbour: District, province: Province
) -> None:
    await district.closed()
    way, stranger = province.ways["340103"], FigureKey(json.loads(local_keys.figure_key()))
    secret = {"Authorization": f"Bearer {PROVINCE_SECRET}"}
    true_page = (await district.reporting.client.get("/published/feed", headers=secret)).json()["items"]
    document: Json = true_page[0]["document"]
    for change, says in (
        (changed(payload=document["payload"].replace("A", "B", 1)), "signature"),
        (changed(signature=document["signature"][:-4] + "AAAA"), "signature"),
        (changed(payload="e30", extra=1), "signature"),
        (changed(protected="e30"), "header"),
        (signed_anew(stranger), "not among those known"),
        (signed_anew(district_key(district), district="340104", area="340104"), "it is of 340104"),
        (signed_anew(district_key(district), people=[{"name": "张三"}]), "people"),
        (signed_anew(district_key(district), format="renkou-people/1"), "unknown format"),
    ):
        way.change = change
        assert (await province.answer())["missing"] == ["340103", "340104"]
        source = await province.source()
        assert source["position"] == 0
        assert says in source["problem"]
        assert source["problem_since"] is not None
    way.change = None
    assert (await province.answer())["missing"] == ["340104"]
    assert (await province.source())["problem"] is None


async def test_what_is_played_again_or_out_of_order_is_refused(
    district: District, neighbour: District, province: Province
) -> None:
    closing_id = await district.closed()
    way = province.ways["340103"]
    for number in range(2):
        line = district.line("resident", "birth", "2026-01-25", 10, sex=1, parity=1)
        await district.late([line])
        await district.restate(closing_id, f"补报 {number}")

    secret = {"Authorization": f"Bearer {PROVINCE_SECRET}"}
    items: Items = (await district.reporting.client.get("/published/feed", headers=secret)).json()["items"]
    first, second, third = items

    async def problem(*page: Json) -> str:
        pages = [list(page), []]
        way.change = lambda _: pages.pop(0)
        await province.puller.run_once()
        found: str = (await province.source())["problem"]
        return found

    assert "number 1 is left out; 2 came" in await problem(second)
    assert "number 1 is left out; 2 came" in await problem(second, first, third)
    assert "does not follow the one before" in await problem(third | {"number": 1})
    assert (await province.source())["position"] == 0
    way.change = None
    assert (await province.figure("births"))["value"] == "260"
    assert (await province.source())["position"] == 3
    assert await problem(*items) is None, "pages that were read before change nothing"
    (rewritten,) = signed_anew(district_key(district), reason="另一个理由")([third])
    for page, says in (
        (first | {"number": 4}, "came before under another number"),
        (first | {"number": 3}, "was given to another document before"),
        (rewritten, "was given to another document before"),
    ):
        assert says in await problem(page)
    way.change = None
    assert (await province.answer())["districts"][0]["version"] == 3


async def test_a_district_that_is_away_holds_nobody_up(
    district: District, neighbour: District, province: Province
) -> None:
    await neighbour.closed()
    province.ways["340103"].away = True
    following = asyncio.create_task(province.puller.run())
    await province.until("340104", lambda source: bool(source["position"]))
    await province.until("340103", lambda source: source["problem"] is not None)
    following.cancel()
    with pytest.raises(asyncio.CancelledError):
        await following
    assert "nobody answers" in (await province.source("340103"))["problem"]
    province.ways["340103"].away = False
    await district.closed()
    assert (await province.answer())["complete"]


async def test_a_district_counts_for_the_periods_in_which_it_existed(
    district: District,
    neighbour: District,
    database_factory: DatabaseFactory,
    migrated: DatabaseAccess,
    tmp_path: Path,
) -> None:
    await district.closed()
    access = await database_factory("reporting", "340103", template=migrated.name)
    later = {"d340104": {"valid_from": "2026-02-01"}}
    async with province_of([district, neighbour], access, tmp_path / "above", **later) as province:
        january = await province.answer()
        assert (january["missing"], january["complete"]) == ([], True)
        assert (await province.figure("births"))["complete"]
        assert (await province.answer("2026-02"))["missing"] == ["340103", "340104"]
        assert (await province.source("340104"))["valid_from"] == "2026-02-01"
        assert AreaCode.parse("34").value == january["province"]


async def test_a_changed_key_is_believed_once_the_province_was_given_it(
    district: District,
    neighbour: District,
    province: Province,
    database_factory: DatabaseFactory,
    migrated: DatabaseAccess,
    tmp_path: Path,
) -> None:
    closing_id = await district.closed()
    assert (await province.answer())["missing"] == ["340104"]
    old, new = district_key(district), local_keys.figure_key()
    key_file = tmp_path / "changed_key.json"
    key_file.write_text(json.dumps({"keys": [json.loads(new), old.public]}))
    folder = tmp_path / "restarted"
    folder.mkdir()
    async with running(district.reporting.access, folder, figure_key_file=key_file) as restarted:
        for name, feed in restarted.feeds.items():
            feed.events = district.reporting.feeds[name].events
        again = District(
            restarted,
            await restarted.staff("statistician", "340103"),
            await restarted.staff("administrator", "340103"),
            district.line,
        )
        await again.late([again.line("resident", "birth", "2026-01-25", 10, sex=1, parity=1)])
        await again.restate(closing_id, "补报")
        told = (await restarted.client.get("/published/keys")).json()["keys"]
        assert [one["kid"] for one in told] == [FigureKey(json.loads(new)).kid, old.kid]
        assert all(set(one) == {"kty", "crv", "x", "kid", "use", "alg"} for one in told)
        assert (await province.answer())["districts"][0]["version"] == 1
        assert "not among those known" in (await province.source())["problem"]
        access = await database_factory("reporting", "340103", template=migrated.name)
        async with province_of([again, neighbour], access, tmp_path / "given") as given:
            assert (await given.answer())["districts"][0]["version"] == 2
