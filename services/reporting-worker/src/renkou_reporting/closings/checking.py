"""The checks of a closing: each names what stands in the way and where to look.

A check is a function of the situation; one that another feature brings is added to ``CHECKS``.
"""

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta

from renkou_common.codes.area import AreaCode
from renkou_common.codes.period import Period
from renkou_common.contracts.lines import Population
from renkou_common.database import Database, Transaction
from renkou_common.errors import Text
from renkou_common.messaging.inbox import held_events
from renkou_common.scope import AreaScope
from renkou_reporting.accounts.checking import unexplained
from renkou_reporting.accounts.domain import KIND_TEXTS
from renkou_reporting.closings import repository
from renkou_reporting.closings.domain import CheckResult, Comparison, Finding, Frozen
from renkou_reporting.periods import month_text
from renkou_reporting.populations import POPULATION_NAMES
from renkou_reporting.published.domain import read_exact
from renkou_reporting.reconciliation import service as reconciliations
from renkou_reporting.returns.due import unsigned
from renkou_reporting.runtime import Runtime

_WAIT_SECONDS, _LOOK_SECONDS = 5.0, 0.1
_MOST_FINDINGS = 20
_COMPARISON_AGE = timedelta(days=1)
_RETURN_STATES = {
    "missing": ("未报", "none was begun"),
    "draft": ("填报中", "being filled in"),
    "filled": ("待审核", "to be checked"),
    "checked": ("待签发", "to be signed"),
}


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
    """What breaks an account now, unless somebody has explained it."""
    last = situation.frozen.months[1]
    findings = []
    for one in await unexplained(situation.tx, situation.area, last):
        area, text = AreaCode.from_key(one.area).value, KIND_TEXTS[one.kind]
        zh, month = POPULATION_NAMES[Population(one.population)][0], month_text(one.month)
        findings.append(
            Finding(
                Text(
                    f"{area} {month} {zh}: {text.zh} (应为 {one.expected}, 实为 {one.found})",
                    f"{area} {month} {one.population}: {text.en} ({one.expected} expected, {one.found} found)",
                ),
                f"/accounts/incidents?area={area}&state=open",
            )
        )
    name = Text("人口账平衡或已说明", "Population accounts balance, or it is said why not")
    return CheckResult("accounts_balance", name, findings[:_MOST_FINDINGS])


async def _returns_signed(situation: Situation) -> CheckResult:
    """Every return of the period was handed in, checked and signed; none is on its way."""
    period = situation.period
    findings = []
    for one in await unsigned(situation.tx, situation.area, period.start, period.end):
        zh, en = _RETURN_STATES[one.state]
        where = f"{one.area} {one.reporter}".strip()
        findings.append(
            Finding(
                Text(f"{one.name.zh} {where} {one.period} {zh}", f"{one.name.en} {where} {one.period}: {en}"),
                f"/returns/due?form={one.form}&period={one.period}&only=all",
            )
        )
    name = Text("汇总报表已签发", "Aggregate returns are signed")
    return CheckResult("returns_signed", name, findings[:_MOST_FINDINGS], overridable=True)


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
        nothing = read_exact(cell.denominator) == 0 and read_exact(cell.numerator) != 0
        if negative or (nothing and not related <= counted):
            zh = situation.frozen.definitions[code]["zh"]
            text = Text(f"{zh} ({population}) 缺分母", f"{code} ({population}) has no denominator")
            query = f"area={cell.key.area}&population={population}&period={situation.period}"
            findings.append(Finding(text, f"/figures?indicator={code}&{query}"))
    name = Text("分母齐全", "No denominator is missing")
    return CheckResult("denominators", name, findings[:_MOST_FINDINGS], overridable=True)


async def _recomputed(situation: Situation) -> CheckResult:
    """The figures were made anew from the feeds within a day, and came out equal."""
    row = await repository.last_rebuild(situation.tx)
    last = None if row is None else Comparison(row["finished_at"], row["equal"], f"/rebuilds/{row['id']}")
    name = Text("一日内重算一致", "Recomputed within a day, and equal")
    return _compared(situation, "recomputed", name, last, "/rebuilds")


async def _reconciled(situation: Situation) -> CheckResult:
    """What was taken in was compared with the services that it came from within a day, and nothing is left to heal.

    What came since then is held up by no comparison: in a district at work something always has.
    """
    run = await reconciliations.latest(situation.tx)
    link = "/reconciliations"
    last = None if run is None else Comparison(run.finished_at, run.unhealed == 0, f"{link}/{run.id}")
    name = Text("一日内与来源对账一致", "Reconciled with the services within a day, and equal")
    return _compared(situation, "reconciled", name, last, link)


def _compared(situation: Situation, code: str, name: Text, last: Comparison | None, link: str) -> CheckResult:
    """Return the result of a comparison that has to have been made within a day, and to have come out equal."""
    findings = []
    if last is None:
        findings.append(Finding(Text("尚未进行", "It was never done"), link))
    elif not last.equal:
        findings.append(Finding(Text("最近一次不一致", "The last one did not come out equal"), last.link))
    elif last.at < situation.runtime.clock.now() - _COMPARISON_AGE:
        findings.append(Finding(Text("最近一次已超过一天", "The last one is older than a day"), last.link))
    return CheckResult(code, name, findings)


CHECKS: tuple[Check, ...] = (
    _period_over,
    _feeds_caught_up,
    _nothing_held,
    _accounts_balance,
    _returns_signed,
    _denominators,
    _recomputed,
    _reconciled,
)
