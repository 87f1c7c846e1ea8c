"""The district that is fuzzed: a whole node on embedded servers, staff in every role, people, and their callers."""

import json
import secrets
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import httpx

from renkou_local.databases import SERVICES, node_access
from renkou_local.node import Brokers, NodeConfig
from renkou_local.ports import PortBook
from renkou_local.stack import Stack
from tests.bench.http_paths import person_body
from tests.e2e.api import Api, ApiError
from tests.e2e.office import employ, first_sign_in, open_office
from tests.e2e.progress import until
from tests.e2e.synthetic.roster import generate_roster

DISTRICT = "340103"
COMMUNITY, SUBDISTRICT = "340103002003", "340103002"
ROLES = (
    "community_worker",
    "subdistrict_clerk",
    "service_station",
    "statistician",
    "administrator",
    "auditor",
)
PEOPLE = 80
OFF_STAGE = "administrator"


@dataclass(frozen=True)
class Credentials:
    """Who signs in with what; ``body`` None is a caller without a token, ``token`` one that is no token."""

    name: str
    body: dict[str, str] | None = None
    token: str = ""


@dataclass(frozen=True)
class World:
    """What a part needs to know of the node: environments of its services, its callers, what it must not touch."""

    urls: dict[str, str]
    environments: dict[str, dict[str, str]]
    callers: list[Credentials]
    never: list[str]
    communities: list[str]

    def write(self, file: Path) -> None:
        """Keep it for the processes that do the work."""
        file.write_text(json.dumps(asdict(self), ensure_ascii=False), encoding="utf-8")

    @staticmethod
    def read(file: Path) -> "World":
        """Return what ``write`` kept."""
        text = json.loads(file.read_text(encoding="utf-8"))
        text["callers"] = [Credentials(**each) for each in text["callers"]]
        return World(**text)


@asynccontextmanager
async def world(folder: Path, say: Callable[[str], None]) -> AsyncIterator[World]:
    """Start a node and give it staff and people."""
    async with (
        httpx.AsyncClient(timeout=60, trust_env=False) as http,
        Stack(folder, [DISTRICT], durable=False, log_level="ERROR", progress=say) as stack,
    ):
        node = stack.nodes[DISTRICT]
        secret = node.administrator_secret_file.read_text().strip()
        office = await open_office(http, DISTRICT, node.urls, secret)
        callers, ids = [Credentials("nobody"), Credentials("garbage", token="e30.e30.e30")], []
        for number, role in enumerate(ROLES):
            for place, area in (("district", DISTRICT), ("community", COMMUNITY)):
                if role in ("administrator", "auditor") and place == "community":
                    continue  # their area is the whole district
                name = f"{role}.{place}"
                api = await employ(http, office, name, f"职员{number}", role, area)
                callers.append(Credentials(name, _lasting(api)))
                staff = (await api.get("registry", "/auth/me"))["id"]
                account = await office.administrator.get("registry", f"/staff/{staff}")
                for request in account["awaiting_approval"]:
                    step = f"/approvals/{request}/approval"
                    await office.deputy.post("registry", step, {"remark": "已核实"}, version=1)
                ids.append(staff)
        ids += [
            (await api.get("registry", "/auth/me"))["id"]
            for api in (office.administrator, office.deputy, office.clerk, office.approver)
        ]
        for client in ("registry-api", "migrant-api", "reporting-worker"):
            given = (node.secrets / f"{client}_secret").read_text().strip()
            callers.append(Credentials(client, {"client_id": client, "client_secret": given}))
        say(f"entering {PEOPLE} people")
        entered = await _people(office.clerk)
        for person in entered[:2]:
            credentials, own = await _account(http, office.clerk, node.urls, person)
            callers.append(Credentials(f"person{len(callers)}", credentials))
            ids.append(own)
        await until("rights of all staff", lambda: _known(http, node.urls, callers))
        yield World(
            node.urls,
            _environments(stack),
            callers,
            [*ids, *entered[:2]],
            [COMMUNITY, SUBDISTRICT, DISTRICT],
        )


def _lasting(api: Api) -> dict[str, str]:
    assert api._credentials is not None
    username, password = api._credentials
    return {"username": username, "password": password}


async def _people(clerk: Api) -> list[str]:
    roster = generate_roster(7, DISTRICT, PEOPLE, date(2025, 12, 31))
    bodies = [person_body(person) for person in roster.people]
    entered = []
    for number, body in enumerate(bodies):
        if number % 2:
            body["present_area"] = COMMUNITY
        try:
            entered.append(str((await clerk.post("registry", "/persons", body))["id"]))
        except ApiError as error:
            if error.status not in (409, 422):  # what the roster draws is not this test's matter
                raise
    if len(entered) < PEOPLE // 2:
        raise RuntimeError(f"only {len(entered)} people could be entered")
    return entered


async def _account(
    http: httpx.AsyncClient, clerk: Api, urls: dict[str, str], person: str
) -> tuple[dict[str, str], str]:
    opened = await clerk.post("registry", f"/persons/{person}/account", {})
    password = secrets.token_urlsafe(18)
    body = {"account": opened["account"], "code": opened["code"], "password": password}
    await Api(http, urls).post("registry", "/public/accounts/activation", body)
    return {"account": opened["account"], "password": password}, person


async def _known(http: httpx.AsyncClient, urls: dict[str, str], callers: list[Credentials]) -> bool:
    """Whether the last of the staff is known in the other services, and so all of them."""
    last = [each for each in callers if each.body and "username" in each.body][-1]
    assert last.body is not None
    api = await first_sign_in(http, urls, last.body["username"], last.body["password"], 0)
    for service, path in (("migrant", "/partners"), ("reporting", "/indicators")):
        try:
            await api.get(service, path)
        except ApiError:
            return False
    return True


def _environments(stack: Stack) -> dict[str, dict[str, str]]:
    config = NodeConfig(
        DISTRICT,
        stack.data_dir,
        PortBook(stack.data_dir / "ports.json", {}),
        stack.trust_anchor,
        log_level="ERROR",
    )
    databases = node_access(stack.postgres.address, DISTRICT, stack.nodes[DISTRICT].secrets)
    brokers = Brokers(stack.nats.url, stack.hub.url)
    node = stack.nodes[DISTRICT]
    running = {"RENKOU_REGISTRY_URL": node.registry_url, "RENKOU_MIGRANT_URL": node.migrant_url}
    for kind in ("READ", "WRITE", "SEARCH", "SIGN_IN", "SERVICE"):  # made-up requests are many on purpose
        running[f"RENKOU_RATE_{kind}"] = "0"
    return {each: config.environment(each, "main", databases[each], brokers) | running for each in SERVICES}
