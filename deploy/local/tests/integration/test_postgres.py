"""PostgreSQL from the wheel: databases and roles of a node, and what a crash leaves."""

import signal
from collections.abc import Awaitable, Callable
from dataclasses import replace
from pathlib import Path

import asyncpg
import pytest

from renkou_local.databases import DatabaseAccess
from renkou_local.postgres import EmbeddedPostgres

DatabaseFactory = Callable[..., Awaitable[DatabaseAccess]]


async def test_each_service_has_a_database_that_others_cannot_enter(
    postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    databases = await postgres.create_node_databases("110105", tmp_path)
    registry, migrant = databases["registry"], databases["migrant"]
    for own in (registry.owner_url, registry.app_url):
        await (await asyncpg.connect(own)).close()
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await asyncpg.connect(registry.url(migrant.app_role, migrant.app_password))
    for name in ("postgres", "template1"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await asyncpg.connect(replace(registry, name=name).app_url)
    with pytest.raises(asyncpg.InvalidPasswordError):
        await asyncpg.connect(registry.url(registry.app_role, "guessed"))


async def test_the_roles_have_no_power_beyond_their_database(
    postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    await postgres.create_node_databases("110106", tmp_path)
    connection = await postgres.connect()
    powers = await connection.fetchval(
        "SELECT count(*) FROM pg_roles WHERE rolname LIKE '%_110106_%'"
        " AND (rolsuper OR rolbypassrls OR rolcreatedb OR rolcreaterole OR rolreplication OR rolinherit)"
    )
    roles = await connection.fetchval("SELECT count(*) FROM pg_roles WHERE rolname LIKE '%_110106_%'")
    await connection.close()
    assert (roles, powers) == (6, 0)


async def test_the_app_role_makes_no_tables(database_factory: DatabaseFactory) -> None:
    database = await database_factory("registry")
    connection = await asyncpg.connect(database.app_url)
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        await connection.execute("CREATE TABLE mine (id int)")
    await connection.close()


async def test_declaring_again_keeps_the_data_and_follows_the_password_files(
    postgres: EmbeddedPostgres, tmp_path: Path
) -> None:
    first = (await postgres.create_node_databases("110107", tmp_path))["registry"]
    connection = await asyncpg.connect(first.owner_url)
    await connection.execute("CREATE TABLE kept (id int)")
    await connection.close()
    (tmp_path / "registry_owner_password").write_text("another one'; DROP\n")
    again = (await postgres.create_node_databases("110107", tmp_path))["registry"]
    connection = await asyncpg.connect(again.url(again.owner_role), password=again.owner_password)
    assert await connection.fetchval("SELECT count(*) FROM kept") == 0
    await connection.close()


async def test_a_database_can_be_the_template_of_others(database_factory: DatabaseFactory) -> None:
    migrated = await database_factory("migrant")
    connection = await asyncpg.connect(migrated.owner_url)
    await connection.execute(f'CREATE TABLE made (id int); GRANT SELECT ON made TO "{migrated.app_role}"')
    await connection.close()
    copy = await database_factory("migrant", template=migrated.name)
    connection = await asyncpg.connect(copy.app_url)
    assert await connection.fetchval("SELECT count(*) FROM made") == 0
    await connection.close()


async def test_shared_settings_are_in_force(postgres: EmbeddedPostgres) -> None:
    connection = await postgres.connect()
    settings = {
        name: await connection.fetchval(f"SHOW {name}")
        for name in ("timezone", "shared_buffers", "jit", "password_encryption")
    }
    version = await connection.fetchval("SHOW server_version_num")
    await connection.close()
    assert settings == {
        "timezone": "Asia/Shanghai",
        "shared_buffers": "256MB",
        "jit": "off",
        "password_encryption": "scram-sha-256",
    }
    assert int(version) // 10_000 == 18


async def test_committed_rows_survive_a_crash(tmp_path: Path) -> None:
    server = EmbeddedPostgres(tmp_path / "postgres")
    await server.start()
    connection = await server.connect()
    assert await connection.fetchval("SHOW fsync") == "on"
    await connection.execute("CREATE TABLE kept AS SELECT 1 AS id")
    spec = server.spec()
    assert spec.death_signal == signal.SIGQUIT
    await server.kill()
    await server.start()
    connection = await server.connect()
    assert await connection.fetchval("SELECT id FROM kept") == 1
    await connection.close()
    await server.stop()
