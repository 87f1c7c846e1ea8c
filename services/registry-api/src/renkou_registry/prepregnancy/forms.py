"""The forms of a pre-pregnancy check: which values each step may hold, as versioned data. No I/O.

After the national programme's record (国家免费孕前优生健康检查项目), less what has no purpose for the
couple's own result: earlier abortions and the contraceptive method are not asked. Any value may be left out.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import StrEnum
from typing import Any

from renkou_common.codes.lists import CodeList, Entry, Sex
from renkou_common.errors import FieldError, Text

_VERSION = "2026-1"
_NUMBER = re.compile(r"\d{1,6}(\.\d{1,5})?", re.ASCII)


class Step(StrEnum):
    """A step of a check at which something is recorded of a person."""

    HISTORY = "history"  # 病史
    LABORATORY = "laboratory"  # 实验室检查
    IMAGING = "imaging"  # 影像检查
    ASSESSMENT = "assessment"  # 风险评估
    INFORMATION = "information"  # 告知
    EARLY_FOLLOW_UP = "early_follow_up"  # 早孕随访
    OUTCOME_FOLLOW_UP = "outcome_follow_up"  # 妊娠结局随访


STEP_LABELS = {
    Step.HISTORY: ("病史", "history"),
    Step.LABORATORY: ("实验室检查", "laboratory"),
    Step.IMAGING: ("影像检查", "imaging"),
    Step.ASSESSMENT: ("风险评估", "assessment"),
    Step.INFORMATION: ("告知", "information"),
    Step.EARLY_FOLLOW_UP: ("早孕随访", "early follow-up"),
    Step.OUTCOME_FOLLOW_UP: ("结局随访", "outcome follow-up"),
}
RISK, HIGH = "risk", "high"


def _list(code: str, zh: str, en: str, *entries: tuple[str, str, str]) -> CodeList:
    return CodeList(f"prepregnancy_{code}", _VERSION, zh, en, tuple(Entry(*each) for each in entries))


YES_NO = _list(
    "answer",
    "回答",
    "answer",
    ("no", "无", "no"),
    ("yes", "有", "yes"),
    ("not_told", "未告知", "not told"),
)
FINDING = _list(
    "finding",
    "检测结果",
    "finding",
    ("negative", "阴性", "negative"),
    ("positive", "阳性", "positive"),
    ("indeterminate", "不确定", "indeterminate"),
)
PICTURE = _list(
    "picture",
    "影像所见",
    "picture",
    ("normal", "未见异常", "normal"),
    ("abnormal", "异常", "abnormal"),
    ("not_done", "未做", "not done"),
)
BLOOD_TYPE = _list(
    "blood_type",
    "血型",
    "blood type",
    ("a", "A 型", "A"),
    ("b", "B 型", "B"),
    ("ab", "AB 型", "AB"),
    ("o", "O 型", "O"),
)
RISK_LEVEL = _list(
    "risk", "风险", "risk level", ("general", "一般人群", "general"), (HIGH, "高风险人群", "high risk")
)
ADVICE = _list(
    "advice",
    "建议",
    "advice",
    ("as_planned", "可按计划", "as planned"),
    ("folic_acid", "补充叶酸", "folic acid"),
    ("treat_first", "先治疗", "treat first"),
    ("genetic_counselling", "遗传咨询", "genetic counselling"),
    ("refer", "转诊", "referral"),
)
MEANS = _list(
    "means",
    "方式",
    "means",
    ("in_person", "当面", "in person"),
    ("by_phone", "电话", "by phone"),
    ("in_writing", "书面", "in writing"),
)
OUTCOME = _list(
    "outcome",
    "结局",
    "outcome",
    ("healthy_birth", "健康出生", "healthy birth"),
    ("preterm_birth", "早产", "preterm birth"),
    ("low_birth_weight", "低出生体重", "low birth weight"),
    ("birth_defect", "出生缺陷", "birth defect"),
    ("no_birth", "未分娩", "no birth"),
    ("not_told", "未告知", "not told"),
)


@dataclass(frozen=True, slots=True)
class Item:
    """One value of a step: a code of a list (``several``: any number of them), or a number with its unit.

    ``sex`` says of whom it is asked, None of both. Numbers are decimals between ``low`` and ``high``.
    """

    code: str
    zh: str
    en: str
    codes: CodeList | None = None
    several: bool = False
    unit: str = ""
    low: Decimal = Decimal(0)
    high: Decimal = Decimal(0)
    sex: Sex | None = None
    required: bool = False

    def asked_of(self, sex: int) -> bool:
        """Say whether the value is asked of a person of this sex."""
        return self.sex is None or self.sex == sex


@dataclass(frozen=True, slots=True)
class Form:
    """A version of the form: the items of each step."""

    version: str
    valid_from: date
    items: Mapping[Step, tuple[Item, ...]]


def _asked(code: str, zh: str, en: str, sex: Sex | None = None) -> Item:
    return Item(code, zh, en, YES_NO, sex=sex)


def _found(code: str, zh: str, en: str, sex: Sex | None = None) -> Item:
    return Item(code, zh, en, FINDING, sex=sex)


def _measured(code: str, zh: str, en: str, unit: str, low: str, high: str, sex: Sex | None = None) -> Item:
    return Item(code, zh, en, unit=unit, low=Decimal(low), high=Decimal(high), sex=sex)


FORM_2026 = Form(
    _VERSION,
    date(2026, 1, 1),
    {
        Step.HISTORY: (
            _asked("chronic_disease", "慢性病史", "chronic disease"),
            _asked("hereditary_disease", "家族遗传病史", "hereditary disease in the family"),
            _asked("medication", "正在用药", "on medication"),
            _asked("smoking", "吸烟", "smoking"),
            _asked("alcohol", "饮酒", "alcohol"),
            _asked("harmful_exposure", "接触有害物质", "harmful exposure at work"),
            _asked("rubella_vaccination", "接种过风疹疫苗", "vaccinated against rubella", Sex.FEMALE),
        ),
        Step.LABORATORY: (
            Item("blood_type", "血型", "blood type", BLOOD_TYPE),
            _found("rhesus", "Rh 血型", "rhesus factor"),
            _measured("haemoglobin", "血红蛋白", "haemoglobin", "g/L", "20", "300"),
            _measured("glucose", "血糖", "blood glucose", "mmol/L", "0.5", "60"),
            _measured("alanine_transaminase", "谷丙转氨酶", "ALT", "U/L", "0", "10000"),
            _measured("creatinine", "肌酐", "creatinine", "μmol/L", "5", "3000"),
            _found("hepatitis_b", "乙肝表面抗原", "hepatitis B antigen"),
            _found("syphilis", "梅毒螺旋体", "syphilis"),
            _found("urine_protein", "尿蛋白", "urine protein"),
            _measured("thyrotropin", "促甲状腺激素", "thyrotropin", "mIU/L", "0", "500", Sex.FEMALE),
            _found("rubella_igg", "风疹病毒 IgG", "rubella IgG", Sex.FEMALE),
            _found("toxoplasma_igg", "弓形虫 IgG", "toxoplasma IgG", Sex.FEMALE),
        ),
        Step.IMAGING: (Item("pelvic_ultrasound", "妇科超声", "pelvic ultrasound", PICTURE, sex=Sex.FEMALE),),
        Step.ASSESSMENT: (
            Item(RISK, "风险评估", "risk level", RISK_LEVEL, required=True),
            Item("advice", "建议", "advice", ADVICE, several=True),
        ),
        Step.INFORMATION: (Item("means", "告知方式", "told", MEANS),),
        Step.EARLY_FOLLOW_UP: (
            _asked("pregnant", "怀孕", "pregnant", Sex.FEMALE),
            _asked("folic_acid", "服用叶酸", "takes folic acid", Sex.FEMALE),
        ),
        Step.OUTCOME_FOLLOW_UP: (Item("outcome", "妊娠结局", "outcome", OUTCOME, sex=Sex.FEMALE),),
    },
)
FORMS = (FORM_2026,)


def form_of(version: str) -> Form | None:
    """Return a version of the form."""
    return next((each for each in FORMS if each.version == version), None)


def form_on(day: date) -> Form:
    """Return the form that holds on a day; the earliest for days before it."""
    return next((each for each in reversed(FORMS) if each.valid_from <= day), FORMS[0])


def items_of(form: Form, step: Step, sex: int) -> tuple[Item, ...]:
    """Return what a step asks of a person of this sex."""
    return tuple(item for item in form.items[step] if item.asked_of(sex))


def check_values(
    form: Form, step: Step, sex: int, values: Mapping[str, Any], pointer: str
) -> tuple[dict[str, Any], list[FieldError]]:
    """Return the values as they are stored, and everything that is wrong with them, by pointer."""
    items = {item.code: item for item in items_of(form, step, sex)}
    found: list[FieldError] = []
    stored: dict[str, Any] = {}
    for name, value in values.items():
        at = f"{pointer}/{name}"
        if name not in items:
            known = ", ".join(items)
            found.append(_wrong(at, "value_unknown", f"本步骤可填: {known}", f"this step may hold: {known}"))
            continue
        stored[name] = _stored(items[name], value, at, found)
    for item in items.values():
        if item.required and item.code not in values:
            found.append(_wrong(f"{pointer}/{item.code}", "missing", "必填", "is required"))
    return stored, found


def _stored(item: Item, value: Any, at: str, found: list[FieldError]) -> Any:
    if item.codes is None:
        return _number(item, value, at, found)
    chosen = value if item.several else [value]
    allowed = item.codes.codes
    if not isinstance(chosen, list) or not chosen or any(each not in allowed for each in chosen):
        listed = ", ".join(allowed)
        found.append(_wrong(at, "code_unknown", f"可填: {listed}", f"must be of: {listed}"))
    return value


def _number(item: Item, value: Any, at: str, found: list[FieldError]) -> str | None:
    number = Decimal(value) if isinstance(value, str) and _NUMBER.fullmatch(value) else None
    if number is None or not item.low <= number <= item.high:
        span = f'"{item.low}" - "{item.high}" {item.unit}'
        found.append(
            _wrong(at, "number", f"应为文本形式的数值 {span}", f"must be a number as text within {span}")
        )
        return None
    return value if isinstance(value, str) else None


def value_text(item: Item, value: Any) -> tuple[str, str]:
    """Return a stored value as people read it, in both languages."""
    if item.codes is None:
        return f"{value} {item.unit}", f"{value} {item.unit}"
    entries = [item.codes.entry(each) for each in (value if item.several else [value])]
    return "、".join(each.zh for each in entries), ", ".join(each.en for each in entries)


def code_lists(forms: Iterable[Form] = FORMS) -> list[CodeList]:
    """Return every list that the items use, each once."""
    lists = {
        item.codes.id: item.codes
        for form in forms
        for items in form.items.values()
        for item in items
        if item.codes is not None
    }
    return list(lists.values())


def _wrong(at: str, code: str, zh: str, en: str) -> FieldError:
    return FieldError(at, code, Text(zh, en))
