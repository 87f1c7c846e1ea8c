"""A running registry-api for tests: its application, its callers, the files a deployment would give it."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import asyncpg
import httpx
from joserfc.jwk import OKPKey

from renkou_common.field_keys.files import make_key_files
from renkou_local.databases import DatabaseAccess
from renkou_registry.main import create_app
from renkou_registry.runtime import Runtime
from renkou_registry.settings import RegistrySettings

DISTRICT = "340103"
ONE_TIME = "given once by the office"
CHOSEN = "a phrase of one's own"

type DatabaseFactory = Callable[..., Awaitable[DatabaseAccess]]
type Json = dict[str, Any]


@dataclass
class Caller:
    """A signed-in caller. Creations get an Idempotency-Key of their own unless `key` is given."""

    client: httpx.AsyncClient
    id: UUID
    username: str
    token: str

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    async def request(
        self, method: str, path: str, *, headers: dict[str, str] | None = None, **content: Any
    ) -> httpx.Response:
        return await self.client.request(method, path, headers=self.headers | (headers or {}), **content)

    async def get(self, path: str, **content: Any) -> httpx.Response:
        return await self.request("GET", path, **content)

    async def post(
        self, path: str, *, key: str | None = None, headers: dict[str, str] | None = None, **content: Any
    ) -> httpx.Response:
        own = {"Idempotency-Key": key or str(uuid4())} | (headers or {})
        return await self.request("POST", path, headers=own, **content)

    async def patch(self, path: str, *, version: int | None, **content: Any) -> httpx.Response:
        own = {} if version is None else {"If-Match": f'"{version}"'}
        return await self.request("PATCH", path, headers=own, **content)


@dataclass
class Registry:
    """A running registry-api: HTTP client without a token, its runtime, and its environment for processes."""

    client: httpx.AsyncClient
    runtime: Runtime
    environment: dict[str, str]
    secrets: dict[str, str]
    administrator: Caller
    _numbers: "count[int]" = field(default_factory=count)
    _guards: list[Caller] = field(default_factory=list)

    async def sign_in(self, username: str, password: str) -> httpx.Response:
        return await self.client.post("/auth/token", json={"username": username, "password": password})

    async def caller(self, username: str, password: str) -> Caller:
        """Sign in and find out who one is."""
        answer = await self.sign_in(username, password)
        assert answer.status_code == 200, answer.text
        token = answer.json()["access_token"]
        me = await self.client.get("/auth/me", headers={"Authorization": f"Bearer {token}"})
        return Caller(self.client, UUID(me.json()["id"]), username, token)

    async def service(self, client_id: str) -> Caller:
        """A service of the node, such as migrant-api."""
        body = {"client_id": client_id, "client_secret": self.secrets[client_id]}
        token = (await self.client.post("/auth/token", json=body)).json()["access_token"]
        me = await self.client.get("/auth/me", headers={"Authorization": f"Bearer {token}"})
        return Caller(self.client, UUID(me.json()["id"]), client_id, token)

    async def staff(self, *roles_and_areas: str) -> Caller:
        """A new member of staff, signed in, with pairs of role and area: `staff("auditor", "340103")`."""
        username = f"staff{next(self._numbers)}"
        pairs = zip(roles_and_areas[::2], roles_and_areas[1::2], strict=True)
        body = {
            "username": username,
            "display_name": f"工作人员 {username}",
            "password": ONE_TIME,
            "assignments": [{"role": role, "area": area} for role, area in pairs],
        }
        created = await self.administrator.post("/staff", json=body)
        assert created.status_code == 201, created.text
        for approval in created.json()["awaiting_approval"]:
            await self._approve(approval)
        await self.choose_password(username, ONE_TIME, CHOSEN)
        caller = await self.caller(username, CHOSEN)
        if {"administrator", "auditor"} & set(roles_and_areas):
            self._guards.append(caller)
        return caller

    async def _approve(self, approval: str) -> None:
        """Have one of the administrators and auditors made before agree to what the administrator asks for."""
        path, body = f"/approvals/{approval}/approval", {"remark": "已核实"}
        for guard in self._guards:
            answer = await guard.request("POST", path, headers={"If-Match": '"1"'}, json=body)
            if answer.status_code == 200:
                return
        raise AssertionError(answer.text)

    async def choose_password(self, username: str, one_time: str, chosen: str) -> None:
        """The first sign-in: the one-time password opens only the change of the password."""
        token = (await self.sign_in(username, one_time)).json()["access_token"]
        answer = await self.client.post(
            "/auth/password",
            json={"current": one_time, "new": chosen},
            headers={"Authorization": f"Bearer {token}"},
        )
        assert answer.status_code == 204, answer.text

    def set_today(self, day: date) -> None:
        """Move the domain's clock to noon of a day."""
        midnight = datetime.combine(day, datetime.min.time(), self.runtime.clock.now().tzinfo)
        self.set_now(midnight + timedelta(hours=12))

    def set_now(self, moment: datetime) -> None:
        """Move the domain's clock to a moment."""
        file = self.runtime.settings.clock_offset_file
        assert file is not None
        partial = file.with_suffix(".partial")
        offset = moment - datetime.now(moment.tzinfo)
        partial.write_text(repr(offset.total_seconds()), encoding="ascii")
        partial.rename(file)
        self.runtime.clock._looked_at = float("-inf")


async def an_hour_later(registry: Registry, caller: Caller) -> None:
    """Let what limits a caller's readings lie an hour back, as only the owner of the database can."""
    owner = await asyncpg.connect(registry.environment["RENKOU_MIGRATION_DATABASE_URL"])
    await owner.execute(
        "UPDATE unmask_use SET read_at = read_at - interval '1 hour' WHERE read_by = $1", caller.id
    )
    await owner.close()


def secret_files(folder: Path) -> dict[str, str]:
    """Keys and secrets as files, like a deployment has them; returns the environment that names them."""
    folder.mkdir(parents=True)
    token_key = OKPKey.generate_key("Ed25519", private=True, auto_kid=True)
    audit_key = OKPKey.generate_key("Ed25519", private=True, auto_kid=True)
    texts = {
        "TOKEN_KEY": json.dumps(token_key.as_dict(private=True)),
        "AUDIT_KEY": json.dumps(audit_key.as_dict(private=True)),
        "ADMINISTRATOR_SECRET": ONE_TIME,
        "SERVICE_SECRET": "secret-of-registry-api",
        "MIGRANT_SECRET": "secret-of-migrant-api",
        "REPORTING_SECRET": "secret-of-reporting-worker",
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    make_key_files(folder / "FIELD_KEYS", folder / "FIELD_MASTER_KEY", datetime.now(UTC))
    return {f"RENKOU_{name}_FILE": str(folder / name) for name in (*texts, "FIELD_KEYS", "FIELD_MASTER_KEY")}


async def migrate(environment: dict[str, str]) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "renkou_registry.migrate", env=os.environ | environment
    )
    assert await process.wait() == 0


def environment_of(folder: Path, access: DatabaseAccess) -> dict[str, str]:
    return {
        "RENKOU_DISTRICT": DISTRICT,
        "RENKOU_DATABASE_URL": access.app_url,
        "RENKOU_MIGRATION_DATABASE_URL": access.owner_url,
        "RENKOU_APP_ROLE": access.app_role,
        "RENKOU_CLOCK_OFFSET_FILE": str(folder / "offset"),
    }


@dataclass(frozen=True)
class Template:
    """A migrated and seeded database that others are copied from, with the secrets it was seeded with."""

    database: str
    secret_environment: dict[str, str]


@asynccontextmanager
async def running(
    template: Template, database_factory: DatabaseFactory, folder: Path, **settings: str
) -> AsyncIterator[Registry]:
    access = await database_factory("registry", DISTRICT, template=template.database)
    environment = environment_of(folder, access) | template.secret_environment
    given = {name.removeprefix("RENKOU_").lower(): value for name, value in environment.items()}
    app = create_app(RegistrySettings.model_validate(given | settings))
    async with app.router.lifespan_context(app):
        transport = httpx.ASGITransport(app=app, raise_app_exceptions=False)
        async with httpx.AsyncClient(transport=transport, base_url="http://registry", timeout=60) as client:
            secrets = {
                name: Path(template.secret_environment[f"RENKOU_{key}_FILE"]).read_text()
                for name, key in (
                    ("registry-api", "SERVICE_SECRET"),
                    ("migrant-api", "MIGRANT_SECRET"),
                    ("reporting-worker", "REPORTING_SECRET"),
                )
            }
            nobody = Caller(client, UUID(int=0), "", "")
            registry = Registry(client, app.state.runtime, environment, secrets, nobody)
            await registry.choose_password("administrator", ONE_TIME, CHOSEN)
            registry.administrator = await registry.caller("administrator", CHOSEN)
            yield registry
