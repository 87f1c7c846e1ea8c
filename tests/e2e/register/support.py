"""A district's office at work: its staff, its clock, people entered with numbers nobody else has."""

import asyncio
import io
import secrets
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import count
from typing import Any
from uuid import uuid4

import asyncpg
import httpx
from pypdf import PdfReader

from renkou_common.codes.resident_id import check_character
from renkou_local.stack import Stack
from tests.e2e.api import Api, ApiError, Json
from tests.e2e.demo import nodes_of
from tests.e2e.desk import in_parallel
from tests.e2e.journey import HOME, SHANGHAI
from tests.e2e.office import first_sign_in
from tests.e2e.progress import until
from tests.e2e.register.caller import Caller

DISTRICT, TOWN, OTHER_TOWN = HOME, f"{HOME}001", f"{HOME}002"
HERE, NEXT_DOOR, ELSEWHERE = f"{TOWN}001", f"{TOWN}002", f"{OTHER_TOWN}001"
ABROAD = "310115"
FIRST_DAY = date(2026, 3, 2)
STAFF = {
    "worker": ("community_worker", HERE),
    "colleague": ("community_worker", HERE),
    "clerk": ("subdistrict_clerk", TOWN),
    "second_clerk": ("subdistrict_clerk", TOWN),
    "station": ("service_station", TOWN),
    "stranger": ("subdistrict_clerk", OTHER_TOWN),
    "district_clerk": ("subdistrict_clerk", DISTRICT),
    "manager": ("administrator", DISTRICT),
    "director": ("administrator", DISTRICT),
    "statistician": ("statistician", DISTRICT),
    "auditor": ("auditor", DISTRICT),
}
_NUMBERS = count(1)


@dataclass
class Walk:
    """The office of one district: who works there, what was told of people, and how its clock is moved."""

    http: httpx.AsyncClient
    stack: Stack
    staff: dict[str, Caller] = field(default_factory=dict)
    today: date = FIRST_DAY
    secrets: set[str] = field(default_factory=set)
    _events: list[Json] = field(default_factory=list)
    _read_to: int = 0

    def __getattr__(self, name: str) -> Caller:
        try:
            return self.__dict__["staff"][name]  # type: ignore[no-any-return]
        except KeyError:
            raise AttributeError(name) from None

    @property
    def urls(self) -> dict[str, str]:
        """Addresses of the node's services."""
        return self.stack.nodes[DISTRICT].urls

    async def open(self) -> None:
        """Bring the office to work: an administrator by the one-time secret, and everybody else."""
        nodes = nodes_of(self.stack)
        await self.move_clock(FIRST_DAY)
        opened = await first_sign_in(self.http, self.urls, "administrator", nodes.secrets[DISTRICT], 0)
        self.staff["administrator"] = Caller(opened)

        async def employed(role: str, area: str) -> Caller:
            return await self.employ((role, area))

        self.staff["manager"] = await employed(*STAFF["manager"])  # agrees to whoever else administers
        others = {name: each for name, each in STAFF.items() if name != "manager"}
        made = await in_parallel([lambda each=each: employed(*each) for each in others.values()])  # type: ignore[misc]
        self.staff |= dict(zip(others, made, strict=True))
        await until("rights in every service", self._rights_known)

    async def _rights_known(self) -> bool:
        try:
            await self.clerk.get("/notices", service="migrant", limit=1)
            await self.statistician.get("/feeds/status", service="reporting")
        except ApiError as error:
            if error.status != 403:
                raise
            return False
        return True

    async def employ(self, *assignments: tuple[str, str]) -> Caller:
        """Make one more account with roles in areas; returns it signed in."""
        name, secret = f"u{next(_NUMBERS):04d}", secrets.token_urlsafe(18)
        body: Json = {
            "username": name,
            "display_name": f"工作人员 {name}",
            "password": secret,
            "assignments": [{"role": role, "area": area} for role, area in assignments],
        }
        created = await self.administrator.post("/staff", body)
        for request in created["awaiting_approval"]:
            await self.manager.post(f"/approvals/{request}/approval", {"remark": "已核实"}, version=1)
        return Caller(await first_sign_in(self.http, self.urls, name, secret, 0))

    async def service(self, client: str) -> Caller:
        """Sign in as one of the node's own services."""
        secret = (self.stack.nodes[DISTRICT].secrets / f"{client}_secret").read_text(encoding="utf-8")
        api = Api(self.http, self.urls)
        body = {"client_id": client, "client_secret": secret.strip()}
        api.token = str((await api.post("registry", "/auth/token", body, key=None))["access_token"])
        return Caller(api)

    def anybody(self) -> Caller:
        """Somebody without a token."""
        return Caller(Api(self.http, self.urls))

    async def move_clock(self, day: date) -> None:
        """Let it be ten in the morning of a day in every service (they look every 50 ms); never back."""
        self.today = max(day, self.today)
        nodes_of(self.stack).move_clock(datetime.combine(self.today, time(10), SHANGHAI))
        await asyncio.sleep(0.1)

    def before(self, **ago: int) -> str:
        """A day before today."""
        return str(self.today - timedelta(**ago))

    def resident_id(self, born: str, sex: int, region: str = DISTRICT) -> str:
        """A valid number nobody else has in this run."""
        first_17 = f"{region}{born.replace('-', '')}{next(_NUMBERS) % 500 * 2 + (sex == 1):03d}"
        number = first_17 + check_character(first_17)
        self.secrets.add(number)
        return number

    def body(self, **changes: Any) -> Json:
        """A complete POST /persons: a woman registered and living in HERE; ``changes`` replace fields."""
        born, sex = changes.get("birth_date", "1990-03-07"), changes.get("sex", 2)
        region = str(changes.get("registered_area", HERE))[:6]
        body: Json = {
            "name": f"王{uuid4().hex[:6]}",
            "sex": sex,
            "birth_date": born,
            "registered_area": HERE,
            "present_area": HERE,
            "present_street": f"安庆路{next(_NUMBERS)}号",
            "phone": f"139{next(_NUMBERS):08d}",
            "entry": {"kind": "opening", "on": "2025-01-01"},
        } | changes
        if body.get("document_kind", "resident_id") == "resident_id" and "resident_id" not in changes:
            body["resident_id"] = self.resident_id(born, sex, region)
        self.tell(body)
        return body

    def tell(self, body: Json) -> None:
        """Remember what of a person must never leave in an event."""
        for name in (
            "name",
            "resident_id",
            "document_number",
            "phone",
            "present_street",
            "registered_street",
        ):
            if body.get(name):
                self.secrets.add(str(body[name]))

    async def enter(self, by: Caller | None = None, **changes: Any) -> Json:
        """Enter a person; returns the record."""
        return await (by or self.clerk).post("/persons", self.body(**changes))

    async def find(self, number: str) -> Json:
        """Look somebody up by the ID number."""
        found = await self.district_clerk.post("/persons/search", {"resident_id": number})
        return dict(found["items"][0])

    async def certificate(self, person: Json) -> Json:
        """Have a certificate applied for, approved by a second person, and issued."""
        wish = {"person_id": person["id"], "groups": ["person", "marital_status", "children_count"]}
        asked = await self.clerk.post("/certificate-applications", wish, service="migrant")
        path = f"/certificate-applications/{asked['id']}/approval"
        await self.second_clerk.post(path, {}, version=asked["version"], service="migrant")
        return await self.clerk.post("/certificates", {"application_id": asked["id"]}, service="migrant")

    async def account(self, person: Json) -> Caller:
        """Open a person's account at the desk, activate it and sign in as the person."""
        opened = await self.worker.post(f"/persons/{person['id']}/account")
        password = secrets.token_urlsafe(18)
        body = {"account": opened["account"], "code": opened["code"], "password": password}
        await self.anybody().post("/public/accounts/activation", body)
        api = Api(self.http, self.urls)
        body = {"account": opened["account"], "password": password}
        api.token = str((await api.post("registry", "/auth/token", body, key=None))["access_token"])
        return Caller(api)

    async def events(self) -> list[Json]:
        """Read on in the registry's feed; returns every event there has been."""
        reader = await self.service("reporting-worker")
        while True:
            page = await reader.get("/feeds/registry", after=self._read_to, limit=1000)
            self._events += page["items"]
            self._read_to = page["next_after"]
            if not page["items"]:
                return self._events

    async def caught_up(self) -> None:
        """Wait until the figures hold all that was recorded up to now: an activity is entered as a mark."""
        activity = {
            "area": HERE,
            "kind": "training",
            "title": "业务培训",
            "place": "三楼会议室",
            "held_on": str(self.today),
            "people_reached": 5,
        }
        mark = (await self.clerk.post("/activities", activity))["id"]

        async def taken_in() -> bool:
            marked = [event["feedseq"] for event in await self.events() if event["subject"] == mark]
            if not marked:
                return False
            status = await self.statistician.get("/feeds/status", service="reporting")
            return any(
                feed["feed"] == "registry" and feed["high_water"] >= int(marked[0])
                for feed in status["items"]
            )

        await until("the figures to hold everything", taken_in)

    async def counts(self, measure: str, *, ever: bool = False, **where: str) -> int:
        """Add up a measure's cells as reporting keeps them, to this month or ever, where columns are so."""
        connection: asyncpg.Connection = await self.stack.postgres.connect(await self.reporting_database())
        try:
            narrowed = "".join(f" AND {name}::text = ${number}" for number, name in enumerate(where, 3))
            query = "SELECT COALESCE(sum(value), 0) FROM cell WHERE measure = $1 AND month <= $2" + narrowed
            month = 999_912 if ever else self.today.year * 100 + self.today.month
            return int(await connection.fetchval(query, measure, month, *where.values()))
        finally:
            await connection.close()

    async def reporting_database(self) -> str:
        """The name of reporting's database."""
        connection: asyncpg.Connection = await self.stack.postgres.connect()
        try:
            query = "SELECT datname FROM pg_database WHERE datname LIKE '%reporting%'"
            return str(await connection.fetchval(query))
        finally:
            await connection.close()


def pdf_text(content: bytes) -> str:
    """The text of a PDF."""
    return "".join(page.extract_text() for page in PdfReader(io.BytesIO(content)).pages).replace("\0", "")
