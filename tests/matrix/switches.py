"""The two walls one at a time: an application that asks for everything, and a database that gives everything."""

from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any

import asyncpg

from renkou_common.identity.principal import Access, Identity
from renkou_common.scope import AreaScope
from renkou_local.databases import SERVICES
from renkou_local.postgres import EmbeddedPostgres
from tests.matrix.node import Node, Services
from tests.matrix.world import World

KEEPS_WHAT_WAS_SENT = frozenset({"visit_batch_item"})
"""A device's batch is kept as it was sent, refused items too: what they name says nothing."""


class Claiming(AreaScope):
    """The whole district to the application's own conditions; to the floor, which reads the text, what it was."""

    def __init__(self, real: AreaScope) -> None:
        object.__setattr__(self, "intervals", AreaScope.everything().intervals)
        object.__setattr__(self, "real", real)

    @property
    def multirange(self) -> str:
        real: AreaScope = vars(self)["real"]
        return real.multirange

    def within(self, other: AreaScope) -> AreaScope:
        return Claiming(vars(self)["real"].within(other))


@contextmanager
def without_conditions(services: Services) -> Iterator[None]:
    """Every caller's access claims every area: only the floor is left."""
    identities: list[Identity] = [app.state.identity for app in services.apps.values()]
    for identity in identities:
        vars(identity)["access"] = _claiming(identity.access)
    yield
    for identity in identities:
        del vars(identity)["access"]


def _claiming(access: Callable[..., Awaitable[Access]]) -> Callable[..., Awaitable[Access]]:
    async def claimed(*arguments: Any) -> Access:
        found = await access(*arguments)
        return replace(found, areas=Claiming(found.areas))

    return claimed


@asynccontextmanager
async def without_floor(world: World, node: Node, postgres: EmbeddedPostgres) -> AsyncIterator[World]:
    """The same services on roles that pass by row-level security: only the application's conditions are left."""
    urls = {}
    connection = await postgres.connect()
    for service in SERVICES:
        access = node.databases[service]
        role = f"{access.name}_without_floor"
        await connection.execute(
            f'CREATE ROLE "{role}" LOGIN BYPASSRLS INHERIT PASSWORD \'unfloored\' IN ROLE "{access.app_role}"'
        )
        urls[service] = access.url(role, "unfloored")
    async with node.serving(urls) as services:
        async with services.databases["registry"].transaction(AreaScope.nothing()) as tx:
            assert await tx.fetchval("SELECT count(*) FROM person") > 0  # the switch is off indeed
        yield replace(world, office=replace(world.office, http=services.http, services=services))
    for service in SERVICES:
        await connection.execute(f'DROP ROLE "{node.databases[service].name}_without_floor"')
    await connection.close()


async def people_rows(postgres: EmbeddedPostgres, node: Node) -> Counter[tuple[str, str]]:
    """Every row of every table under the floor, as text, by table."""
    found: Counter[tuple[str, str]] = Counter()
    for service in SERVICES:
        connection: asyncpg.Connection[asyncpg.Record] = await postgres.connect(node.databases[service].name)
        tables = await connection.fetch("SELECT relname FROM pg_class WHERE relrowsecurity ORDER BY 1")
        for (table,) in tables:
            if table not in KEEPS_WHAT_WAS_SENT:
                rows = await connection.fetch(f"SELECT t::text AS row FROM {table} t")
                found.update((table, each["row"]) for each in rows)
        await connection.close()
    return found


def touched(
    world: World, before: Counter[tuple[str, str]], after: Counter[tuple[str, str]]
) -> list[tuple[str, str]]:
    """Rows that went or changed, and new ones that name one of the world's records."""
    come = [(table, row) for table, row in after - before if any(each in row for each in world.ids)]
    return [*(before - after), *come]
