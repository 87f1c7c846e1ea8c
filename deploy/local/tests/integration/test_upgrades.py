"""A database of the first version, with what was written then, comes to the newest one step at a time."""

import asyncio
import os
import sys
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from alembic.script import ScriptDirectory
from conftest import DatabaseFactory

from renkou_common.migration import alembic_config
from renkou_local.databases import DatabaseAccess

ROOT = Path(__file__).parents[4]
PERSON, MEMBER, REF = uuid4(), uuid4(), uuid4()
WRITTEN_AT_FIRST = f"""
SELECT set_config('renkou.areas', '{{[0,999999999999]}}', false);
INSERT INTO staff_account (id, username, display_name, password_hash, must_change_password, active, version)
VALUES ('{MEMBER}', 'reader', '陈读', 'x', false, true, 1);
INSERT INTO person (id, ref, document_kind, name, sex, birth_date, nationality, marital_status, registered_area,
    present_area, present_since, children_count, alive, withdrawn, version, recorded_at, recorded_by)
VALUES ('{PERSON}', '{REF}', 'none', '赵兰', 2, '1990-01-02', '156', '10', 340103001001, 340103001001, '2020-01-01',
    0, true, false, 1, now(), '{MEMBER}');
INSERT INTO unmask_log (id, person_id, kind, fields, purpose, reason, read_by, read_at)
VALUES (gen_random_uuid(), '{PERSON}', 'unmask', '{{phone}}', 'service_offer', '回访', '{MEMBER}', now());
"""


STEP_BY_STEP = """
import sys
from pathlib import Path
from renkou_common.migration import check, upgrade
scripts, address = Path(sys.argv[1]), sys.argv[2]
for revision in sys.argv[3:]:
    upgrade(scripts, address, revision)
if revision == "head":
    print(check(scripts, address))
"""


async def brought(access: DatabaseAccess, scripts: Path, *revisions: str) -> str:
    """Bring a database to one revision after the other, each in a transaction of its own; return what drifts."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-c", STEP_BY_STEP, str(scripts), access.owner_url, *revisions),
        env=os.environ | {"RENKOU_APP_ROLE": access.app_role, "RENKOU_DISTRICT": "340103"},
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0
    return output.decode().strip().rpartition("\n")[2]


@pytest.mark.endurance
@pytest.mark.parametrize(
    ("service", "folder"),
    [("registry", "registry-api"), ("migrant", "migrant-api"), ("reporting", "reporting-worker")],
)
async def test_a_database_of_the_first_version_comes_to_the_newest(
    service: str, folder: str, database_factory: DatabaseFactory
) -> None:
    """As a district meets them that takes every version."""
    access = await database_factory(service)
    scripts = ROOT / "services" / folder / "src" / f"renkou_{service}" / "migrations"
    directory = ScriptDirectory.from_config(alembic_config(scripts, ""))
    revisions = [each.revision for each in directory.walk_revisions()][::-1]
    owner = await asyncpg.connect(access.owner_url)
    if service == "registry":
        await brought(access, scripts, revisions[0])
        await owner.execute(WRITTEN_AT_FIRST)
    assert await brought(access, scripts, *revisions, "head") == "[]"
    if service == "registry":
        await what_was_written_stands(owner)
    await owner.close()


async def what_was_written_stands(owner: asyncpg.Connection) -> None:
    taken_over = "SELECT actor_name, action, what, reason, fields, person_ids FROM audit_entry ORDER BY id"
    before = ("reader", "unmask", "unmask", "回访", ["phone"], [PERSON])
    assert tuple((await owner.fetch(taken_over))[0]) == before
    await owner.execute("UPDATE person SET children_count = 1, version = version + 1 WHERE id = $1", PERSON)
    last = await owner.fetchrow(
        "SELECT action, what, fields, person_ids FROM audit_entry ORDER BY id DESC LIMIT 1"
    )
    assert last is not None
    assert tuple(last) == ("change", "person", ["children_count"], [PERSON])
