"""What the change of a figure is made of: of a growth through the figures it compares, of a reporting error through its
versions. Nothing is left over in either.

A growth now / before - 1 changes with each of its figures at the mean of both states, as a quotient does; within each
of them a side counts at the mean of both states again. So effects stay linear in every count.

A reporting error is |restated - first| / restated. Its numerator changes by what was taken in between the two versions
of one period less what was of the other (with its sign, so that it always adds to the error), its denominator by what
makes the restated figure another; both in ones of the figure that it is the error of.
"""

from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from fractions import Fraction

from renkou_common.database import Transaction
from renkou_reporting.explain.contributions import Shares, Surroundings, contributions, on_value
from renkou_reporting.explain.differences import Cause, Origin, Share, Slopes, State, slopes
from renkou_reporting.explain.domain import Member, Side
from renkou_reporting.explain.made import Made

type Effects = Mapping[Member | None, Slopes]
"""What one of a side of each figure does to the value that is explained."""


@dataclass(frozen=True, slots=True)
class Whole:
    """A figure that is made of others: its numbers before rounding (None: no value), and what it is made of."""

    state: State | None
    made: tuple[Made, ...]


@dataclass(frozen=True, slots=True)
class Explanation:
    """Contributions to the change of a figure, and what they do to its value: None where one has no value.

    ``rest`` is what a published growth changed by that its figures do not explain: taken in out of turn.
    """

    shares: Shares
    effects: Effects | None
    rest: Fraction = Fraction()

    def on_value(self, key: Origin, change: Fraction) -> Fraction | None:
        """Return what a change does to the value."""
        if self.effects is None:
            return None
        if key.side is None and key.cause is Cause.OTHER:
            return self.rest
        return self.effects[key.figure].of(key.side, change)


async def of_itself(tx: Transaction, before: Made, after: Made, by: Surroundings) -> Explanation:
    """Explain a ratio or a count by its own counts."""
    shares = await contributions(tx, before, after, by)
    own = on_value(before, after)
    return Explanation(shares, None if own is None else {None: own})


async def of_growth(tx: Transaction, before: Whole, after: Whole, by: Surroundings) -> Explanation:
    """Explain a growth by the counts of the two figures that it compares."""
    shares: Shares = defaultdict(Share)
    for one, other in zip(before.made, after.made, strict=True):
        shares |= await contributions(tx, one, other, by)
    if before.state is None or after.state is None:
        return Explanation(shares, None)
    whole = slopes(before.state, after.state)
    if before.state.factor != after.state.factor:
        shares[Origin(None, None, None, None, Cause.DEFINITION)].add(Fraction())
    effects: dict[Member | None, Slopes] = {None: whole}
    # numerator = now - before, denominator = before
    by_member = {Member.NOW: whole.numerator, Member.BEFORE: whole.denominator - whole.numerator}
    for one, other in zip(before.made, after.made, strict=True):
        assert other.figure is not None
        own = on_value(one, other)
        if own is None:  # out of turn: as it was published it had a value
            return Explanation(shares, None)
        effects[other.figure] = own.times(by_member[other.figure])
    found = Explanation(shares, effects)
    told = sum((found.on_value(key, share.change) or Fraction() for key, share in shares.items()), Fraction())
    rest = after.state.value - before.state.value - told
    if rest:
        shares[Origin(None, None, None, None, Cause.OTHER)].add(Fraction())
    return replace(found, rest=rest)


async def of_error(tx: Transaction, before: Whole, after: Whole, by: Surroundings) -> Explanation:
    """Explain a reporting error by the facts that its versions were restated for, and by the restated figures."""
    shares: Shares = defaultdict(Share)
    for whole, sign in ((after, 1), (before, -1)):
        first, last = whole.made
        restated = Fraction(last.state.value - first.state.value)
        await _add(tx, shares, Side.NUMERATOR, (first, last), by, sign if restated > 0 else -sign)
    await _add(tx, shares, Side.DENOMINATOR, (before.made[1], after.made[1]), by, 1)
    if before.state is None or after.state is None:
        return Explanation(shares, None)
    whole_slopes = slopes(before.state, after.state)
    if before.state.factor != after.state.factor:
        shares[Origin(None, None, None, None, Cause.DEFINITION)].add(Fraction())
    return Explanation(shares, {None: whole_slopes})


async def _add(
    tx: Transaction, shares: Shares, side: Side, pair: tuple[Made, Made], by: Surroundings, sign: int
) -> None:
    """Add to a side of an error what makes one published figure another, in ones of the figure's value."""
    own = on_value(*pair)
    assert own is not None, "only versions with a value are compared"
    for key, share in (await contributions(tx, *pair, by)).items():
        shares[Origin(None, side, key.measure, key.area, key.cause)].add(
            sign * own.of(key.side, share.change), share.facts
        )
