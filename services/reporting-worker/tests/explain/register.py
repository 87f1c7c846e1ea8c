"""A real registry-api beside this service: its programs, its accounts, and its events taken in over HTTP."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
from joserfc.jwk import OKPKey

from renkou_common.field_keys.files import make_key_files
from renkou_common.messaging import inbox
from renkou_common.scope import AreaScope
from renkou_local.databases import DatabaseAccess
from renkou_local.nats import EmbeddedNats
from renkou_local.ports import free_port
from renkou_reporting.main import build_application
from renkou_reporting.runtime import Runtime
from renkou_reporting.settings import ReportingSettings
from renkou_reporting.subscriptions import apply_registry

from ..support import DISTRICT, Caller, Json

ONE_TIME, CHOSEN = "given once by the office", "a phrase of one's own"
SECRET = "secret-of-reporting-worker"
NOBODY = "http://127.0.0.1:9"
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_serials = count(100)


def resident_id(born: date, sex: int) -> str:
    """A number that nobody else of this run has, with a right check digit."""
    serial = 2 * next(_serials) + (1 if sex == 1 else 0)
    digits = f"{DISTRICT}{born:%Y%m%d}{serial:03d}"
    total = sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=True))
    return digits + "10X98765432"[total % 11]


@dataclass
class Node:
    """registry-api as processes of their own, and reporting-worker's application in this one."""

    registry: httpx.AsyncClient
    reporting: httpx.AsyncClient
    runtime: Runtime
    administrator: str = ""
    _names: "count[int]" = field(default_factory=lambda: count(1))

    async def sign_in(self, username: str, password: str) -> str:
        answer = await self.registry.post("/auth/token", json={"username": username, "password": password})
        assert answer.status_code == 200, answer.text
        return str(answer.json()["access_token"])

    async def first_sign_in(self, username: str) -> str:
        """Replace the one-time password and sign in for work."""
        headers = {"Authorization": f"Bearer {await self.sign_in(username, ONE_TIME)}"}
        change = {"current": ONE_TIME, "new": CHOSEN}
        assert (await self.registry.post("/auth/password", json=change, headers=headers)).status_code == 204
        return await self.sign_in(username, CHOSEN)

    async def staff(self, role: str, area: str) -> tuple[Caller, Caller]:
        """A new account: towards registry-api, and towards reporting-worker, which learns of it by the feed."""
        username = f"staff{next(self._names)}"
        body = {
            "username": username,
            "display_name": username,
            "password": ONE_TIME,
            "assignments": [{"role": role, "area": area}],
        }
        headers = {"Authorization": f"Bearer {self.administrator}", "Idempotency-Key": str(uuid4())}
        answer = await self.registry.post("/staff", json=body, headers=headers)
        assert answer.status_code == 201, answer.text
        staff_id, token = UUID(answer.json()["id"]), await self.first_sign_in(username)
        await self.catch_up()
        return Caller(self.registry, staff_id, token), Caller(self.reporting, staff_id, token)

    async def catch_up(self) -> None:
        """Take in everything that the register has numbered, once its relay has numbered all there is."""
        feed = self.runtime.feeds["registry"]
        marked = (await self._marker())["id"]
        async with asyncio.timeout(60):
            while True:
                async with self.runtime.database.transaction(AreaScope.everything()) as tx:
                    after = await inbox.high_water(tx, "registry")
                events, _ = await feed.read(after, 500)
                async with self.runtime.database.transaction(AreaScope.everything()) as tx:
                    await inbox.take_in(tx, "registry", events, apply_registry)
                if any(str(event.data.get("staff_id")) == marked for event in events):
                    return
                await asyncio.sleep(0.1)

    async def _marker(self) -> Json:
        """An account that does nothing: once its event is here, so is everything before."""
        body = {
            "username": f"marker{next(self._names)}",
            "display_name": "marker",
            "password": ONE_TIME,
            "assignments": [],
        }
        headers = {"Authorization": f"Bearer {self.administrator}", "Idempotency-Key": str(uuid4())}
        answer = await self.registry.post("/staff", json=body, headers=headers)
        assert answer.status_code == 201, answer.text
        made: Json = answer.json()
        return made


async def enter(caller: Caller, area: str, **changes: Any) -> Json:
    """Enter a woman registered and living in a community into the register."""
    born = date.fromisoformat(changes.pop("birth_date", "1996-05-03"))
    body = {
        "name": "欧阳娜娜",
        "sex": 2,
        "birth_date": born.isoformat(),
        "resident_id": resident_id(born, 2),
        "marital_status": "20",
        "registered_area": area,
        "present_area": area,
        "entry": {"kind": "opening", "on": "2025-01-01"},
        **changes,
    }
    answer = await caller.post("/persons", json=body)
    assert answer.status_code == 201, answer.text
    made: Json = answer.json()
    return made


def _environment(folder: Path, access: DatabaseAccess, nats: EmbeddedNats) -> dict[str, str]:
    folder.mkdir()
    token_key = OKPKey.generate_key("Ed25519", private=True, auto_kid=True)
    audit_key = OKPKey.generate_key("Ed25519", private=True, auto_kid=True)
    texts = {
        "TOKEN_KEY": json.dumps(token_key.as_dict(private=True)),
        "AUDIT_KEY": json.dumps(audit_key.as_dict(private=True)),
        "ADMINISTRATOR_SECRET": ONE_TIME,
        "SERVICE_SECRET": "secret-of-registry-api",
        "MIGRANT_SECRET": "secret-of-migrant-api",
        "REPORTING_SECRET": SECRET,
    }
    for name, text in texts.items():
        (folder / name).write_text(text, encoding="utf-8")
    own = ("FIELD_KEYS", "FIELD_MASTER_KEY")
    make_key_files(folder / own[0], folder / own[1], datetime.now(UTC))
    return {f"RENKOU_{name}_FILE": str(folder / name) for name in (*texts, *own)} | {
        "RENKOU_DISTRICT": DISTRICT,
        "RENKOU_DATABASE_URL": access.app_url,
        "RENKOU_MIGRATION_DATABASE_URL": access.owner_url,
        "RENKOU_APP_ROLE": access.app_role,
        "RENKOU_HTTP_PORT": str(free_port()),
        "RENKOU_HTTP_PROCESSES": "1",
        "RENKOU_DATABASE_POOL_SIZE": "4",
        "RENKOU_LOG_LEVEL": "WARNING",
        "RENKOU_NATS_URL": nats.url,
        "RENKOU_NATS_SEED_FILE": str(nats.node_seed(DISTRICT, "registry")),
        "RENKOU_MIGRANT_URL": NOBODY,
    }


@asynccontextmanager
async def _program(role: str, environment: dict[str, str]) -> AsyncIterator[None]:
    running = await asyncio.create_subprocess_exec(
        sys.executable, "-m", f"renkou_registry.{role}", env=os.environ | environment
    )
    try:
        yield
    finally:
        if running.returncode is None:
            running.terminate()
        await running.wait()


@asynccontextmanager
async def running_node(
    folder: Path, register: DatabaseAccess, figures: DatabaseAccess, nats: EmbeddedNats
) -> AsyncIterator[Node]:
    """Both services of a node; ``figures`` is a database that is migrated already."""
    environment = _environment(folder / "registry", register, nats)
    migration = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "renkou_registry.migrate", env=os.environ | environment
    )
    assert await migration.wait() == 0
    url = f"http://127.0.0.1:{environment['RENKOU_HTTP_PORT']}"
    secret = folder / "secret"
    secret.write_text(SECRET, encoding="utf-8")
    settings = ReportingSettings.model_validate(
        {
            "district": DISTRICT,
            "database_url": figures.app_url,
            "registry_url": url,
            "migrant_url": NOBODY,
            "service_secret_file": secret,
        }
    )
    app = build_application(settings)
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(_program("main", environment))
        await stack.enter_async_context(_program("worker", environment))
        registry = await stack.enter_async_context(
            httpx.AsyncClient(base_url=url, trust_env=False, timeout=60)
        )
        await _until_ready(registry)
        await stack.enter_async_context(app.router.lifespan_context(app))
        reporting = await stack.enter_async_context(
            httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://reporting", timeout=60)
        )
        node = Node(registry, reporting, app.state.runtime)
        node.administrator = await node.first_sign_in("administrator")
        yield node


async def _until_ready(registry: httpx.AsyncClient) -> None:
    async with asyncio.timeout(60):
        while True:
            try:
                if (await registry.get("/health/ready")).status_code == 200:
                    return
            except httpx.TransportError:
                pass
            await asyncio.sleep(0.1)
