"""What changed the numerator and denominator of a figure, by measure, area and cause: live, or as it was published."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from renkou_common.database import Transaction
from renkou_reporting.explain import repository
from renkou_reporting.explain.differences import Cause, Origin, Region, Share, Slopes, regions, slopes
from renkou_reporting.explain.domain import Side, pieces_of
from renkou_reporting.explain.made import Made, Positions
from renkou_reporting.explain.repository import Kinds, Limits, Where
from renkou_reporting.figures.domain import Asked
from renkou_reporting.measures.domain import Measures

type Shares = dict[Origin, Share]


@dataclass(frozen=True, slots=True)
class Surroundings:
    """Where and by what contributions are told apart."""

    where: Where
    kinds: Kinds
    measures: Measures


async def contributions(tx: Transaction, before: Made, after: Made, by: Surroundings) -> Shares:
    """Return what makes a figure another than before; of each side it adds up to its change exactly.

    Both are live, or both were published: then each by the facts that its version had taken in.
    """
    asked = Asked(before.asked.indicator, after.asked.population, after.asked.sliced)
    since = pieces_of(asked, after.found.columns[0].months, by.measures)
    found = regions(since, before.pieces)
    adding = _Adding(tx, by, after)
    known, then = before.positions, after.positions
    await adding.facts([one for one in found if not one.ageing], _upto(known))
    await adding.sums([one for one in found if one.ageing], Cause.AGEING, known)
    if known is not None and then is not None:
        everything = regions(since, ())
        await adding.facts(everything, _above(known, then))
        await adding.facts(_less(everything), _above(then, known))
    await adding.sums(regions(after.pieces, since), Cause.DEFINITION, then)
    adding.rest(before)
    return adding.shares


def on_value(before: Made, after: Made) -> Slopes | None:
    """Return by how much a figure's value changes for each one of a side, None where one of the two has no value."""
    if before.outcome.value is None or after.outcome.value is None:
        return None
    return slopes(before.state, after.state)


@dataclass(slots=True)
class _Adding:
    """Contributions as they are gathered."""

    tx: Transaction
    by: Surroundings
    after: Made
    shares: Shares = field(default_factory=lambda: defaultdict(Share))

    def _share(self, side: Side | None, measure: str | None, area: str | None, cause: Cause) -> Share:
        return self.shares[Origin(self.after.figure, side, measure, area, cause)]

    async def facts(
        self, found: Sequence[Region], between: Limits | None, cause: Cause | None = None
    ) -> None:
        """Add what facts changed in some regions, by their causes or by the one given."""
        if not found or between == {}:
            return
        counts = [one.counting for one in found]
        for row in await repository.by_cause(self.tx, counts, self.by.where, self.by.kinds, between):
            region = found[row["piece"]]
            share = self._share(
                region.side, region.counting.measure, row["area"], cause or Cause(row["cause"])
            )
            share.add(region.weight * row["value"], row["facts"])

    async def sums(self, found: Sequence[Region], cause: Cause, upto: Positions | None) -> None:
        """Add what the sums of some regions changed; of a version those of the facts it had taken in."""
        if upto is not None:
            await self.facts(found, _upto(upto), cause)
        elif found:
            for row in await repository.cell_sums(self.tx, [one.counting for one in found], self.by.where):
                region = found[row["piece"]]
                share = self._share(region.side, region.counting.measure, row["area"], cause)
                share.add(region.weight * row["value"])

    def rest(self, before: Made) -> None:
        """Add what is not explained yet, and another factor of the definition."""
        old, new = before.state, self.after.state
        for side, change in (
            (Side.NUMERATOR, new.numerator - old.numerator),
            (Side.DENOMINATOR, new.denominator - old.denominator),
        ):
            explained = sum(
                (share.change for key, share in self.shares.items() if key.side is side), Fraction()
            )
            if change != explained:
                self._share(side, None, None, Cause.OTHER).add(change - explained)
        if old.factor != new.factor:
            self._share(None, None, None, Cause.DEFINITION).add(Fraction())


def _upto(positions: Positions | None) -> Limits | None:
    return None if positions is None else {feed: (0, last) for feed, last in positions.items()}


def _above(first: Positions, last: Positions) -> Limits:
    """Return the facts that are known at the last of two positions and not at the first."""
    return {feed: (first.get(feed, 0), upto) for feed, upto in last.items() if upto > first.get(feed, 0)}


def _less(found: Sequence[Region]) -> list[Region]:
    return [one._replace(weight=-one.weight) for one in found]
