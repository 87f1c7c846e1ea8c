"""`migrate`: a database from nothing, again without harm, drift found, secrets followed."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import pytest

from renkou_common.database import Session

from ..support import Registry


async def migrate(environment: dict[str, str], *arguments: str) -> tuple[int | None, str]:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-m",
        "renkou_registry.migrate",
        *arguments,
        env=os.environ | environment,
        stdout=asyncio.subprocess.PIPE,
    )
    output, _ = await process.communicate()
    return process.returncode, output.decode()


@pytest.fixture
async def owner(fresh_registry: Registry) -> AsyncIterator[Session]:
    connection = await asyncpg.connect(fresh_registry.environment["RENKOU_MIGRATION_DATABASE_URL"])
    yield connection
    await connection.close()


async def test_a_second_run_changes_nothing(fresh_registry: Registry, owner: Session) -> None:
    queries = (
        "SELECT count(*) FROM area",
        "SELECT count(*) FROM staff_account",
        "SELECT count(*) FROM outbox",
        "SELECT string_agg(secret_hash, ' ' ORDER BY client_id) FROM service_client",
    )
    before = [await owner.fetchval(query) for query in queries]
    status, output = await migrate(fresh_registry.environment)
    assert (status, output) == (0, "")
    assert [await owner.fetchval(query) for query in queries] == before
    assert before[0] == 665_276


async def test_the_check_finds_drift(fresh_registry: Registry, owner: Session) -> None:
    assert (await migrate(fresh_registry.environment, "--check"))[0] == 0
    await owner.execute("ALTER TABLE household ADD COLUMN forgotten text")
    status, output = await migrate(fresh_registry.environment, "--check")
    assert status == 1
    assert "forgotten" in output


async def test_secrets_are_kept_at_the_cost_that_owasp_asks_for(owner: Session) -> None:
    kept = await owner.fetch("SELECT secret_hash FROM service_client")
    costs = {each["secret_hash"].rsplit("$", 2)[0] for each in kept}
    assert costs == {"$argon2id$v=19$m=47104,t=1,p=1"}


async def test_a_service_follows_its_secret_file(fresh_registry: Registry, tmp_path: Path) -> None:
    replaced = tmp_path / "migrant-secret"
    replaced.write_text("another secret of migrant-api\n")
    old = await fresh_registry.service("migrant-api")
    environment = fresh_registry.environment | {"RENKOU_MIGRANT_SECRET_FILE": str(replaced)}
    assert (await migrate(environment))[0] == 0
    body = {"client_id": "migrant-api", "client_secret": fresh_registry.secrets["migrant-api"]}
    assert (await fresh_registry.client.post("/auth/token", json=body)).status_code == 401
    fresh_registry.secrets["migrant-api"] = replaced.read_text().strip()
    assert (await fresh_registry.service("migrant-api")).id == old.id
    assert Path(environment["RENKOU_SERVICE_SECRET_FILE"]).exists()
