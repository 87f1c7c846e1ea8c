"""The export of an audit log: lines that :mod:`.verify` reads without the node."""

from collections.abc import AsyncIterator
from datetime import datetime

import asyncpg
import orjson

from renkou_common.audit import log
from renkou_common.audit.chain import GENESIS
from renkou_common.audit.entries import Entry
from renkou_common.audit.root import AuditKey
from renkou_common.audit.sealing import sign_root
from renkou_common.audit.verify import FORMAT
from renkou_common.database import Database, Transaction
from renkou_common.scope import AreaScope

_PAGE = 1_000


async def export(
    database: Database,
    key: AuditKey,
    name: str,
    now: datetime,
    since: datetime | None,
    until: datetime | None,
) -> AsyncIterator[bytes]:
    """Yield the log, or the whole roots that hold a span of time, as lines; its end is signed now."""
    async with database.transaction(AreaScope.nothing()) as tx:
        await sign_root(tx, key, name, now)
        first, last = await _span(tx, since, until)
        start = await log.chain_at(tx, first - 1) if first > 1 else GENESIS
    place, chain = first - 1, start or GENESIS
    yield _line({"format": FORMAT, "log": name, "after": {"seq": place, "chain": chain.hex()}})
    while place < last:
        async with database.transaction(AreaScope.nothing(), read_only=True) as tx:
            rows = await log.sealed(tx, place, last, _PAGE)
            tokens = {root["last"]: root["token"] for root in await log.roots_over(tx, place + 1, last)}
        if not rows:
            return  # places are gone: the file stays without its end, and proves nothing
        for row in rows:
            entry = None if row["id"] is None else Entry.of(row).members()
            yield _line(
                {"seq": row["seq"], "entry": entry, "hash": row["hash"].hex(), "chain": row["chain"].hex()}
            )
            if row["seq"] in tokens:
                yield _line({"root": tokens[row["seq"]]})
        place, chain = rows[-1]["seq"], rows[-1]["chain"]
    yield _line({"end": {"seq": place, "chain": chain.hex()}})


async def _span(tx: Transaction, since: datetime | None, until: datetime | None) -> tuple[int, int]:
    """Return the first and last place of the roots that hold a span of time."""
    end = await log.last_place(tx)
    if since is None and until is None:
        return 1, end
    places = await log.places_of(tx, since, until)
    covering: list[asyncpg.Record] = await log.roots_over(tx, *places) if places else []
    if not covering:
        return end + 1, end
    return covering[0]["first"], covering[-1]["last"]


def _line(members: dict[str, object]) -> bytes:
    return orjson.dumps(members) + b"\n"
