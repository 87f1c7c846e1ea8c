"""An office that takes benefit cases from application to payment, each step by somebody else."""

import csv
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import date, timedelta
from io import StringIO
from itertools import count
from typing import Any
from uuid import uuid4

import httpx

from renkou_common.messaging.envelope import Event, parse_body
from renkou_common.scope import AreaScope

from ...support import Caller, Json, Registry
from ..people.people import HERE, People

DISTRICT, SUBDISTRICT = "340103", "340103001"
RURAL = {"facts": {"rural_registration": True}}
_CODES = count(1)


def definition(**amount: Any) -> Json:
    """A scheme for everybody registered here who is sixty: 960.00 a year by months."""
    return {
        "conditions": {"all": [{"registered_here": {}}, {"age": {"at_least": 60}}]},
        "amount": {
            "unit": "person",
            "every": "year",
            "by_months": True,
            "bands": [{"from": "2020-01-01", "yuan": "960.00"}],
        }
        | amount,
        "notice_days": 7,
    }


@dataclass
class Office:
    """Everybody a case passes, and shorthands for their steps."""

    registry: Registry
    people: People
    worker: Caller
    checker: Caller
    clerk: Caller
    publisher: Caller
    manager: Caller
    approver: Caller
    payer: Caller
    _today: date = field(default=date(2026, 3, 2))

    def set_today(self, day: date) -> None:
        self._today = day
        self.registry.set_today(day)

    async def scheme(self, given: Json | None = None, code: str | None = None) -> Json:
        """A scheme in force: proposed by one administrator, activated by another."""
        body = {
            "code": code or f"scheme_{next(_CODES)}",
            "name_zh": "奖励扶助",
            "name_en": "Reward assistance",
            "legal_basis": "示例文件",
            "valid_from": "2020-01-01",
            "definition": given or definition(),
        }
        made = await self.manager.post("/benefit-schemes", json=body)
        assert made.status_code == 201, made.text
        return await self.activate(made.json())

    async def activate(self, scheme: Json) -> Json:
        newest = scheme["versions"][-1]
        answer = await self.approver.post(
            f"/benefit-schemes/{scheme['id']}/versions/{newest['number']}/activation",
            headers={"If-Match": f'"{newest["version"]}"'},
        )
        assert answer.status_code == 200, answer.text
        activated: Json = answer.json()
        return activated

    async def apply(self, scheme: Json, person: Json, **changes: Any) -> Json:
        """An application; returns the case."""
        answer = await self.worker.post(
            "/benefit-enrolments", json=self.application(scheme, person, **changes)
        )
        assert answer.status_code == 201, answer.text
        case: Json = answer.json()
        return case

    def application(self, scheme: Json, person: Json, **changes: Any) -> Json:
        account = {"bank": "徽商银行", "number": "6217000012345678901", "holder": "王小明"}
        return {"scheme_id": scheme["id"], "person_id": person["id"], "account": account} | changes

    async def step(self, caller: Caller, case: Json, name: str, **body: Any) -> httpx.Response:
        """A step of a case in the version that is read now."""
        current = (await self.worker.get(f"/benefit-enrolments/{case['id']}")).json()
        return await caller.post(
            f"/benefit-enrolments/{case['id']}/{name}",
            headers={"If-Match": f'"{current["version"]}"'},
            json=body,
        )

    async def approve(self, case: Json, confirmed: Sequence[str] = ()) -> None:
        """The three checks."""
        passed = {"result": "pass"}
        for caller, name, body in (
            (self.checker, "community-check", passed | {"confirmed": list(confirmed)}),
            (self.clerk, "subdistrict-check", passed),
            (self.approver, "approval", passed),
        ):
            answer = await self.step(caller, case, name, **body)
            assert answer.status_code == 200, answer.text

    async def notice(self, scheme: Json) -> Json:
        body = {"scheme_id": scheme["id"], "area": SUBDISTRICT}
        answer = await self.publisher.post("/benefit-notices", json=body)
        assert answer.status_code == 201, answer.text
        notice: Json = answer.json()
        return notice

    async def close_notice(self, notice: Json) -> httpx.Response:
        current = (await self.publisher.get(f"/benefit-notices/{notice['id']}")).json()
        return await self.publisher.post(
            f"/benefit-notices/{notice['id']}/closing", headers={"If-Match": f'"{current["version"]}"'}
        )

    async def start(self, scheme: Json, *cases: Json, confirmed: Sequence[str] = ()) -> None:
        """Carry applications to payment, a week and a day later."""
        for case in cases:
            await self.approve(case, confirmed)
        notice = await self.notice(scheme)
        self.set_today(self._today + timedelta(days=8))
        closed = await self.close_notice(notice)
        assert closed.status_code == 200, closed.text

    async def entitled(self, **changes: Any) -> Json:
        """Somebody of sixty registered here."""
        return await self.people.enter(birth_date="1960-05-05", **changes)

    async def draft(self, scheme: Json, period: str = "2026", **changes: Any) -> httpx.Response:
        body = {"scheme_id": scheme["id"], "period": period, "area": SUBDISTRICT}
        return await self.payer.post("/benefit-batches", json=body | changes)

    async def batch_step(self, caller: Caller, batch: Json, name: str, **content: Any) -> httpx.Response:
        current = (await self.payer.get(f"/benefit-batches/{batch['id']}")).json()
        return await caller.post(
            f"/benefit-batches/{batch['id']}/{name}",
            headers={"If-Match": f'"{current["version"]}"'},
            **content,
        )

    async def exported(self, scheme: Json, period: str = "2026") -> tuple[Json, list[dict[str, str]]]:
        """A batch drafted, approved and exported; returns it with the rows of its file."""
        made = await self.draft(scheme, period)
        assert made.status_code == 201, made.text
        batch: Json = made.json()
        approved = await self.batch_step(self.approver, batch, "approval")
        assert approved.status_code == 200, approved.text
        exported = await self.batch_step(self.payer, batch, "export?format=csv")
        assert exported.status_code == 200, exported.text
        return batch, list(csv.DictReader(StringIO(exported.content.decode("utf-8-sig"))))

    async def settle(
        self, batch: Json, rows: Sequence[dict[str, str]], failed: Sequence[str] = ()
    ) -> httpx.Response:
        """The bank's answer: all paid but those whose line is in ``failed``."""
        target = StringIO(newline="")
        writer = csv.writer(target)
        writer.writerow(["行号", "金额(元)", "结果", "原因"])
        paid = 0
        for row in rows:
            line, amount = row["行号"], row["金额(元)"]
            writer.writerow([line, amount, *(["失败", "账号有误"] if line in failed else ["成功", ""])])
            paid += 0 if line in failed else int(amount.replace(".", ""))
        return await self.results(batch, target.getvalue(), f"{paid // 100}.{paid % 100:02d}")

    async def results(
        self, batch: Json, text: str, paid_total: str, encoding: str = "utf-8-sig"
    ) -> httpx.Response:
        return await self.payer.request(
            "POST",
            f"/benefit-batches/{batch['id']}/results",
            params={"paid_total": paid_total},
            headers={"Content-Type": "text/csv", "Idempotency-Key": str(uuid4())},
            content=text.encode(encoding),
        )

    async def paid(self, scheme: Json, period: str = "2026") -> Json:
        """Draft to closed, everything paid."""
        batch, rows = await self.exported(scheme, period)
        settled = await self.settle(batch, rows)
        assert settled.status_code == 200, settled.text
        closed = await self.batch_step(self.payer, batch, "closing")
        assert closed.status_code == 200, closed.text
        result: Json = closed.json()
        return result

    async def dues(self, case: Json) -> list[Json]:
        answer = await self.worker.get(f"/benefit-enrolments/{case['id']}/dues")
        assert answer.status_code == 200, answer.text
        items: list[Json] = answer.json()["items"]
        return items

    async def lines(self, batch: Json) -> list[Json]:
        answer = await self.payer.get(f"/benefit-batches/{batch['id']}/lines")
        items: list[Json] = answer.json()["items"]
        return items

    async def overpayments(self, state: str = "open") -> list[Json]:
        answer = await self.approver.get("/benefit-overpayments", params={"area": DISTRICT, "state": state})
        items: list[Json] = answer.json()["items"]
        return items

    async def events(self, kind: str) -> list[Event]:
        """Everything of a type in the outbox."""
        async with self.registry.runtime.database.transaction(AreaScope.nothing()) as tx:
            rows = await tx.fetch("SELECT body FROM outbox WHERE type = $1 ORDER BY position", kind)
        return [parse_body(row["body"], number) for number, row in enumerate(rows, 1)]

    async def figures(self, scheme: Json) -> dict[str, int]:
        """What all published lines of a scheme add up to, by measure."""
        sums: dict[str, int] = {}
        for event in await self.events("registry.enrolment.changed.v1"):
            for line in event.data["lines"]:
                if line["detail"] == scheme["code"]:
                    sums[line["measure"]] = sums.get(line["measure"], 0) + line["value"]
        return {name: value for name, value in sums.items() if value}


async def open_office(registry: Registry) -> Office:
    """Staff for every desk."""
    worker = await registry.staff("community_worker", HERE)
    clerk = await registry.staff("subdistrict_clerk", SUBDISTRICT)
    office = Office(
        registry,
        People(clerk, registry.runtime),
        worker,
        await registry.staff("community_worker", HERE),
        clerk,
        await registry.staff("subdistrict_clerk", SUBDISTRICT),
        await registry.staff("administrator", DISTRICT),
        await registry.staff("administrator", DISTRICT),
        await registry.staff("administrator", DISTRICT),
    )
    office.set_today(date(2026, 3, 2))
    return office
