"""Statements, locks and transactions have an end, whichever way somebody connects; callers are told to try again."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import asyncpg
import httpx
import pytest
from fastapi import APIRouter, FastAPI, Request

from renkou_common.database import Database
from renkou_common.http.application import create_application
from renkou_common.http.middleware import Edge
from renkou_common.http.surface import Surface
from renkou_common.scope import AreaScope
from renkou_local.databases import TIMEOUTS, DatabaseAccess

router = APIRouter(prefix="/public")
EVERYWHERE = AreaScope.everything()


@router.get("/{case}")
async def run(request: Request, case: str) -> int:
    """Change a row and run into one of the limits."""
    async with request.app.state.database.transaction(EVERYWHERE) as tx:
        await tx.execute("INSERT INTO note VALUES ('begun')")
        if case == "statement":
            await tx.execute("SELECT pg_sleep(30)")
        elif case == "lock":
            await tx.execute("UPDATE counter SET number = number + 1")
        elif case in ("idle", "transaction"):
            await asyncio.sleep(0.8)
            await tx.execute("SELECT 1")
        elif case == "full":
            await tx.execute("DO $$BEGIN RAISE EXCEPTION 'no room' USING ERRCODE = 'disk_full'; END$$")
        elif case == "memory":
            raise MemoryError
    return 0


@pytest.fixture
async def access(database_factory) -> DatabaseAccess:  # type: ignore[no-untyped-def]
    """A database with a table to note in and one to fight over."""
    made: DatabaseAccess = await database_factory("timeouts")
    owner = await asyncpg.connect(made.owner_url)
    await owner.execute("CREATE TABLE note (text text); CREATE TABLE counter (number int)")
    await owner.execute("INSERT INTO counter VALUES (0)")
    await owner.execute(f'GRANT SELECT, INSERT, UPDATE ON note, counter TO "{made.app_role}"')
    await owner.close()
    return made


@asynccontextmanager
async def served(
    access: DatabaseAccess, surface: Surface | None = None, **timeouts: int
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application on this database."""

    async def nothing_to_check() -> None:
        return None

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        yield

    app = create_application(
        title="t", description="d", lifespan=lifespan, routers=[router], readiness=lambda _: nothing_to_check
    )
    app.state.database = Database(access.app_url, pool_size=1, timeouts_ms=timeouts)
    await app.state.database.open()
    transport = httpx.ASGITransport(Edge(app, surface=surface))
    async with httpx.AsyncClient(transport=transport, base_url="http://node") as client:
        yield client
    await app.state.database.close()


async def noted(access: DatabaseAccess) -> int:
    owner = await asyncpg.connect(access.owner_url)
    try:
        return int(await owner.fetchval("SELECT count(*) FROM note"))
    finally:
        await owner.close()


@pytest.mark.parametrize(
    ("case", "limit", "milliseconds"),
    [
        ("statement", "statement_timeout", 100),
        ("lock", "lock_timeout", 100),
        ("idle", "idle_in_transaction_session_timeout", 200),
        ("transaction", "transaction_timeout", 300),
    ],
)
async def test_each_limit_ends_the_request_with_a_503_and_nothing_changed(
    access: DatabaseAccess, case: str, limit: str, milliseconds: int
) -> None:
    holder = await asyncpg.connect(access.owner_url)
    await holder.execute("BEGIN; UPDATE counter SET number = 7")
    async with served(access, None, **{limit: milliseconds}) as client:
        answer = await client.get(f"/public/{case}")
        assert answer.status_code == 503, answer.text
        assert answer.json()["code"] in ("database_busy", "database_unavailable")
        assert answer.headers["retry-after"]
        assert (await client.get("/public/nothing")).status_code == 200, "the pool goes on"
    await holder.close()
    assert await noted(access) == 1


@pytest.mark.parametrize(
    ("case", "code", "again"), [("full", "database_full", 30), ("memory", "out_of_memory", 2)]
)
async def test_without_room_a_request_is_answered_503_and_nothing_changed(
    access: DatabaseAccess, case: str, code: str, again: int
) -> None:
    async with served(access) as client:
        answer = await client.get(f"/public/{case}")
        assert (answer.status_code, answer.json()["code"]) == (503, code)
        assert int(answer.headers["retry-after"]) == again
        assert (await client.get("/public/nothing")).status_code == 200, "the pool goes on"
    assert await noted(access) == 1


async def test_a_request_that_is_given_up_is_rolled_back_and_its_connection_goes_on(
    access: DatabaseAccess,
) -> None:
    async with served(access, Surface(request_seconds=0.2)) as client:
        for case in ("statement", "idle"):
            answer = await client.get(f"/public/{case}")
            assert (answer.status_code, answer.json()["code"]) == (503, "took_too_long")
        assert (await client.get("/public/nothing")).status_code == 200
    assert await noted(access) == 1


async def test_another_client_of_the_app_role_has_limits_that_it_did_not_ask_for(
    access: DatabaseAccess,
) -> None:
    forgetful = await asyncpg.connect(access.app_url)
    found = {name: await forgetful.fetchval(f"SHOW {name}") for name in TIMEOUTS}
    assert found == TIMEOUTS | {"statement_timeout": "1min", "idle_in_transaction_session_timeout": "1min"}
    await forgetful.close()


async def test_a_session_that_nobody_uses_is_ended(access: DatabaseAccess) -> None:
    database = Database(access.app_url, pool_size=1, timeouts_ms={"idle_session_timeout": 100})
    await database.open()
    await asyncio.sleep(0.4)
    await database.ping()  # with a new connection
    await database.close()
