"""A feed of as many events as wanted, served as a service serves its own; the facts of the same events as a file.

python -m tests.bench.feed PORT DSN
"""

import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from hashlib import sha256
from itertools import batched
from pathlib import Path
from typing import TextIO

import asyncpg
import uvicorn
from fastapi import FastAPI

from renkou_common.database import Database, Transaction
from renkou_common.http.serving import serve_port
from renkou_common.messaging.feed import feed_router
from renkou_common.scope import AreaScope
from tests.bench.facts import facts

FEED = "registry"
LINES = 2
"""Lines of an event, as those that a roster opens with have."""
_LONGEST = 3_600.0
_CHUNK = 5_000
TABLES = """
CREATE TABLE outbox (position bigint PRIMARY KEY, event_id uuid NOT NULL UNIQUE, feed_seq bigint UNIQUE,
    type text NOT NULL, subject text NOT NULL, body text NOT NULL, content_hash bytea NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT now(), published_at timestamptz DEFAULT now());
CREATE TABLE feed_counter (feed text PRIMARY KEY, last bigint NOT NULL);
"""
_COLUMNS = ("position", "event_id", "feed_seq", "type", "subject", "body", "content_hash")
_TYPE = "registry.person.registered.v1"


async def fill(dsn: str, residents: int, file: Path) -> int:
    """Fill the outbox with the events of a district's facts; write the facts to ``file`` as COPY takes them.

    Returns the number of events.
    """
    connection = await asyncpg.connect(dsn)
    try:
        await connection.execute(TABLES)
        with file.open("w", encoding="utf-8") as out:
            source = _rows(residents, out)
            await connection.copy_to_table("outbox", source=source, columns=_COLUMNS, timeout=_LONGEST)
        await connection.execute(
            "INSERT INTO feed_counter SELECT $1, coalesce(max(feed_seq), 0) FROM outbox", FEED
        )
        await connection.execute("VACUUM ANALYZE outbox", timeout=_LONGEST)
        number: int = await connection.fetchval("SELECT last FROM feed_counter")
        return number
    finally:
        await connection.close()


async def _rows(residents: int, out: TextIO) -> AsyncIterator[bytes]:
    for chunk in batched(_events(residents, out), _CHUNK, strict=False):
        yield "".join(chunk).encode()


def _events(residents: int, out: TextIO) -> Iterator[str]:
    for seq, group in enumerate(batched(facts(residents), LINES, strict=False), 1):
        event_id = f"00000000-0000-7000-8000-{seq:012x}"
        lines = []
        for number, row in enumerate(group):
            parts = row.rstrip("\n").split("\t")
            parts[:4] = FEED, str(seq), str(number), event_id
            out.write("\t".join(parts) + "\n")
            lines.append(_line(parts[4:]))
        body = _body(event_id, ",".join(lines))
        # COPY's text form; nothing in a body but a backslash would have to be escaped, and there is none
        digest = sha256(body.encode()).hexdigest()
        yield f"{seq}\t{event_id}\t{seq}\t{_TYPE}\t{event_id}\t{body}\t\\\\x{digest}\n"


def _line(columns: list[str]) -> str:
    area, day, _, population, measure, sex, born, parity, value, detail = columns
    birth_month = "null" if born == "0" else f'"{born[:4]}-{born[4:]}"'
    return (
        f'{{"population":"{population}","area":"{area}","on":"{day}","measure":"{measure}","sex":{sex},'
        f'"birth_month":{birth_month},"parity":{parity},"detail":"{detail}","value":{value}}}'
    )


def _body(event_id: str, lines: str) -> str:
    return (
        f'{{"specversion":"1.0","id":"{event_id}","type":"{_TYPE}","source":"renkou:340103/registry-api",'
        f'"subject":"{event_id}","time":"2026-01-01T12:00:00+00:00","datacontenttype":"application/json",'
        f'"data":{{"person_ref":"{event_id}","life_event_id":"{event_id}","happened_on":"2026-01-01","sex":1,'
        f'"birth_month":"1980-01","alive":true,"marital_status":"20","children_count":1,'
        f'"registered_area":"340103001001","present_area":"340103001001","present_since":"2026-01-01",'
        f'"lines":[{lines}]}}}}'
    )


def application(dsn: str) -> FastAPI:
    """Return an application that serves the feed and nothing else, to anybody."""
    database = Database(dsn, pool_size=4)

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[None]:
        await database.open()
        yield
        await database.close()

    async def transaction() -> AsyncIterator[Transaction]:
        async with database.transaction(AreaScope.nothing(), read_only=True) as tx:
            yield tx

    app = FastAPI(lifespan=lifespan)
    app.include_router(feed_router(FEED, lambda: None, transaction))
    return app


if __name__ == "__main__":
    _, port, dsn = sys.argv
    config = uvicorn.Config(
        application(dsn),
        host="127.0.0.1",
        port=int(port),
        loop="uvloop",
        http="httptools",
        access_log=False,
        log_level="warning",
    )
    serve_port(config, 1)
