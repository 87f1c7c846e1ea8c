"""Says whether a person meets a scheme's conditions on a day, and why, condition by condition. No I/O."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import date

from renkou_common.codes.lists import MARITAL_STATUSES
from renkou_common.errors import Text
from renkou_registry.benefits.schemes.domain import (
    FACT_NAMES,
    Age,
    AllOf,
    Answer,
    AnyOf,
    Children,
    Condition,
    Fact,
    FactHolds,
    MaritalStatusIn,
    Not,
    RegisteredHere,
    SexIs,
)
from renkou_registry.life_events.calendar import full_years

_SEX_NAMES = {1: ("男", "male"), 2: ("女", "female")}
_UNSTATED_MARRIAGE = "90"


@dataclass(frozen=True, slots=True)
class Child:
    """A child as far as known; ``person_id`` None where it was declared and is not in the register."""

    birth_date: date
    sex: int
    died_on: date | None = None
    key: str = ""

    def alive_on(self, day: date) -> bool:
        return self.died_on is None or self.died_on > day


@dataclass(frozen=True, slots=True)
class Facts:
    """What is known of a person on a day.

    ``children`` are those known one by one, ``children_count`` how many there are at least. ``told`` are
    facts that a register keeps or an application declares; one that is missing is not known.
    """

    birth_date: date
    sex: int
    marital_status: str
    registered_here: bool
    registered_since: date | None
    alive: bool
    children: tuple[Child, ...]
    children_count: int
    told: dict[Fact, bool]


@dataclass(frozen=True, slots=True)
class Finding:
    """A condition with its result, the reason in both languages, and the findings of its parts."""

    kind: str
    answer: Answer
    text: Text
    parts: tuple["Finding", ...] = ()


def evaluate(condition: Condition, facts: Facts, on: date) -> Finding:
    """Return the finding for a condition, its parts first to last."""
    if isinstance(condition, AllOf | AnyOf):
        parts = tuple(evaluate(part, facts, on) for part in condition.parts)
        answers = {part.answer for part in parts}
        decisive, other = (
            (Answer.NOT_MET, Answer.MET) if isinstance(condition, AllOf) else (Answer.MET, Answer.NOT_MET)
        )
        answer = decisive if decisive in answers else Answer.UNKNOWN if Answer.UNKNOWN in answers else other
        kind = "all" if isinstance(condition, AllOf) else "any"
        text = Text("须全部符合", "all of these") if kind == "all" else Text("须符合其一", "one of these")
        return Finding(kind, answer, text, parts)
    if isinstance(condition, Not):
        part = evaluate(condition.part, facts, on)
        opposite = {Answer.MET: Answer.NOT_MET, Answer.NOT_MET: Answer.MET, Answer.UNKNOWN: Answer.UNKNOWN}
        return Finding("not", opposite[part.answer], Text("须不符合下列条件", "must not hold"), (part,))
    return _EVALUATORS[type(condition)](condition, facts, on)


def _answer(holds: bool) -> Answer:
    return Answer.MET if holds else Answer.NOT_MET


def _age(condition: Age, facts: Facts, on: date) -> Finding:
    age, born = full_years(facts.birth_date, on), facts.birth_date
    low, high = condition.at_least, condition.at_most
    if low is not None and age < low:
        text = Text(f"未满 {low} 周岁: {born} 出生", f"not yet {low}: born {born}")
        return Finding("age", Answer.NOT_MET, text)
    if high is not None and age > high:
        text = Text(f"已超过 {high} 周岁: {born} 出生", f"older than {high}: born {born}")
        return Finding("age", Answer.NOT_MET, text)
    return Finding(
        "age", Answer.MET, Text(f"{on} 年满 {age} 周岁: {born} 出生", f"{age} on {on}: born {born}")
    )


def _sex(condition: SexIs, facts: Facts, on: date) -> Finding:
    zh, en = _SEX_NAMES[condition.sex]
    if facts.sex not in _SEX_NAMES:
        return Finding("sex", Answer.UNKNOWN, Text("登记中未说明性别", "the register does not state the sex"))
    own_zh, own_en = _SEX_NAMES[facts.sex]
    text = Text(f"须为{zh}: 登记为{own_zh}", f"must be {en}: recorded as {own_en}")
    return Finding("sex", _answer(facts.sex == condition.sex), text)


def _marital(condition: MaritalStatusIn, facts: Facts, on: date) -> Finding:
    own = MARITAL_STATUSES.entry(facts.marital_status)
    wanted = [MARITAL_STATUSES.entry(code) for code in sorted(condition.codes)]
    text = Text(
        f"婚姻状况须为{'、'.join(each.zh for each in wanted)}: 登记为{own.zh}",
        f"marital status must be {', '.join(each.en for each in wanted)}: recorded as {own.en}",
    )
    if own.code == _UNSTATED_MARRIAGE and own.code not in condition.codes:
        return Finding("marital_status", Answer.UNKNOWN, text)
    return Finding("marital_status", _answer(own.code in condition.codes), text)


def _registered(condition: RegisteredHere, facts: Facts, on: date) -> Finding:
    if not facts.registered_here:
        text = Text(f"{on} 户籍不在本区", f"not registered in this district on {on}")
        return Finding("registered_here", Answer.NOT_MET, text)
    latest = _latest_registration(condition, on)
    since = facts.registered_since
    if latest is None:
        return Finding("registered_here", Answer.MET, Text("户籍在本区", "registered in this district"))
    if since is None:
        text = Text(
            f"户籍须不晚于 {latest} 迁入: 登记中无迁入日期",
            f"must be registered here by {latest}: the register does not say since when",
        )
        return Finding("registered_here", Answer.UNKNOWN, text)
    text = Text(
        f"户籍须不晚于 {latest} 迁入: {since} 迁入", f"must be registered here by {latest}: since {since}"
    )
    return Finding("registered_here", _answer(since <= latest), text)


def _latest_registration(condition: RegisteredHere, on: date) -> date | None:
    days = [] if condition.on_or_before is None else [condition.on_or_before]
    if condition.for_months is not None:
        months = on.year * 12 + on.month - 1 - condition.for_months
        first = date(months // 12, months % 12 + 1, 1)
        days.append(first.replace(day=min(on.day, 28)))
    return min(days) if days else None


def counted(condition: Children, facts: Facts, on: date) -> list[Child]:
    """Return the known children that a condition counts, born by the day."""
    return [
        child
        for child in facts.children
        if child.birth_date <= on
        and (not condition.alive_only or child.alive_on(on))
        and (condition.born_from is None or child.birth_date >= condition.born_from)
        and (condition.born_to is None or child.birth_date <= condition.born_to)
        and (condition.sex is None or child.sex == condition.sex)
        and (condition.under_age is None or full_years(child.birth_date, on) < condition.under_age)
    ]


def _children(condition: Children, facts: Facts, on: date) -> Finding:
    least = len(counted(condition, facts, on))
    unseen = max(facts.children_count - len(facts.children), 0)
    plain = condition.filter == (False, None, None, None, None)
    low = least + unseen if plain else least
    high = least + unseen
    wanted_low = condition.at_least or 0
    wanted_high = high if condition.at_most is None else condition.at_most
    zh, en = _children_words(condition)
    found = str(low) if low == high else f"{low}-{high}"
    bounds = _bounds(condition)
    text = Text(f"{zh}须{bounds.zh}: 登记为 {found} 个", f"{en} must be {bounds.en}: {found} recorded")
    if high < wanted_low or low > wanted_high:
        return Finding("children", Answer.NOT_MET, text)
    certain = low >= wanted_low and high <= wanted_high
    return Finding("children", Answer.MET if certain else Answer.UNKNOWN, text)


def _children_words(condition: Children) -> tuple[str, str]:
    zh, en = ("现存", "living ") if condition.alive_only else ("生育(含收养)", "")
    kind_zh = {None: "子女", 1: "儿子", 2: "女儿"}[condition.sex]
    kind_en = {None: "children", 1: "sons", 2: "daughters"}[condition.sex]
    if condition.under_age is not None:
        zh, kind_en = f"{condition.under_age} 周岁以下{zh}", f"{kind_en} under {condition.under_age}"
    if condition.born_from or condition.born_to:
        start, end = condition.born_from or "", condition.born_to or ""
        zh, kind_en = f"{start}~{end} 出生的{zh}", f"{kind_en} born {start}..{end}"
    return f"{zh}{kind_zh}数", f"number of {en}{kind_en}"


def _bounds(condition: Children) -> Text:
    low, high = condition.at_least, condition.at_most
    if low is not None and low == high:
        return Text(f"为 {low} 个", f"{low}")
    if low is None:
        return Text(f"不超过 {high} 个", f"at most {high}")
    if high is None:
        return Text(f"不少于 {low} 个", f"at least {low}")
    return Text(f"为 {low}-{high} 个", f"{low}-{high}")


def _fact(condition: FactHolds, facts: Facts, on: date) -> Finding:
    zh, en = FACT_NAMES[condition.fact]
    kind = condition.fact.value
    if condition.fact is Fact.ONLY_CHILD:
        finding = _children(Children(False, 1, 1, None, None, None, None), facts, on)
        return Finding(kind, finding.answer, finding.text)
    if condition.fact is Fact.CHILD_DIED:
        died = [child for child in facts.children if not child.alive_on(on)]
        if died:
            day = died[0].died_on
            return Finding(kind, Answer.MET, Text(f"{zh}: {day}", f"{en}: {day}"))
    told = facts.told.get(condition.fact)
    if told is None:
        text = Text(
            f"{zh}: 登记中没有, 须本人申报并经核实", f"{en}: not on record; to be declared and checked"
        )
        return Finding(kind, Answer.UNKNOWN, text)
    text = Text(f"{zh}: {'是' if told else '否'}", f"{en}: {'yes' if told else 'no'}")
    return Finding(kind, _answer(told), text)


_EVALUATORS: dict[type, Callable[..., Finding]] = {
    Age: _age,
    SexIs: _sex,
    MaritalStatusIn: _marital,
    RegisteredHere: _registered,
    Children: _children,
    FactHolds: _fact,
}
