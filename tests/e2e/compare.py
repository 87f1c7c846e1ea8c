"""Reads the figures of both districts and puts the independent computation beside each."""

from collections.abc import Iterator
from dataclasses import asdict, dataclass
from datetime import date
from functools import partial

from renkou_common.codes.period import Period
from tests.e2e.api import Api
from tests.e2e.desk import in_parallel
from tests.e2e.independent import Heads, compute
from tests.e2e.ledger import Ledger

PERIODS = ["2025", "SY2025", "2025Q2", "2025-03"]
OVER_PEOPLE = ["birth_rate", "death_rate", "natural_growth_rate"]
OVER_EXCHANGE = ["certificate_check_rate", "notice_rate", "confirmation_rate"]


@dataclass(frozen=True)
class Compared:
    """One figure as the node gives it and as it was computed independently."""

    indicator: str
    area: str
    population: str
    period: str
    parity: str | None
    numerator: str
    denominator: str
    value: str | None
    independent_numerator: str
    independent_denominator: str
    independent_value: str | None

    @property
    def equal(self) -> bool:
        """Whether numerator, denominator and value are equal."""
        ours = (float(self.numerator), float(self.denominator), self.value)
        return ours == (
            float(self.independent_numerator),
            float(self.independent_denominator),
            self.independent_value,
        )

    def as_json(self) -> dict[str, object]:
        """Return the row for demo.json."""
        return {**asdict(self), "equal": self.equal}


def questions() -> Iterator[tuple[str, str, str | None]]:
    """Yield every indicator with a population and a parity."""
    for population in ("registered", "resident"):
        for indicator in OVER_PEOPLE:
            yield indicator, population, None
        yield "sex_ratio_at_birth", population, None
        yield "sex_ratio_at_birth", population, "1"
        for parity in ("1", "2"):
            yield "parity_share", population, parity
    yield "certificate_issue_rate", "migrant_out", None
    for indicator in OVER_EXCHANGE:
        yield indicator, "migrant_in", None


def busiest_town(ledger: Ledger) -> str:
    """Return the 9-digit code of the town or subdistrict in which most people live."""
    towns: dict[str, int] = {}
    for person in ledger.persons.values():
        area = f"{person.stays[0].area}"
        if area.startswith(ledger.district):
            towns[area[:9]] = towns.get(area[:9], 0) + 1
    return max(towns, key=lambda town: towns[town])


async def _one(
    api: Api, heads: Heads, indicator: str, area: str, population: str, period: str, parity: str | None
) -> Compared:
    ours = await api.get(
        "reporting",
        "/figures",
        indicator=indicator,
        area=area,
        population=population,
        period=period,
        parity=parity,
    )
    span = Period.parse(period)
    start: date = span.start
    end: date = span.end
    theirs = compute(heads, indicator, area, population, start, end, None if parity is None else int(parity))
    return Compared(
        indicator,
        area,
        population,
        period,
        parity,
        ours["numerator"],
        ours["denominator"],
        ours["value"],
        str(theirs.numerator),
        str(theirs.denominator),
        theirs.value,
    )


async def compare(api: Api, ledger: Ledger) -> list[Compared]:
    """Return all figures of one district and of its busiest town, each beside the independent one."""
    jobs = [
        (indicator, area, population, period, parity)
        for area in (ledger.district, busiest_town(ledger))
        for period in PERIODS
        for indicator, population, parity in questions()
    ]
    heads = Heads(ledger)
    return await in_parallel([partial(_one, api, heads, *job) for job in jobs])


def table(rows: list[Compared]) -> str:
    """Return figures as a table; a row that differs is marked."""
    lines = [
        f"{'indicator':<24}{'population':<14}{'parity':<7}{'period':<9}"
        f"{'numerator':>10}{'denominator':>13}{'value':>9}{'independent':>13}"
    ]
    for row in rows:
        lines.append(
            f"{row.indicator:<24}{row.population:<14}{row.parity or '':<7}{row.period:<9}"
            f"{row.numerator:>10}{row.denominator:>13}{row.value or '-':>9}{row.independent_value or '-':>13}"
            f"{'' if row.equal else f'  DIFFERS: {row.independent_numerator}/{row.independent_denominator}'}"
        )
    return "\n".join(lines)
