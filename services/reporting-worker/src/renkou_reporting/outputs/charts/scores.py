"""Scorecards: all areas side by side with their lights, or one area with every point explained.

Named are areas and offices, never people.
"""

from collections.abc import Sequence

from renkou_common.errors import Text
from renkou_reporting.outputs.charts.frame import LABEL, Caption, begun, ended
from renkou_reporting.outputs.charts.grid import LIGHT_WORDS, Cell, grid, lights_explained
from renkou_reporting.outputs.domain import HIDDEN_MARK, Dims
from renkou_reporting.outputs.scene import Lettering, Scene
from renkou_reporting.populations import POPULATION_NAMES
from renkou_reporting.scorecards.schemas import (
    AreaScore,
    ExplainedAnswer,
    ItemExplained,
    ItemHead,
    ItemScore,
    ScoresAnswer,
    TotalAnswer,
)
from renkou_reporting.targets.schemas import GoalAnswer

MOST_ACROSS = 16
_WIDTH, _MARGIN, _SIZE, _FIRST = 277.0, 8.0, 9.0, 44.0
_SEALS = "考核单位（章）：＿＿＿＿＿＿　　被考核单位（章）：＿＿＿＿＿＿　　日期：＿＿＿＿年＿＿月＿＿日"

_NOT_SHOWN = Text("不予显示", "not shown")


def overview(lettering: Lettering, caption: Caption, scores: ScoresAnswer) -> Scene:
    """Return every area's figures, lights and points; the longer of areas and items goes down."""
    if len(scores.items) <= MOST_ACROSS:
        head, rows = _areas_down(scores)
    else:
        head, rows = _items_down(scores)
    each = (_WIDTH - 2 * _MARGIN - _FIRST) / (len(head) - 1)
    return _drawn(lettering, caption, head, rows, [_FIRST, *([each] * (len(head) - 1))])


def fits(scores: ScoresAnswer) -> bool:
    """Say whether areas or items are few enough to go across."""
    return min(len(scores.items), len(scores.areas)) <= MOST_ACROSS


def _areas_down(scores: ScoresAnswer) -> tuple[list[Text], list[list[Cell]]]:
    head = [Text("单位", "office"), *(_item_text(one) for one in scores.items)]
    head += [Text("得分", "score"), Text("名次", "place")]
    rows = []
    for one in sorted(scores.areas, key=lambda each: (each.rank is None, each.rank or 0, each.area)):
        cells = [Cell(one.office, small=f"{one.area_name or ''} {one.area}".strip())]
        cells += [_score(item, score) for item, score in zip(scores.items, one.items, strict=True)]
        rows.append([*cells, _total(one), Cell(str(one.rank or "—"), "center")])
    return head, rows


def _items_down(scores: ScoresAnswer) -> tuple[list[Text], list[list[Cell]]]:
    head = [
        Text("指标", "indicator"),
        *(Text(one.office, one.area_name or one.area) for one in scores.areas),
    ]
    rows = [
        [Cell(_item_text(item).zh, small=_item_text(item).en),
         *(_score(item, one.items[number]) for one in scores.areas)]
        for number, item in enumerate(scores.items)
    ]  # fmt: skip
    rows.append([Cell("得分", small="score"), *(_total(one) for one in scores.areas)])
    rows.append(
        [Cell("名次", small="place"), *(Cell(str(one.rank or "—"), "center") for one in scores.areas)]
    )
    return head, rows


def explained(lettering: Lettering, caption: Caption, found: ExplainedAnswer) -> Scene:
    """Return one area's scorecard: figure, target, light, points and their arithmetic for each item."""
    head = [
        Text("序号", "no."), Text("指标", "indicator"), Text("权重", "weight"), Text("目标", "target"),
        Text("完成", "figure"), Text("状态", "light"), Text("得分", "points"), Text("失分", "lost"),
        Text("加分", "bonus"), Text("计分说明", "how it comes about"),
    ]  # fmt: skip
    rows = [_explained_row(number, item) for number, item in enumerate(found.items, 1)]
    total = found.total
    rows.append(
        [
            Cell(""), Cell("合计", small="total"), Cell(total.out_of, "right"), Cell(""), Cell(""),
            Cell(LIGHT_WORDS[found.light].zh, small=LIGHT_WORDS[found.light].en, light=found.light),
            Cell(total.points, "right"), Cell(total.lost, "right"), Cell(total.bonus, "right"),
            Cell(f"总分 {total.score}（{total.percent or '—'}%），{_rank(found.rank, found.ranked)}",
                 small=f"上期 {found.total_before.score}  score {total.score}, before {found.total_before.score}"),
        ]
    )  # fmt: skip
    widths = (12.0, 49.0, 14.0, 24.0, 22.0, 23.0, 15.0, 15.0, 15.0, 72.0)
    return _drawn(lettering, caption, head, rows, widths)


def _drawn(
    lettering: Lettering, caption: Caption, head: Sequence[Text], rows: Sequence[Sequence[Cell]],
    widths: Sequence[float],
) -> Scene:  # fmt: skip
    scene, top = begun(lettering, caption, _WIDTH, _MARGIN)
    size = _SIZE if min(widths[1:]) >= 9 and len(head) <= 12 else 7.5
    bottom = grid(scene, _MARGIN, top, widths, head, rows, size)
    lights_explained(scene, _MARGIN, bottom + 6, LABEL)
    scene.write(_MARGIN, bottom + 13.5, _SEALS, LABEL)
    ended(scene, caption, bottom + 15, _MARGIN)
    return scene


def _explained_row(number: int, item: ItemExplained) -> list[Cell]:
    head, reason = item.head, item.reason
    light = _NOT_SHOWN if item.hidden else LIGHT_WORDS[item.light]
    why = item.arithmetic or reason
    told = "；".join(part for part in (why.zh if why else "", _missing(item)) if part)
    return [
        Cell(str(number), "center"),
        Cell(_name(head).zh, small=f"{POPULATION_NAMES[head.population][0]}  {_name(head).en}"),
        Cell("监测" if head.watched else head.weight, "right", "watched" if head.watched else ""),
        Cell(_goal(item.goal, head.unit)),
        Cell(_value(item, head.unit), "right", f"{item.numerator} / {item.denominator}" if item.numerator else ""),
        Cell(light.zh, small=light.en, light=item.light),
        Cell(item.points or "—", "right"), Cell(item.lost or "—", "right"), Cell(item.bonus or "—", "right"),
        Cell(told, small=why.en if why else ""),
    ]  # fmt: skip


def _missing(item: ItemExplained) -> str:
    missing = item.missing
    if missing is None or missing.direction == "none":
        return ""
    of = "分子" if missing.of == "numerator" else ""
    return f"{of}{'还差' if missing.direction == 'more' else '还须减'} {missing.amount}"


def _item_text(head: ItemHead) -> Text:
    weight = "监测" if head.watched else f"{head.weight} 分"
    return Text(_name(head).zh, f"{weight}  {_name(head).en}")


def _name(head: ItemHead) -> Text:
    dims = Dims(head.sex, head.parity, head.ages, head.detail).label
    if not dims.zh:
        return Text(head.name.zh, head.name.en)
    return Text(f"{head.name.zh}·{dims.zh}", f"{head.name.en}, {dims.en}")


def _score(head: ItemHead, item: ItemScore) -> Cell:
    points = "" if item.points is None else f"得 {item.points} / {head.weight}"
    if head.watched:
        points = "监测"
    if item.hidden:
        points = _NOT_SHOWN.zh
    return Cell(_value(item, head.unit), small=points or LIGHT_WORDS[item.light].zh, light=item.light)


def _value(item: ItemScore, unit: str) -> str:
    if item.hidden:
        return HIDDEN_MARK
    return "—" if item.value is None else f"{item.value}{unit if unit in '%‰' else ''}"


def _goal(goal: GoalAnswer | None, unit: str) -> str:
    if goal is None:
        return "—"
    shown = unit if unit in "%‰" else ""
    if goal.low is not None and goal.high is not None:
        return f"{goal.low}—{goal.high}{shown}"
    return f"≥ {goal.low}{shown}" if goal.low is not None else f"≤ {goal.high}{shown}"


def _total(one: AreaScore) -> Cell:
    return Cell(one.total.score, small=f"{LIGHT_WORDS[one.light].zh}{_percent(one.total)}", light=one.light)


def _percent(total: TotalAnswer) -> str:
    return "" if total.percent is None else f" {total.percent}%"


def _rank(rank: int | None, ranked: int) -> str:
    return "未排名" if rank is None else f"第 {rank} 名（共 {ranked} 个区域）"
