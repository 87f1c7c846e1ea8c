"""Two districts' offices: each a registry-api process of its own, and migrant-api beside it."""

import asyncio
import json
import os
import sys
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from itertools import count
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import httpx
from joserfc.jwk import OKPKey

from renkou_common.contracts.registry import StaffAssignment, StaffChanged
from renkou_common.field_keys.files import make_key_files
from renkou_common.identity import rights
from renkou_local.databases import DatabaseAccess
from renkou_local.ports import free_port
from renkou_migrant.bootstrap import open_runtime
from renkou_migrant.credentials.jws import SigningKey
from renkou_migrant.exchange.completion import Completion
from renkou_migrant.main import create_app
from renkou_migrant.partners import service as partners
from renkou_migrant.runtime import Runtime
from renkou_migrant.settings import MigrantSettings
from renkou_migrant.status_lists import service as status_lists

from ..agreements import agree, terms_between
from ..support import EVERYTHING, eventually, write_secrets

ONE_TIME, CHOSEN = "given once by the office", "a phrase of one's own"
WISH = {
    "groups": [
        "person",
        "id_number",
        "registered_area",
        "marital_status",
        "children_count",
        "children_birth_dates",
    ]
}
"""An application with every group."""
_WEIGHTS = (7, 9, 10, 5, 8, 4, 2, 1, 6, 3, 7, 9, 10, 5, 8, 4, 2)
_numbers = count(1)


def resident_id(birth_date: date, sex: int, region: str = "340103") -> str:
    """A number that nobody else of this run has, with a right check digit."""
    serial = 2 * next(_numbers) + (1 if sex == 1 else 0)
    digits = f"{region}{birth_date:%Y%m%d}{serial:03d}"
    total = sum(int(digit) * weight for digit, weight in zip(digits, _WEIGHTS, strict=True))
    return digits + "10X98765432"[total % 11]


@dataclass
class Staff:
    """A signed-in member of staff, known to both services."""

    id: UUID
    token: str
    migrant: httpx.AsyncClient
    registry: httpx.AsyncClient
    colleague: "Staff | None" = None

    async def send(
        self, method: str, path: str, *, to_registry: bool = False, **options: Any
    ) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        client = self.registry if to_registry else self.migrant
        return await client.request(method, path, headers=headers, **options)

    async def get(self, path: str, **params: Any) -> httpx.Response:
        return await self.send("GET", path, params=params)

    async def post(
        self, path: str, body: dict[str, Any], *, key: str | None = None, **options: Any
    ) -> httpx.Response:
        """POST with a fresh Idempotency-Key unless one is given."""
        headers = {"Idempotency-Key": key or str(uuid4()), **options.pop("headers", {})}
        return await self.send("POST", path, json=body, headers=headers, **options)

    async def change(self, path: str, body: dict[str, Any], version: int) -> httpx.Response:
        """POST a change of the version that was read."""
        return await self.send("POST", path, json=body, headers={"If-Match": f'"{version}"'})

    async def made(self, path: str, body: dict[str, Any], **options: Any) -> dict[str, Any]:
        """POST that has to create something."""
        answer = await self.post(path, body, **options)
        assert answer.status_code == 201, answer.text
        return dict(answer.json())

    async def application(self, person: dict[str, Any], **wish: Any) -> dict[str, Any]:
        """Record what a person asks for; every group unless told."""
        return await self.made("/certificate-applications", {**WISH, **wish, "person_id": person["id"]})

    async def approved(self, application: dict[str, Any]) -> dict[str, Any]:
        """Let a colleague approve an application."""
        assert self.colleague
        path = f"/certificate-applications/{application['id']}/approval"
        answer = await self.colleague.change(path, {}, application["version"])
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def certificate(self, person: dict[str, Any], **wish: Any) -> dict[str, Any]:
        """Apply, have it approved by a colleague, and issue."""
        application = await self.approved(await self.application(person, **wish))
        return await self.made("/certificates", {"application_id": application["id"]})

    async def person(self, area: str, **changes: Any) -> dict[str, Any]:
        """Enter somebody registered and living in ``area`` into the register; the body with the id."""
        birth_date = date.fromisoformat(changes.pop("birth_date", "1996-05-03"))
        body = {
            "name": "欧阳娜娜",
            "sex": 2,
            "birth_date": birth_date.isoformat(),
            "resident_id": resident_id(birth_date, 2, area[:6]),
            "marital_status": "21",
            "registered_area": area,
            "present_area": area,
            "entry": {"kind": "opening", "on": "2025-01-01"},
            **changes,
        }
        answer = await self.post("/persons", body, to_registry=True)
        assert answer.status_code == 201, answer.text
        return body | {"id": answer.json()["id"]}


@dataclass
class Office:
    """One district: its register's URL, and migrant-api's runtime and HTTP client."""

    district: str
    runtime: Runtime
    migrant: httpx.AsyncClient
    registry: httpx.AsyncClient
    registry_environment: dict[str, str] = field(default_factory=dict)
    administrator: str = ""
    _names: "count[int]" = field(default_factory=lambda: count(1))

    @property
    def environment(self) -> dict[str, str]:
        """The environment of a migrant-api process of this office."""
        values = self.runtime.settings.model_dump(exclude_none=True)
        return {f"RENKOU_{name.upper()}": str(value) for name, value in values.items()}

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

    async def staff(self, role: str = "subdistrict_clerk", area: str = "") -> Staff:
        """A new account in the register, which migrant-api learns of as it does from the register's event."""
        username, code = f"staff{next(self._names)}", area or self.district
        body = {
            "username": username,
            "display_name": username,
            "password": ONE_TIME,
            "assignments": [{"role": role, "area": code}],
        }
        headers = {"Authorization": f"Bearer {self.administrator}", "Idempotency-Key": str(uuid4())}
        answer = await self.registry.post("/staff", json=body, headers=headers)
        assert answer.status_code == 201, answer.text
        staff_id = UUID(answer.json()["id"])
        assignment = StaffAssignment(role=role, area=code.ljust(12, "0"), area_high=code.ljust(12, "9"))
        async with self.runtime.database.transaction(EVERYTHING) as tx:
            change = StaffChanged(staff_id=staff_id, active=True, assignments=[assignment])
            await rights.take_over(tx, change)
        return Staff(staff_id, await self.first_sign_in(username), self.migrant, self.registry)

    async def agree(self, partner: "Office") -> None:
        """Make an agreement about everything with a partner, in force for years."""
        today = self.runtime.clock.today()
        began = today - timedelta(days=900)
        until = today + timedelta(days=2000)
        terms = terms_between(self.district, partner.district, today, valid_from=began, valid_to=until)
        await agree(self.runtime, partner.runtime, terms)

    async def trust(self, token: str) -> None:
        """Accept a trust list."""
        async with self.runtime.database.transaction(EVERYTHING) as tx:
            await partners.accept_trust_list(tx, self.runtime, token, uuid4())

    async def status_list(self) -> str:
        """Sign what is due and return the newest list."""
        async with self.runtime.database.transaction(EVERYTHING) as tx:
            (signed,) = await status_lists.sign_due(tx, self.runtime)
        assert signed.token is not None
        return signed.token

    async def take_status_list(self, district: str, token: str) -> None:
        """Take in what a partner published."""
        async with self.runtime.database.transaction(EVERYTHING) as tx:
            trust = await partners.trust_list(tx, self.runtime)
            assert trust is not None
            await status_lists.keep_partner_list(tx, self.runtime, trust, district, token)

    async def events(self, person_ref: str | None = None) -> list[dict[str, Any]]:
        """Published events in order, or those about one person."""
        async with self.runtime.database.transaction(EVERYTHING) as tx:
            rows = await tx.fetch("SELECT body FROM outbox ORDER BY position")
        found = [json.loads(row["body"]) for row in rows]
        return [one for one in found if person_ref is None or one["data"].get("person_ref") == person_ref]

    async def complete(self) -> None:
        """Fetch from the register what drafts still want, as the worker does."""
        await Completion(self.runtime, asyncio.Event()).complete()

    async def notices(self, arrival_id: str) -> list[str]:
        """Kinds of the notices drafted about an arrival, in order."""
        async with self.runtime.database.transaction(EVERYTHING) as tx:
            rows = await tx.fetch(
                "SELECT kind FROM message WHERE arrival_id = $1 ORDER BY position", UUID(arrival_id)
            )
        return [row["kind"] for row in rows]


def registry_environment(folder: Path, district: str, access: DatabaseAccess) -> dict[str, str]:
    """Environment of a district's registry-api, its keys and secrets made as files in ``folder``."""
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
    own = ("FIELD_KEYS", "FIELD_MASTER_KEY")
    make_key_files(folder / own[0], folder / own[1], datetime.now(UTC))
    return {f"RENKOU_{name}_FILE": str(folder / name) for name in (*texts, *own)} | {
        "RENKOU_DISTRICT": district,
        "RENKOU_DATABASE_URL": access.app_url,
        "RENKOU_MIGRATION_DATABASE_URL": access.owner_url,
        "RENKOU_APP_ROLE": access.app_role,
        "RENKOU_HTTP_PORT": str(free_port()),
        "RENKOU_DATABASE_POOL_SIZE": "4",
        "RENKOU_LOG_LEVEL": "WARNING",
    }


@asynccontextmanager
async def running_registry(environment: dict[str, str]) -> AsyncIterator[str]:
    """A migrated registry-api as a process of its own; gives its URL."""
    migration = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "renkou_registry.migrate", env=os.environ | environment
    )
    assert await migration.wait() == 0
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "renkou_registry.main", env=os.environ | environment
    )
    url = f"http://127.0.0.1:{environment['RENKOU_HTTP_PORT']}"
    try:
        async with httpx.AsyncClient(trust_env=False) as client:

            async def ready() -> bool:
                assert process.returncode is None
                try:
                    return (await client.get(f"{url}/health/ready")).status_code == 200
                except httpx.TransportError:
                    return False

            await eventually(ready, 60)
        yield url
    finally:
        if process.returncode is None:
            process.terminate()
        await process.wait()


@asynccontextmanager
async def running_process(module: str, environment: dict[str, str]) -> AsyncIterator[None]:
    """A worker process; it has to be alive at the end and to stop cleanly when asked."""
    running = await asyncio.create_subprocess_exec(sys.executable, "-m", module, env=os.environ | environment)
    try:
        yield
        assert running.returncode is None
    finally:
        if running.returncode is None:
            running.terminate()
        await running.wait()
    assert running.returncode == 0


async def open_beside(
    stack: AsyncExitStack, office: Office, access: DatabaseAccess, files: dict[str, Path]
) -> Office:
    """Another node of a district's register: a database, keys and a trust list of its own."""
    settings = MigrantSettings.model_validate(
        office.runtime.settings.model_dump() | {"database_url": access.app_url} | files
    )
    runtime = await stack.enter_async_context(open_runtime(settings))
    transport = httpx.ASGITransport(app=create_app(settings, runtime))
    migrant = await stack.enter_async_context(
        httpx.AsyncClient(transport=transport, base_url="http://migrant", timeout=60)
    )
    return replace(office, runtime=runtime, migrant=migrant)


async def open_office(
    stack: AsyncExitStack, district: str, url: str, access: DatabaseAccess, folder: Path, anchor: SigningKey
) -> Office:
    """An office on a migrated database, with its administrator signed in."""
    settings = MigrantSettings.model_validate(
        {
            "district": district,
            "database_url": access.app_url,
            "database_pool_size": 4,
            "registry_url": url,
            "district_name_zh": {"340103": "合肥市庐阳区", "310115": "上海市浦东新区"}[district],
        }
        | write_secrets(folder, district, anchor)
    )
    runtime = await stack.enter_async_context(open_runtime(settings))
    transport = httpx.ASGITransport(app=create_app(settings, runtime))
    migrant = await stack.enter_async_context(
        httpx.AsyncClient(transport=transport, base_url="http://migrant", timeout=60)
    )
    registry = await stack.enter_async_context(httpx.AsyncClient(base_url=url, trust_env=False, timeout=60))
    office = Office(district, runtime, migrant, registry)
    office.administrator = await office.first_sign_in("administrator")
    return office
