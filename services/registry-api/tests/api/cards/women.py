"""Women with cards for the tests: entered, card opened, something told, by one caller through the API."""

from dataclasses import dataclass
from datetime import date
from typing import Any

from ...support import Caller, Json, Registry
from ..people.people import People

HERE, NEXT_DOOR, ELSEWHERE, AWAY = "340103001001", "340103001002", "340103002001", "310115"


@dataclass
class Women:
    """Does as one caller what a worker does."""

    registry: Registry
    caller: Caller

    @property
    def people(self) -> People:
        return People(self.caller, self.registry.runtime)

    @property
    def today(self) -> date:
        return self.registry.runtime.clock.today()

    async def open(self, **person: Any) -> Json:
        """Enter a married woman and open her card; returns the card."""
        woman = await self.people.enter(**({"marital_status": "20"} | person))
        answer = await self.caller.post("/cards", json={"person_id": woman["id"]})
        assert answer.status_code == 201, answer.text
        card: Json = answer.json()
        return card

    async def tell(self, card: Json, method: str = "supplies", **more: Any) -> Json:
        """She tells a method; returns the card."""
        told = {"method": method, "told_on": str(self.today), "consent": True} | more
        answer = await self.caller.patch(
            f"/cards/{card['id']}", version=card["version"], json={"method": told}
        )
        assert answer.status_code == 200, answer.text
        changed: Json = answer.json()
        return changed

    async def read(self, card: Json, purpose: str | None = None) -> Json:
        answer = await self.caller.get(f"/cards/{card['id']}", params={"purpose": purpose} if purpose else {})
        assert answer.status_code == 200, answer.text
        found: Json = answer.json()
        return found

    async def visits(self, card: Json) -> list[Json]:
        """Her visits, the latest due first."""
        answer = await self.caller.get(f"/cards/{card['id']}/visits")
        assert answer.status_code == 200, answer.text
        found: list[Json] = answer.json()["items"]
        return found

    async def open_visit(self, card: Json) -> Json:
        """The one open offer."""
        (visit,) = [each for each in await self.visits(card) if each["state"] in ("offered", "accepted")]
        return visit

    async def offered(self, **person: Any) -> tuple[Json, Json]:
        """A woman who uses supplies: her card and the visit offered to her."""
        card = await self.tell(await self.open(**person))
        return card, await self.open_visit(card)

    async def do(self, visit: Json, noun: str, **body: Any) -> Any:
        """POST a state change of a visit with the version seen."""
        return await self.caller.post(
            f"/visits/{visit['id']}/{noun}",
            json={"on": str(self.today)} | body,
            headers={"If-Match": f'"{visit["version"]}"'},
        )

    async def on_card(self, card: Json, noun: str, **body: Any) -> Json:
        """POST a state change of a card with the version seen; returns the card."""
        content: Json = {"json": body} if body else {}
        answer = await self.caller.request(
            "POST", f"/cards/{card['id']}/{noun}", headers={"If-Match": f'"{card["version"]}"'}, **content
        )
        assert answer.status_code == 200, answer.text
        changed: Json = answer.json()
        return changed
