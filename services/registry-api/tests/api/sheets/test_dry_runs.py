"""A dry run shows what only the services know, and leaves nothing behind; a document goes in whole."""

from collections.abc import Awaitable, Callable
from uuid import uuid4

import pytest

from renkou_common.scope import AreaScope
from renkou_registry.imports.kinds import KINDS

from ...support import Json
from ..rosters import Rosters, sheet
from .test_every_import import CASES, example_of, handed_in
from .world import HERE, World

type Wrong = Callable[[World], Awaitable[tuple[Json, str]]]


async def deaths(world: World) -> tuple[Json, str]:
    """She died before: by another day the row is not the same, and yet she cannot die twice."""
    dead = await world.person()
    await world.post("/life-events/deaths", {"person_id": dead.id, "happened_on": "2025-05-01"})
    return dead.cells(), "already_dead"


async def marriages(world: World) -> tuple[Json, str]:
    """She is no longer alive on the day of the wedding."""
    wife = await world.person(marital_status="10")
    await world.post("/life-events/deaths", {"person_id": wife.id, "happened_on": "2025-01-02"})
    husband = await world.person(marital_status="10", sex=1)
    return husband.cells() | wife.cells("配偶身份证号", "配偶姓名") | {"结婚日期": "2025-02-03"}, ""


async def moves(world: World) -> tuple[Json, str]:
    return (await world.person()).cells() | {"迁往地编码": HERE}, "move_without_change"


async def cards(world: World) -> tuple[Json, str]:
    return (await world.person(sex=1)).cells(), "card_not_due"


async def honour_certificates(world: World) -> tuple[Json, str]:
    mother = await world.person(birth_date="1985-05-05", children_count=1)
    child = await world.person(birth_date="2017-01-31", mother_id=mother.id)
    cells = mother.cells("持证人身份证号", "持证人姓名") | child.cells("子女身份证号", "子女姓名")
    return cells | {"证号": uuid4().hex[:10]}, ""


async def benefit_enrolments(world: World) -> tuple[Json, str]:
    """An application of the same person for the same scheme is open already."""
    somebody = await world.person(birth_date="1960-05-05")
    code, scheme_id = await world.scheme()
    account = {"bank": "徽商银行", "number": "6217000012345678901", "holder": somebody.name}
    body = {"scheme_id": scheme_id, "person_id": somebody.id, "account": account}
    await world.post("/benefit-enrolments", body)
    return somebody.cells() | {"项目代码": code}, "enrolled_already"


async def supply_products(world: World) -> tuple[Json, str]:
    code, _ = await world.product()
    return {"品种代码": code, "规格": "中号"}, ""


async def supply_receipts(world: World) -> tuple[Json, str]:
    name, _ = await world.point()
    code, _ = await world.product()
    cells = {"发放点所在区划编码": HERE, "发放点名称": name, "品种代码": code, "规格": "中号"}
    return cells | {"批号": uuid4().hex, "有效期至": "2020-01-01"}, "batch_expired"


WRONG: dict[str, Wrong] = {
    case.__name__: case
    for case in (
        deaths,
        marriages,
        moves,
        cards,
        honour_certificates,
        benefit_enrolments,
        supply_products,
        supply_receipts,
    )
}


async def left_behind(world: World) -> list[int]:
    """How many rows of what an import writes there are."""
    tables = ("outbox", "life_event", "card", "benefit_enrolment", "supply_document", "import_applied")
    async with world.registry.runtime.database.transaction(AreaScope.everything(), read_only=True) as tx:
        return [await tx.fetchval(f"SELECT count(*) FROM {table}") for table in tables]


@pytest.mark.parametrize("kind", WRONG)
async def test_a_dry_run_shows_what_the_service_would_refuse_and_keeps_nothing(
    kind: str, world: World, rosters: Rosters
) -> None:
    example = await example_of(world, kind)
    good, _ = await CASES[kind](world)
    wrong, code = await WRONG[kind](world)
    content = sheet([example | good, example | wrong], [each.title for each in KINDS[kind].sheet.fields])
    before = await left_behind(world)
    checked = await handed_in(world, rosters, kind, content, dry_run=True)
    assert await left_behind(world) == before
    found = await rosters.errors(world.clerk, checked)
    assert (checked["state"], checked["rows_refused"], [each["row"] for each in found]) == (
        "checked",
        1,
        [3],
    ), found
    assert found[0]["code"] == code or not code, found

    await world.clerk.post(f"/imports/{checked['id']}/start")
    await rosters.work(world.registry)
    done = (await world.clerk.get(f"/imports/{checked['id']}")).json()
    assert (done["state"], done["rows_applied"], done["rows_refused"]) == ("done", 1, 1)


def receipt(world_cells: Json, **changed: str) -> Json:
    return world_cells | {"批号": uuid4().hex} | changed


async def test_rows_of_one_number_are_one_receipt(world: World, rosters: Rosters) -> None:
    good, _ = await CASES["supply_receipts"](world)
    cells = await example_of(world, "supply_receipts") | good
    paper = uuid4().hex[:20]
    rows = [receipt(cells, 单据号=paper) for _ in range(3)] + [receipt(cells, 单据号="") for _ in range(2)]
    job = await handed_in(world, rosters, "supply_receipts", sheet(rows, list(cells)))
    assert (job["rows_applied"], job["rows_refused"]) == (5, 0), await rosters.errors(world.clerk, job)
    async with world.registry.runtime.database.transaction(AreaScope.everything(), read_only=True) as tx:
        point = await tx.fetchval("SELECT id FROM supply_point WHERE name = $1", cells["发放点名称"])
    documents = (await world.clerk.get(f"/supply-points/{point}/documents")).json()["items"]
    assert sorted((each["paper_number"] or "", len(each["lines"])) for each in documents) == [
        ("", 1),
        ("", 1),
        (paper, 3),
    ]


@pytest.mark.parametrize(
    ("changed", "code"),
    [
        ({"数量": "零"}, "number_range"),
        ({"有效期至": "2020-01-01"}, "batch_expired"),
        ({"来源": "别处"}, "document_differs"),
    ],
)
async def test_a_document_with_a_wrong_row_stays_out_whole(
    changed: Json, code: str, world: World, rosters: Rosters
) -> None:
    good, _ = await CASES["supply_receipts"](world)
    cells = await example_of(world, "supply_receipts") | good
    paper = uuid4().hex[:20]
    rows = [receipt(cells, 单据号=paper), receipt(cells, 单据号=paper, **changed), receipt(cells, 单据号="")]
    content = sheet(rows, list(cells))
    checked = await handed_in(world, rosters, "supply_receipts", content, dry_run=True)
    found = await rosters.errors(world.clerk, checked)
    assert [(each["row"], each["code"]) for each in found] == [(2, "document_incomplete"), (3, code)], found
    done = await handed_in(world, rosters, "supply_receipts", content)
    assert (done["rows_applied"], done["rows_refused"]) == (1, 2)
