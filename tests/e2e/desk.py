"""The clerk's desk: each thing the journey does through the APIs, written into the ledger as it is done."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from datetime import date, timedelta
from uuid import NAMESPACE_OID, uuid5

from tests.e2e.api import Api, Json
from tests.e2e.independent import usual_on
from tests.e2e.ledger import Ledger, Person, Stay
from tests.e2e.plan import Birth, Death, Move

AT_ONCE = 8


async def in_parallel[T](jobs: Iterable[Callable[[], Awaitable[T]]]) -> list[T]:
    """Run jobs a few at a time, as several clerks would; results in order."""
    gate = asyncio.Semaphore(AT_ONCE)

    async def one(job: Callable[[], Awaitable[T]]) -> T:
        async with gate:
            return await job()

    return await asyncio.gather(*(one(job) for job in jobs))


def key(*parts: object) -> str:
    """Return the same Idempotency-Key for the same step, so that a step can be sent twice."""
    return str(uuid5(NAMESPACE_OID, " ".join(str(part) for part in parts)))


def wrong_day(right: date) -> date:
    """Return a day of the month before, so that a correction moves a count from one month to another."""
    return right.replace(day=1) - timedelta(days=4)


class Desk:
    """One district's clerk, the one who approves corrections, the ledger and the ids the register gave."""

    def __init__(self, api: Api, approver: Api, ledger: Ledger) -> None:
        self.api = api
        self.approver = approver
        self.ledger = ledger
        self.ids: dict[str, str] = {}
        self.events: dict[str, str] = {}
        self.doubled = 0

    async def find(self, who: str, resident_id: str) -> str:
        """Look a person up by the ID number, once."""
        if who not in self.ids:
            found = await self.api.post("registry", "/persons/search", {"resident_id": resident_id}, key=None)
            self.ids[who] = str(found["items"][0]["id"])
        return self.ids[who]

    async def birth(self, child: str, mother: str, planned: Birth, name: str, parity: int) -> Json:
        """Register a birth of a mother in the register; wrong at first where the plan says so."""
        mothers = self.ledger.persons[mother]
        told_on, told_sex, told_parity = planned.born, int(planned.sex), parity
        if planned.correction == "date":
            told_on = wrong_day(planned.born)
        elif planned.correction == "sex":
            told_sex = 3 - told_sex
        elif planned.correction == "parity":
            told_parity += 1
        body = {
            "mother_id": self.ids[mother],
            "happened_on": told_on.isoformat(),
            "child": {"name": name, "sex": told_sex},
            "parity": told_parity,
        }
        step = key(self.ledger.district, "birth", child)
        answer = await self.api.post("registry", "/life-events/births", body, key=step)
        again = await self.api.post("registry", "/life-events/births", body, key=step)
        self.doubled += answer["id"] != again["id"]
        self.ids[child] = str(answer["person_id"])
        self.events[child] = str(answer["id"])
        at_birth = mothers.stays[-1]
        self.ledger.persons[child] = Person(
            sex=int(planned.sex),
            birth=planned.born,
            entered=planned.born,
            entry="birth",
            stays=[Stay(planned.born, at_birth.area, at_birth.registered)],
            usual_at_birth=usual_on(mothers, planned.born),
            parity=parity,
        )
        return answer

    async def correct_birth(self, child: str, planned: Birth, parity: int) -> None:
        """Put right what was told wrong about a birth."""
        right: Json = {"happened_on": planned.born.isoformat(), "sex": int(planned.sex), "parity": parity}
        field = {"date": "happened_on"}.get(planned.correction, planned.correction)
        await self.correct(self.events[child], {field: right[field]})

    async def correct(self, life_event: str, changes: Json) -> None:
        """Ask for the correction of a life event, and have it approved."""
        reason = "登记笔误, 凭原始材料更正"
        await self._carried_out({"event_id": life_event, "changes": changes, "reason": reason})

    async def _carried_out(self, body: Json) -> None:
        asked = await self.api.post("registry", "/corrections", body)
        path = f"/corrections/{asked['id']}/approval"
        await self.approver.post("registry", path, {}, key=None, version=int(asked["version"]))

    async def death(self, who: str, planned: Death) -> None:
        """Register a death; the mistaken ones are put right a month later."""
        told = planned.died
        if planned.correction == "date":
            told = wrong_day(planned.died)
        body = {"person_id": self.ids[who], "happened_on": told.isoformat()}
        answer = await self.api.post("registry", "/life-events/deaths", body)
        self.events[f"death {who}"] = str(answer["id"])
        if planned.correction != "retract":
            self.ledger.persons[who].died = planned.died

    async def mend_death(self, who: str, planned: Death) -> None:
        """Retract the death of somebody who lives, or correct its day."""
        event = self.events[f"death {who}"]
        if planned.correction == "retract":
            await self._carried_out({"event_id": event, "retract": True, "reason": "同名误登, 本人健在"})
        else:
            await self.correct(event, {"happened_on": planned.died.isoformat()})

    async def move(self, who: str, planned: Move) -> None:
        """Register a move."""
        body = {
            "person_id": self.ids[who],
            "happened_on": planned.on.isoformat(),
            "to_area": planned.to_area,
            "transfer_registration": planned.transfer,
        }
        await self.api.post("registry", "/life-events/moves", body)
        person = self.ledger.persons[who]
        area = int(planned.to_area)
        person.stays.append(Stay(planned.on, area, area if planned.transfer else person.stays[-1].registered))

    async def marriage(self, one: str, other: str, on: date) -> None:
        """Register a marriage of two people in the register."""
        body = {"person_id": self.ids[one], "spouse_id": self.ids[other], "happened_on": on.isoformat()}
        await self.api.post("registry", "/life-events/marriages", body)
