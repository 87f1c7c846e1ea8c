"""Two copies of the reporting worker: one is ended in the middle of its work, and the figures go on by the other.

Runs against any node with two copies; how a copy is ended is given by who started them.
"""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from datetime import date
from decimal import Decimal

from tests.e2e.api import Api, Json
from tests.e2e.progress import until

PARTITIONS = 16
COMMUNITY = "340103004001"
"""In partition 12: that of the first of two copies, of the second one left, and of none that comes third."""


@dataclass(frozen=True)
class Takeover:
    """The copy that was ended, by its name, and the one that took its work over."""

    ended: str
    staying: str


async def copies(reader: Api) -> list[Json]:
    """Return the copies that work, the leading one first."""
    status = await reader.get("reporting", "/feeds/status")
    return [each for each in status["copies"] if each["partitions"]]


async def shared_by(reader: Api, number: int) -> list[Json]:
    """Wait until so many copies share all the partitions; returns them."""

    async def shared() -> bool:
        found = await copies(reader)
        owned = sorted(partition for each in found for partition in each["partitions"])
        return len(found) == number and owned == list(range(PARTITIONS))

    await until(f"{number} copies that share the figures", shared)
    return await copies(reader)


async def take_over(clerk: Api, reader: Api, today: date, end: Callable[[str], Awaitable[None]]) -> Takeover:
    """End the leading one of two copies, record an activity in a community of its, and see it in the figures.

    ``end`` ends a copy by its name, at once and without a word. Raises NotYet where the figure does not change.
    """
    leading, staying = await shared_by(reader, 2)
    assert int(COMMUNITY[:9]) % PARTITIONS in leading["partitions"]
    before = await _activities(reader, today)
    await end(leading["name"])
    activity: Json = {
        "area": COMMUNITY, "kind": "training", "title": "业务培训", "place": "三楼会议室",
        "held_on": today.isoformat(), "people_reached": 5,
    }  # fmt: skip
    await clerk.post("registry", "/activities", activity)

    async def counted() -> bool:
        return await _activities(reader, today) == before + 1

    await until("the figure by the copy that is left", counted, 30)
    taken = (await copies(reader))[0]
    assert taken["id"] == staying["id"], "the one that was there leads, not one that came"
    return Takeover(leading["name"], staying["name"])


async def _activities(reader: Api, today: date) -> Decimal:
    asked = {"indicator": "activities_held", "population": "office", "area": COMMUNITY}
    figure = await reader.get("reporting", "/figures", **asked, period=f"{today:%Y-%m}")
    return Decimal(figure["numerator"])
