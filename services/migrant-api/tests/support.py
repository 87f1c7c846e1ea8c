"""Two district nodes with their exchange in one process, a register over HTTP, a clock to move."""

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any, Protocol
from uuid import UUID, uuid4

import httpx
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from fastapi import FastAPI, HTTPException, Request
from joserfc.jwk import OKPKey
from pydantic import BaseModel

from renkou_common.clock import SHANGHAI
from renkou_common.contracts.registry import StaffAssignment, StaffChanged
from renkou_common.field_keys.files import make_key_files
from renkou_common.identity import rights
from renkou_common.identity.tokens import TokenIssuer
from renkou_common.messaging.nats_client import NatsClient
from renkou_common.scope import AreaScope
from renkou_local.databases import DatabaseAccess
from renkou_migrant.bootstrap import open_runtime
from renkou_migrant.credentials.jws import SigningKey
from renkou_migrant.credentials.trust import sign_trust_list
from renkou_migrant.exchange import service
from renkou_migrant.exchange.carried import ArrivalNotice, ServiceNotice, Subject
from renkou_migrant.exchange.completion import Completion
from renkou_migrant.exchange.contracts import AGREED, CONTENTS, MessageKind
from renkou_migrant.exchange.intake.batch import Delivery
from renkou_migrant.exchange.receiver import Receiver
from renkou_migrant.exchange.sender import Sender
from renkou_migrant.main import create_app, install
from renkou_migrant.partners.service import accept_trust_list, own_description
from renkou_migrant.runtime import Runtime
from renkou_migrant.settings import MigrantSettings
from renkou_migrant.worker import hub_broker, keep_connected

from .agreements import hold, terms_between

HOME, RESIDENCE, THIRD = "340103", "310115", "440305"
HOME_COMMUNITY, RESIDENCE_COMMUNITY = "340103002003", "310115005001"
EVERYTHING = AreaScope.everything()
_SPARE: list[FastAPI] = []
"""Applications of closed nodes, for others: FastAPI takes a fifth of a second to read a hundred routes anew."""

type Check[T] = Callable[[], Awaitable[T | None]]
type Json = dict[str, Any]
type DatabaseFactory = Callable[..., Awaitable[DatabaseAccess]]
type Databases = Callable[[str], Awaitable[DatabaseAccess]]


class Until(Protocol):
    """Waits until a check answers: ``await until(check, seconds)``."""

    async def __call__(self, check: Check[object], seconds: float = 20.0) -> object: ...


async def eventually[T](check: Check[T], seconds: float = 20.0) -> T:
    """Return the first truthy answer of ``check``; fails after ``seconds``."""
    deadline = time.monotonic() + seconds
    while True:
        answer = await check()
        if answer:
            return answer
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {seconds} s: {check}")
        await asyncio.sleep(0.05)


class MovableClock:
    """The offset file that several nodes share."""

    def __init__(self, file: Path) -> None:
        self.file = file
        self.set(0.0)

    def set(self, seconds: float) -> None:
        """Make the domain's clock run ahead by ``seconds``."""
        partial = self.file.with_suffix(".partial")
        partial.write_text(repr(seconds), encoding="ascii")
        partial.rename(self.file)


@dataclass
class RegisterDouble:
    """What registry-api does for this service, in memory: tokens, facts, matching, births."""

    district: str
    facts: dict[UUID, dict[str, Any]] = field(default_factory=dict)
    people: dict[tuple[str, str], UUID] = field(default_factory=dict)
    births: dict[str, tuple[dict[str, Any], UUID]] = field(default_factory=dict)
    corrections: dict[str, tuple[dict[str, Any], UUID]] = field(default_factory=dict)
    down: bool = False

    def __post_init__(self) -> None:
        key = OKPKey.generate_key("Ed25519", private=True, auto_kid=True)
        self.issuer = TokenIssuer(key, f"renkou:{self.district}")
        self.app = FastAPI()
        self.app.post("/auth/token")(self._token)
        self.app.get("/.well-known/jwks.json")(self._keys)
        self.app.get("/persons/by-ref/{ref}/facts")(self._facts)
        self.app.get("/persons/{ref}/facts")(self._facts)
        self.app.post("/persons/match")(self._match)
        self.app.post("/corrections", status_code=201)(self._correction)
        self.app.post("/life-events/births", status_code=201)(self._birth)

    def staff_token(self, staff_id: UUID) -> str:
        """A bearer token of a member of staff."""
        return self.issuer.issue(staff_id, "staff", "clerk")

    def service_token(self, client_id: str) -> str:
        """A bearer token of a service."""
        return self.issuer.issue(uuid4(), "service", client_id)

    async def _token(self) -> dict[str, Any]:
        return {"access_token": self.service_token("migrant-api"), "token_type": "bearer", "expires_in": 900}

    async def _keys(self) -> dict[str, Any]:
        return self.issuer.public_keys()

    async def _facts(self, ref: UUID, purpose: str) -> dict[str, Any]:
        if ref not in self.facts:
            raise HTTPException(404)
        return self.facts[ref]

    async def _match(self, request: Request) -> dict[str, Any]:
        body = await request.json()
        found = self.people.get((body["resident_id"], body["name"]))
        if found is None:
            return {"result": "none"}
        return {"result": "exact", "person_id": str(found), "person_ref": str(found)}

    def registers(self, ref: UUID, **facts: Any) -> None:
        """Let the register know a person, or know otherwise."""
        self.facts[ref] = {**self.facts.get(ref, {"person_ref": str(ref)}), **facts}

    async def _birth(self, request: Request) -> dict[str, Any]:
        key = request.headers["idempotency-key"]
        self.births.setdefault(key, (await request.json(), uuid4()))
        return {"id": str(self.births[key][1])}

    async def _correction(self, request: Request) -> dict[str, Any]:
        key = request.headers["idempotency-key"]
        self.corrections.setdefault(key, (await request.json(), uuid4()))
        return {"id": str(self.corrections[key][1])}


class _Transport(httpx.AsyncBaseTransport):
    def __init__(self, register: RegisterDouble) -> None:
        self._register = register
        self._inner = httpx.ASGITransport(app=register.app)

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        if self._register.down:
            raise httpx.ConnectError("the register is down", request=request)
        return await self._inner.handle_async_request(request)


@dataclass
class Clerk:
    """A signed-in member of staff of a node."""

    id: UUID
    client: httpx.AsyncClient
    token: str

    async def request(self, method: str, path: str, **options: Any) -> httpx.Response:
        headers = {"Authorization": f"Bearer {self.token}", **options.pop("headers", {})}
        return await self.client.request(method, path, headers=headers, **options)

    async def get(self, path: str, **params: Any) -> Any:
        """GET that has to succeed; returns the parsed answer."""
        answer = await self.request("GET", path, params=params)
        assert answer.status_code == 200, answer.text
        return answer.json()

    async def act(self, path: str, body: dict[str, Any] | None = None, *, version: int) -> httpx.Response:
        """POST a change of a record whose version was read."""
        return await self.request("POST", path, json=body, headers={"If-Match": f'"{version}"'})


class Node:
    """One district: database, runtime, HTTP application and the exchange's tasks."""

    def __init__(
        self, runtime: Runtime, register: RegisterDouble, hub: NatsClient, stack: AsyncExitStack
    ) -> None:
        self.runtime = runtime
        self.register = register
        self.hub = hub
        self.sender = Sender(runtime, hub)
        self.receiver = Receiver(runtime, hub, self.sender.wake)
        self.completion = Completion(runtime, self.sender.wake)
        self._stack = stack
        self._tasks: dict[str, asyncio.Task[None]] = {}
        self.app = _SPARE.pop() if _SPARE else create_app(runtime.settings, runtime)
        install(self.app, runtime)
        self._client = httpx.AsyncClient(transport=httpx.ASGITransport(app=self.app), base_url="http://node")

    owner_url = ""
    """With it whoever keeps the database connects, past the service."""

    @property
    def district(self) -> str:
        return self.runtime.settings.district

    def start(self, *names: str) -> None:
        """Start the exchange, or only the named tasks of it."""
        tasks: dict[str, Callable[[], Coroutine[Any, Any, None]]] = {
            "hub": lambda: keep_connected(self.hub),
            "sender": self.sender.run,
            "receiver": self.receiver.run,
            "completion": self.completion.run,
        }
        for name in names or tasks:
            if name not in self._tasks:
                self._tasks[name] = asyncio.create_task(tasks[name](), name=f"{self.district}-{name}")

    async def stop(self, *names: str) -> None:
        """Stop the exchange, or only the named tasks of it."""
        stopped = [self._tasks.pop(name) for name in names or list(self._tasks) if name in self._tasks]
        for task in stopped:
            task.cancel()
        results = await asyncio.gather(*stopped, return_exceptions=True)
        failures = [one for one in results if isinstance(one, Exception)]
        if failures:
            raise ExceptionGroup(f"tasks of {self.district} failed", failures)

    async def connected(self) -> None:
        """Wait for the connection to the hub."""

        async def check() -> bool:
            return self.hub.connected

        await eventually(check)

    async def close(self) -> None:
        await self.stop()
        await self._client.aclose()
        await self._stack.aclose()
        _SPARE.append(self.app)

    async def clerk(self, role: str = "subdistrict_clerk", area: str = "") -> Clerk:
        """A new member of staff with a role in an area (the whole district unless told)."""
        staff_id, code = uuid4(), area or self.district
        assignment = StaffAssignment(role=role, area=code.ljust(12, "0"), area_high=code.ljust(12, "9"))
        change = StaffChanged(staff_id=staff_id, active=True, assignments=[assignment])
        async with self.runtime.database.transaction(EVERYTHING) as tx:
            await rights.take_over(tx, change)
        return Clerk(staff_id, self._client, self.register.staff_token(staff_id))

    @property
    def client(self) -> httpx.AsyncClient:
        """A caller without a token."""
        return self._client

    async def accept(self, trust_list: str) -> None:
        """Accept a trust list."""
        async with self.runtime.database.transaction(EVERYTHING) as tx:
            await accept_trust_list(tx, self.runtime, trust_list, uuid4())

    async def agree(self, partner: str, *, kinds: frozenset[MessageKind] = AGREED, **changes: Any) -> UUID:
        """Hold an agreement in force about the given kinds, both ways, that the partner knows nothing of."""
        terms = terms_between(self.district, partner, self.runtime.clock.today(), kinds, **changes)
        return await hold(self.runtime, terms)

    async def arrival_notice(self, **changes: Any) -> UUID:
        """Draft the notice that somebody arrived today, which has to be agreed."""
        return drafted(await self.raise_notice(arrival_notice(self.runtime.clock.today()), **changes))

    async def service_notice(self, **changes: Any) -> UUID:
        """Draft the notice that somebody had a check-up today, which has to be agreed."""
        return drafted(await self.raise_notice(service_notice(self.runtime.clock.today()), **changes))

    async def raise_notice(self, content: BaseModel, **changes: Any) -> UUID | None:
        """Draft a notice to the home district; its kind follows from the content."""
        arguments = {
            "kind": next(kind for kind, model in CONTENTS.items() if model is type(content)),
            "home_district": HOME,
            "person_ref": uuid4(),
            "arrival_id": uuid4(),
            "area": int(RESIDENCE_COMMUNITY),
            "occurred_on": self.runtime.clock.today(),
            **changes,
        }
        async with self.runtime.database.transaction(EVERYTHING) as tx:
            return await service.raise_notice(tx, self.runtime, content=content, **arguments)

    async def sealed(self) -> dict[UUID, bytes]:
        """Number and seal what was drafted; returns the sealed bytes that wait for a receipt, in order."""
        await self.sender.seal_drafts()
        rows = await self.rows(
            "SELECT id, sealed FROM message WHERE next_attempt_at IS NOT NULL ORDER BY pair_seq"
        )
        return {row["id"]: row["sealed"] for row in rows}

    async def take(self, sender: "Node | str", *sealed: bytes) -> None:
        """Take bytes in as if the hub had let ``sender`` publish them."""
        code = sender if isinstance(sender, str) else sender.district
        await self.receiver.take_in([Delivery(code, data) for data in sealed])

    async def receipts(self) -> list[bytes]:
        """Take the receipts out that wait to be published."""
        return [row["sealed"] for row in await self.rows("DELETE FROM receipt RETURNING sealed")]

    async def state(self, message_id: UUID | None) -> str | None:
        """A message's state at this end, with the code where there is one."""
        for row in await self.rows("SELECT state, code FROM message WHERE id = $1", message_id):
            return row["state"] if row["code"] is None else f"{row['state']}: {row['code']}"
        return None

    async def dead_letters(self) -> list[str]:
        """Codes of what could not be taken."""
        return [row["code"] for row in await self.rows("SELECT code FROM dead_letter ORDER BY position")]

    async def counted(self) -> dict[str, int]:
        """What the published events add up to, by measure."""
        totals: dict[str, int] = {}
        for row in await self.rows("SELECT body FROM outbox ORDER BY position"):
            for line in json.loads(row["body"])["data"]["lines"]:
                totals[line["measure"]] = totals.get(line["measure"], 0) + line["value"]
        return totals

    async def rows(self, query: str, *arguments: Any) -> list[dict[str, Any]]:
        """Rows of this node's database, as its own processes see them."""
        async with self.runtime.database.transaction(EVERYTHING) as tx:
            return [dict(row) for row in await tx.fetch(query, *arguments)]

    async def reaches(self, message_id: UUID, state: str, seconds: float = 20.0) -> None:
        """Wait until a message is in a state at this end."""

        async def check() -> bool:
            found = await self.rows("SELECT state FROM message WHERE id = $1", message_id)
            return bool(found) and found[0]["state"] == state

        await eventually(check, seconds)


def drafted(message_id: UUID | None) -> UUID:
    """The message's id; fails where nothing was drafted."""
    assert message_id is not None, "nothing was drafted"
    return message_id


def subject(name: str = "王小雨", resident_id: str = "340103199001011234") -> Subject:
    """Somebody registered in the home district."""
    return Subject(name=name, resident_id=resident_id, home_area=HOME_COMMUNITY)


def arrival_notice(day: date) -> ArrivalNotice:
    """The person lives in the residence district since ``day``."""
    return ArrivalNotice(subject=subject(), arrived_on=day, present_area=RESIDENCE_COMMUNITY)


def service_notice(day: date) -> ServiceNotice:
    """A check-up, told with consent."""
    return ServiceNotice.model_validate(
        {"subject": subject(), "service": "examination", "given_on": day, "consent": True}
    )


def trust_list(anchor: SigningKey, runtimes: list[Runtime], sequence: int = 1) -> str:
    """A list of the given districts, good for ten years."""
    now = datetime.now(SHANGHAI)
    return sign_trust_list(
        [own_description(runtime)[0] for runtime in runtimes],
        sequence=sequence,
        issued_at=now - timedelta(days=1),
        expires_at=now + timedelta(days=3650),
        anchor=anchor,
    )


def write_secrets(folder: Path, district: str, anchor: SigningKey) -> dict[str, Path]:
    """Keys and secrets of a node as files; returns the settings that name them."""
    folder.mkdir(parents=True)
    certificate_key = SigningKey.generate(f"{district}-1").to_jwk()
    signing = SigningKey(f"{district}-sig-1", "EdDSA", Ed25519PrivateKey.generate()).to_jwk()
    encryption = OKPKey.generate_key("X25519", {"kid": f"{district}-enc-1", "use": "enc"}, private=True)
    texts = {
        "certificate_keys_file": json.dumps({"keys": [certificate_key]}),
        "exchange_keys_file": json.dumps({"keys": [signing, encryption.as_dict(private=True)]}),
        "trust_anchor_file": json.dumps(anchor.public.to_jwk()),
        "service_secret_file": "secret-of-migrant-api",
        "audit_key_file": json.dumps(SigningKey("audit", "EdDSA", Ed25519PrivateKey.generate()).to_jwk()),
    }
    for name, text in texts.items():
        (folder / name).write_text(text)
    own = ("field_keys_file", "field_master_key_file")
    make_key_files(folder / own[0], folder / own[1], datetime.now(UTC))
    return {name: folder / name for name in (*texts, *own)}


async def open_node(
    district: str,
    access: DatabaseAccess,
    folder: Path,
    anchor: SigningKey,
    *,
    hub_url: str = "nats://127.0.0.1:1",
    hub_seed: Path | None = None,
    hub_token: Path | None = None,
    clock: MovableClock | None = None,
    understands: Mapping[MessageKind, frozenset[int]] | None = None,
    **changes: Any,
) -> Node:
    """A node on a migrated database; nothing runs yet. ``understands``: versions by kind, all unless told."""
    settings = MigrantSettings(
        **{
            "district": district,
            "database_url": access.app_url,
            "database_pool_size": 4,
            "registry_url": "http://registry",
            "hub_url": hub_url,
            "hub_seed_file": hub_seed,
            "hub_token_file": hub_token,
            "clock_offset_file": clock.file if clock else None,
            "retransmit_first_seconds": 0.5,
            "retransmit_longest_seconds": 1.0,
            **write_secrets(folder, district, anchor),
            **changes,
        }
    )
    register = RegisterDouble(district)
    stack = AsyncExitStack()
    runtime = await stack.enter_async_context(open_runtime(settings, transport=_Transport(register)))
    if understands is not None:
        runtime = replace(runtime, understood=understands)
    made = Node(runtime, register, hub_broker(settings), stack)
    made.owner_url = access.owner_url
    return made
