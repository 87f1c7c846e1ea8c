"""Why a figure changed: against another period, or from one published version to another."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from decimal import Decimal
from fractions import Fraction
from typing import Any

from renkou_common.database import Transaction
from renkou_common.errors import InvalidInput, NotFound
from renkou_common.scope import AreaScope
from renkou_reporting.explain import comparing
from renkou_reporting.explain.causes import kinds
from renkou_reporting.explain.comparing import Explanation, Whole
from renkou_reporting.explain.contributions import Surroundings
from renkou_reporting.explain.differences import Cause, Origin, Share
from renkou_reporting.explain.made import Made, as_of, ends, told, versions_of
from renkou_reporting.explain.schemas import (
    CauseEffect,
    ChangeAnswer,
    ChangeQuestion,
    Contribution,
    FigureNumbers,
    MemberChange,
    VersionsChangeQuestion,
)
from renkou_reporting.explain.service import Examined, examine, where_of
from renkou_reporting.figures.domain import reporting_error, round_value
from renkou_reporting.figures.schemas import FigureQuestion
from renkou_reporting.figures.service import figure_members
from renkou_reporting.indicators.domain import IndicatorKind
from renkou_reporting.labels import Label
from renkou_reporting.periods import just_before
from renkou_reporting.published.domain import exact_text
from renkou_reporting.returns.completeness import Duty

LABELS: dict[Cause, Label] = {
    Cause.NEW: Label(zh="本期新发生", en="new facts of the period"),
    Cause.LATE: Label(zh="迟报", en="recorded after the month in which it happened"),
    Cause.CORRECTION: Label(zh="更正", en="corrections of what was counted before"),
    Cause.BOUNDARY: Label(zh="区划调整", en="changed divisions"),
    Cause.AGEING: Label(zh="年龄推移", en="people who passed an age limit"),
    Cause.DEFINITION: Label(zh="指标定义变更", en="another version of the definition"),
    Cause.OTHER: Label(zh="其他", en="what was taken in out of turn"),
}
_FRAME = ("population", "population_name", "as_of", "revision", "boundaries")
_NUMBERS = ("numerator", "denominator", "value", "reason", "period", "version")


@dataclass(frozen=True, slots=True)
class Compared:
    """A figure in one of two states: itself as it is told, and the figures that it is made of."""

    itself: Made
    made: Sequence[Made]

    @property
    def whole(self) -> Whole:
        """Its numbers before rounding, and what it is made of."""
        valued = self.itself.outcome.value is not None
        return Whole(self.itself.state if valued else None, tuple(self.made))


async def against_period(
    tx: Transaction, areas: AreaScope, question: ChangeQuestion, duty: Duty | None = None
) -> ChangeAnswer:
    """Return why a figure is another than that of a period before.

    Raises as :func:`examine`, NotFound for a reporting error of what was not published, and InvalidInput where the
    indicator was of another kind then.
    """
    given = FigureQuestion.model_validate(
        question.model_dump(exclude={"against", "against_through", "areas"})
    )
    now = await examine(tx, areas, given, duty)
    earlier = given.model_copy(
        update={
            "period": question.against or str(just_before(now.found.columns[0].period, "/query/against")),
            "through": question.against_through,
            "boundaries": now.found.boundaries,
        }
    )
    before = await examine(tx, areas, earlier, duty)
    if before.of_versions != now.of_versions or len(before.made) != len(now.made):
        if before.asked.indicator.kind is now.asked.indicator.kind:
            raise _unpublished()
        raise InvalidInput.field(
            "/query/against", "another_kind", "该指标当时属另一类指标, 无法比较",
            "the indicator was of another kind then",
        )  # fmt: skip
    return await _why(tx, now, _live(before), _live(now), question)


async def between_versions(
    tx: Transaction, areas: AreaScope, question: VersionsChangeQuestion
) -> ChangeAnswer:
    """Return why a figure was restated: by the facts that were taken in between two published versions.

    A reporting error is compared as it stood after each of them. Raises as :func:`examine`, and NotFound where one of
    the versions does not have the figure.
    """
    given = FigureQuestion.model_validate(question.model_dump(exclude={"before", "after", "areas"}))
    live = await examine(tx, areas, given, as_published=True)
    code = live.asked.indicator.of if live.of_versions else live.asked.indicator.code
    versions = await versions_of(tx, live.found, code, live.measures)
    before, after = [
        await _at_version(tx, live, versions, number) for number in (question.before, question.after)
    ]
    return await _why(tx, live, before, after, question)


async def _at_version(tx: Transaction, live: Examined, versions: Sequence[Made], number: int) -> Compared:
    """Return a figure as it stood in a version; raises NotFound."""
    known = [one for one in versions if one.published is not None and one.published <= number]
    if not known or known[-1].published != number:
        raise _unpublished()
    version = known[-1]
    match live.asked.indicator.kind:
        case IndicatorKind.ERROR:
            made = ends(known)
            if not made or made[-1].published != number:
                raise _unpublished()
            first, last = (one.state.value for one in made)
            outcome = reporting_error(live.asked.indicator, first, last)
            itself = replace(version, found=told(live.found, live.asked, live.found.columns[0], outcome))
            return Compared(itself, made)
        case IndicatorKind.GROWTH:
            return Compared(version, await as_of(tx, version))
        case _:
            return Compared(version, [version])


def _live(examined: Examined) -> Compared:
    return Compared(Made(None, examined.found, ()), examined.made)


async def _why(
    tx: Transaction,
    examined: Examined,
    before: Compared,
    after: Compared,
    question: ChangeQuestion | VersionsChangeQuestion,
) -> ChangeAnswer:
    where = await where_of(tx, examined, question, question.areas)
    by = Surroundings(where, kinds(examined.measures), examined.measures)
    match examined.asked.indicator.kind:
        case IndicatorKind.GROWTH:
            found = await comparing.of_growth(tx, before.whole, after.whole, by)
        case IndicatorKind.ERROR if not after.made:
            raise _unpublished()
        case IndicatorKind.ERROR:
            found = await comparing.of_error(tx, before.whole, after.whole, by)
        case _:
            found = await comparing.of_itself(tx, before.made[0], after.made[0], by)
    return _answer(examined, before, after, found)


def _unpublished() -> NotFound:
    return NotFound.of("公布的数字", "published figure")


def _answer(examined: Examined, before: Compared, after: Compared, found: Explanation) -> ChangeAnswer:
    head = figure_members(examined.found)
    digits = after.itself.asked.indicator.digits + 2
    kept = {key: share for key, share in found.shares.items() if share.change or key.side is None}
    return ChangeAnswer(
        **{name: head[name] for name in (*_FRAME, "indicator", "name", "unit", "area")},
        **_difference(before.itself, after.itself),
        figures=_members(before.made, after.made),
        by_cause=_by_cause(kept, found, digits),
        items=[
            Contribution(
                **_effect(key, share.change, found, digits),
                measure=key.measure,
                name=None if key.measure is None else examined.name(key.measure),
                area=key.area,
                facts=share.facts,
            )
            for key, share in sorted(kept.items(), key=lambda each: _weightiest(each[0], each[1], found))
        ],
    )


def _difference(before: Made, after: Made) -> dict[str, Any]:
    """Return two figures as they are told, and what lies between them."""
    first, last = _told(before), _told(after)
    old, new = before.state, after.state
    both = first.value is not None and last.value is not None
    exact = new.value - old.value if both else None
    shown = Decimal(last.value) - Decimal(first.value) if first.value and last.value else None
    return {
        "before": first,
        "after": last,
        "numerator_change": exact_text(new.numerator - old.numerator),
        "denominator_change": exact_text(new.denominator - old.denominator),
        "value_change": None if shown is None else str(shown),
        "exact_value_change": None if exact is None else exact_text(exact),
        "rounding": None if shown is None or exact is None else exact_text(Fraction(shown) - exact),
    }


def _told(made: Made) -> FigureNumbers:
    head = figure_members(made.found)
    return FigureNumbers(**{name: head[name] for name in _NUMBERS}, published=made.published)


def _members(before: Sequence[Made], after: Sequence[Made]) -> list[MemberChange]:
    """Return how the figures changed that a growth or an error compares."""
    return [
        MemberChange(
            figure=new.figure,
            **{name: figure_members(new.found)[name] for name in ("indicator", "name", "unit")},
            **_difference(old, new),
        )
        for old, new in zip(before, after, strict=True)
        if new.figure is not None
    ]


def _by_cause(shares: Mapping[Origin, Share], found: Explanation, digits: int) -> list[CauseEffect]:
    sums: defaultdict[Origin, Fraction] = defaultdict(Fraction)
    for key, share in shares.items():
        sums[key._replace(measure=None, area=None)] += share.change
    order = sorted(
        sums.items(),
        key=lambda each: (each[0].figure or "", each[0].side or "", list(LABELS).index(each[0].cause)),
    )
    return [CauseEffect(**_effect(key, change, found, digits)) for key, change in order]


def _effect(key: Origin, change: Fraction, found: Explanation, digits: int) -> dict[str, Any]:
    on_value = found.on_value(key, change)
    return {
        "figure": key.figure,
        "side": key.side,
        "cause": key.cause,
        "label": LABELS[key.cause],
        "change": exact_text(change),
        "on_value": None if on_value is None else exact_text(on_value),
        "on_value_rounded": None if on_value is None else str(round_value(on_value, digits)),
    }


def _weightiest(key: Origin, share: Share, found: Explanation) -> tuple[Fraction, str]:
    """The largest effects first; the rest of the order only has to be the same every time."""
    on_value = found.on_value(key, share.change)
    return -abs(share.change if on_value is None else on_value), str(key)
