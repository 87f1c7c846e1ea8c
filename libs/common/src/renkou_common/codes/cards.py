"""Code lists of women's cards (信息卡) and follow-up visits (随访)."""

from enum import StrEnum

from renkou_common.codes.lists import CodeList, Entry


class ContraceptiveMethod(StrEnum):
    """What a woman may tell on her card; nobody is asked to use any of them."""

    SUPPLIES = "supplies"
    IUD = "iud"
    STERILISATION = "sterilisation"
    IMPLANT = "implant"
    OTHER = "other"
    NONE = "none"

    @property
    def is_long_acting(self) -> bool:
        return self in (
            ContraceptiveMethod.IUD,
            ContraceptiveMethod.STERILISATION,
            ContraceptiveMethod.IMPLANT,
        )


class CardState(StrEnum):
    OPEN = "open"
    CLOSED = "closed"


class CardClosing(StrEnum):
    """Why a card is closed."""

    AGED = "aged"
    MOVED_OUT = "moved_out"
    DIED = "died"
    NOT_DUE = "not_due"  # the record was corrected: no card was due after all


class VisitState(StrEnum):
    OFFERED = "offered"
    ACCEPTED = "accepted"
    KEPT = "kept"
    DECLINED = "declined"
    MISSED = "missed"
    WITHDRAWN = "withdrawn"

    @property
    def is_open(self) -> bool:
        return self in (VisitState.OFFERED, VisitState.ACCEPTED)


def _list(id_: str, zh: str, en: str, *rows: tuple[str, str, str]) -> CodeList:
    return CodeList(id_, "2026-01-01", zh, en, tuple(Entry(str(code), *labels) for code, *labels in rows))


CONTRACEPTIVE_METHODS = _list(
    "contraceptive_method",
    "避孕方法",
    "contraceptive method",
    (ContraceptiveMethod.SUPPLIES, "避孕药具", "supplies"),
    (ContraceptiveMethod.IUD, "宫内节育器", "IUD"),
    (ContraceptiveMethod.STERILISATION, "绝育", "sterilisation"),
    (ContraceptiveMethod.IMPLANT, "皮下埋植", "implant"),
    (ContraceptiveMethod.OTHER, "其他", "other"),
    (ContraceptiveMethod.NONE, "未使用", "none"),
)
CARD_STATES = _list(
    "card_state",
    "信息卡状态",
    "card state",
    (CardState.OPEN, "在册", "open"),
    (CardState.CLOSED, "已退出", "closed"),
)
CARD_CLOSINGS = _list(
    "card_closing",
    "退出原因",
    "reason of closing",
    (CardClosing.AGED, "年满五十周岁", "reached 50"),
    (CardClosing.MOVED_OUT, "迁出", "moved out"),
    (CardClosing.DIED, "死亡", "died"),
    (CardClosing.NOT_DUE, "更正后不属建卡对象", "not due after a correction"),
)
VISIT_STATES = _list(
    "visit_state",
    "随访状态",
    "visit state",
    (VisitState.OFFERED, "已提供", "offered"),
    (VisitState.ACCEPTED, "已接受", "accepted"),
    (VisitState.KEPT, "已随访", "kept"),
    (VisitState.DECLINED, "本人不需要", "declined"),
    (VisitState.MISSED, "未遇", "missed"),
    (VisitState.WITHDRAWN, "已撤回", "withdrawn"),
)
VISIT_EFFECTS = _list(
    "visit_effect",
    "使用效果",
    "effect",
    ("good", "良好", "good"),
    ("fair", "一般", "fair"),
    ("poor", "不适", "poor"),
    ("not_told", "未说明", "not told"),
)
VISIT_PROBLEMS = _list(
    "visit_problem",
    "存在问题",
    "problem",
    ("none", "无", "none"),
    ("discomfort", "身体不适", "discomfort"),
    ("supplies_wanted", "需要药具", "supplies wanted"),
    ("change_wanted", "希望更换方法", "wants another method"),
    ("advice_wanted", "需要咨询", "advice wanted"),
    ("other", "其他", "other"),
)
