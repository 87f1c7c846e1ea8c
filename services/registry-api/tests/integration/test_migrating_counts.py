"""Migration 0017 on a database that had published stocks of methods in the old form, day by day."""

import asyncio
from collections import Counter
from datetime import date
from pathlib import Path
from uuid import uuid4

import asyncpg
import orjson
import pytest

from renkou_common.messaging.envelope import parse_body
from renkou_common.migration import upgrade
from renkou_common.scope import AreaScope
from renkou_local.databases import DatabaseAccess
from renkou_registry.cards.counting import count_methods
from renkou_registry.migrate import SCRIPTS

from ..support import DISTRICT, DatabaseFactory, Template, environment_of, migrate, running, secret_files

HERE, NEXT_DOOR = "340103001001", "340103001002"
COUNTED = "registry.method-use.counted.v1"
type Key = tuple[str, str, str, str]


def line(area: str, on: str, measure: str, value: int) -> dict[str, object]:
    return {"population": "resident", "area": area, "on": on, "measure": measure, "value": value}


OLD_EVENTS = [  # of 1 November, whose event is no longer kept, 4 women with an IUD and 2 with supplies are known
    (HERE, "2025-12-01", [line(HERE, "2025-12-01", "married_women", 9)]),
    (
        HERE,
        "2025-12-02",
        [
            line(HERE, "2025-12-02", "method_iud", 1),
            line(HERE, "2025-12-02", "married_women", -2),
            line(HERE, "2025-12-02", "method_supplies_confirmed", 3),
        ],
    ),
    (NEXT_DOOR, "2025-12-02", [line(NEXT_DOOR, "2025-12-02", "method_iud", 6)]),
    (NEXT_DOOR, "2025-12-03", [line(NEXT_DOOR, "2025-12-03", "method_iud", -6)]),
]
OLD_SUMS = [
    (HERE, "married_women", 7),
    (HERE, "method_iud", 5),
    (HERE, "method_supplies", 2),
    (HERE, "method_supplies_confirmed", 3),
]
PUBLISHED: Counter[Key] = Counter(
    {
        ("resident", HERE, "2025-12-01", "married_women"): 9,
        ("resident", HERE, "2025-12-02", "married_women"): -2,
        ("resident", HERE, "2025-12-02", "method_iud"): 1,
        ("resident", HERE, "2025-11-01", "method_iud"): 4,
        ("resident", HERE, "2025-11-01", "method_supplies"): 2,
        ("resident", NEXT_DOOR, "2025-12-02", "method_iud"): 6,
        ("resident", NEXT_DOOR, "2025-12-03", "method_iud"): -6,
    }
)


def body_of(area: str, on: str, lines: list[dict[str, object]]) -> str:
    """An event as it was written then."""
    event = {
        "specversion": "1.0",
        "id": str(uuid4()),
        "source": f"/renkou/{DISTRICT}/registry-api",
        "type": COUNTED,
        "subject": area,
        "time": f"{on}T01:00:00+08:00",
        "datacontenttype": "application/json",
        "data": {"area": area, "counted_on": on, "lines": lines},
    }
    return orjson.dumps(event).decode()


async def insert_old_rows(owner_url: str) -> None:
    owner = await asyncpg.connect(owner_url)
    try:
        for area, on, lines in OLD_EVENTS:
            await owner.execute(
                "INSERT INTO outbox (event_id, type, subject, body, content_hash) VALUES ($1, $2, $3, $4, $5)",
                uuid4(),
                COUNTED,
                area,
                body_of(area, on, lines),
                b"",
            )
        for day in ("2025-11-01", "2025-12-01", "2025-12-02", "2025-12-03"):
            await owner.execute(
                "INSERT INTO method_count_day (counted_on, counted_at) VALUES ($1, now())",
                date.fromisoformat(day),
            )
        for area, measure, value in OLD_SUMS:
            await owner.execute(
                "INSERT INTO method_count (population, area, measure, value) VALUES ('resident', $1, $2, $3)",
                int(area),
                measure,
                value,
            )
    finally:
        await owner.close()


@pytest.fixture
async def at_0016(database_factory: DatabaseFactory, monkeypatch: pytest.MonkeyPatch) -> DatabaseAccess:
    """A database as the release before left it, with counts that were published."""
    access = await database_factory("registry", DISTRICT)
    monkeypatch.setenv("RENKOU_APP_ROLE", access.app_role)
    await asyncio.to_thread(upgrade, SCRIPTS, access.owner_url, "0016")
    await insert_old_rows(access.owner_url)
    return access


async def test_what_was_published_before_is_known_by_day_and_taken_back_by_the_next_count(
    at_0016: DatabaseAccess, database_factory: DatabaseFactory, tmp_path: Path
) -> None:
    secrets = secret_files(tmp_path / "secrets")
    await migrate(environment_of(tmp_path, at_0016) | secrets)
    owner = await asyncpg.connect(at_0016.owner_url)
    rows = await owner.fetch("SELECT population, area, on_day, measure, value FROM method_count")
    await owner.close()
    found = {(row[0], f"{row[1]:012d}", row[2].isoformat(), row[3]): row[4] for row in rows}
    assert found == PUBLISHED

    async with running(Template(at_0016.name, secrets), database_factory, tmp_path) as registry:
        assert await count_methods(registry.runtime)
        async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
            bodies = await tx.fetch(
                "SELECT body FROM outbox WHERE type = $1 ORDER BY position OFFSET $2",
                COUNTED,
                len(OLD_EVENTS),
            )
            left = await tx.fetchval("SELECT count(*) FROM method_count")
        taken_back: Counter[Key] = Counter()
        for row in bodies:
            for each in parse_body(row["body"], 1).data["lines"]:
                taken_back[each["population"], each["area"], each["on"], each["measure"]] += each["value"]
    assert taken_back == {key: -value for key, value in PUBLISHED.items()}
    assert left == 0
