"""An office that enrols, approves and pays a benefit while everything breaks; money is never paid twice."""

import asyncio
import csv
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from io import StringIO
from uuid import uuid4

import httpx

from tests.e2e.api import Api, ApiError, Json
from tests.e2e.journey import Journey
from tests.e2e.office import employ

PAUSE = 0.5
AT_ONCE = 3
NOTICE_DAYS = 7
ACCOUNT = {"bank": "徽商银行", "number": "6217000012345678901", "holder": "王小明"}
DEFINITION: Json = {
    "conditions": {"all": [{"registered_here": {}}, {"age": {"at_least": 60}}]},
    "amount": {
        "unit": "person",
        "every": "year",
        "by_months": True,
        "bands": [{"from": "2020-01-01", "yuan": "960.00"}],
    },
    "notice_days": NOTICE_DAYS,
}


@dataclass
class Treasury:
    """The benefits of one district. ``paid`` is what was acknowledged as paid, by batch.

    ``refused`` are the codes of what the rules did not allow.
    """

    journey: Journey
    district: str
    http: httpx.AsyncClient
    paid: dict[str, Decimal] = field(default_factory=dict)
    refused: list[str] = field(default_factory=list)
    scheme: str = ""
    _worker: Api = field(init=False)
    _colleague: Api = field(init=False)

    async def open(self) -> None:
        """Employ two people of the community, and put a scheme into force by four eyes."""
        office = self.journey.offices[self.district]
        role = ("community_worker", self.district)
        self._worker = await employ(self.http, office, "worker", "社区经办人", *role)
        self._colleague = await employ(self.http, office, "colleague", "社区复核人", *role)
        body: Json = {
            "code": "assistance_of_the_old",
            "name_zh": "奖励扶助",
            "name_en": "Reward assistance",
            "legal_basis": "示例文件",
            "valid_from": "2020-01-01",
            "definition": DEFINITION,
        }
        made = await office.administrator.post("registry", "/benefit-schemes", body)
        newest = made["versions"][-1]
        path = f"/benefit-schemes/{made['id']}/versions/{newest['number']}/activation"
        await office.deputy.post("registry", path, {}, version=newest["version"])
        self.scheme = str(made["id"])

    async def work(self, over: asyncio.Event) -> None:
        """Take a handful of people from application to payment, again and again, until it is ``over``."""
        people = self._old()
        while not over.is_set():
            chosen = [who for who, _ in zip(people, range(AT_ONCE), strict=False)]
            if not chosen:
                return
            try:
                for who in chosen:
                    await self._enrol(who)
                await self._pay(over)
            except ApiError as refusal:  # the journey moves people: one may have gone, and then nobody be due
                if refusal.status != 409:
                    raise
                self.refused.append(refusal.code)
            await asyncio.sleep(PAUSE)

    def _old(self) -> Iterator[int]:
        """People of the roster who are old enough and whom the journey leaves alone: it takes those of 66 and more."""
        done = self.journey.imported[self.district]
        for index in done.accepted:
            person = done.roster.people[index]
            local = person.registered_area[:6] == person.present_area[:6] == self.district
            if local and person.document_kind == "resident_id" and 60 <= person.age_on(self._today) <= 62:
                yield index

    @property
    def _today(self) -> date:
        return self.journey.today

    async def _enrol(self, who: int) -> None:
        office = self.journey.offices[self.district]
        number = self.journey.imported[self.district].roster.people[who].document_number
        found = await self._worker.post("registry", "/persons/search", {"resident_id": number}, key=None)
        body = {"scheme_id": self.scheme, "person_id": found["items"][0]["id"], "account": ACCOUNT}
        case = await self._worker.post("registry", "/benefit-enrolments", body)
        path = f"/benefit-enrolments/{case['id']}"
        await self._step(self._colleague, path, "community-check", {"result": "pass", "confirmed": []})
        await self._step(office.clerk, path, "subdistrict-check", {"result": "pass"})
        await self._step(office.deputy, path, "approval", {"result": "pass"})

    async def _pay(self, over: asyncio.Event) -> None:
        """Give notice, wait until its time has run out, and pay who is due in that year."""
        office = self.journey.offices[self.district]
        body = {"scheme_id": self.scheme, "area": self.district}
        notice = await office.approver.post("registry", "/benefit-notices", body)
        given = self._today
        while self._today <= given + timedelta(days=NOTICE_DAYS):
            if over.is_set():
                return
            await asyncio.sleep(PAUSE)
        await self._step(office.approver, f"/benefit-notices/{notice['id']}", "closing", {})
        drafted = {"scheme_id": self.scheme, "period": f"{self._today:%Y}", "area": self.district}
        batch = await office.administrator.post("registry", "/benefit-batches", drafted)
        path = f"/benefit-batches/{batch['id']}"
        await self._step(office.deputy, path, "approval", {})
        await self._settle(path)
        await self._step(office.administrator, path, "closing", {})

    async def _settle(self, path: str) -> None:
        """Take the sheet to the bank and hand in what it says: everything paid."""
        administrator = self.journey.offices[self.district].administrator
        version = (await administrator.get("registry", path))["version"]
        headers = {"Idempotency-Key": str(uuid4()), "If-Match": f'"{version}"'}
        await administrator.request("POST", "registry", f"{path}/export?format=csv", headers=headers)
        lines = await administrator.pages("registry", f"{path}/lines")
        total = sum((Decimal(line["amount"]) for line in lines), Decimal())
        sheet = StringIO(newline="")
        writer = csv.writer(sheet)
        writer.writerow(["行号", "金额(元)", "结果", "原因"])
        writer.writerows([line["id"], line["amount"], "成功", ""] for line in lines)
        await administrator.request(
            "POST",
            "registry",
            f"{path}/results",
            params={"paid_total": f"{total:.2f}"},
            content=sheet.getvalue().encode("utf-8-sig"),
            headers={"Content-Type": "text/csv", "Idempotency-Key": str(uuid4())},
        )
        self.paid[path.rsplit("/", 1)[1]] = total

    async def _step(self, api: Api, path: str, name: str, body: Json) -> None:
        """Take a step of what stands there now; a refusal after a lost answer says that it was taken."""
        version = (await api.get("registry", path))["version"]
        await api.post("registry", f"{path}/{name}", body, version=int(version))
