"""What the sheets of every register are tried on: people, a scheme, a point with products, a house."""

from collections import Counter
from dataclasses import dataclass, field
from itertools import count
from typing import Any
from uuid import uuid4

from renkou_common.scope import AreaScope

from ...support import Caller, Json, Registry
from ..benefits.office import definition
from ..offices.desk import credit_code
from ..people.people import People

DISTRICT, HERE = "340103", "340103005001"


@dataclass
class Known:
    """Somebody of the register with what a sheet says of them."""

    id: str
    number: str
    name: str

    def cells(self, number: str = "身份证号", name: str = "姓名") -> Json:
        return {number: self.number, name: self.name}


@dataclass
class World:
    """Enters through the API what the sheets refer to."""

    registry: Registry
    clerk: Caller
    second: Caller
    numbers: list[str] = field(default_factory=list)
    years: Any = field(default_factory=lambda: count(2030))

    async def post(self, path: str, body: Json, status: int = 201, **more: Any) -> Json:
        answer = await self.clerk.post(path, json=body, **more)
        assert answer.status_code == status, answer.text
        made: Json = answer.json() if answer.content else {}
        return made

    async def person(self, **changes: Any) -> Known:
        body = People(self.clerk, self.registry.runtime).body(
            **{"registered_area": HERE, "present_area": HERE, "name": "欧阳小明"} | changes
        )
        made = await self.post("/persons", body)
        self.numbers.append(body["resident_id"])
        return Known(made["id"], body["resident_id"], body["name"])

    async def logged_for_exports(self) -> Counter[str]:
        """How often each person stands in the readings of this clerk's exports."""
        async with self.registry.runtime.database.transaction(AreaScope.nothing()) as tx:
            rows = await tx.fetch(
                "SELECT person_ids FROM audit_entry WHERE actor_id = $1 AND action = 'export'", self.clerk.id
            )
        return Counter(str(each) for row in rows for each in row["person_ids"])

    async def scheme(self) -> tuple[str, str]:
        """A scheme in force: code and id."""
        code = f"sheet_{uuid4().hex[:12]}"
        made = await self.post(
            "/benefit-schemes",
            {
                "code": code,
                "name_zh": "奖励扶助",
                "name_en": "Reward assistance",
                "legal_basis": "示例文件",
                "valid_from": "2020-01-01",
                "definition": definition(),
            },
        )
        version = made["versions"][-1]
        answer = await self.second.post(
            f"/benefit-schemes/{made['id']}/versions/{version['number']}/activation",
            headers={"If-Match": f'"{version["version"]}"'},
        )
        assert answer.status_code == 200, answer.text
        return code, made["id"]

    async def product(self) -> tuple[str, str]:
        """A product with one specification 中号: its code, the specification's id."""
        code = uuid4().hex[:12]
        made = await self.post("/supply-products", {"code": code, "name": "避孕套", "kind": "condom"})
        path = f"/supply-products/{made['id']}/specifications"
        return code, (await self.post(path, {"name": "中号", "unit": "盒"}))["id"]

    async def point(self) -> tuple[str, str]:
        """A point: its name and id."""
        name = f"发放点 {uuid4().hex[:8]}"
        made = await self.post("/supply-points", {"name": name, "kind": "community", "area": HERE})
        return name, made["id"]

    async def employer(self, **changes: Any) -> Json:
        body = {
            "name": "合肥某某有限公司",
            "credit_code": credit_code(),
            "representative": "王小明",
            "phone": "13800138000",
            "area": HERE,
            "since": "2020-05-01",
        }
        return await self.post("/employers", body | changes)

    async def rental(self) -> Json:
        body = {
            "area": HERE,
            "street": f"安庆路 {uuid4().hex[:8]} 号",
            "rooms": 2,
            "landlord_name": "王小明",
            "landlord_phone": "13800138000",
            "since": "2025-01-01",
        }
        return await self.post("/rentals", body)
