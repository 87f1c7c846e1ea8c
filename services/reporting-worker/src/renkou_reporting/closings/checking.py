"""The checks of a closing: each names what stands in the way and where to look.

A check is a function of the situation; one that another feature brings is added to ``CHECKS``.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from renkou_common.codes.area import AreaCode
from renkou_common.codes.period import Period
from renkou_common.database import Database, Transaction
from renkou_common.errors import Text
from renkou_common.messaging.inbox import held_events
from renkou_common.scope import AreaScope
from renkou_reporting.closings import repository
from renkou_reporting.closings.domain import CheckResult, Finding, Frozen
from renkou_reporting.populations import POPULATION_NAMES
from renkou_reporting.published.domain import read_exact
from renkou_reporting.runtime import Runtime

_WAIT_SECONDS, _LOOK_SECONDS = 5.0, 0.1
_MOST_FINDINGS = 20
_REBUILD_AGE = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Situation:
    """What checks look at; ``heads`` are the feeds' last numbers, asked for before the snapshot was taken."""

    runtime: Runtime
    tx: Transaction
    area: AreaCode
    period: Period
    heads: Mapping[str, int | None]
    frozen: Frozen


type Check = Callable[[Situation], Awaitable[CheckResult]]


async def check(situation: Situation) -> list[CheckResult]:
    """Return every check's result."""
    return [await one(situation) for one in CHECKS]


async def wait_for_feeds(database: Database, heads: Mapping[str, int | None]) -> None:
    """Wait a moment for what the feeds had given out to be taken in; a check says so where it is not."""
    for _ in range(int(_WAIT_SECONDS / _LOOK_SECONDS)):
        async with database.transaction(AreaScope.nothing(), read_only=True) as tx:
            there = await repository.positions(tx)
        if all(head is None or there.get(feed, 0) >= head for feed, head in heads.items()):
            return
        await asyncio.sleep(_LOOK_SECONDS)


async def _period_over(situation: Situation) -> CheckResult:
    end, today = situation.period.end, situation.runtime.clock.today()
    findings = []
    if today <= end:
        text = Text(f"统计期至 {end} 才结束", f"The period ends on {end} only")
        findings.append(Finding(text, f"/figures/table?period={situation.period}"))
    return CheckResult("period_over", Text("统计期已结束", "The period is over"), findings)


async def _feeds_caught_up(situation: Situation) -> CheckResult:
    findings = []
    for feed, head in sorted(situation.heads.items()):
        there = situation.frozen.positions.get(feed, 0)
        if head is None:
            text = Text(f"事件流 {feed} 无法访问", f"The feed {feed} does not answer")
        elif there < head:
            text = Text(
                f"事件流 {feed} 只处理到 {there}, 应到 {head}",
                f"The feed {feed} is taken in to {there} of {head}",
            )
        else:
            continue
        findings.append(Finding(text, "/feeds/status"))
    return CheckResult("feeds_caught_up", Text("事件流已处理完", "The feeds are taken in"), findings)


async def _nothing_held(situation: Situation) -> CheckResult:
    findings = [
        Finding(
            Text(f"事件 {one['feed']} {one['seq']} 未入账", f"Event {one['seq']} of {one['feed']} is held"),
            "/feeds/status",
        )
        for one in await held_events(situation.tx, limit=_MOST_FINDINGS)
    ]
    return CheckResult("no_held_events", Text("没有未入账事件", "No event is held"), findings)


async def _accounts_balance(situation: Situation) -> CheckResult:
    last = situation.frozen.months[1]
    findings = []
    for row in await repository.unbalanced(situation.tx, last, *situation.area.interval()):
        area, zh = AreaCode.from_key(row["area"]).value, POPULATION_NAMES[row["population"]][0]
        if row["by_birth"] is None:
            text = Text(
                f"{area} {zh}期末数为负: {row['people']}", f"{area} has {row['people']} {row['population']}"
            )
        else:
            text = Text(
                f"{area} {zh}期末数 {row['people']} 与分出生年月合计 {row['by_birth']} 不符",
                f"{area} has {row['people']} {row['population']}, but {row['by_birth']} by month of birth",
            )
        query = f"area={area}&population={row['population']}&period={situation.period}"
        findings.append(Finding(text, f"/figures?indicator=population&{query}"))
    return CheckResult("accounts_balance", Text("人口账平衡", "Population accounts balance"), findings)


async def _denominators(situation: Situation) -> CheckResult:
    """A count without what it is to be related to is missing a denominator; nothing of nothing is not.

    Nor are parts of one measure: boys without a girl born that month are a fact, not a gap.
    """
    findings = []
    for cell in situation.frozen.cells:
        if cell.key.area != situation.area.value or cell.reason is None or cell.key.dims:
            continue
        negative = cell.reason == "negative_denominator"
        code, population = cell.key.indicator, cell.key.population
        counted, related = (
            {term["measure"] for term in situation.frozen.definitions[code][side]}
            for side in ("numerator", "denominator")
        )
        nothing = cell.reason == "no_denominator" and read_exact(cell.numerator) != 0
        if negative or (nothing and not related <= counted):
            zh = situation.frozen.definitions[code]["zh"]
            text = Text(f"{zh} ({population}) 缺分母", f"{code} ({population}) has no denominator")
            query = f"area={cell.key.area}&population={population}&period={situation.period}"
            findings.append(Finding(text, f"/figures?indicator={code}&{query}"))
    return CheckResult(
        "denominators", Text("分母齐全", "No denominator is missing"), findings[:_MOST_FINDINGS]
    )


async def _recomputed(situation: Situation) -> CheckResult:
    """The figures were made anew from the feeds within a day, and came out equal."""
    row = await repository.last_rebuild(situation.tx)
    findings = []
    if row is None:
        text = Text("尚未重算", "The figures were never made anew")
        findings.append(Finding(text, "/rebuilds"))
    elif not row["equal"]:
        text = Text("最近一次重算与在线数字不符", "The last rebuild did not come out equal")
        findings.append(Finding(text, f"/rebuilds/{row['id']}"))
    elif row["finished_at"] < situation.runtime.clock.now() - _REBUILD_AGE:
        text = Text("最近一次重算已超过一天", "The last rebuild is older than a day")
        findings.append(Finding(text, f"/rebuilds/{row['id']}"))
    return CheckResult("recomputed", Text("一日内重算一致", "Recomputed within a day"), findings)


CHECKS: tuple[Check, ...] = (
    _period_over,
    _feeds_caught_up,
    _nothing_held,
    _accounts_balance,
    _denominators,
    _recomputed,
)
