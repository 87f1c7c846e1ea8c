"""Examples of every form, of invented figures: ``python -m renkou_reporting.outputs.examples docs/figures``."""

import sys
from collections.abc import Callable, Sequence
from datetime import date
from decimal import Decimal
from hashlib import sha256
from pathlib import Path
from uuid import UUID

from renkou_common.codes.period import Period
from renkou_common.contracts.lines import Population
from renkou_common.errors import Text
from renkou_reporting.forecast.schemas import (
    ErrorRow,
    ForecastAnswer,
    ForecastYear,
    PastYear,
    RatesAnswer,
)
from renkou_reporting.labels import Label
from renkou_reporting.outputs.charts.data import Aim
from renkou_reporting.outputs.delimited import csv_of
from renkou_reporting.outputs.domain import (
    HIDDEN,
    Column,
    Dims,
    Heading,
    Number,
    Origin,
    Place,
    Position,
    State,
    Table,
)
from renkou_reporting.outputs.drawing import card, outlook_file, pyramid_chart, table_chart, table_page
from renkou_reporting.outputs.forecasting import Outlook
from renkou_reporting.outputs.form import Form
from renkou_reporting.outputs.schemas import CardForm
from renkou_reporting.outputs.sdmx import sdmx_csv
from renkou_reporting.outputs.sources import CARD_NOTE, day_of
from renkou_reporting.outputs.workbook import workbook
from renkou_reporting.published.domain import NOT_PUBLISHED
from renkou_reporting.scorecards.domain import Deduction
from renkou_reporting.scorecards.schemas import (
    AreaScore,
    ExplainedAnswer,
    ItemExplained,
    ItemHead,
    ItemScore,
    ScoresAnswer,
    TotalAnswer,
)
from renkou_reporting.targets.domain import LIGHT_NAMES, Comparison, Light
from renkou_reporting.targets.schemas import GoalAnswer, MissingAnswer

DISTRICT = Place("340103", "庐阳区")
TOWNS = ("亳州路街道", "双岗街道", "杏林街道", "海棠街道", "逍遥津街道", "三孝口街道", "四里河街道", "大杨镇")
FORM = Form("人统1表", "（示例）省卫生健康委员会", "庐阳区卫生健康委员会")
_ID = UUID("0190aaaa-0000-7000-8000-000000000001")
_NO_DENOMINATOR = Text("分母为零，无法计算", "The denominator is zero; there is no value")
_RATES = {
    "population": ("期末人口", "population at the end", "人", 0, "户口与常住登记", "the register of residents"),
    "births": ("出生人数", "births", "人", 0, "户口与常住登记", "the register of residents"),
    "birth_rate": ("出生率", "birth rate", "‰", 2, "户口与常住登记", "the register of residents"),
    "certificate_check_rate": ("查验率", "certificate check rate", "%", 2, "婚育证明查验", "checks of certificates"),
    "free_service_rate": ("免费服务率", "free service rate", "%", 2, "服务记录", "records of services"),
    "satisfaction_rate": ("满意率", "satisfaction rate", "%", 2, "问卷调查", "surveys"),
}  # fmt: skip
_RULE = Deduction(kind="deduction", per=Decimal(1), points=Decimal(5))
LIVE = Origin({"registry": 48_213, "migrant": 9_127}, day_of(date(2026, 12, 31)))


def _heading(code: str, dims: Dims | None = None) -> Heading:
    zh, en, unit, digits, source_zh, source_en = _RATES[code]
    return Heading(
        code,
        1,
        Text(zh, en),
        unit,
        digits,
        dims or Dims(),
        Text(f"{zh}。", f"{en}."),
        Text(source_zh, source_en),
    )


def _wave(*seed: int) -> float:
    """Return a number between 0 and 1 that only depends on its seed."""
    return int.from_bytes(sha256(repr(seed).encode()).digest()[:4]) / 2**32


def _months(number: int, year: int = 2026) -> list[Column]:
    periods = [Period.parse(f"{year + at // 12}-{at % 12 + 1:02d}") for at in range(number)]
    return [Column(one, one.end) for one in periods]


def _table(
    headings: Sequence[Heading],
    areas: Sequence[Place],
    columns: Sequence[Column],
    value: Callable[[Position], Number],
    *,
    population: Population = Population.RESIDENT,
    origin: Origin = LIVE,
    subject: Text | None = None,
) -> Table:
    numbers = {
        at: value(at)
        for number in range(len(headings))
        for area in range(len(areas))
        for when in range(len(columns))
        if (at := Position(number, area, when))
    }
    return Table(areas[0], population, headings, areas, columns, numbers, origin, subject)


def _rate(low: float, high: float) -> Callable[[Position], Number]:
    def value(at: Position) -> Number:
        whole = 200 + round(1800 * _wave(at.area, 3))
        part = round(whole * (low + (high - low) * _wave(*at)) / 100)
        return Number(str(part), str(whole), f"{100 * part / whole:.2f}")

    return value


def _places(number: int) -> list[Place]:
    names = [Place(f"3401030{number:02d}", name) for number, name in enumerate(TOWNS, 1)]
    return [DISTRICT, *names[: number - 1]]


def district_table() -> Table:
    """A published table: subdistricts and figures, some hidden, some absent."""
    codes = ("population", "births", "birth_rate", "certificate_check_rate", "free_service_rate")
    headings = [_heading(code) for code in codes]
    headings[2:2] = [_heading("births", Dims(parity=one)) for one in ("1", "2", "3+")]

    def value(at: Position) -> Number:
        if at.area in (2, 6) and at.heading in (3, 4):
            return HIDDEN
        if at.area == 3 and headings[at.heading].indicator == "certificate_check_rate":
            return Number("0", "0", None, State.ABSENT, _NO_DENOMINATOR)
        people = sum(31_000 + round(9_000 * _wave(area)) for area in ([at.area] if at.area else range(1, 9)))
        births = people // 290
        shares = (
            births,
            births * 52 // 100,
            births * 38 // 100,
            births - births * 52 // 100 - births * 38 // 100,
        )
        if at.heading == 0:
            return Number(str(people), "1", str(people))
        if at.heading <= 4:
            return Number(str(shares[at.heading - 1]), "1", str(shares[at.heading - 1]))
        if at.heading == 5:
            return Number(str(births), str(people), f"{births / people * 1000:.2f}")
        return _rate(94, 100)(at)

    origin = Origin({"registry": 47_002, "migrant": 9_001}, day_of(date(2027, 1, 12)), 1, "0" * 64)
    year = Period.parse("2026")
    return _table(headings, _places(9), [Column(year, year.end)], value, origin=origin)


def year_of_communities() -> Table:
    """Twelve months of 55 communities."""
    areas = [
        DISTRICT,
        *(Place(f"3401030{1 + each // 7:02d}{each % 7 + 1:03d}", f"第{each + 1}社区") for each in range(55)),
    ]
    return _table(
        [_heading("certificate_check_rate")],
        areas,
        _months(12),
        _rate(91, 100),
        population=Population.MIGRANT_IN,
    )


def check_rate_trend() -> tuple[Table, dict[Position, Aim]]:
    """Eighteen months with a target that was raised, and one month without a figure."""

    def value(at: Position) -> Number:
        if at.column == 4:
            return Number("0", "0", None, State.ABSENT, _NO_DENOMINATOR)
        return Number("1", "1", f"{95.4 + at.column * 0.17 + _wave(at.column, 5) * 1.6:.2f}")

    columns = _months(18, 2025)
    table = _table(
        [_heading("certificate_check_rate")], [DISTRICT], columns, value, population=Population.MIGRANT_IN
    )
    return table, {at: Aim("97.5" if at.column < 12 else "98", None) for at in table.numbers}


def published_trend() -> tuple[Table, dict[Position, Aim]]:
    """A community's year as it was published: two months too small to be shown, one not published yet."""

    def value(at: Position) -> Number:
        if at.column == 11:
            return Number(None, None, None, State.ABSENT, NOT_PUBLISHED)
        if at.column in (3, 4):
            return HIDDEN
        whole = 140 + round(90 * _wave(at.column, 8))
        part = whole - 5 - round(12 * _wave(at.column, 11))
        return Number(str(part), str(whole), f"{100 * part / whole:.2f}")

    columns = _months(12)
    versions = {str(one.period): 2 if number == 6 else 1 for number, one in enumerate(columns[:11])}
    table = _table(
        [_heading("free_service_rate")], [Place("340103001001", "一里井社区")], columns, value,
        origin=Origin({}, day_of(date(2026, 12, 9)), versions=versions),
    )  # fmt: skip
    return table, dict.fromkeys(table.numbers, Aim("95", None))


def births_by_parity() -> Table:
    """Several lines told apart by dash and mark."""
    headings = [_heading("births", Dims(parity=one)) for one in ("1", "2", "3+")]

    def value(at: Position) -> Number:
        count = round((95, 62, 14)[at.heading] * (0.8 + 0.4 * _wave(at.heading, at.column)))
        return Number(str(count), "1", str(count))

    return _table(headings, [DISTRICT], _months(12), value)


def areas_compared() -> tuple[Table, dict[Position, Aim]]:
    """Subdistricts beside each other, with their target."""
    year = Period.parse("2026")
    table = _table(
        [_heading("certificate_check_rate")], _places(9), [Column(year, year.end)], _rate(93, 100),
        population=Population.MIGRANT_IN,
    )  # fmt: skip
    return table, dict.fromkeys(table.numbers, Aim("98", None))


def people() -> Table:
    """People by age and sex."""
    counts: dict[Dims, int] = {Dims(): 0, Dims("1"): 0, Dims("2"): 0}
    for band in range(21):
        ages = f"{5 * band}-{5 * band + 4}" if band < 20 else "100+"
        shape = 17_000 * (1 + 0.5 * _wave(band, 9)) * (1 if band < 12 else max(1 - (band - 11) / 9, 0.004))
        male, female = round(shape * (1.06 - band * 0.009)), round(shape * (0.97 + band * 0.004))
        for sex, number in ((None, male + female), ("1", male), ("2", female)):
            counts[Dims(sex, ages=ages)] = number
            counts[Dims(sex)] += number
    month = Period.parse("2026-12")
    numbers = [Number(str(count), "1", str(count)) for count in counts.values()]
    headings = [_heading("population", dims) for dims in counts]
    return _table(
        headings, [DISTRICT], [Column(month, month.end)], lambda at: numbers[at.heading],
        population=Population.REGISTERED, subject=Text("人口年龄性别", "People by age and sex"),
    )  # fmt: skip


_ITEMS = (
    ("notice_rate", "信息交流率", "notice rate", Population.MIGRANT_IN, "98", "30"),
    ("certificate_check_rate", "查验率", "certificate check rate", Population.MIGRANT_IN, "98", "30"),
    ("satisfaction_rate", "满意率", "satisfaction rate", Population.OFFICE, "90", "25"),
    ("petition_on_time_rate", "信访及时处理率", "petitions handled in time", Population.OFFICE, "95", "15"),
    ("awareness_rate", "知晓率", "awareness rate", Population.OFFICE, "85", "0"),
)
_HEADS = [
    ItemHead(
        indicator=code, indicator_version=1, name=Label(zh=zh, en=en), unit="%", population=population, sex=None,
        parity=None, ages=None, detail=None, weight=weight, office=None, watched=weight == "0",
    )
    for code, zh, en, population, _, weight in _ITEMS
]  # fmt: skip


def _scored(area: int, number: int) -> ItemScore:
    target, weight = _ITEMS[number][4], int(_ITEMS[number][5])
    value = round(float(target) - 2.2 + 4.6 * _wave(area, number, 2), 2)
    goal = GoalAnswer(comparison=Comparison.AT_LEAST, low=target, high=None)
    if area == 4 and number == 3:
        return ItemScore(
            goal=goal, value=None, light=Light.GREY, points=None, lost=None, bonus=None, change=None
        )
    short = max(float(target) - value, 0)
    lost = min(round(short * 5, 2), weight)
    light = Light.GREEN if not short else Light.AMBER if short < 1 else Light.RED
    return ItemScore(
        goal=goal, value=f"{value:.2f}", light=light, points=f"{weight - lost:.2f}", lost=f"{lost:.2f}", bonus="0.00",
        change=None,
    )  # fmt: skip


def _total(items: Sequence[ItemScore]) -> TotalAnswer:
    counted = [number for number, one in enumerate(items) if one.points is not None]
    out_of = sum(int(_ITEMS[number][5]) for number in counted)
    points = sum(float(items[number].points or 0) for number in counted)
    return TotalAnswer(
        score=f"{points:.2f}", points=f"{points:.2f}", lost=f"{out_of - points:.2f}", bonus="0.00",
        out_of=f"{out_of}.00", percent=f"{100 * points / out_of:.2f}",
    )  # fmt: skip


def scores() -> ScoresAnswer:
    """Eight subdistricts side by side."""
    areas = []
    for number, name in enumerate(TOWNS, 1):
        items = [_scored(number, at) for at in range(len(_ITEMS))]
        total = _total(items)
        light = Light.GREEN if float(total.percent or 0) >= 90 else Light.AMBER
        areas.append(
            AreaScore(
                area=f"3401030{number:02d}", area_name=name, office=f"{name}办事处", total=total, light=light,
                light_name=_name(light), rank=None, before=total, items=items,
            )
        )  # fmt: skip
    ordered = sorted(areas, key=lambda one: -float(one.total.percent or 0))
    placed = [one.model_copy(update={"rank": ordered.index(one) + 1}) for one in areas]
    return ScoresAnswer(
        scorecard_id=_ID, number=1, title="2026年度流动人口服务管理责任书", period="2026",
        counted_to=date(2026, 12, 31), before="2025", source="live", ranked=len(areas), items=_HEADS, areas=placed,
    )  # fmt: skip


def one_card() -> ExplainedAnswer:
    """One subdistrict with every point explained."""
    found = scores()
    area = found.areas[3]
    items = []
    for number, (head, one) in enumerate(zip(_HEADS, area.items, strict=True)):
        short = one.lost not in (None, "0.00")
        why = Text(
            f"每低 1 个百分点扣 5 分，扣 {one.lost} 分", f"5 points for each per cent short: {one.lost}"
        )
        whole = 10_000 * (number + 1)
        part = 0 if one.value is None else round(whole * float(one.value) / 100)
        wanted = whole * int(_ITEMS[number][4]) // 100
        missing = MissingAnswer(amount=str(wanted - part), direction="more", of="numerator")
        items.append(
            ItemExplained(
                **one.model_dump(), head=head,
                numerator=None if one.value is None else str(part),
                denominator=None if one.value is None else str(whole),
                reason=None if one.value else Label(zh=_NO_DENOMINATOR.zh, en=_NO_DENOMINATOR.en),
                rule=_RULE, rule_bonus=None,
                arithmetic=None if one.value is None else Label(zh=why.zh if short else "达到目标，得满分",
                                                               en=why.en if short else "reached: full points"),
                missing=missing if short else None, value_before=None,
            )
        )  # fmt: skip
    return ExplainedAnswer(
        scorecard_id=_ID, number=1, title=found.title, period="2026", until=date(2026, 12, 31),
        counted_to=found.counted_to, before="2025", area=area.area, area_name=area.area_name, office=area.office,
        total=area.total, light=area.light, light_name=area.light_name,
        rank=area.rank, ranked=found.ranked, total_before=area.total,
        items=items,
    )  # fmt: skip


def _name(light: Light) -> Label:
    return Label(zh=LIGHT_NAMES[light].zh, en=LIGHT_NAMES[light].en)


def outlook() -> Outlook:
    """Six years counted and ten to come under three scenarios."""
    people = {year: 690_000 + round(3_800 * (year - 2020) ** 0.8) for year in range(2020, 2027)}
    past = [
        PastYear(year=year, closing=number, born=round(number * 0.0062)) for year, number in people.items()
    ]
    rates = RatesAnswer(
        years=[2024, 2025, 2026], total_fertility="1.08", boys_per_hundred_girls="108.2",
        fertility_source=Label(zh="", en=""), mortality_source=Label(zh="", en=""),
    )  # fmt: skip
    errors = [
        ErrorRow(
            horizon=horizon,
            bases=3,
            population=f"{0.21 * horizon:.2f}",
            births=f"{1.4 * horizon:.2f}",
            ages=None,
        )
        for horizon in (1, 3, 5)
    ]
    given = (
        ("high", "高方案", "high", "生育率上升", "fertility rises", 0.0042),
        ("medium", "中方案", "medium", "生育率不变", "fertility stays", 0.0011),
        ("low", "低方案", "low", "生育率下降", "fertility falls", -0.0026),
    )
    forecasts = []
    for code, zh, en, text_zh, text_en, growth in given:
        closing, items = float(people[2026]), []
        for year in range(2027, 2037):
            opening, closing = closing, closing * (1 + growth - (year - 2026) * 0.0002)
            items.append(
                ForecastYear(
                    year=year, opening=f"{opening:.3f}", born=f"{opening * (0.006 + growth):.3f}", died="0.000",
                    moved_in="0.000", moved_out="0.000", closing=f"{closing:.3f}", people=[],
                )
            )  # fmt: skip
        forecasts.append(
            ForecastAnswer(
                area=DISTRICT.code, population="resident",
                population_name=Label(zh="常住人口", en="usual residents"), base=2026, scenario=code,
                scenario_name=Label(zh=zh, en=en), scenario_text=Label(zh=text_zh, en=text_en), rates=rates, left_out=0,
                past=past, items=items, errors=errors,
            )
        )  # fmt: skip
    return Outlook(DISTRICT, forecasts)


def files() -> dict[str, bytes]:
    """Return every example by the name of its file."""
    table, year = district_table(), year_of_communities()
    trend, trend_aims = check_rate_trend()
    published, published_aims = published_trend()
    compared, compared_aims = areas_compared()
    found, own = scores(), one_card()
    notes, made = [CARD_NOTE], day_of(found.counted_to)
    return {
        "table.csv": csv_of(table),
        "table.sdmx.csv": sdmx_csv(table),
        "table.xlsx": workbook(table, FORM),
        "table.pdf": table_page(table, FORM),
        "communities.pdf": table_page(year, FORM),
        "communities.xlsx": workbook(year, FORM),
        "trend.png": table_chart(trend, trend_aims),
        "published.png": table_chart(published, published_aims),
        "parities.png": table_chart(births_by_parity(), {}),
        "compared.png": table_chart(compared, compared_aims),
        "multiples.png": table_chart(year, dict.fromkeys(year.numbers, Aim("98", None))),
        "pyramid.png": pyramid_chart(people()),
        "pyramid.pdf": table_page(people(), FORM),
        "forecast.png": outlook_file(outlook(), CardForm.PNG, made),
        "scores.png": card(found, notes, CardForm.PNG, made),
        "scores.pdf": card(found, notes, CardForm.PDF, made),
        "card.png": card(own, notes, CardForm.PNG, made),
        "card.pdf": card(own, notes, CardForm.PDF, made),
    }


def main(folder: Path) -> None:
    """Write every example into a folder."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in files().items():
        (folder / name).write_bytes(content)


if __name__ == "__main__":
    main(Path(sys.argv[1]))
