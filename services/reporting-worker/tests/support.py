"""A running reporting-worker for tests: its feeds in memory, a node around it, signed-in callers."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Annotated, Any
from uuid import UUID, uuid4

import asyncpg
import httpx
from fastapi import Depends, FastAPI, Header, HTTPException, Request
from joserfc.jwk import OKPKey

from renkou_common.codes.area import AreaCode
from renkou_common.contracts.lines import Line
from renkou_common.contracts.registry import RegistryEventType, StaffAssignment, StaffChanged
from renkou_common.database import Database
from renkou_common.identity.tokens import TokenIssuer
from renkou_common.messaging import inbox
from renkou_common.scope import AreaScope
from renkou_local import keys
from renkou_local.databases import DatabaseAccess
from renkou_reporting.bootstrap import build_reconciler
from renkou_reporting.main import build_application
from renkou_reporting.rebuild.working import PAGE, Rebuilder
from renkou_reporting.runtime import Runtime
from renkou_reporting.settings import ReportingSettings
from renkou_reporting.subscriptions import apply_migrant, apply_registry

from .feeds import Feed, FeedInDatabase, in_database

DISTRICT = "340103"
SECRET = "the client secret of a test"
PROVINCE_SECRET = "what the level above reads the feed with"
EVERYWHERE = AreaScope.everything()
APPLY = {"registry": apply_registry, "migrant": apply_migrant}

DIVISIONS: dict[str, tuple[str, str | None, str | None]] = {
    "34": ("安徽省", None, None),
    "3401": ("合肥市", None, None),
    "340103": ("庐阳区", None, None),
    "340104": ("蜀山区", None, None),
    "340103001": ("亳州路街道", None, None),
    "340103002": ("双岗街道", None, None),
    "340103001001": ("一社区", None, None),
    "340103001002": ("二社区", None, None),
    "340103001003": ("三社区", None, None),
    "340103002001": ("四社区", None, None),
}
"""Divisions of the node by code: name, first and last day."""

DatabaseFactory = Callable[..., Awaitable[DatabaseAccess]]
LineMaker = Callable[..., Line]
type NodeFactory = Callable[[Path, str], AbstractAsyncContextManager[NodeOverHttp]]
type Json = dict[str, Any]


@dataclass
class Caller:
    """A signed-in caller; creations get an Idempotency-Key of their own unless `key` is given."""

    client: httpx.AsyncClient
    id: UUID
    token: str

    async def get(self, path: str, **content: Any) -> httpx.Response:
        return await self.client.get(path, headers={"Authorization": f"Bearer {self.token}"}, **content)

    async def post(
        self, path: str, *, key: str | None = None, version: int | None = None, **content: Any
    ) -> httpx.Response:
        return await self.send("POST", path, key=key or str(uuid4()), version=version, **content)

    async def send(
        self, method: str, path: str, *, key: str | None = None, version: int | None = None, **content: Any
    ) -> httpx.Response:
        """Send a request; ``version`` goes into If-Match."""
        headers = {"Authorization": f"Bearer {self.token}"} | content.pop("headers", {})
        headers |= {"Idempotency-Key": key} if key else {}
        headers |= {"If-Match": f'"{version}"'} if version is not None else {}
        return await self.client.request(method, path, headers=headers, **content)

    async def step(self, made: Json, step: str, **body: Any) -> httpx.Response:
        """Take a step with a return as it was read."""
        content: dict[str, Any] = {"json": body} if body else {}
        return await self.post(f"/returns/{made['id']}/{step}", version=made["version"], **content)


@dataclass
class Desk:
    """Three people of an office: one fills returns in, one checks, one signs."""

    filler: Caller
    checker: Caller
    signer: Caller

    async def begin(self, body: Json) -> Json:
        """Begin a return, which must do."""
        return _made(await self.filler.post("/returns", json=body))

    async def pass_on(self, made: Json) -> Json:
        """Hand a draft in, have it checked and signed."""
        for caller, step in (
            (self.filler, "handing-in"),
            (self.checker, "check"),
            (self.signer, "signature"),
        ):
            made = _made(await caller.step(made, step))
        return made

    async def hand_in(self, body: Json) -> Json:
        """Bring a return into the figures."""
        return await self.pass_on(await self.begin(body))


def _made(answer: httpx.Response) -> Json:
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


@dataclass
class Reporting:
    """A running service: HTTP client without a token, its runtime, its feeds, its node's token issuer."""

    client: httpx.AsyncClient
    runtime: Runtime
    access: DatabaseAccess
    issuer: TokenIssuer
    feeds: dict[str, Feed]

    @property
    def database(self) -> Database:
        return self.runtime.database

    async def take_in(self, feed: str, *events: Sequence[Line]) -> None:
        """Publish events of the given lines and take them in."""
        for lines in events:
            self.feeds[feed].append_lines(lines)
        await self.catch_up(feed)

    async def catch_up(self, feed: str) -> None:
        async with self.database.transaction(EVERYWHERE) as tx:
            high = await inbox.high_water(tx, feed)
            await inbox.take_in(tx, feed, self.feeds[feed].events[high:], APPLY[feed])

    async def staff(self, role: str, area: str) -> Caller:
        """A new member of staff whose rights came by the register's feed."""
        staff_id = uuid4()
        low, high = AreaCode.parse(area).interval()
        assignment = StaffAssignment(role=role, area=str(low), area_high=str(high))
        data = StaffChanged(staff_id=staff_id, active=True, assignments=[assignment])
        self.feeds["registry"].append(RegistryEventType.STAFF_CHANGED, data, staff_id)
        await self.catch_up("registry")
        return Caller(self.client, staff_id, self.issuer.issue(staff_id, "staff", "someone"))

    async def desk(self, area: str = DISTRICT) -> Desk:
        """Three people over an area: two statisticians and an administrator."""
        roles = ("statistician", "statistician", "administrator")
        return Desk(*[await self.staff(role, area) for role in roles])

    async def reconcile(self) -> None:
        """Make the reconciliation that waits, or is due."""
        assert await build_reconciler(self.runtime).run_once()

    def rebuilder(self, page: int = PAGE) -> Rebuilder:
        return Rebuilder(self.database, self.runtime.feeds, self.runtime.clock, page=page)

    async def rows(self, query: str, *arguments: Any) -> list[asyncpg.Record]:
        async with self.database.transaction(EVERYWHERE) as tx:
            return await tx.fetch(query, *arguments)

    async def as_owner(self, statement: str) -> None:
        """What no process of the service could do: change the database with the owner's hand."""
        owner = Database(self.access.owner_url, pool_size=1)
        await owner.open()
        async with owner.transaction(EVERYWHERE) as tx:
            await tx.execute(statement)
        await owner.close()


def make_line(
    population: str,
    measure: str,
    on: date | str,
    value: int = 1,
    *,
    area: str = "340103001001",
    sex: int = 0,
    birth_month: str | None = None,
    parity: int = 0,
    detail: str = "",
) -> Line:
    return Line.model_validate(
        {
            "population": population,
            "area": area,
            "on": on,
            "measure": measure,
            "sex": sex,
            "birth_month": birth_month,
            "parity": parity,
            "detail": detail,
            "value": value,
        }
    )


def node_double(issuer: TokenIssuer, outboxes: Sequence[FeedInDatabase], secret: str) -> FastAPI:
    """As much of registry-api and migrant-api as this service calls: keys, tokens, areas, counts; and feeds."""
    app = FastAPI()
    token = "opens the feeds"

    @app.get("/.well-known/jwks.json")
    async def keys() -> dict[str, Any]:
        return issuer.public_keys()

    @app.post("/auth/token")
    async def give_token(given: dict[str, str]) -> dict[str, Any]:
        if given != {"client_id": "reporting-worker", "client_secret": secret}:
            raise HTTPException(401)
        return {"access_token": token, "token_type": "Bearer", "expires_in": 900}

    def division(code: str) -> Json:
        name, begins, ends = DIVISIONS[code]
        return {"code": code, "name": name, "valid_from": begins, "valid_to": ends}

    @app.get("/areas/{code}")
    async def read_area(code: str, request: Request, on: date | None = None) -> Json:
        if request.headers["authorization"] != f"Bearer {token}":
            raise HTTPException(401)
        above = [{"code": each, "name": DIVISIONS[each][0]} for each in DIVISIONS if code.startswith(each)]
        return division(code) | {"chain": above}

    @app.get("/areas/{code}/children")
    async def read_children(code: str, limit: int, after: int = 0) -> Json:
        """Two a page, so that whoever reads has to turn it."""
        size = {2: 4, 4: 6, 6: 9, 9: 12}[len(code)]
        below = [each for each in DIVISIONS if len(each) == size and each.startswith(code)]
        following = str(after + 2) if len(below) > after + 2 else None
        return {"items": [division(each) for each in below[after : after + 2]], "next": following}

    def guard(authorization: Annotated[str, Header()] = "") -> None:
        if authorization != f"Bearer {token}":
            raise HTTPException(401)

    for outbox in outboxes:
        app.include_router(outbox.router(guard))

    @app.get("/stock", dependencies=[Depends(guard)])
    async def read_stock(on: date) -> Json:
        [feed] = [outbox.feed for outbox in outboxes if outbox.feed.name == "registry"]
        head = feed.events[-1].seq if feed.events else 0
        return {"on": on.isoformat(), "head": head, "unnumbered": 0, "items": feed.stock(on)}

    return app


@dataclass
class NodeOverHttp:
    """The other services of a node on a port of this machine, and this service's environment beside them."""

    issuer: TokenIssuer
    feeds: dict[str, Feed]
    environment: dict[str, str]


@asynccontextmanager
async def running(
    access: DatabaseAccess,
    folder: Path,
    *,
    district: str = DISTRICT,
    others: Mapping[str, httpx.AsyncBaseTransport] | None = None,
    **settings_besides: Any,
) -> AsyncIterator[Reporting]:
    """A service of a district; ``others`` are services of other nodes that it reaches, by address."""
    secret_file = folder / "reporting-worker_secret"
    secret_file.write_text(SECRET, encoding="utf-8")
    key_file, province_file = folder / "figure_key.json", folder / "province_secret"
    key_file.write_text(keys.token_key(), encoding="utf-8")
    province_file.write_text(PROVINCE_SECRET, encoding="utf-8")
    settings = ReportingSettings.model_validate(
        {
            "figure_key_file": key_file,
            "province_secret_file": province_file,
            "district": district,
            "database_url": access.app_url,
            "registry_url": "http://registry",
            "migrant_url": "http://migrant",
            "service_secret_file": secret_file,
            **settings_besides,
        }
    )
    feeds = {name: Feed(name) for name in ("registry", "migrant")}
    issuer = TokenIssuer(OKPKey.generate_key("Ed25519", private=True, auto_kid=True), settings.issuer)
    async with AsyncExitStack() as stack:
        outboxes = await stack.enter_async_context(in_database(feeds, access))
        node = httpx.AsyncClient(
            transport=httpx.ASGITransport(node_double(issuer, outboxes, SECRET)), mounts=others or {}
        )
        app = build_application(settings, node)
        await stack.enter_async_context(app.router.lifespan_context(app))
        own = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://reporting")
        client = await stack.enter_async_context(own)
        yield Reporting(client, app.state.runtime, access, issuer, feeds)
