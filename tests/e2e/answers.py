"""The home district's clerk works through what arrived: confirms most, disputes some, leaves some."""

from functools import partial
from random import Random

from tests.e2e.api import Json
from tests.e2e.crossing import Crossing
from tests.e2e.desk import in_parallel
from tests.e2e.independent import usual_on
from tests.e2e.ledger import CONFIRMABLE, Notice, Person, Stay
from tests.e2e.office import NOTICE_KINDS
from tests.e2e.progress import until

UNDER_WAY = {"drafted", "sent", "delivered"}
CONFIRMED, DISPUTED = 0.78, 0.86  # what comes after is left, and will be overdue


class Answers:
    """Decides once on each notice that arrives, and writes down what it decided."""

    def __init__(self, crossing: Crossing, seed: int) -> None:
        self.crossing = crossing
        self.random = Random(f"answers {seed}")
        self.seen: set[str] = set()
        self.left = 0

    async def delivered(self) -> None:
        """Wait until the partner's node has acknowledged everything that was sent so far, also while faults go on."""
        api = self.crossing.residence.api
        left: list[str] = []

        async def nothing_under_way() -> bool:
            owed = len(self.crossing.residence.ledger.notices)
            known = await api.pages("migrant", "/notices", direction="out", limit=200)
            own = [n for n in known if n["kind"] in NOTICE_KINDS]
            left[:] = [f"{n['kind']} {n['id']}: {n['state']}" for n in own if n["state"] in UNDER_WAY]
            left.extend([f"{owed - len(own)} not drafted"] if len(own) < owed else [])
            return not left

        await until("delivery of every notice", nothing_under_way, 240, missing=lambda: "; ".join(left))

    async def settled(self) -> None:
        """Wait until every reply of the home district has reached the residence.

        To be done before the clock goes on by a month: a reply that a fault holds up for half a minute (until the hub
        delivers it again) would have expired, as 90 of the clock's days go by in some ten seconds.
        """
        different: list[str] = []

        async def agreed() -> bool:
            received = await self.crossing.home.api.pages("migrant", "/notices", direction="in", limit=200)
            sent = await self.crossing.residence.api.pages("migrant", "/notices", direction="out", limit=200)
            states = {notice["id"]: notice["state"] for notice in sent}
            different[:] = [
                f"{n['kind']} {n['id']}: {n['state']} at home, {states.get(n['id'])} at the residence"
                for n in received
                if states.get(n["id"]) != n["state"]
            ]
            return not different

        await until("equal states at both ends", agreed, 240, missing=lambda: "; ".join(different))

    async def work(self) -> None:
        """Look at every notice that came in since the last time and act on it."""
        api = self.crossing.home.api
        items = await api.pages("migrant", "/notices", direction="in", state="read", limit=200)
        fresh = sorted((item for item in items if item["id"] not in self.seen), key=lambda n: str(n["id"]))
        self.seen |= {item["id"] for item in fresh}
        await in_parallel([partial(self._answer, item, self.random.random()) for item in fresh])

    async def _answer(self, item: Json, draw: float) -> None:
        api = self.crossing.home.api
        notice = await api.get("migrant", f"/notices/{item['id']}")
        path, version = f"/notices/{item['id']}", notice["version"]
        if notice["kind"] == "arrival_notice":
            if draw < DISPUTED:
                body: Json = {"known": True, "note": "本区户籍, 已知悉"}
                await api.post("migrant", f"{path}/answer", body, version=version)
        elif notice["kind"] in CONFIRMABLE:
            if draw < CONFIRMED:
                await api.post("migrant", f"{path}/confirmation", {}, version=version)
                self._confirmed(notice)
            elif draw < DISPUTED:
                body = {"reason": "与本区登记不符, 请核对日期"}
                await api.post("migrant", f"{path}/dispute", body, version=version)
            else:
                self.left += 1

    def _confirmed(self, notice: Json) -> None:
        content = notice["content"]
        person = self._who(content["subject"])
        day = content["child"]["birth_date"] if notice["kind"] == "birth_notice" else content["given_on"]
        self._owed(notice["kind"], person, str(day)).confirmed = True
        if notice["kind"] == "birth_notice":
            self._born_at_home(person, content["child"], int(content["birth_area"]))

    def _who(self, subject: Json) -> int:
        """Return the traveller whom a notice is about; its ID number is shown masked."""
        people = self.crossing.roster.people
        first, last = subject["resident_id"][:4], subject["resident_id"][-4:]
        return next(
            i
            for i in self.crossing.travellers
            if people[i].name == subject["name"]
            and people[i].document_number[:4] == first
            and people[i].document_number[-4:] == last
        )

    def _owed(self, kind: str, person: int, day: str) -> Notice:
        traveller = self.crossing.travellers[person]
        notices = self.crossing.residence.ledger.notices
        return next(
            notices[number]
            for number in traveller.told
            if notices[number].kind == kind
            and notices[number].arose.isoformat() == day
            and not notices[number].confirmed
        )

    def _born_at_home(self, mother: int, child: Json, birth_area: int) -> None:
        """A confirmed birth notice makes the home register enter the child under its own rules."""
        ledger = self.crossing.home.ledger
        woman = ledger.persons[f"p{mother}"]
        born = self.crossing.residence.ledger.persons[f"c{mother}"].birth
        ledger.persons[f"c{mother}"] = Person(
            sex=int(child["sex"]),
            birth=born,
            entered=born,
            entry="birth",
            stays=[Stay(born, birth_area, woman.stays[-1].registered)],
            usual_at_birth=usual_on(woman, born),
            parity=int(child["parity"]),
        )
