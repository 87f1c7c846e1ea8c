"""What is put in: values that nobody else has, told through the APIs by everybody who tells a node something."""

import asyncio
import json
from collections.abc import Iterator
from datetime import date, datetime, time
from typing import Any
from uuid import uuid4

import httpx

from renkou_local.stack import Stack
from tests.e2e.api import Api, ApiError, Json
from tests.e2e.demo import nodes_of
from tests.e2e.journey import HOME, RESIDENCE, SHANGHAI
from tests.e2e.office import Office, agree, open_office, trust_each_other
from tests.e2e.progress import until
from tests.e2e.register.caller import Caller
from tests.e2e.register.records import Records
from tests.e2e.register.support import FIRST_DAY, HERE, Walk
from tests.e2e.register.test_10_lists import XLSX, hand_in, reached, sheet

BORN = "1990-03-09"
NUMBER = f"340103{BORN.replace('-', '')}"
"""How these women's ID numbers begin, as no area code, no birth date and no example of a document does."""
PHONE = "139774120"
HEALTH = "ZQKANARIE"
EXPECTED = next(
    str(day) for day in (date(2026, 10, 19), date(2026, 9, 23)) if abs((day - date.today()).days) > 7
)
NAME, STREET = "Zqnamen Gulnazar", "Zqstrasse 7"
PASSWORD = "Zqpasswort-of-the-desk"
BANK = "6217000098765432109"
"""The account of the applicant, as `records.py` tells it."""
THERE = f"{RESIDENCE}005001"
PROCESSES = (
    "registry-main",
    "registry-worker",
    "migrant-main",
    "migrant-worker",
    "reporting-main",
    "reporting-worker",
)


class Told:
    """Two districts; what was told them, and every answer that was no success."""

    def __init__(self, http: httpx.AsyncClient, stack: Stack) -> None:
        self.http = http
        self.stack = stack
        self.walk = Walk(http, stack)
        self.refusals: list[httpx.Response] = []
        self.tokens: list[str] = []
        self.phones = 0
        self.residence: Office
        self.woman: Json = {}
        self.number = ""

    def phone(self) -> str:
        """A number of the canaries."""
        self.phones += 1
        return f"{PHONE}{self.phones:02d}"

    async def everything(self) -> None:
        """Tell everything there is to tell."""
        await self._open()
        records = Records(self.walk)
        await records.make()
        await self._woman()
        await self._health()
        await self._offices()
        await self._looked_up()
        await self._wrong_inputs()
        await self._sheets()
        await self._herself()
        await self._signed_in()
        await self._between_districts()
        await self._crashes()

    async def _open(self) -> None:
        await self.walk.open()
        nodes, walk = nodes_of(self.stack), self.walk
        self.residence = await open_office(
            self.http, RESIDENCE, nodes.urls[RESIDENCE], nodes.secrets[RESIDENCE]
        )
        home = Office(
            HOME,
            walk.administrator.api,
            walk.manager.api,
            walk.clerk.api,
            walk.second_clerk.api,
            walk.statistician.api,
        )
        now = datetime.combine(FIRST_DAY, time(10), SHANGHAI)
        folder = self.stack.data_dir / "trust-list"
        await trust_each_other([home, self.residence], nodes.anchor, folder, 1, now)
        await agree([home, self.residence], FIRST_DAY, date(2027, 12, 31))

    async def _woman(self) -> None:
        body = self.walk.body(
            name=NAME,
            birth_date=BORN,
            marital_status="20",
            phone=self.phone(),
            present_street=STREET,
            registered_street=STREET,
        )
        self.number = body["resident_id"]
        assert self.number.startswith(NUMBER)
        self.woman = await self.walk.clerk.post("/persons", body)
        path = f"/persons/{self.woman['id']}"
        self.woman = await self.walk.clerk.patch(path, {"phone": self.phone()}, self.woman["version"])
        wanted = {"name": f"{NAME} Zwei", "resident_id": self.walk.resident_id(BORN, 2)}
        event = (await self.walk.clerk.get(f"{path}/events"))["items"][0]["id"]
        correction = {"event_id": event, "details": wanted, "reason": "登记有误"}
        asked = await self.walk.clerk.post("/corrections", correction)
        await self.walk.second_clerk.post(
            f"/corrections/{asked['id']}/approval", {}, version=asked["version"]
        )
        self.number = wanted["resident_id"]

    async def _health(self) -> None:
        walk, woman, day = self.walk, self.woman["id"], str(self.walk.today)
        try:
            card = await walk.worker.post("/cards", {"person_id": woman})
        except ApiError as error:  # the opening of a whole community's cards may have come first
            if error.code != "card_exists":
                raise
            card = await walk.worker.get(f"/persons/{woman}/card")
        path = f"/cards/{card['id']}"
        told: Json = {"method": "supplies", "told_on": day, "consent": True}
        card = await walk.worker.patch(path, {"method": told}, card["version"])
        told = {"expected_on": EXPECTED, "told_on": day, "consent": True}
        await walk.worker.patch(path, {"expected_delivery": told}, card["version"])
        assert EXPECTED in str(await walk.worker.get(path, purpose="service"))
        visit = next(each for each in await walk.worker.items(f"{path}/visits") if each["state"] == "offered")
        kept = {"result": "kept", "on": day, "effect": "good", "note": f"{HEALTH} 头晕"}
        late = {"client_id": "late", "visit_id": visit["id"], "base_version": 99, "outcome": kept}
        sent = {"device_id": uuid4().hex, "batch_id": "1", "items": [late]}
        await walk.worker.post("/visit-batches", sent)
        accepted = await walk.worker.post(
            f"/visits/{visit['id']}/acceptance", {"on": day}, version=visit["version"]
        )
        await walk.worker.post(f"/visits/{visit['id']}/outcome", kept, version=accepted["version"])

    async def _offices(self) -> None:
        walk = self.walk
        petition = {"area": HERE, "received_on": str(walk.today), "channel": "letter", "topic": "benefit"}
        petition |= {"office": "计生办", "petitioner_name": NAME, "petitioner_phone": self.phone()}
        await walk.worker.post("/petitions", petition | {"content": f"{HEALTH} 手术以后"})
        rental = {"area": HERE, "street": STREET, "rooms": 2, "since": "2024-01-01"}
        rental |= {"landlord_name": NAME, "landlord_phone": self.phone()}
        await walk.worker.post("/rentals", rental)

    async def _looked_up(self) -> None:
        walk, path = self.walk, f"/persons/{self.woman['id']}"
        for asked in ({"resident_id": self.number}, {"phone": f"{PHONE}02"}):
            assert (await walk.clerk.post("/persons/search", asked))["items"]
        unmask = {"fields": ["resident_id", "phone"], "purpose": "contact", "reason": "电话回访"}
        assert self.number in str(await walk.clerk.post(f"{path}/unmask", unmask))
        for who in (walk.clerk, walk.worker):
            assert self.number not in str(await who.get(path))
        await walk.clerk.get(f"{path}/details")
        await walk.clerk.get("/persons", area=HERE)
        exported = await walk.auditor.send("POST", "/audit/exports", {"reason": "年度检查"})
        assert NUMBER not in exported.text

    async def _refused(self, by: Caller, method: str, path: str, body: Any = None, **more: Any) -> None:
        """Send what must be refused, and keep what was answered."""
        more.setdefault("service", "registry")
        headers = {"Idempotency-Key": str(uuid4())} | more.pop("headers", {})
        if by.api.token:
            headers["Authorization"] = f"Bearer {by.api.token}"
        url = by.api.urls[more.pop("service")] + path
        answer = await self.http.request(method, url, json=body, headers=headers, timeout=60, **more)
        assert 400 <= answer.status_code < 500, (path, answer.text)
        self.refusals.append(answer)

    async def _wrong_inputs(self) -> None:
        clerk, body = self.walk.clerk, self.walk.body(birth_date=BORN, phone=self.phone(), name=NAME)
        wrong = body["resident_id"][:17] + ("1" if body["resident_id"][17] != "1" else "2")
        for changed in (
            {"resident_id": wrong},
            {"resident_id": self.number},  # taken
            {"resident_id": [self.number]},
            {"resident_id": self.number + "0"},
            {"phone": f"{self.phone()}x{'0' * 60}"},
            {"birth_date": self.number},
            {"sex": self.number},
            {"mother_id": self.number},
            {self.number: "what nobody asked for"},
            {"name": f"{self.number}\0{HEALTH}"},
        ):
            await self._refused(clerk, "POST", "/persons", body | changed)
        await self._refused(clerk, "GET", f"/persons/{self.number}")
        await self._refused(clerk, "GET", "/persons", params={"area": HERE, "resident_id": self.number})
        await self._refused(clerk, "GET", f"/no-such-thing/{self.number}")
        await self._refused(clerk, "POST", "/persons", {}, headers={"If-Match": self.number})
        await self._refused(clerk, "POST", "/arrivals", {"person": {"resident_id": wrong}}, service="migrant")
        await self._refused(clerk, "GET", f"/notices/{self.number}", service="migrant")
        await self._refused(clerk, "GET", "/figures", service="reporting", params={"indicator": self.number})

    async def _sheets(self) -> None:
        walk, clerk = self.walk, self.walk.district_clerk
        kinds = (await clerk.get("/imports/kinds"))["items"]
        headings = [each["title"] for kind in kinds if kind["kind"] == "persons" for each in kind["columns"]]
        good = {
            "户号": "丝-1",
            "姓名": NAME,
            "性别": "女",
            "出生日期": BORN,
            "证件类型": "居民身份证",
        }
        good |= {"证件号码": walk.resident_id(BORN, 2), "民族": "汉族", "婚姻状况": "初婚"}
        good |= {"与户主关系": "户主", "户籍地编码": HERE, "现居住地编码": HERE, "联系电话": self.phone()}
        good |= {"现居住起始日期": "2015-06-01", "现居住地详细地址": STREET}
        wrong = good | {"户号": "丝-2", "证件号码": good["证件号码"][:17] + "Q", "婚姻状况": HEALTH}
        content = sheet(headings, [good, wrong])
        job = await hand_in(clerk, "/imports", content, kind="persons", stock_date="2025-01-01")
        path = f"/imports/{job['id']}"
        assert (await reached(clerk, path, "done"))["rows_refused"] == 1
        await clerk.items(f"{path}/errors")
        await clerk.content(f"{path}/errors.xlsx")
        one, other = (list(map(str, each.values())) for each in (good, wrong))
        slipped = good | {
            "户号": "丝-3",
            "姓名": good["证件号码"],
            "民族": good["联系电话"],
            "证件类型": self.number,
        }
        for content in (
            sheet(headings, [slipped | {"证件号码": NAME}]),
            sheet(one, [dict(zip(one, other, strict=True))]),  # a sheet without its headings
        ):
            job = await hand_in(clerk, "/imports", content, kind="persons", stock_date="2025-01-01")
            await self._ended(f"/imports/{job['id']}")
        headings = ["身份证号", "姓名", "死亡日期"]
        rows = [{"身份证号": self.number, "姓名": NAME, "死亡日期": "2026-02-01"}]
        stated = {"source": "civil_affairs", "kind": "deaths", "purpose": "核实", "legal_basis": "制度"}
        given = await hand_in(clerk, "/external-lists", sheet(headings, rows), **stated)
        await reached(clerk, f"/external-lists/{given['id']}", "matched")
        for kind in ("csv", "xlsx"):
            wish = {"list": "persons", "filters": {"area": HERE}, "columns": ["name", "resident_id", "phone"]}
            wish |= {"format": kind, "purpose_code": "register_upkeep", "purpose": "核对社区花名册"}
            export = await clerk.post("/exports", wish)
            await reached(clerk, f"/exports/{export['id']}", "done")
            link = await clerk.post(f"/exports/{export['id']}/link")
            assert NUMBER.encode() not in await clerk.content(link["path"])
        headers = {"Content-Type": XLSX}
        answer = await self.http.post(
            f"{walk.urls['registry']}/imports",
            params={"kind": "persons", "stock_date": "2025-01-01"},
            content=f"{self.number} {HEALTH}".encode(),
            headers=headers | {"Authorization": f"Bearer {clerk.api.token}", "Idempotency-Key": str(uuid4())},
        )
        assert answer.status_code < 500, answer.text

    async def _ended(self, path: str) -> None:
        """Wait for an import, and keep what is told of it: each told what is wrong, masked."""
        clerk = self.walk.district_clerk

        async def over() -> bool:
            return (await clerk.get(path))["state"] in {"done", "failed"}

        await until(f"{path} to be over", over, 60)
        for told in (path, f"{path}/errors"):
            self.refusals.append(await clerk.send("GET", told))

    async def _herself(self) -> None:
        me = await self.walk.account(self.woman)
        assert self.number in str(await me.get("/me", clear=True))
        assert HEALTH in (await me.api.text("registry", "/me/copy.json"))
        await me.content("/me/copy.pdf")
        await me.put("/me/consents/contact_by_phone", {"given": True})
        self.tokens.append(me.api.token)

    async def _signed_in(self) -> None:
        walk = self.walk
        body: Json = {
            "username": f"c{uuid4().hex[:8]}",
            "display_name": "工作人员",
            "password": f"{PASSWORD}-first",
        }
        body["assignments"] = [{"role": "community_worker", "area": HERE}]
        await walk.administrator.post("/staff", body)
        api = Api(self.http, walk.urls)
        await api.sign_in(body["username"], body["password"])
        await api.post("registry", "/auth/password", {"current": body["password"], "new": PASSWORD}, key=None)
        answer = await api.sign_in(body["username"], PASSWORD)
        factor = await api.post("registry", "/auth/totp", {"password": PASSWORD}, key=None)
        renewed = await api.post(
            "registry", "/auth/refresh", {"refresh_token": answer["refresh_token"]}, key=None
        )
        for wrong in (f"{PASSWORD}-wrong", f"{PASSWORD}\0", PASSWORD * 60):
            anybody = {"username": body["username"], "password": wrong}
            await self._refused(walk.anybody(), "POST", "/auth/token", anybody)
        self.tokens += [answer["access_token"], answer["refresh_token"], renewed["access_token"]]
        self.tokens += [renewed["refresh_token"], factor["secret"]]
        self.tokens += [caller.api.token for caller in walk.staff.values()]

    async def _between_districts(self) -> None:
        walk, away = self.walk, Caller(self.residence.clerk)
        left = {"person_id": self.woman["id"], "destination_area": THERE, "departed_on": walk.before(days=1)}
        await walk.clerk.post("/departures", left, service="migrant")
        issued = await walk.certificate(self.woman)
        path = f"/certificates/{issued['id']}/presentation"
        shown = (
            await walk.clerk.api.text("migrant", path, groups="person,id_number,registered_area")
        ).strip()
        person = {"name": f"{NAME} Zwei", "sex": 2, "birth_date": BORN, "resident_id": self.number}
        person |= {"registered_area": HERE, "registered_street": STREET}
        arrived = {"person": person, "arrived_on": str(walk.today), "area": THERE, "street": STREET}
        arrival = await away.post("/arrivals", arrived | {"phone": self.phone()}, service="migrant")
        home_list = f"{away.api.urls['migrant']}/public/status-lists/{HOME}-1"

        async def known() -> bool:
            return (await self.http.get(home_list)).status_code == 200

        await until("the home district's first status list to be known", known)
        checked = {"text": shown, "arrival_id": arrival["id"]}
        await away.post("/certificate-checks", checked, service="migrant")
        given = {"kind": "examination", "given_on": str(walk.today), "share_with_home": True}
        await away.post(f"/persons/{arrival['person_id']}/services", given)

        async def came() -> bool:
            kinds = {
                each["kind"] for each in await walk.clerk.items("/notices", service="migrant", direction="in")
            }
            return kinds >= {"arrival_notice", "certificate_checked", "service_notice"}

        await until("the notices to reach home", came, 120)
        for notice in await walk.clerk.items("/notices", service="migrant", direction="in"):
            one = await walk.clerk.get(f"/notices/{notice['id']}", service="migrant")
            step = {"arrival_notice": "answer", "service_notice": "confirmation"}.get(one["kind"])
            body: Json = {"known": True, "note": "已知悉"} if step == "answer" else {}
            if step:
                answered = f"/notices/{one['id']}/{step}"
                await walk.clerk.post(answered, body, version=one["version"], service="migrant")

    async def _crashes(self) -> None:
        """End processes while they are at work on what was told."""
        clerk = self.walk.clerk

        async def enter() -> None:
            body = self.walk.body(name=NAME, birth_date=BORN, phone=self.phone(), present_street=STREET)
            try:
                await clerk.post("/persons", body)
            except (httpx.TransportError, ApiError):
                return

        at_work = [asyncio.create_task(enter()) for _ in range(12)]
        await asyncio.gather(*(self.stack.supervisor.crash(f"{HOME}-{each}") for each in PROCESSES))
        await asyncio.gather(*at_work)
        await self.walk.caught_up()

    def secrets(self) -> set[str]:
        """Tokens' signatures, secrets of the second factor, and what stands in the secret files of the nodes."""
        found = {token.rsplit(".", 1)[-1] for token in self.tokens}
        for file in self.stack.data_dir.glob("*/secrets/*"):
            text = file.read_text(encoding="utf-8").strip()
            found |= set(_private(json.loads(text)) if file.suffix == ".json" else _one_word(text))
        return found


def _one_word(text: str) -> Iterator[str]:
    """A secret in one word; not the member's token of a hub, which opens nothing without the seed."""
    if len(text) < 200:
        yield text


def _private(content: Any) -> Iterator[str]:
    """The private parts of JSON web keys."""
    if isinstance(content, dict):
        yield from [content["d"]] if "d" in content else []
        content = list(content.values())
    if isinstance(content, list):
        for each in content:
            yield from _private(each)
