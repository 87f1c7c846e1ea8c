"""People for the tests of the API: made-up persons with valid numbers, entered by a clerk."""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from datetime import date
from typing import Any

from renkou_common.codes.resident_id import check_character
from renkou_common.messaging.envelope import Event, parse_body
from renkou_common.scope import AreaScope
from renkou_registry.runtime import Runtime

from ...support import Caller, Json

HERE = "340103001001"
_TAKEN: Counter[tuple[str, date, int]] = Counter()


def resident_id(born: date, sex: int, region: str) -> str:
    """A valid ID number nobody else in this run has: 500 for a region, day and sex, then the next region's."""
    while _TAKEN[region, born, sex] == 500:
        region = f"{int(region) + 1}"
    number = _TAKEN[region, born, sex]
    _TAKEN[region, born, sex] += 1
    first_17 = f"{region}{born:%Y%m%d}{number * 2 + (1 if sex == 1 else 0):03d}"
    return first_17 + check_character(first_17)


@dataclass
class People:
    """Enters people through the API as one caller."""

    caller: Caller
    runtime: Runtime

    def body(self, **changes: Any) -> Json:
        """A complete POST /persons of a woman registered and living in HERE since the stock date."""
        born = date.fromisoformat(changes.get("birth_date", "1990-03-07"))
        region = changes.pop("region", "340103")
        number = resident_id(born, changes.get("sex", 2), region)
        confirmed = [] if number.startswith(region) else ["resident_id_region_differs"]
        return {
            "name": "王小明",
            "sex": 2,
            "birth_date": "1990-03-07",
            "resident_id": number,
            "registered_area": HERE,
            "present_area": HERE,
            "entry": {"kind": "opening", "on": "2025-01-01"},
            "confirmed_warnings": confirmed,
        } | changes

    async def enter(self, **changes: Any) -> Json:
        """Enter a person; returns the answer."""
        answer = await self.caller.post("/persons", json=self.body(**changes))
        assert answer.status_code == 201, answer.text
        entered: Json = answer.json()
        return entered

    async def record(self, kind: str, **body: Any) -> Json:
        """Record a life event; returns the answer."""
        answer = await self.caller.post(f"/life-events/{kind}", json=body)
        assert answer.status_code == 201, answer.text
        entered: Json = answer.json()
        return entered

    async def read(self, person_id: str) -> Json:
        """Read a person."""
        answer = await self.caller.get(f"/persons/{person_id}")
        assert answer.status_code == 200, answer.text
        entered: Json = answer.json()
        return entered

    async def events(self, ref: str) -> list[Event]:
        """What the outbox says about a person, in order."""
        async with self.runtime.database.transaction(AreaScope.nothing()) as tx:
            rows = await tx.fetch("SELECT body FROM outbox WHERE subject = $1 ORDER BY position", ref)
        return [parse_body(row["body"], number) for number, row in enumerate(rows, 1)]


type PeopleOf = Callable[[Caller], People]
