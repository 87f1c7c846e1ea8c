"""`migrate`: a database from nothing, again without harm, drift found, secrets followed."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import asyncpg
import httpx
import pytest

from renkou_common.database import Session
from renkou_registry.main import create_app
from renkou_registry.migrate import seed
from renkou_registry.settings import RegistrySettings

from ..support import CHOSEN, DISTRICT, ONE_TIME, DatabaseFactory, Registry, Template, environment_of


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


def settings_of(environment: dict[str, str]) -> RegistrySettings:
    return RegistrySettings.model_validate(
        {name.removeprefix("RENKOU_").lower(): value for name, value in environment.items()}
    )


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


async def test_one_secret_of_a_service_follows_the_other_without_interruption(
    fresh_registry: Registry, tmp_path: Path
) -> None:
    old = fresh_registry.secrets["migrant-api"]
    file = tmp_path / "migrant-secret"
    environment = fresh_registry.environment | {"RENKOU_MIGRANT_SECRET_FILE": str(file)}
    new = "the secret that follows"

    async def taken(*, migrated: str) -> list[bool]:
        file.write_text(migrated)
        await seed(settings_of(environment))
        bodies = [{"client_id": "migrant-api", "client_secret": each} for each in (old, new, f"{old}\n{new}")]
        answers = [await fresh_registry.client.post("/auth/token", json=body) for body in bodies]
        return [each.status_code == 200 for each in answers]

    assert await taken(migrated=f"{old}\n") == [True, False, False]
    assert await taken(migrated=f"{old}\n{new}\n") == [True, True, False]
    assert await taken(migrated=f"{new}\n{old}\n") == [True, True, False]
    assert await taken(migrated=f"{new}\n") == [False, True, False]
    file.write_text("one\ntwo\nthree\n")
    with pytest.raises(ValueError, match="migrant-secret holds 3 secrets: one or two belong there"):
        await seed(settings_of(environment))


async def test_the_first_start_makes_one_administrator_whose_secret_works_once(
    registry_template: Template, database_factory: DatabaseFactory, tmp_path: Path
) -> None:
    access = await database_factory("registry", DISTRICT, template=registry_template.database)
    environment = environment_of(tmp_path, access) | registry_template.secret_environment
    app = create_app(settings_of(environment))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app)
        async with httpx.AsyncClient(transport=transport, base_url="http://registry") as client:
            await first_sign_in(client, environment, tmp_path)


async def first_sign_in(client: httpx.AsyncClient, environment: dict[str, str], folder: Path) -> None:
    async def signs_in(password: str) -> httpx.Response:
        return await client.post("/auth/token", json={"username": "administrator", "password": password})

    for guess in ("administrator", "admin", "password", "renkou", "123456", ""):
        assert (await signs_in(guess)).status_code in (401, 422)
    connection = await asyncpg.connect(environment["RENKOU_MIGRATION_DATABASE_URL"])
    await connection.execute("UPDATE staff_account SET failed_attempts = 0, locked_until = NULL")
    accounts = await connection.fetch("SELECT username, must_change_password FROM staff_account")
    assert [tuple(each) for each in accounts] == [("administrator", True)]

    first = await signs_in(ONE_TIME)
    assert first.json()["password_change_required"] is True
    headers = {"Authorization": f"Bearer {first.json()['access_token']}"}
    assert (await client.get("/staff", headers=headers)).status_code == 403
    body = {"current": ONE_TIME, "new": CHOSEN}
    assert (await client.post("/auth/password", json=body, headers=headers)).status_code == 204
    assert (await signs_in(ONE_TIME)).status_code == 401
    assert (await client.post("/auth/password", json=body, headers=headers)).status_code == 401

    secret = folder / "administrator-secret"
    secret.write_text("another secret for one time")
    again = environment | {"RENKOU_ADMINISTRATOR_SECRET_FILE": str(secret)}
    for each in (environment, again):
        await seed(settings_of(each))
    assert (await signs_in(ONE_TIME)).status_code == 401
    assert (await signs_in(secret.read_text())).status_code == 401
    assert (await signs_in(CHOSEN)).json()["password_change_required"] is False
    assert await connection.fetchval("SELECT count(*) FROM staff_account") == 1
    await connection.close()
