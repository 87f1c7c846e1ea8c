"""A small district with random people: so few that most numbers by community are small; months closed one by one."""

import random
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass

from renkou_common.contracts.lines import AREA_CHANGE, Line

from ..api.test_areas import change
from ..support import Caller, Json, LineMaker, Reporting

COMMUNITIES = ("340103001001", "340103001002", "340103001003", "340103002001", "340103002002", "340103003001")
POPULATION = "registered"
CHAINS = (
    ("examination_entitled", "examination_accepted", "examination_received"),
    ("prepregnancy_examined", "prepregnancy_high_risk"),
    ("supply_user_registered", "supply_user_confirmed"),
)


@dataclass
class SmallDistrict:
    """A running service of a small district, with those who close its periods."""

    reporting: Reporting
    line: LineMaker
    statistician: Caller
    administrator: Caller
    random: random.Random
    there: Counter[tuple[str, int, str]]
    """People by community, sex and month of birth."""

    async def close(self, period: str) -> str:
        """Close a period for the first time; returns the closing."""
        closing = _good(await self.statistician.post("/closings", json={"period": period}))["id"]
        await self._publish(closing)
        return str(closing)

    async def restate(self, closing: str) -> None:
        """Publish a closed period again."""
        _good(await self.statistician.post(f"/closings/{closing}/reopening", json={"reason": "补报"}))
        await self._publish(closing)

    async def merge(self, area: str, heir: str, on: str) -> None:
        """Let the people of a community go on in another without having moved."""
        gone = [(who, number) for who, number in self.there.items() if who[0] == area and number]
        lines = []
        for (_, sex, born), number in gone:
            for measure, where in (("out", area), ("in", heir)):
                lines.append(
                    self.line(
                        POPULATION,
                        measure,
                        on,
                        number,
                        area=where,
                        sex=sex,
                        birth_month=born,
                        detail=AREA_CHANGE,
                    )
                )
            self.there[area, sex, born] = 0
            self.there[heir, sex, born] += number
        await self.reporting.take_in("registry", lines)
        await change(self.reporting, "merge", on, {area: [heir], heir: [heir]})

    async def _publish(self, closing: str) -> None:
        checks = _good(await self.statistician.get(f"/closings/{closing}/checks"))["items"]
        despite = [one["code"] for one in checks if not one["holds"]]
        body = {"reason": "核对无误", "despite": despite}
        signed = _good(await self.statistician.post(f"/closings/{closing}/signatures", json=body))
        given = {
            "hash": signed["first_signed"]["hash"],
            "overrides": dict.fromkeys(despite, "报表另行补报"),
        }
        _good(await self.administrator.post(f"/closings/{closing}/publication", json=given))

    async def live_through(self, month: str, communities: Mapping[str, int]) -> None:
        """Let people be born, die, come, go and be examined in a month; communities by their size."""
        lines = [line for area, size in communities.items() for line in self._month(month, area, size)]
        await self.reporting.take_in("registry", lines)

    def _month(self, month: str, area: str, size: int) -> list[Line]:
        found, draw = [], self.random
        for sex in (1, 2):
            for parity in (1, 2, 3):
                found += self._some("birth", month, area, sex, size * 0.02 / parity**2, month, parity=parity)
            for born in ("1945-03", "1963-03", "1990-03"):
                found += self._some("death", month, area, sex, size * 0.01, born)
                found += self._some("in", month, area, sex, size * 0.01, born)
                found += self._some("out", month, area, sex, size * 0.005, born)
            for chain in CHAINS:
                number = draw.randint(0, max(2, size // 12))
                for measure in chain:
                    if number:
                        found.append(
                            self.line(POPULATION, measure, f"{month}-10", number, area=area, sex=sex)
                        )
                    number = sum(draw.random() < 0.85 for _ in range(number))
        return found

    def _some(
        self, measure: str, month: str, area: str, sex: int, mean: float, born: str, parity: int = 0
    ) -> list[Line]:
        number = sum(self.random.random() < mean / 10 for _ in range(10))
        who = (area, sex, born)
        if measure in ("death", "out"):
            number = min(number, self.there[who])
        self.there[who] += number if measure in ("birth", "in") else -number
        if not number:
            return []
        return [
            self.line(
                POPULATION,
                measure,
                f"{month}-05",
                number,
                area=area,
                sex=sex,
                birth_month=born,
                parity=parity,
            )
        ]


async def small_district(
    reporting: Reporting, line: LineMaker, seed: int
) -> tuple[SmallDistrict, dict[str, int]]:
    """Return a small district with the people of its communities, and their sizes."""
    draw = random.Random(seed)
    sizes = {area: draw.choice((20, 60, 150, 400)) for area in COMMUNITIES}
    there = Counter(
        {
            (area, sex, born): draw.randint(0, size // 8)
            for area, size in sizes.items()
            for sex in (1, 2)
            for born in ("1945-03", "1963-03", "1990-03", "2009-03", "2018-03")
        }
    )
    lines = [
        line(POPULATION, "opening", "2025-12-31", number, area=area, sex=sex, birth_month=born)
        for (area, sex, born), number in there.items()
        if number
    ]
    await reporting.take_in("registry", lines)
    statistician = await reporting.staff("statistician", "340103")
    administrator = await reporting.staff("administrator", "340103")
    made = SmallDistrict(reporting, line, statistician, administrator, draw, there)
    _good(await statistician.post("/rebuilds"))
    assert await reporting.rebuilder().run_once()
    _good(await statistician.post("/reconciliations"))
    await reporting.reconcile()
    return made, sizes


def _good(answer: object) -> Json:
    status, text = answer.status_code, answer.text  # type: ignore[attr-defined]
    assert 200 <= status < 300, text
    found: Json = answer.json()  # type: ignore[attr-defined]
    return found
