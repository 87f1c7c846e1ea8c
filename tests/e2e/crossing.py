"""What lies between two districts: leaving, the certificate, arriving, services, and what is owed to home."""

from dataclasses import dataclass, field
from datetime import date

from tests.e2e.api import Json
from tests.e2e.desk import Desk, key
from tests.e2e.ledger import Arrival, Certificate, Notice, Person, Stay
from tests.e2e.plan import Birth, Departure
from tests.e2e.synthetic.people import Roster

CONTENT = ["person", "id_number", "registered_area", "marital_status", "children_count"]
SHOWN = "person,registered_area,marital_status"


@dataclass
class Traveller:
    """One person between the districts, with what both offices know of them."""

    planned: Departure
    who: str
    departure: str = ""
    application: str = ""
    certificate: str = ""
    presentation: str = ""
    arrival: str = ""
    arrival_version: int = 1
    refused: str = ""
    told: list[str] = field(default_factory=list)


class Crossing:
    """Home and residence with the travellers between them."""

    def __init__(self, home: Desk, residence: Desk, roster: Roster) -> None:
        self.home = home
        self.residence = residence
        self.roster = roster
        self.travellers: dict[int, Traveller] = {}
        self.verified = 0
        self.refused: dict[str, int] = {}

    async def leave(self, planned: Departure) -> None:
        """Register a departure at home."""
        who = f"p{planned.person}"
        person = self.roster.people[planned.person]
        await self.home.find(who, person.document_number)
        body = {
            "person_id": self.home.ids[who],
            "destination_area": planned.to_area,
            "departed_on": planned.left.isoformat(),
        }
        answer = await self.home.api.post("migrant", "/departures", body)
        traveller = Traveller(planned, who, departure=str(answer["id"]))
        self.travellers[planned.person] = traveller
        stays = self.home.ledger.persons[who].stays
        stays.append(Stay(planned.left, int(planned.to_area), stays[-1].registered))

    async def certify(self, traveller: Traveller) -> None:
        """Apply for the certificate, have it approved, issue it and let the holder take it along."""
        step = key("certificate", traveller.who, traveller.planned.left)
        asked = {"person_id": self.home.ids[traveller.who], "groups": CONTENT}
        application = await self.home.api.post("migrant", "/certificate-applications", asked)
        traveller.application = str(application["id"])
        path = f"/certificate-applications/{traveller.application}/approval"
        await self.home.approver.post("migrant", path, {}, key=None, version=int(application["version"]))
        body = {"application_id": traveller.application}
        answer = await self.home.api.post("migrant", "/certificates", body, key=step)
        again = await self.home.api.post("migrant", "/certificates", body, key=step)
        self.home.doubled += answer["id"] != again["id"]
        traveller.certificate = str(answer["id"])
        self.home.ledger.certificates[traveller.certificate] = Certificate(
            traveller.who, date.fromisoformat(answer["valid_from"]), date.fromisoformat(answer["valid_to"])
        )
        path = f"/certificates/{traveller.certificate}/presentation"
        traveller.presentation = (await self.home.api.text("migrant", path, groups=SHOWN)).strip()

    async def arrive(self, traveller: Traveller) -> None:
        """Register the arrival at the residence."""
        person = self.roster.people[traveller.planned.person]
        body: Json = {
            "person": {
                "name": person.name,
                "sex": int(person.sex),
                "birth_date": person.birth_date.isoformat(),
                "resident_id": person.document_number,
                "marital_status": str(int(person.marital_status)),
                "registered_area": person.registered_area,
                "registered_street": person.registered_street,
            },
            "arrived_on": traveller.planned.arrives.isoformat(),
            "area": traveller.planned.to_area,
            "street": "张杨路500号2幢301室",
        }
        step = key("arrival", traveller.who)
        answer = await self.residence.api.post("migrant", "/arrivals", body, key=step)
        again = await self.residence.api.post("migrant", "/arrivals", body, key=step)
        self.residence.doubled += answer["id"] != again["id"]
        traveller.arrival = str(answer["id"])
        who, ledger = f"m{traveller.planned.person}", self.residence.ledger
        self.residence.ids[who] = str(answer["person_id"])
        area, arrived = int(traveller.planned.to_area), traveller.planned.arrives
        ledger.persons[who] = Person(
            sex=int(person.sex),
            birth=person.birth_date,
            entered=arrived,
            entry="arrival",
            stays=[Stay(arrived, area, int(person.registered_area))],
        )
        ledger.arrivals[traveller.arrival] = Arrival(who, area, arrived)
        self._owe("arrival_notice", traveller, arrived)

    def _owe(self, kind: str, traveller: Traveller, arose: date) -> None:
        notices = self.residence.ledger.notices
        area = int(traveller.planned.to_area)
        number = f"{kind} {traveller.who} {len(notices)}"
        notices[number] = Notice(kind, traveller.arrival, area, arose)
        traveller.told.append(number)

    async def check(self, traveller: Traveller, today: date) -> Json:
        """Check the certificate that the arrived person shows."""
        body = {"text": traveller.presentation, "arrival_id": traveller.arrival}
        answer = await self.residence.api.post("migrant", "/certificate-checks", body)
        self.residence.ledger.arrivals[traveller.arrival].checked = True
        self.count(answer)
        if answer["result"] == "valid":
            self._owe("certificate_checked", traveller, today)
        return answer

    def count(self, answer: Json) -> None:
        """Count the outcome of a check."""
        if answer["result"] == "valid":
            self.verified += 1
        else:
            code = str(answer["code"])
            self.refused[code] = self.refused.get(code, 0) + 1

    async def serve(self, traveller: Traveller, day: date) -> None:
        """Record a free service at the residence; told to the home district where the person agrees."""
        who = f"m{traveller.planned.person}"
        path = f"/persons/{self.residence.ids[who]}/services"
        body = {
            "kind": "examination",
            "given_on": day.isoformat(),
            "share_with_home": traveller.planned.shares,
        }
        await self.residence.api.post("registry", path, body)
        if traveller.planned.shares:
            self._owe("service_notice", traveller, day)

    async def migrant_birth(self, traveller: Traveller, planned: Birth, name: str, parity: int) -> None:
        """Register the birth of a migrant woman's child at the residence."""
        child = f"c{traveller.planned.person}"
        await self.residence.birth(child, f"m{traveller.planned.person}", planned, name, parity)
        self._owe("birth_notice", traveller, planned.born)

    async def go_home(self, traveller: Traveller) -> None:
        """Leave the residence again and return to the registered area."""
        back = traveller.planned.returns
        assert back is not None
        arrival = self.residence.ledger.arrivals[traveller.arrival]
        current = await self.residence.api.get("migrant", f"/arrivals/{traveller.arrival}")
        home_area = self.roster.people[traveller.planned.person].registered_area
        body = {"departed_on": back.isoformat(), "destination_area": home_area}
        await self.residence.api.post(
            "migrant", f"/arrivals/{traveller.arrival}/departure", body, version=current["version"]
        )
        arrival.left = back
        stays = self.residence.ledger.persons[arrival.person].stays
        stays.append(Stay(back, int(home_area), stays[-1].registered))
        self._owe("departure_notice", traveller, back)
        departure = await self.home.api.get("migrant", f"/departures/{traveller.departure}")
        await self.home.api.post(
            "migrant",
            f"/departures/{traveller.departure}/return",
            {"returned_on": back.isoformat()},
            version=departure["version"],
        )
        stays = self.home.ledger.persons[traveller.who].stays
        stays.append(Stay(back, int(home_area), stays[-1].registered))
