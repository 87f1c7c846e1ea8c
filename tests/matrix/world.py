"""A district with one record of each kind about people of one community, and callers of every role and area."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from uuid import uuid4

from renkou_common.identity.roles import Role
from renkou_local.node import CLIENTS
from tests.e2e.api import Json
from tests.e2e.openapi import Operation
from tests.e2e.register.caller import Caller
from tests.e2e.register.records import Records
from tests.e2e.register.support import DISTRICT, HERE, OTHER_TOWN, TOWN
from tests.matrix.node import Office, Services, office_of

OF_THE_DISTRICT = (Role.ADMINISTRATOR, Role.AUDITOR)
AREAS = {"own": TOWN, "sibling": OTHER_TOWN, "parent": DISTRICT}
"""Where a caller works, seen from the community whose records are asked for."""
OF_THE_WHOLE_DISTRICT = frozenset(
    {"staff_id", "change_id", "scheme_id", "number", "product_id", "code", "list_id"}
    | {"form_version", "step", "kind", "token", "purpose", "row", "client_id", "since"}
)
"""What is kept once for a district, and parts of an address that name no record."""


@dataclass
class World:
    """An office, the ids of its records by the name of the path's parameter, and callers by role and area."""

    office: Office
    records: Records
    callers: dict[tuple[str, str], Caller] = field(default_factory=dict)

    def of(self, operation: Operation) -> Mapping[str, str]:
        """The ids to put into an operation's path and body."""
        known = self.records.of(operation.path)
        if operation.service == "registry":
            return known
        own = next((ids for start, ids in self.records.at.items() if operation.path.startswith(start)), {})
        return {name: known[name] for name in ("person_id", "ref")} | own

    @cached_property
    def ids(self) -> set[str]:
        """Ids of records of the place."""
        every = [self.records.ids, *self.records.at.values()]
        return {
            value
            for ids in every
            for name, value in ids.items()
            if name not in OF_THE_WHOLE_DISTRICT and len(value) == 36
        }

    @cached_property
    def told(self) -> set[str]:
        """What was told of people: names, numbers, telephones, streets."""
        return set(self.office.secrets)


async def people_of(services: Services) -> World:
    """Open the office, make the records, employ a caller of each role in each kind of area."""
    office = office_of(services)
    await office.open()
    records = Records(office)
    await records.make()
    world = World(office, records)
    await _migrants(world)
    for role in Role:
        for kind, area in AREAS.items():
            if role not in OF_THE_DISTRICT or area == DISTRICT:
                world.callers[role.value, kind] = await office.employ((role.value, area))
    world.callers["no role", "none"] = await office.employ()
    for client in CLIENTS:
        world.callers[client, "service"] = await office.service(client)
    assert world.told  # what the callers tell of themselves comes after it
    world.callers["person", "own"] = await office.account(await office.enter())
    world.callers["nobody", "no token"] = office.anybody()
    await services.spread()
    return world


async def _migrants(world: World) -> None:
    """Who left with a certificate, and who arrived."""
    office, at = world.office, world.records.at
    await office.services.spread()
    leaver = await office.enter(marital_status="10")
    wish = {"person_id": leaver["id"], "groups": ["person", "marital_status"]}
    asked = await office.clerk.post("/certificate-applications", wish, service="migrant")
    path = f"/certificate-applications/{asked['id']}/approval"
    await office.second_clerk.post(path, {}, version=asked["version"], service="migrant")
    made = await office.clerk.post("/certificates", {"application_id": asked["id"]}, service="migrant")
    at["/certificate-applications"] = {"application_id": asked["id"]}
    at["/certificates"] = {"certificate_id": made["id"]}
    leaving = {"person_id": leaver["id"], "destination_area": "310115", "departed_on": str(office.today)}
    gone = await office.clerk.post("/departures", leaving, service="migrant")
    at["/departures"] = {"departure_id": gone["id"]}
    number = office.resident_id("1991-05-06", 1, "310115")
    person: Json = {
        "name": f"客{uuid4().hex[:6]}",
        "sex": 1,
        "birth_date": "1991-05-06",
        "resident_id": number,
    }
    person |= {"registered_area": "310115005001"}
    office.tell(person)
    arrival: Json = {"area": HERE, "street": "寿春路7号", "arrived_on": str(office.today), "person": person}
    came = await office.clerk.post("/arrivals", arrival, service="migrant")
    at["/arrivals"] = {"arrival_id": came["id"]}
