"""A person with a record of every kind, entered through the API, and all that is held about somebody."""

from collections import Counter
from dataclasses import dataclass
from datetime import date
from itertools import count
from typing import Any
from uuid import UUID, uuid4

from renkou_common.codes.credit_code import check_character, organisation_check_character
from renkou_common.messaging.envelope import parse_body
from renkou_common.scope import AreaScope
from renkou_registry.consents import service as consents
from renkou_registry.consents.domain import ConsentPurpose, How
from renkou_registry.me.repository import everything_of
from renkou_registry.supplies.users.service import own_copy

from ...support import Caller, Json, Registry
from ..people.people import HERE, People

ROLES = ("community_worker", "subdistrict_clerk", "service_station", "administrator", "statistician")
HISTORIES = frozenset({"life_event", "person_detail", "benefit_step", "record_change", "outbox"})
LOGS = frozenset({"audit_entry", "duplicate_merge", "duplicate_moved", "duplicate_candidate"})
NOT_COMPARED = frozenset(
    {"version", "changed_in", "id", "known_from", "recorded_at", "recorded_by", "position"}
)
"""Counts of changes, and what a row that was ended and begun again has anew."""
_NUMBERS = count(1)


@dataclass
class Records:
    """Enters as one caller who may do everything in the district."""

    registry: Registry
    caller: Caller
    scheme: Json
    point: str
    specification: str

    @property
    def today(self) -> date:
        return self.registry.runtime.clock.today()

    @property
    def people(self) -> People:
        return People(self.caller, self.registry.runtime)

    async def post(self, path: str, version: int | None = None, **body: Any) -> Json:
        headers = {} if version is None else {"If-Match": f'"{version}"'}
        answer = await self.caller.post(path, json=body, headers=headers)
        assert answer.status_code in (200, 201), (path, answer.text)
        found: Json = answer.json()
        return found

    async def woman(self, *kinds: str, **changes: Any) -> Json:
        """A woman who is fifty years old at most, with records of these kinds, or of every kind."""
        values = {"name": "端木锦书", "birth_date": "1979-05-09", "marital_status": "20"} | changes
        person = await self.people.enter(**values)
        for kind in kinds or KINDS:
            await getattr(self, kind)(person)
        return person

    async def card(self, person: Json) -> None:
        card = await self.post("/cards", person_id=person["id"])
        told = {"method": "supplies", "told_on": str(self.today), "consent": True}
        await self.caller.patch(f"/cards/{card['id']}", version=card["version"], json={"method": told})
        visits = (await self.caller.get(f"/cards/{card['id']}/visits")).json()["items"]
        (visit,) = [each for each in visits if each["state"] == "offered"]
        await self.post(f"/visits/{visit['id']}/acceptance", visit["version"], on=str(self.today))

    async def services(self, person: Json) -> None:
        path = f"/persons/{person['id']}"
        await self.post(f"{path}/services", kind="counselling", given_on="2025-03-01")
        await self.post(f"{path}/service-offers", kind="examination", offered_on="2025-03-01")

    async def check(self, person: Json) -> None:
        check = await self.post("/prepregnancy-checks", person_ids=[person["id"]], registered_on="2025-03-01")
        await self.post(
            f"/prepregnancy-checks/{check['id']}/consents",
            check["version"],
            person_id=person["id"],
            given_on="2025-03-01",
            given_how="signed",
        )

    async def childbirth(self, person: Json) -> None:
        await self.post("/childbirth-registrations", person_id=person["id"], address="present")

    async def honour(self, person: Json) -> None:
        child = await self.people.enter(
            name="端木小雅", birth_date="2001-06-01", mother_id=person["id"], children_count=0
        )
        await self.post(
            "/honour-certificates",
            kind="existing",
            number=f"庐阳独字第 {uuid4().hex[:10]} 号",
            first_holder_id=person["id"],
            child_id=child["id"],
            issued_on="2002-02-03",
        )

    async def supplies(self, person: Json) -> None:
        today = str(self.today)
        await self.post("/supply-users", person_id=person["id"], point_id=self.point, since=today)
        line = {"specification_id": self.specification, "quantity": 1}
        await self.post(f"/supply-points/{self.point}/issues", on=today, lines=[line], person_id=person["id"])

    async def household(self, person: Json) -> None:
        members = [{"person_id": person["id"], "relation": "02"}]
        await self.post("/households", number=f"户-{uuid4()}", area=HERE, members=members)

    async def mother(self, person: Json) -> None:
        mother = await self.people.enter(name="端木老太", birth_date="1955-01-02")
        await self.post(f"/persons/{person['id']}/kin", relation="mother", person_id=mother["id"])

    async def husband(self, person: Json) -> None:
        values = {"name": "李强", "sex": 1, "birth_date": "1978-02-02", "marital_status": "20"}
        man = await self.people.enter(**values)
        await self.post(f"/persons/{person['id']}/kin", relation="spouse", person_id=man["id"])

    async def work(self, person: Json) -> None:
        employer = await self.post("/employers", **employer_body())
        await self.post(f"/employers/{employer['id']}/employees", person_id=person["id"], since="2025-02-01")

    async def house(self, person: Json) -> None:
        for number, landlord in enumerate((person["id"], None)):
            owner = {"landlord_id": landlord} if landlord else {"landlord_name": "周杰"}
            rental = await self.post("/rentals", **rental_body(), **owner)
            if number:
                await self.post(
                    f"/rentals/{rental['id']}/tenants", person_id=person["id"], since="2025-02-01"
                )

    async def benefit(self, person: Json) -> None:
        account = {"bank": "徽商银行", "number": "6217000012345678901", "holder": person["name"]}
        await self.post(
            "/benefit-enrolments", scheme_id=self.scheme["id"], person_id=person["id"], account=account
        )

    async def consent(self, person: Json) -> None:
        runtime, scope = self.registry.runtime, AreaScope.everything()
        async with runtime.database.transaction(scope) as tx:
            await consents.set_consent(
                runtime,
                tx,
                scope,
                UUID(person["id"]),
                ConsentPurpose.CONTACT_BY_PHONE,
                given=True,
                by=self.caller.id,
                how=How.IN_PERSON,
            )

    async def held(self, *persons: Json) -> dict[str, list[str]]:
        """Everything held now about persons, table by table, without logs and histories."""
        runtime, found = self.registry.runtime, {}
        async with runtime.database.transaction(AreaScope.everything()) as tx:
            for person in persons:
                for each in await everything_of(tx, [UUID(person["id"])]):
                    if each.table not in HISTORIES | LOGS:
                        rows = [dict(row) for row in each.rows if _stands(each.table, dict(row))]
                        found[f"{person['id']} {each.table}"] = sorted(_text(each.table, row) for row in rows)
                own = await own_copy(runtime, tx, AreaScope.everything(), UUID(person["id"]))
                for table, lines in own.items():
                    found[f"{person['id']} {table}"] = sorted(_text(table, row) for row in lines)
        return {key: rows for key, rows in found.items() if rows}

    async def sums(self) -> Counter[tuple[str, str, str]]:
        """The sums of all published lines by population, area and measure."""
        found: Counter[tuple[str, str, str]] = Counter()
        async with self.registry.runtime.database.transaction(AreaScope.nothing()) as tx:
            rows = await tx.fetch("SELECT body FROM outbox ORDER BY position")
        for number, row in enumerate(rows, 1):
            for line in parse_body(row["body"], number).data.get("lines", []):
                found[line["population"], line["area"], line["measure"]] += line["value"]
        return Counter({key: value for key, value in found.items() if value})


KINDS = (
    "card",
    "services",
    "check",
    "childbirth",
    "honour",
    "supplies",
    "household",
    "mother",
    "husband",
    "work",
    "house",
    "benefit",
    "consent",
)


def _stands(table: str, row: dict[str, Any]) -> bool:
    """Say whether a row of a history that is ended and begun anew is what is known now."""
    return table not in ("household_member", "kin_link", "person_address") or row["known_until"] is None


def _text(table: str, row: dict[str, Any]) -> str:
    anew = table in ("household_member", "kin_link", "person_address")
    left_out = NOT_COMPARED if anew else {"version", "changed_in", "usual_next_on"}
    return str(sorted((name, str(value)) for name, value in row.items() if name not in left_out))


def employer_body(**changes: Any) -> Json:
    """An employer of HERE."""
    organisation = f"{next(_NUMBERS) + 50_000_000:08d}"
    first_17 = f"91340103{organisation}{organisation_check_character(organisation)}"
    return {
        "name": "庐阳服装厂",
        "credit_code": first_17 + check_character(first_17),
        "representative": "李明",
        "area": HERE,
        "street": "安庆路 8 号",
        "since": "2020-05-01",
    } | changes


def rental_body(**changes: Any) -> Json:
    """A rented house of HERE."""
    return {
        "area": HERE,
        "street": f"安庆路 {uuid4().hex[:8]} 号",
        "rooms": 3,
        "since": "2024-03-01",
    } | changes


async def open_records(registry: Registry) -> Records:
    """A caller with every role, a scheme in force, a point with stock."""
    pairs = [each for role in ROLES for each in (role, "340103")]
    caller, other = await registry.staff(*pairs), await registry.staff("administrator", "340103")
    done = Records(registry, caller, {}, "", "")
    definition = {
        "conditions": {"all": [{"registered_here": {}}]},
        "amount": {
            "unit": "person",
            "every": "year",
            "by_months": True,
            "bands": [{"from": "2020-01-01", "yuan": "960.00"}],
        },
        "notice_days": 7,
    }
    done.scheme = await done.post(
        "/benefit-schemes",
        code=f"joined_{uuid4().hex[:8]}",
        name_zh="奖励扶助",
        name_en="Reward assistance",
        legal_basis="示例文件",
        valid_from="2020-01-01",
        definition=definition,
    )
    (version,) = done.scheme["versions"]
    path = f"/benefit-schemes/{done.scheme['id']}/versions/{version['number']}/activation"
    activated = await other.post(path, headers={"If-Match": f'"{version["version"]}"'})
    assert activated.status_code == 200, activated.text
    product = await done.post("/supply-products", code=uuid4().hex[:12], name="避孕套", kind="condom")
    specification = await done.post(
        f"/supply-products/{product['id']}/specifications", name="中号", unit="盒"
    )
    point = await done.post("/supply-points", name=f"发放点 {uuid4()}", kind="community", area=HERE)
    done.specification, done.point = specification["id"], point["id"]
    line = {
        "specification_id": done.specification,
        "batch_number": uuid4().hex,
        "expires_on": "2098-12-31",
        "quantity": 50,
    }
    await done.post(f"/supply-points/{done.point}/receipts", on=str(done.today), lines=[line])
    return done
