"""From a definition in JSON to typed values; everything wrong is told at once, each with its pointer.

The language is closed: what it does not know is refused, and so is what no person could ever meet.
"""

import re
from collections.abc import Callable, Mapping
from datetime import date
from decimal import Decimal
from typing import Any

from renkou_common.codes.lists import MARITAL_STATUSES
from renkou_common.errors import FieldError, InvalidInput, Text
from renkou_registry.benefits.schemes.contradictions import impossible
from renkou_registry.benefits.schemes.domain import (
    Age,
    AllOf,
    AmountRule,
    AnyOf,
    Band,
    Children,
    Condition,
    Definition,
    Every,
    Fact,
    FactHolds,
    MaritalStatusIn,
    Not,
    RegisteredHere,
    SexIs,
    Unit,
)

SEXES = {"male": 1, "female": 2}
_YUAN = re.compile(r"(0|[1-9]\d{0,6})\.\d{2}", re.ASCII)
_DEEPEST, _MOST_PARTS = 8, 30
_NEVER = AllOf(())


class Reader:
    """Collects what is wrong while it reads; values that cannot be read come back as None."""

    def __init__(self) -> None:
        self.errors: list[FieldError] = []

    def wrong(self, at: str, code: str, zh: str, en: str) -> None:
        self.errors.append(FieldError(at, code, Text(zh, en)))

    def object(
        self, value: Any, at: str, allowed: tuple[str, ...], needed: tuple[str, ...] = ()
    ) -> Mapping[str, Any]:
        """Return a JSON object; unknown and missing members are wrong."""
        if not isinstance(value, dict):
            self.wrong(at, "object_expected", "应为 JSON 对象", "must be a JSON object")
            return {}
        for name in value.keys() - set(allowed):
            known = ", ".join(allowed)
            self.wrong(
                f"{at}/{name}", "unknown_member", f"不认识的项; 可用: {known}", f"unknown; known are: {known}"
            )
        for name in needed:
            if value.get(name) is None:
                self.wrong(f"{at}/{name}", "missing", "必填项缺失", "this field is required")
        return value

    def number(self, given: Mapping[str, Any], name: str, at: str, low: int, high: int) -> int | None:
        value = given.get(name)
        if value is None:
            return None
        if type(value) is not int or not low <= value <= high:
            self.wrong(
                f"{at}/{name}", "number", f"应为 {low}-{high} 的整数", f"must be a whole number {low}-{high}"
            )
            return None
        return value

    def day(self, given: Mapping[str, Any], name: str, at: str) -> date | None:
        value = given.get(name)
        if value is None:
            return None
        try:
            if isinstance(value, str) and len(value) == 10:
                return date.fromisoformat(value)
        except ValueError:
            pass
        self.wrong(f"{at}/{name}", "date_form", "日期应为 YYYY-MM-DD", "must be a date, YYYY-MM-DD")
        return None

    def choice(
        self, given: Mapping[str, Any], name: str, at: str, allowed: tuple[str, ...], default: str
    ) -> str:
        value = given.get(name, default)
        if value not in allowed:
            names = ", ".join(allowed)
            self.wrong(f"{at}/{name}", "choice", f"只能是 {names}", f"must be one of {names}")
            return default
        return str(value)

    def range(self, at: str, low: Any, high: Any) -> None:
        if low is not None and high is not None and low > high:
            self.wrong(
                at,
                "empty_range",
                "下限大于上限, 无人符合",
                "the lower end is above the upper one; nobody fits",
            )

    def condition(self, value: Any, at: str, depth: int = 0) -> Condition:
        """Read one condition: an object with exactly one member, whose name says what it is."""
        if not isinstance(value, dict) or len(value) != 1:
            known = ", ".join(sorted({"all", "any", "not", *_LEAVES}))
            self.wrong(
                at,
                "condition_form",
                f"条件应为只含一项的对象: {known}",
                f"a condition is an object with one of: {known}",
            )
            return _NEVER
        if depth > _DEEPEST:
            self.wrong(at, "too_deep", f"条件嵌套超过 {_DEEPEST} 层", f"more than {_DEEPEST} levels deep")
            return _NEVER
        [(name, given)] = value.items()
        inside = f"{at}/{name}"
        if name in ("all", "any"):
            if not isinstance(given, list) or not 1 <= len(given) <= _MOST_PARTS:
                self.wrong(
                    inside,
                    "parts",
                    f"应为 1-{_MOST_PARTS} 个条件的列表",
                    f"must be a list of 1-{_MOST_PARTS} conditions",
                )
                return _NEVER
            parts = tuple(self.condition(each, f"{inside}/{n}", depth + 1) for n, each in enumerate(given))
            return AllOf(parts) if name == "all" else AnyOf(parts)
        if name == "not":
            return Not(self.condition(given, inside, depth + 1))
        read = _LEAVES.get(name)
        if read is None:
            known = ", ".join(sorted(_LEAVES))
            self.wrong(
                inside,
                "refers_to_nothing",
                f"没有这样的条件; 可用: {known}",
                f"refers to nothing; known are: {known}",
            )
            return _NEVER
        return read(self, given, inside)


def _age(reader: Reader, value: Any, at: str) -> Condition:
    given = reader.object(value, at, ("at_least", "at_most"))
    low, high = (reader.number(given, name, at, 0, 150) for name in ("at_least", "at_most"))
    reader.range(at, low, high)
    if given.get("at_least") is None and given.get("at_most") is None:
        reader.wrong(at, "says_nothing", "须写明年龄下限或上限", "needs at_least or at_most")
    return Age(low, high)


def _sex(reader: Reader, value: Any, at: str) -> Condition:
    if value not in ("male", "female"):
        reader.wrong(at, "choice", "只能是 male, female", "must be male or female")
        return _NEVER
    return SexIs(SEXES[value])


def _marital(reader: Reader, value: Any, at: str) -> Condition:
    if not isinstance(value, list) or not value:
        reader.wrong(at, "codes", "应为婚姻状况代码的列表", "must be a list of marital status codes")
        return _NEVER
    for place, code in enumerate(value):
        if code not in MARITAL_STATUSES.codes:
            known = ", ".join(MARITAL_STATUSES.codes)
            reader.wrong(
                f"{at}/{place}",
                "refers_to_nothing",
                f"婚姻状况码表中没有该代码; 可用: {known}",
                f"no marital status; known are: {known}",
            )
    return MaritalStatusIn(frozenset(map(str, value)))


def _registered(reader: Reader, value: Any, at: str) -> Condition:
    given = reader.object(value, at, ("on_or_before", "for_months"))
    return RegisteredHere(
        reader.day(given, "on_or_before", at), reader.number(given, "for_months", at, 1, 1200)
    )


def _children(reader: Reader, value: Any, at: str) -> Condition:
    names = ("count", "at_least", "at_most", "born_from", "born_to", "sex", "under_age")
    given = reader.object(value, at, names)
    low, high = (reader.number(given, name, at, 0, 30) for name in ("at_least", "at_most"))
    reader.range(at, low, high)
    if given.get("at_least") is None and given.get("at_most") is None:
        reader.wrong(at, "says_nothing", "须写明人数下限或上限", "needs at_least or at_most")
    born_from, born_to = reader.day(given, "born_from", at), reader.day(given, "born_to", at)
    reader.range(f"{at}/born_from", born_from, born_to)
    sex = None
    if "sex" in given:
        sex = SEXES[reader.choice(given, "sex", at, ("male", "female"), "male")]
    alive = reader.choice(given, "count", at, ("all", "alive"), "all") == "alive"
    return Children(alive, low, high, born_from, born_to, sex, reader.number(given, "under_age", at, 1, 150))


def _fact(reader: Reader, value: Any, at: str) -> Condition:
    if not isinstance(value, str) or value not in tuple(Fact):
        known = ", ".join(Fact)
        reader.wrong(
            at,
            "refers_to_nothing",
            f"没有这样的事实; 可用: {known}",
            f"refers to nothing; known are: {known}",
        )
        return _NEVER
    return FactHolds(Fact(value))


_LEAVES: dict[str, Callable[[Reader, Any, str], Condition]] = {
    "age": _age,
    "sex": _sex,
    "marital_status": _marital,
    "registered_here": _registered,
    "children": _children,
    "fact": _fact,
}
_AMOUNT = ("unit", "every", "bands", "by_months", "due", "counts_from", "child_until_age", "after_end")


def _amount(reader: Reader, value: Any, at: str) -> AmountRule | None:
    given = reader.object(value, at, _AMOUNT, ("unit", "every", "bands"))
    unit = Unit(reader.choice(given, "unit", at, tuple(Unit), Unit.PERSON))
    every = Every(reader.choice(given, "every", at, tuple(Every), Every.YEAR))
    until = reader.number(given, "child_until_age", at, 1, 30)
    if (unit is Unit.CHILD) != (until is not None):
        reader.wrong(
            f"{at}/child_until_age",
            "child_until_age",
            "按子女发放时须写明子女年龄上限, 按人发放时不得填写",
            "needed for amounts per child, and for those only",
        )
    if every is Every.AGE_YEAR and unit is not Unit.CHILD:
        reader.wrong(
            f"{at}/every",
            "contradictory",
            "按子女年龄年度只适用于按子女发放",
            "years of life are for amounts per child",
        )
    if unit is Unit.PERSON and given.get("counts_from") == "start":
        reader.wrong(
            f"{at}/counts_from",
            "contradictory",
            "按人发放只能自申请之月起算",
            "amounts per person count from the application",
        )
    by_months = _flag(reader, given, "by_months", at)
    if by_months and every not in (Every.YEAR, Every.AGE_YEAR):
        reader.wrong(
            f"{at}/by_months", "contradictory", "只有按年发放才能按月折算", "only years can be paid by months"
        )
    return AmountRule(
        unit=unit,
        every=every,
        bands=_bands(reader, given.get("bands"), f"{at}/bands"),
        by_months=by_months,
        due_at_end=reader.choice(given, "due", at, ("period_start", "period_end"), "period_start")
        == "period_end",
        from_application=reader.choice(given, "counts_from", at, ("application", "start"), "application")
        == "application",
        child_until=until,
        keeps_period=_after_end(reader, given.get("after_end", {}), f"{at}/after_end"),
    )


def _flag(reader: Reader, given: Mapping[str, Any], name: str, at: str) -> bool:
    value = given.get(name, False)
    if not isinstance(value, bool):
        reader.wrong(f"{at}/{name}", "bool_type", "应为 true 或 false", "must be true or false")
        return False
    return value


def _after_end(reader: Reader, value: Any, at: str) -> frozenset[str]:
    given = reader.object(value, at, ("death", "move"))
    allowed = ("month", "period")
    return frozenset(
        name for name in ("death", "move") if reader.choice(given, name, at, allowed, "month") == "period"
    )


def _bands(reader: Reader, value: Any, at: str) -> tuple[Band, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= 60:
        reader.wrong(at, "parts", "应为 1-60 个金额段的列表", "must be a list of 1-60 amounts by date")
        return ()
    bands: list[Band] = []
    for place, each in enumerate(value):
        here = f"{at}/{place}"
        given = reader.object(each, here, ("from", "to", "yuan"), ("from", "yuan"))
        start, end = reader.day(given, "from", here), reader.day(given, "to", here)
        reader.range(here, start, end)
        yuan = given.get("yuan")
        if not isinstance(yuan, str) or not _YUAN.fullmatch(yuan) or Decimal(yuan) <= 0:
            reader.wrong(
                f"{here}/yuan",
                "yuan",
                '应为大于零的两位小数文本, 如 "960.00"',
                'must be text with two decimals above zero: "960.00"',
            )
        elif start is not None:
            if bands and (bands[-1].end is None or bands[-1].end >= start):
                reader.wrong(
                    f"{here}/from", "contradictory", "与前一段日期重叠", "overlaps the amount before it"
                )
            bands.append(Band(start, end, Decimal(yuan)))
    return tuple(bands)


def parse_definition(value: Any, at: str = "/definition") -> Definition:
    """Return a checked definition; raises InvalidInput that lists everything wrong with its pointer."""
    reader = Reader()
    names = ("conditions", "amount", "claimed_at", "notice_days")
    given = reader.object(value, at, names, ("conditions", "amount"))
    conditions = reader.condition(given.get("conditions"), f"{at}/conditions")
    amount = _amount(reader, given.get("amount"), f"{at}/amount")
    claimed_at = reader.choice(given, "claimed_at", at, ("registered", "present"), "registered")
    days = reader.number(given, "notice_days", at, 1, 90)
    if not reader.errors:
        pointer = impossible(conditions, f"{at}/conditions")
        if pointer is not None:
            reader.wrong(
                pointer,
                "contradictory",
                "条件互相矛盾, 无人能符合",
                "the conditions contradict each other; nobody can meet them",
            )
    if reader.errors or amount is None:
        raise InvalidInput.fields(reader.errors)
    return Definition(conditions, amount, claimed_at == "registered", 7 if days is None else days)
