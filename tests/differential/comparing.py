"""Every figure of a district beside its recomputation: which are equal, and which are not."""

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta
from itertools import batched
from pathlib import Path
from random import Random

from renkou_common.contracts.lines import Population
from renkou_reporting.figures.domain import Outcome, Sliced
from renkou_reporting.figures.schemas import TableQuestion
from renkou_reporting.figures.service import Table
from renkou_reporting.indicators.domain import IndicatorKind
from tests.differential.district import DISTRICT, District
from tests.differential.independent import Figure, Recomputation, Slice
from tests.facts.history import History

_PERIODS_AT_ONCE, _SO_FAR = 100, 2
_SEXES, _PARITIES, _AGES = ("0", "1", "2", "9"), ("1", "2", "3+", "4"), ("15-49", "65+", "0")
_HISTORIC = {"policy_compliance_rate": date(2021, 5, 31)}
"""Births to 2021-05-30 only: the last day of the last month that has such a figure."""
_AT_THE_END = {
    "population", "contraceptive_prevalence", "long_acting_share", "card_rate", "certificate_issue_rate",
}  # fmt: skip
"""Figures of what there is at a period's end; others read the whole period, those over a mean also the day before."""
_OVER_A_MEAN = {
    "mean_population", "birth_rate", "death_rate", "natural_growth_rate", "spend_per_head", "spend_per_head_growth",
    "finance_spend_per_head",
}  # fmt: skip

type Asked = dict[str, str]
type Days = tuple[date, date]
type Divided = Mapping[str, Sequence[Days]]


@dataclass
class Report:
    """What was compared."""

    facts: int = 0
    without_value: int = 0
    refused: int = 0
    indicators: Counter[str] = field(default_factory=Counter)
    """Figures compared, by indicator."""
    differences: list[str] = field(default_factory=list)
    seconds: dict[str, float] = field(default_factory=dict)

    @property
    def summary(self) -> str:
        """A few lines for the command."""
        took = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in self.seconds.items())
        return (
            f"{self.facts:,} facts, {self.indicators.total():,} figures of {len(self.indicators)} indicators"
            f" ({self.without_value:,} without a value, {self.refused:,} that boundaries do not allow):"
            f" {len(self.differences):,} differ\n{took}"
        )


class Comparison:
    """Compares all figures of a history: by the codes of the day, and by the boundaries of several days."""

    def __init__(
        self, district: District, history: History, folder: Path, seed: int = 1, values: int | None = None
    ) -> None:
        """``values``: how many values of each dimension are asked for, drawn by the seed; None: all."""
        self._values = values
        self._district = district
        self._history = history
        self._folder = folder
        self._random = Random(f"comparison {seed}")
        self._first, self._last = history.days[0], history.days[-1]
        self.report = Report()

    async def run(self, boundaries: int | None = None) -> Report:
        """Take the history in and compare every figure."""
        with self._timed("taken in"):
            await self._district.take_in(self._history)
        return await self.compare(boundaries)

    async def compare(self, boundaries: int | None = None) -> Report:
        """Export the facts, recompute and compare every figure of a history that was taken in.

        ``boundaries``: by those of how many days, drawn by the seed; None: all three that there are.
        """
        with self._timed("exported"):
            self.report.facts = await self._district.export(self._folder)
        years = range(self._first.year, self._last.year + 1)
        months = [f"{year}-{month:02d}" for year in years for month in range(1, 13)]
        so_far = sorted(self._random.sample(months, _SO_FAR))
        self._recomputed = Recomputation(self._folder, years[0], years[-1], so_far)
        self._periods = self._recomputed.periods()
        with self._timed("by the codes of the day"):
            self._recomputed.place(self._areas())
            for population in Population:
                await self._compare(population, {"areas": "children"}, so_far)
                for asked in self._slices(population):
                    await self._compare(population, {**asked, "areas": "communities"}, so_far)
        for day in self._days_of_boundaries(boundaries):
            with self._timed(f"by the boundaries of {day}"):
                for below in ("communities", "children"):
                    await self._compare_bounded(day, below, so_far)
        return self.report

    def _areas(self) -> list[str]:
        communities = set(self._history.place.communities)
        for _, change in self._history.place.changes:
            communities.update(change.successors)
        towns = {area // 1000 for area in communities}
        return [DISTRICT, *map(str, sorted(towns)), *map(str, sorted(communities))]

    def _slices(self, population: Population) -> Iterator[Asked]:
        yield {}
        details = (*self._recomputed.details(population), "no_such_detail")
        for sex in self._some(_SEXES):
            yield {"sex": sex}
        for parity in self._some(_PARITIES):
            yield {"parity": parity}
            yield {"parity": parity, "sex": "1"}
        for ages in self._some(_AGES):
            yield {"ages": ages}
            yield {"ages": ages, "sex": "2"}
        for detail in self._some(details):
            yield {"detail": detail}

    def _some(self, values: Sequence[str]) -> Sequence[str]:
        return values if self._values is None else self._random.sample(values, min(self._values, len(values)))

    def _days_of_boundaries(self, number: int | None) -> list[date]:
        """Return days before all changes, between them, and after all."""
        days = self._history.days
        changes = [days[int(at * len(days))] for at, _ in self._history.place.changes]
        if not changes:
            return []
        between = changes[len(changes) // 2] - timedelta(days=1)
        found = [changes[0] - timedelta(days=1), between, self._last]
        return found if number is None else self._random.sample(found, number)

    async def _compare(self, population: Population, asked: Asked, so_far: Sequence[str]) -> None:
        for table in await self._tables(population, asked, so_far):
            self._compare_table(table, {})

    async def _compare_bounded(self, day: date, below: str, so_far: Sequence[str]) -> None:
        placed: list[str] = []
        divided: Divided = {}
        for population in Population:
            for asked in ({}, {"ages": "15-49"}) if population is Population.RESIDENT else ({},):
                bounded = {**asked, "areas": below, "boundaries": day.isoformat()}
                for table in await self._tables(population, bounded, () if asked else so_far):
                    areas = [span.code for span in table.spans]
                    if areas != placed:
                        self._recomputed.place(areas, day)
                        placed, divided = areas, self._recomputed.divided()
                    self._compare_table(table, divided)

    async def _tables(self, population: Population, asked: Asked, so_far: Sequence[str]) -> list[Table]:
        """Return tables of all periods, and of the periods so far up to some months."""
        whole = [text for text in self._periods if ".." not in text]
        questions: list[dict[str, object]] = [
            {"period": list(texts)} for texts in batched(whole, _PERIODS_AT_ONCE, strict=False)
        ]
        for month in so_far:
            begun = [text.partition("..")[0] for text in self._periods if text.endswith(f"..{month}")]
            questions.append({"period": begun, "through": month})
        found = []
        with self._timed("figures asked for"):
            for question in questions:
                full = {"area": DISTRICT, "population": population, **asked, **question}
                found.append(await self._district.table(TableQuestion.model_validate(full)))
        return found

    def _compare_table(self, table: Table, divided: Divided) -> None:
        columns = [column.months.text for column in table.columns]
        for number, row in enumerate(table.rows):
            code = row.newest.code
            if row.newest.kind is IndicatorKind.ERROR:
                continue  # of what was published: closings/test_recomputed_error.py
            found = self._recomputed.figures(code, table.population.value, _slice(row.sliced))
            self.report.indicators[code] += len(columns) * len(table.spans)
            for when, period in enumerate(columns):
                days = self._periods[period]
                for place, span in enumerate(table.spans):
                    outcome = table.outcomes[number, place, when]
                    known = divided.get(span.code, ())
                    if code in _HISTORIC and days[1] > _HISTORIC[code]:
                        wrong = None if outcome.value is None else "told beyond its validity"
                    elif (number, place, when) in table.obstacles:
                        wrong = self._refused(code, known, *days)
                    elif known and _must_be_refused(code, known, *days):
                        wrong = "told although an area is divided"
                    else:
                        wrong = self._equal(row.newest.kind, outcome, found[span.code, period])
                    if wrong:
                        self.report.differences.append(
                            f"{code} {table.population} {_slice(row.sliced)} {span.code} {period}"
                            f" {table.boundaries or ''}: {wrong}"
                        )

    def _equal(self, kind: IndicatorKind, outcome: Outcome, figure: Figure) -> str | None:
        """Return what is not equal."""
        self.report.without_value += figure.value is None
        if outcome.value_text != figure.value:
            return f"{outcome.value_text} for {figure.value}"
        if kind is IndicatorKind.GROWTH and figure.value is None:
            return None  # with nothing to compare with there are no numbers
        if not figure.is_of(outcome.numerator, outcome.denominator):
            return f"{outcome.numerator} / {outcome.denominator} for {figure}"
        return None

    def _refused(self, code: str, divided: Sequence[Days], first: date, last: date) -> str | None:
        """Return what is wrong with refusing a figure: something it reads must have been divided then."""
        self.report.refused += 1
        days = [_days_at_most(code, first, last)]
        if code.endswith("_growth"):
            days.append(_days_at_most(code, _before(first), _before(last)))
        return (
            None if any(_overlap(divided, *each) for each in days) else "refused although nothing is divided"
        )

    @contextmanager
    def _timed(self, name: str) -> Iterator[None]:
        began = time.perf_counter()
        yield
        self.report.seconds[name] = self.report.seconds.get(name, 0) + time.perf_counter() - began


def _slice(sliced: Sliced) -> Slice:
    parity = None if sliced.parity is None else (sliced.parity.low, sliced.parity.high)
    return Slice(sliced.sex, parity, sliced.ages, sliced.detail)


def _days_at_most(code: str, first: date, last: date) -> tuple[date, date]:
    """Return the days that a figure may look at."""
    if code in _AT_THE_END:
        return last, last
    return (first - timedelta(days=1) if code in _OVER_A_MEAN else first), last


def _must_be_refused(code: str, divided: Sequence[Days], first: date, last: date) -> bool:
    """Say whether something that a figure counts for sure was divided between areas."""
    if code in _AT_THE_END:
        return _overlap(divided, last, last)
    if code == "mean_population":
        return _overlap(divided, first - timedelta(days=1), first) or _overlap(divided, last, last)
    return _overlap(divided, *_days_at_most(code, first, last))


def _overlap(divided: Sequence[Days], first: date, last: date) -> bool:
    return any(since <= last and first <= until for since, until in divided)


def _before(day: date) -> date:
    return (
        day.replace(year=day.year - 1, day=min(day.day, 28))
        if day.month == 2
        else day.replace(year=day.year - 1)
    )
