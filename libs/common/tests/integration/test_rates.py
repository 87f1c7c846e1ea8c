"""Requests of a minute, counted in the database: processes on one port and copies of a service share one budget."""

import asyncio
import os
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import AsyncIterator, Iterator
from contextlib import ExitStack
from pathlib import Path

import asyncpg
import httpx
import pytest

from renkou_common.database import Database
from renkou_common.errors import Unavailable
from renkou_common.http.rate_tables import INDEX, MIGRATION
from renkou_common.http.rates import RateLimiter
from renkou_common.http.refusals import Refusal

APPLICATION = Path(__file__).with_name("counted.py")


@pytest.fixture
async def dsn(database_factory) -> str:  # type: ignore[no-untyped-def]
    """A database with the table of budgets, as the app role reaches it."""
    access = await database_factory("rates")
    owner = await asyncpg.connect(access.owner_url)
    await owner.execute(MIGRATION)
    await owner.execute(INDEX)
    await owner.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON rate_budget TO "{access.app_role}"')
    await owner.close()
    url: str = access.app_url
    return url


@pytest.fixture
async def database(dsn: str) -> AsyncIterator[Database]:
    opened = Database(dsn, pool_size=4)
    await opened.open()
    yield opened
    await opened.close()


@pytest.fixture
def instances(dsn: str) -> Iterator[list[int]]:
    """Two copies of a service, of two processes each, on one database; returns their ports."""
    ports = []
    with ExitStack() as stack:
        for _ in range(2):
            with socket.create_server(("127.0.0.1", 0)) as free:
                ports.append(free.getsockname()[1])
            process = subprocess.Popen(
                [sys.executable, str(APPLICATION), str(ports[-1])], env=os.environ | {"COUNTED_DATABASE": dsn}
            )
            stack.callback(process.wait)
            stack.callback(process.terminate)
        yield ports


async def ready(ports: list[int]) -> None:
    """Wait until each answers."""
    async with httpx.AsyncClient(trust_env=False) as client, asyncio.timeout(30):
        for port in ports:
            while True:
                try:
                    await client.get(f"http://127.0.0.1:{port}/health/live")
                    break
                except httpx.TransportError:
                    await asyncio.sleep(0.05)


async def refused_after(rates: RateLimiter, kind: str, per_minute: int) -> int:
    """Ask until refused; returns how often that was granted."""
    for granted in range(1000):
        try:
            await rates.count(kind, "somebody", per_minute)
        except Refusal:
            return granted
    raise AssertionError("nobody is refused")


async def test_processes_and_copies_share_one_budget(instances: list[int]) -> None:
    await ready(instances)
    limits = httpx.Limits(max_connections=16)
    async with httpx.AsyncClient(trust_env=False, limits=limits, timeout=30) as client:
        urls = [f"http://127.0.0.1:{port}/public/process" for port in instances]
        answers = await asyncio.gather(*(client.get(urls[n % 2]) for n in range(400)))
        served = [each for each in answers if each.status_code == 200]
        assert len({each.json() for each in served}) == 4
        # 200 in a minute, and what fills up while this runs
        assert 200 <= len(served) <= 240
        assert Counter(each.status_code for each in answers) == {200: len(served), 429: 400 - len(served)}
        changes = [await client.post(url, json={}) for url in urls]
        assert {each.status_code for each in changes} == {200}, "another class has another budget"


async def test_a_budget_fills_up_evenly(database: Database) -> None:
    rates = RateLimiter(database.fetchrow)
    for _ in range(60):
        await rates.count("read", "somebody", 60)
    with pytest.raises(Refusal) as refused:
        await rates.count("read", "somebody", 60)
    assert refused.value.headers is not None
    assert refused.value.headers["Retry-After"] == "1"
    await database.execute("UPDATE rate_budget SET filled_at = filled_at - interval '30 seconds'")
    later = RateLimiter(database.fetchrow)
    for _ in range(30):
        await later.count("read", "somebody", 60)
    assert await refused_after(later, "read", 60) <= 4
    assert await later.count("read", "somebody else", 60)


async def test_most_requests_ask_nobody(database: Database) -> None:
    asked = 0

    async def take(sql: str, *arguments: object) -> object:
        nonlocal asked
        asked += 1
        return await database.fetchrow(sql, *arguments)

    rates = RateLimiter(take)
    for _ in range(1200):
        await rates.count("read", "somebody", 6000)
    assert asked == 10
    for _ in range(2):
        assert await refused_after(rates, "search", 50) <= 60
    assert asked < 10 + 60, "who was refused is not asked for again until something has filled up"


async def test_the_table_names_nobody_and_forgets(database: Database) -> None:
    now = 0.0
    rates = RateLimiter(database.fetchrow, now=lambda: now)
    await rates.count("sign_in", "192.0.2.7", 10)
    row = await database.fetchrow("SELECT * FROM rate_budget")
    assert row is not None
    assert "192.0.2.7" not in str(row)
    await database.execute("UPDATE rate_budget SET filled_at = filled_at - interval '1 hour'")
    now = 1000.0
    await rates.count("sign_in", "192.0.2.8", 10)
    left = await database.fetchrow("SELECT count(*) AS n FROM rate_budget")
    assert left is not None
    assert left["n"] == 1


async def test_without_a_database_nobody_is_limited() -> None:
    async def take(*_: object) -> object:
        raise Unavailable("database_unavailable", "数据库暂不可用", "The database is unavailable")

    rates = RateLimiter(take)
    for _ in range(100):
        assert await rates.count("read", "somebody", 10)
