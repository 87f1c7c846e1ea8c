"""One record of each kind about people of one community, for asking who may see them."""

from datetime import timedelta
from uuid import uuid4

from renkou_common.codes.credit_code import check_character, organisation_check_character
from tests.e2e.api import Json
from tests.e2e.register.support import HERE, NEXT_DOOR, TOWN, Walk

SCHEME = {
    "conditions": {"all": [{"registered_here": {}}]},
    "amount": {
        "unit": "person",
        "every": "year",
        "bands": [{"from": "2020-01-01", "yuan": "10.00"}],
    },
}
ACCOUNT = {"bank": "徽商银行", "number": "6217000098765432109", "holder": "赵小兰"}
PERSONS = ("person_id", "person_ids", "mother_id", "first_holder_id", "kept_id")
RELATIVES = ("father_id", "spouse_id", "second_holder_id", "gone_id")


class Records:
    """Ids by the name of the path parameter; ``at`` gives those of a family of paths that share a name."""

    def __init__(self, walk: Walk) -> None:
        self.walk = walk
        self.ids: dict[str, str] = {}
        self.at: dict[str, dict[str, str]] = {}

    def of(self, path: str) -> dict[str, str]:
        """The ids to put into a path and its body."""
        own = next((ids for start, ids in self.at.items() if path.startswith(start)), {})
        return self.ids | own

    async def make(self) -> None:
        """Make one record of each kind in HERE, by the people who keep them there."""
        woman = await self.walk.enter(marital_status="20")
        man = await self.walk.enter(sex=1)
        self.ids = dict.fromkeys(PERSONS, str(woman["id"])) | dict.fromkeys(RELATIVES, str(man["id"]))
        self.ids["ref"] = woman["ref"]
        self.ids["child_id"] = (await self.walk.enter(birth_date="2015-05-05"))["id"]
        await self._family(woman)
        await self._duplicates()
        await self._card(woman)
        await self._maternal(woman, man)
        await self._benefit(woman)
        await self._supplies(woman)
        await self._offices(woman)
        await self._lists()

    async def _family(self, woman: Json) -> None:
        walk, ids = self.walk, self.ids
        history = (await walk.clerk.get(f"/persons/{woman['id']}/events"))["items"]
        ids["event_id"] = history[0]["id"]
        members = [{"person_id": woman["id"], "relation": "02"}]
        home = {"number": f"权-{uuid4().hex[:6]}", "area": HERE, "members": members}
        ids["household_id"] = (await walk.clerk.post("/households", home))["id"]
        other = home | {"number": f"权-{uuid4().hex[:6]}", "members": []}
        ids["into"] = (await walk.clerk.post("/households", other))["id"]
        place = {"area": HERE, "kind": "building", "code": uuid4().hex[:8], "name": "一栋"}
        place["valid_from"] = "2020-01-01"
        ids["place_id"] = (await walk.clerk.post("/places", place))["id"]
        wanted = {"event_id": ids["event_id"], "changes": {"marital_status": "10"}, "reason": "登记有误"}
        ids["request_id"] = (await walk.clerk.post("/corrections", wanted))["id"]
        asks = {"kind": "deletion", "wish": "请删除不再需要的信息"}
        asked = await walk.clerk.post(f"/persons/{woman['id']}/privacy-requests", asks)
        self.at["/privacy-requests"] = {"request_id": asked["id"]}

    async def _duplicates(self) -> None:
        walk, ids = self.walk, self.ids
        first, second = [
            await walk.enter(name="尉迟重复", birth_date="1977-07-07", document_kind=kind)
            for kind in ("none", "none")
        ]
        body = {"kept_id": first["id"], "gone_id": second["id"], "reason": "同一人"}
        ids["merge_id"] = (await walk.clerk.post("/duplicate-merges", body))["id"]
        ids["run_id"] = (await walk.clerk.post("/duplicate-runs", {"area": HERE}))["id"]

    async def _card(self, woman: Json) -> None:
        walk, ids = self.walk, self.ids
        card = await walk.worker.post("/cards", {"person_id": woman["id"]})
        ids["card_id"] = card["id"]
        told = {"method": "supplies", "told_on": str(walk.today), "consent": True}
        await walk.worker.patch(f"/cards/{card['id']}", {"method": told}, card["version"])
        facts = (await walk.worker.get(f"/cards/{card['id']}/methods", purpose="service"))["items"]
        ids["fact_id"] = facts[0]["id"]
        (visit,) = (await walk.worker.get(f"/cards/{card['id']}/visits"))["items"]
        ids["visit_id"] = visit["id"]
        ids["opening_id"] = (await walk.clerk.post("/card-openings", {"area": HERE}))["id"]
        item = {"client_id": "a1", "visit_id": visit["id"], "base_version": 99}
        item |= {"outcome": {"result": "kept", "on": str(walk.today)}}
        batch = {"device_id": uuid4().hex, "batch_id": "1", "items": [item]}
        sent = await walk.worker.post("/visit-batches", batch)
        self.at["/visit-batches"] = {"batch_id": sent["id"], "client_id": "a1"}

    async def _maternal(self, woman: Json, man: Json) -> None:
        walk, ids = self.walk, self.ids
        offer = {"kind": "examination", "offered_on": "2026-02-01"}
        ids["service_id"] = (await walk.worker.post(f"/persons/{woman['id']}/service-offers", offer))["id"]
        couple = {"person_ids": [woman["id"], man["id"]], "registered_on": "2026-02-01"}
        ids["step"] = "history"
        ids["check_id"] = (await walk.station.post("/prepregnancy-checks", couple))["id"]
        body = {"person_id": woman["id"], "address": "present"}
        ids["registration_id"] = (await walk.worker.post("/childbirth-registrations", body))["id"]
        mother = await walk.enter(birth_date="1970-01-05", children_count=1)
        father = await walk.enter(sex=1, birth_date="1969-01-05", children_count=1)
        child = await walk.enter(birth_date="1998-06-01", mother_id=mother["id"], father_id=father["id"])
        held = {"kind": "issued", "issued_on": "2026-02-03", "first_holder_id": mother["id"]}
        held |= {"second_holder_id": father["id"], "child_id": child["id"]}
        ids["certificate_id"] = (await walk.clerk.post("/honour-certificates", held))["id"]

    async def _benefit(self, woman: Json) -> None:
        walk, ids = self.walk, self.ids
        body: Json = {"code": f"s{uuid4().hex[:8]}", "name_zh": "地方补助", "name_en": "Local"}
        body |= {"legal_basis": "地方文件", "valid_from": "2020-01-01", "definition": SCHEME}
        scheme = await walk.manager.post("/benefit-schemes", body)
        number = scheme["versions"][-1]
        path = f"/benefit-schemes/{scheme['id']}/versions/{number['number']}/activation"
        await walk.director.post(path, version=number["version"])
        ids["scheme_id"] = scheme["id"]
        applied = {"scheme_id": scheme["id"], "person_id": woman["id"], "account": ACCOUNT}
        case = await walk.worker.post("/benefit-enrolments", applied)
        ids["enrolment_id"] = case["id"]
        checks = ((walk.colleague, "community-check"), (walk.clerk, "subdistrict-check"))
        for caller, step in (*checks, (walk.director, "approval")):
            path = f"/benefit-enrolments/{case['id']}"
            version = (await walk.worker.get(path))["version"]
            await caller.post(f"{path}/{step}", {"result": "pass"}, version=version)
        opened = {"scheme_id": scheme["id"], "area": TOWN, "days": 7}
        notice = await walk.second_clerk.post("/benefit-notices", opened)
        self.at["/benefit-notices"] = {"notice_id": notice["id"]}
        words = {"enrolment_id": case["id"], "words": "户籍已迁出"}
        path = f"/benefit-notices/{notice['id']}/objections"
        objected = await walk.colleague.post(path, words)
        self.at["/benefit-notices"]["objection_id"] = objected["objections"][0]["id"]

    async def _supplies(self, woman: Json) -> None:
        walk, ids = self.walk, self.ids
        code = {"code": uuid4().hex[:10], "name": "避孕套", "kind": "condom"}
        product = await walk.administrator.post("/supply-products", code)
        path = f"/supply-products/{product['id']}/specifications"
        what = (await walk.administrator.post(path, {"name": "中号", "unit": "盒"}))["id"]
        points = []
        for area in (HERE, NEXT_DOOR):
            body = {"name": uuid4().hex[:8], "kind": "community", "area": area}
            points.append((await walk.station.post("/supply-points", body))["id"])
        ids["point_id"], ids["to_point"] = points
        day = str(walk.today)
        line = {"specification_id": what, "batch_number": "1", "expires_on": "2030-01-01", "quantity": 9}
        path = f"/supply-points/{points[0]}"
        received = await walk.station.post(f"{path}/receipts", {"on": day, "lines": [line]})
        ids["document_id"] = ids["issue_id"] = received["id"]
        moved = {"on": day, "to_point": points[1], "lines": [{"specification_id": what, "quantity": 1}]}
        ids["transfer_id"] = (await walk.worker.post(f"{path}/transfers", moved))["id"]
        counted = [{"batch_id": received["lines"][0]["batch_id"], "counted": 8}]
        ids["count_id"] = (await walk.worker.post(f"{path}/counts", {"on": day, "lines": counted}))["id"]
        ids["since"] = day
        user = {"person_id": woman["id"], "point_id": points[0], "since": day}
        ids["user_id"] = (await walk.worker.post("/supply-users", user))["id"]

    async def _offices(self, woman: Json) -> None:
        walk, ids = self.walk, self.ids
        organisation = f"{int(uuid4().hex[:6], 16) % 10**8:08d}"
        first_17 = f"91340103{organisation}{organisation_check_character(organisation)}"
        tie = {"person_id": woman["id"], "since": "2025-01-01"}
        employer = {"name": "某厂", "credit_code": first_17 + check_character(first_17), "area": HERE}
        employer |= {"representative": "李明", "since": "2020-01-01"}
        rental = {"area": HERE, "street": f"安庆路{uuid4().hex[:6]}", "rooms": 2, "since": "2024-01-01"}
        rental |= {"landlord_name": "周杰"}
        for path, body, people, papers, name in (
            ("/employers", employer, "employees", "statements", "statement_id"),
            ("/rentals", rental, "tenants", "agreements", "agreement_id"),
        ):
            one = (await walk.worker.post(path, body))["id"]
            link = await walk.worker.post(f"{path}/{one}/{people}", tie)
            paper = (await walk.worker.get(f"{path}/{one}/{papers}"))["items"][0]
            self.at[path] = {f"{path[1:-1]}_id": one, "link_id": link["id"], name: paper["id"]}
        activity: Json = {"area": HERE, "kind": "publicity", "title": "宣传", "place": "广场"}
        activity |= {"held_on": "2026-02-01", "people_reached": 9}
        ids["activity_id"] = (await walk.worker.post("/activities", activity))["id"]
        petition = {"area": HERE, "received_on": str(walk.today - timedelta(days=2)), "channel": "letter"}
        petition |= {"topic": "benefit", "office": "计生办", "petitioner_name": "赵敏", "content": "询问"}
        ids["petition_id"] = (await walk.worker.post("/petitions", petition))["id"]
        options = [{"code": code, "title": code, "positive": code == "yes"} for code in ("yes", "no")]
        question = {"code": "q", "kind": "satisfaction", "title": "满意吗", "options": options}
        survey = {"area": HERE, "title": "调查", "questions": [question]}
        ids["survey_id"] = (await walk.worker.post("/surveys", survey))["id"]
        budget = {"area": HERE, "year": 2026, "kind": "services", "planned": "10.00"}
        line = (await walk.statistician.post("/budget-lines", budget))["id"]
        spent = {"amount": "1.00", "spent_on": "2026-02-01", "purpose": "运输"}
        spending = await walk.statistician.post(f"/budget-lines/{line}/spendings", spent)
        self.at["/budget-lines"] = {"line_id": line, "spending_id": spending["id"]}

    async def _lists(self) -> None:
        walk, ids = self.walk, self.ids
        xlsx = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"
        template = await walk.clerk.content("/imports/templates/deaths.xlsx")
        sent: Json = {"content": template, "headers": {"Content-Type": xlsx}}
        answer = await walk.clerk.send("POST", "/imports", params={"kind": "deaths"}, **sent)
        ids["import_id"] = answer.json()["id"]
        stated = {"source": "police", "kind": "deaths", "purpose": "核实登记", "legal_basis": "制度"}
        answer = await walk.clerk.send("POST", "/external-lists", params=stated, **sent)
        self.at["/external-lists"] = {"list_id": answer.json()["id"], "row": "2"}
        body = {"list": "persons", "filters": {"area": HERE}, "columns": ["name"], "format": "csv"}
        ids["export_id"] = (
            await walk.clerk.post(
                "/exports", body | {"purpose_code": "register_upkeep", "purpose": "核对花名册"}
            )
        )["id"]
