"""Every operation, asked by every role in every kind of area, by persons, services and nobody.

The decisions are those of docs/rights-matrix.md. Records are of the register and of migrant-api: the figures' service
holds none about people.
"""

import os
from collections import Counter
from dataclasses import replace
from pathlib import Path

import pytest

from renkou_local.postgres import EmbeddedPostgres
from tests.e2e.register.support import HERE
from tests.matrix.asking import bare, leaks, named, seen, whole
from tests.matrix.decisions import ALSO, Decision, Row, decide, in_path, page, rows
from tests.matrix.node import Node
from tests.matrix.switches import people_rows, touched, without_conditions, without_floor
from tests.matrix.world import OF_THE_WHOLE_DISTRICT, World

ROWS = list(rows())
BESIDE = ("sibling", "none", "no token")
NO_PEOPLE = frozenset(
    {
        "point_id",
        "to_point",
        "activity_id",
        "survey_id",
        "line_id",
        "spending_id",
        "run_id",
        "notice_id",
        "area",
    }
)
"""Records of tables without people, which no floor protects: see unfloored.py."""
FULL = os.environ.get("MATRIX") == "full"
"""`make matrix`: also what is refused for want of the right, in every kind of area."""
SHOWN_TO_THE_DISTRICT = {
    "/audit/entries": "the log of readings, with ids and no names, for every auditor",
    "/exports/log": "who took which list out and why, for every auditor",
    "/benefit-notices/{notice_id}": "a notice is public while it hangs",
}
NOT_MADE = {
    "/visit-batches/{batch_id}": 404,  # of whoever sent it
    "/services/{service_id}/result": 404,  # a result was not told
    "/services/{service_id}/proof.pdf": 409,  # nor the service given
    "/prepregnancy-checks/{check_id}/result.pdf": 409,  # nor the check assessed
    "/persons/{person_id}/account": 404,  # a resident without one
}
"""What the world's records do not have, so that nobody reads it there."""
PAGE = Path(__file__).parents[2] / "docs" / "rights-matrix.md"


def test_the_page_of_decisions_is_the_one_that_is_tested() -> None:
    assert PAGE.read_text(encoding="utf-8") == page()


@pytest.mark.endurance
async def test_every_cell_without_the_right_is_refused_and_every_cell_with_it_is_not(world: World) -> None:
    wrong: list[str] = []
    asked = Counter[Decision]()
    refusals = {Decision.NO_RIGHT, Decision.NO_TOKEN}
    for row in ROWS:
        for caller, who in world.callers.items():
            wanted = decide(row, caller, record=False)
            asked_own = (caller[0], "own") in world.callers
            if wanted is Decision.NO_RIGHT and caller[1] in ("sibling", "parent") and asked_own and not FULL:
                continue  # asked in the own area
            came = await bare(world, row.operation, who, world.of(row.operation))
            got = seen(came)
            asked[wanted] += 1
            if (
                got is Decision.NO_RIGHT
                and wanted is Decision.OPEN
                and row.operation.path.startswith(tuple(ALSO))
            ):
                continue
            if came.status_code >= 500 or (got is not wanted and refusals & {got, wanted}):
                wrong.append(f"{caller} {row.operation}: {came.status_code} {came.text[:200]}, not {wanted}")
            known = row.operation.path in SHOWN_TO_THE_DISTRICT
            if caller[1] in BESIDE and not known and leaks(world, came):
                wrong.append(f"{caller} {row.operation}: {came.status_code} shows {leaks(world, came)}")
    assert not wrong, "\n".join(wrong)
    if FULL:
        assert sum(asked.values()) == len(ROWS) * len(world.callers)


@pytest.mark.endurance
async def test_whoever_has_the_right_reads_every_record_of_the_own_area(world: World) -> None:
    """So that what is hidden elsewhere is hidden there, and not from everybody."""
    wrong: list[str] = []
    read = Counter[str]()
    for row in ROWS:
        operation, ids = row.operation, world.of(row.operation)
        if operation.method != "GET" or not named(world, row) or not set(in_path(operation)) <= ids.keys():
            continue
        if "area" in operation.query:
            operation = replace(operation, query=operation.query | {"area": HERE})
        for caller, who in world.callers.items():
            if caller[1] not in ("own", "parent") or caller[0] == "person":
                continue
            if decide(row, caller, record=True) is not Decision.OPEN:
                continue
            came = await whole(world, operation, who, ids)
            read[operation.path] += 1
            also = came.status_code == 403 and operation.path.startswith(tuple(ALSO))
            if came.status_code != NOT_MADE.get(operation.path, 200) and not also:
                wrong.append(f"{caller} {operation}: {came.status_code} {came.text[:200]}")
    assert not wrong, "\n".join(wrong)
    assert len(read) > 80


async def beside(world: World, *, people_only: bool = False) -> tuple[list[str], int, set[str]]:
    """Ask for every record as those who work in the next town; returns what was wrong and which names were asked."""
    wrong: list[str] = []
    asked, names = 0, set[str]()
    for row in ROWS:
        there = about_the_place(world, row)
        if row.operation.service == "reporting" or not there or (people_only and there <= NO_PEOPLE):
            continue
        operation = row.operation
        if "area" in operation.query:
            operation = replace(operation, query=operation.query | {"area": HERE})
        for caller, who in world.callers.items():
            if caller[1] != "sibling" or decide(row, caller, record=True) is not Decision.HIDDEN:
                continue
            asked += 1
            names |= there
            came = await whole(world, operation, who, world.of(operation))
            found = leaks(world, came)
            if found or (not people_only and seen(came) not in (Decision.HIDDEN, Decision.NO_RIGHT)):
                wrong.append(f"{caller} {operation}: {came.status_code} shows {found}: {came.text[:200]}")
    return wrong, asked, names


def about_the_place(world: World, row: Row) -> set[str]:
    """Names of the parameters by which an operation is asked for what is in the place."""
    there = named(world, row)
    if not there and not in_path(row.operation) and "area" in row.operation.query:
        return {"area"}
    return there


async def test_no_record_of_another_area_exists_for_any_role(
    world: World, node: Node, postgres: EmbeddedPostgres
) -> None:
    before = await people_rows(postgres, node)
    wrong, asked, names = await beside(world)
    assert not wrong, "\n".join(wrong)
    assert touched(world, before, await people_rows(postgres, node)) == []
    known = {*world.records.ids, *(name for at in world.records.at.values() for name in at)}
    assert asked > 350
    assert known - names - OF_THE_WHOLE_DISTRICT == set()


async def test_the_floor_alone_lets_nothing_through(
    world: World, node: Node, postgres: EmbeddedPostgres
) -> None:
    before = await people_rows(postgres, node)
    with without_conditions(world.office.services):
        wrong, asked, _ = await beside(world, people_only=True)
    assert not wrong, "\n".join(wrong)
    assert asked > 300
    assert touched(world, before, await people_rows(postgres, node)) == []


async def test_the_conditions_alone_let_nothing_through(
    world: World, node: Node, postgres: EmbeddedPostgres
) -> None:
    before = await people_rows(postgres, node)
    async with without_floor(world, node, postgres) as unfloored:
        wrong, asked, _ = await beside(unfloored)
    assert not wrong, "\n".join(wrong)
    assert asked > 300
    assert touched(world, before, await people_rows(postgres, node)) == []
