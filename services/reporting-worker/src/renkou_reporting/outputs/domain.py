"""A table of figures for people and programs to take away: what every file is made of. No I/O.

A figure is shown, hidden (too small to be published: ``…``) or absent (``—`` with the number of a note that says why).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import NamedTuple

from renkou_common.codes.period import Period, PeriodKind
from renkou_common.contracts.lines import Population
from renkou_common.errors import Text
from renkou_reporting.populations import POPULATION_NAMES

HIDDEN_MARK, ABSENT_MARK = "…", "—"
HIDDEN_NOTE = Text(
    f"{HIDDEN_MARK} 少于5人不予显示；可据以推算的数字同样不予公布。",
    f"{HIDDEN_MARK} not shown: fewer than 5 people, or a figure they could be worked out from.",
)
_SEXES = {
    "0": Text("性别未知", "sex unknown"),
    "1": Text("男", "male"),
    "2": Text("女", "female"),
    "9": Text("性别未说明", "sex not stated"),
}
_CHINESE = "零一二三四五六七八九十"
_UNITS = {
    "人": "persons", "对": "couples", "户": "households", "人次": "times", "件": "cases", "份": "copies", "元": "yuan",
    "次": "times", "个": "items", "万元": "10,000 yuan", "起": "cases", "张": "cards",
}  # fmt: skip


class State(StrEnum):
    """Whether a figure has a number."""

    SHOWN = "shown"
    HIDDEN = "hidden"
    ABSENT = "absent"


class Position(NamedTuple):
    """Which figure of a table: positions of heading, area and column."""

    heading: int
    area: int
    column: int


@dataclass(frozen=True, slots=True)
class Number:
    """A figure; numbers are exact decimal text, none of a hidden one. ``reason`` says why a value is absent."""

    numerator: str | None
    denominator: str | None
    value: str | None
    state: State = State.SHOWN
    reason: Text | None = None


HIDDEN = Number(None, None, None, State.HIDDEN)


class Dims(NamedTuple):
    """Dimensions asked for, as they are written in a question; None stands for all."""

    sex: str | None = None
    parity: str | None = None
    ages: str | None = None
    detail: str | None = None

    @property
    def label(self) -> Text:
        """The dimensions in words, empty for none."""
        parts = [_SEXES[self.sex]] if self.sex is not None else []
        if self.parity is not None:
            parts.append(_parity(self.parity))
        if self.ages is not None:
            parts.append(_ages(self.ages))
        if self.detail is not None:
            parts.append(Text(self.detail, self.detail))
        return Text("、".join(one.zh for one in parts), ", ".join(one.en for one in parts))


@dataclass(frozen=True, slots=True)
class Heading:
    """An indicator as it is asked for."""

    indicator: str
    version: int
    name: Text
    unit: str
    digits: int
    dims: Dims
    meaning: Text
    source: Text

    @property
    def label(self) -> Text:
        """The indicator with its dimensions."""
        dims = self.dims.label
        if not dims.zh:
            return self.name
        return Text(f"{self.name.zh}（{dims.zh}）", f"{self.name.en} ({dims.en})")

    @property
    def unit_text(self) -> Text:
        """The unit in both languages."""
        return Text(self.unit, _UNITS.get(self.unit, self.unit))


class Place(NamedTuple):
    """An area with its name."""

    code: str
    name: str


@dataclass(frozen=True, slots=True)
class Column:
    """A period and the last day counted."""

    period: Period
    end: date

    @property
    def whole(self) -> bool:
        """Whether the period is counted to its end."""
        return self.end >= self.period.end

    @property
    def label(self) -> Text:
        """The period in words, with the last month counted where that is not its last."""
        zh, en = self.period.label_zh, self.period.label_en
        if not self.whole:
            zh, en = f"{zh}（截至{self.end.month}月）", f"{en} (to {self.end:%Y-%m})"
        return Text(zh, en)

    @property
    def short(self) -> Text:
        """The period without its year, for below a heading that names the year."""
        zh, en = f"{self.period.label_zh.removeprefix(f'{self.period.year}年')}", str(self.period)
        return Text(zh or self.label.zh, en) if self.whole else self.label


@dataclass(frozen=True, slots=True)
class Origin:
    """Where figures come from: the live cells, or a published version."""

    as_of: Mapping[str, int]
    made: datetime
    """The day the figures are of, or when they were published: the date of every file, whenever it is made."""
    version: int | None = None
    hash: str | None = None
    boundaries: date | None = None
    versions: Mapping[str, int] = field(default_factory=dict)
    """By period the version that its figures are of, where columns are of several publications."""

    @property
    def label(self) -> Text:
        """Origin in words."""
        if self.versions:
            return self._of_versions()
        at = "、".join(f"{feed} {number}" for feed, number in sorted(self.as_of.items())) or "—"
        at_en = ", ".join(f"{feed} {number}" for feed, number in sorted(self.as_of.items())) or "—"
        if self.version is None:
            zh, en = f"实时数（未公布），截至事件 {at}", f"live figures, not published, as of events {at_en}"
        else:
            day = f"{self.made:%Y-%m-%d}"
            zh = f"公布数第 {self.version} 版，{day} 签发，截至事件 {at}"
            en = f"published version {self.version}, signed {day}, as of events {at_en}"
        if self.boundaries is not None:
            zh, en = f"{zh}，按 {self.boundaries} 的区划", f"{en}, boundaries of {self.boundaries}"
        return Text(zh, en)

    def _of_versions(self) -> Text:
        """Return the newest versions in words: the first, but for periods that were restated."""
        restated = [(period, number) for period, number in self.versions.items() if number > 1]
        zh = "、".join(f"{period} 第 {number} 版" for period, number in restated)
        en = ", ".join(f"{period} version {number}" for period, number in restated)
        day = f"{self.made:%Y-%m-%d}"
        return Text(
            f"公布数，各期最新版：第 1 版{f'，其中 {zh}' if zh else ''}，最近 {day} 签发",
            f"published, newest versions: version 1{f', but {en}' if en else ''}, last signed {day}",
        )


@dataclass(frozen=True, slots=True)
class Table:
    """Figures by heading, area and column. The first area is the whole that the others are parts of."""

    area: Place
    population: Population
    headings: Sequence[Heading]
    areas: Sequence[Place]
    columns: Sequence[Column]
    numbers: Mapping[Position, Number]
    origin: Origin
    subject: Text | None = None
    """What the table is of, where its headings do not say."""
    remarks: Sequence[Text] = ()
    """What a reader has to know besides."""
    reasons: Sequence[Text] = field(init=False)
    """Why values are absent, in the order of their notes' numbers."""

    def __post_init__(self) -> None:
        found = dict.fromkeys(one.reason for one in self.numbers.values() if one.reason is not None)
        object.__setattr__(self, "reasons", tuple(found))

    @property
    def population_name(self) -> Text:
        """The population in both languages."""
        return Text(*POPULATION_NAMES[self.population])

    @property
    def title(self) -> Text:
        """What is on top of a printed table."""
        if self.subject is not None:
            of = self.subject
        elif len({one.indicator for one in self.headings}) == 1:
            of = self.headings[0].name
        else:
            of = Text("人口服务管理考核指标", "Figures of population services")
        name, population = self.area.name, self.population_name
        return Text(f"{name}{of.zh}统计表（{population.zh}）", f"{of.en}, {name} ({population.en})")

    @property
    def period(self) -> Text:
        """The period, or the first and the last."""
        first, last = self.columns[0].label, self.columns[-1].label
        if len(self.columns) == 1:
            return first
        return Text(f"{first.zh}—{last.zh}", f"{first.en} to {last.en}")

    @property
    def unit(self) -> str | None:
        """The unit, None where there are several."""
        units = {one.unit for one in self.headings}
        return units.pop() if len(units) == 1 else None

    @property
    def sources(self) -> Text:
        """Where the counts come from, each source once."""
        zh = dict.fromkeys(one.source.zh for one in self.headings)
        en = dict.fromkeys(one.source.en for one in self.headings)
        return Text("；".join(zh), "; ".join(en))

    def shown(self, number: Number) -> str:
        """Return a figure as text: its value, ``…``, or ``—`` with the number of its note."""
        if number.state is State.HIDDEN:
            return HIDDEN_MARK
        if number.value is not None:
            return grouped(number.value)
        if number.reason is None:
            return ABSENT_MARK
        return f"{ABSENT_MARK} [{self.reasons.index(number.reason) + 1}]"

    @property
    def notes(self) -> list[Text]:
        """Notes below a table: what is hidden, why values are absent, where figures come from."""
        notes = []
        if any(one.state is State.HIDDEN for one in self.numbers.values()):
            notes.append(HIDDEN_NOTE)
        for number, reason in enumerate(self.reasons, 1):
            notes.append(
                Text(f"{ABSENT_MARK} [{number}] {reason.zh}", f"{ABSENT_MARK} [{number}] {reason.en}")
            )
        notes += self.remarks
        notes.append(Text(f"资料来源：{self.sources.zh}", f"Source: {self.sources.en}"))
        notes.append(Text(f"数据版本：{self.origin.label.zh}", f"As of: {self.origin.label.en}"))
        return notes


def grouped(text: str) -> str:
    """Return exact decimal text with its whole part in groups of three."""
    whole, dot, rest = text.partition(".")
    return f"{int(whole):,}{dot}{rest}" if whole.isascii() and whole.isdigit() else _signed(text)


def _signed(text: str) -> str:
    return f"-{grouped(text[1:])}" if text[:1] == "-" and text[1:2].isdigit() else text


def _ages(text: str) -> Text:
    if text.endswith("+"):
        return Text(f"{text[:-1]}岁及以上", f"aged {text[:-1]} and over")
    return Text(f"{text}岁", f"aged {text}")


def parity_of(text: str) -> tuple[int, bool]:
    """Return which child, and whether later ones too: ``3+`` is (3, True)."""
    return int(text.rstrip("+")), text.endswith("+")


def _parity(text: str) -> Text:
    number, later = parity_of(text)
    zh = f"{_CHINESE[number] if number < len(_CHINESE) else number}孩"
    return Text(f"{zh}及以上" if later else zh, f"parity {number} and later" if later else f"parity {number}")


def by_year(columns: Sequence[Column]) -> bool:
    """Say whether columns are headed by years: months, quarters or halves, all whole."""
    parts = (PeriodKind.MONTH, PeriodKind.QUARTER, PeriodKind.HALF_YEAR)
    return len(columns) > 1 and all(one.period.kind in parts and one.whole for one in columns)
