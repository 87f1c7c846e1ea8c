"""Code lists of the supplies ledger and of the offices' registers."""

from collections.abc import Iterable
from enum import StrEnum

from renkou_common.codes.lists import CodeList, Entry


class SupplyKind(StrEnum):
    """What a product is (药具类别)."""

    CONDOM = "condom"
    ORAL = "oral"
    INJECTION = "injection"
    EXTERNAL = "external"
    OTHER = "other"


class SupplyPointKind(StrEnum):
    """What a distribution point is."""

    STORE = "store"
    STATION = "station"
    COMMUNITY = "community"
    HOSPITAL = "hospital"
    SELF_SERVICE = "self_service"


class SupplyDocumentKind(StrEnum):
    """Documents of the ledger; the first three groups bring in, take out, or set right."""

    RECEIPT = "receipt"
    RETURN = "return"
    TRANSFER_IN = "transfer_in"
    ISSUE = "issue"
    LOSS = "loss"
    TRANSFER_OUT = "transfer_out"
    STOCKTAKING = "stocktaking"
    REVERSAL = "reversal"


class SupplyLossKind(StrEnum):
    """Why supplies are written off."""

    EXPIRED = "expired"
    DAMAGED = "damaged"
    LOST = "lost"
    TRANSIT = "transit"


class YearlyState(StrEnum):
    """State of a statement or agreement of one year."""

    DUE = "due"
    SIGNED = "signed"
    DECLINED = "declined"
    CANCELLED = "cancelled"


class ActivityKind(StrEnum):
    PUBLICITY = "publicity"
    TRAINING = "training"
    FREE_CLINIC = "free_clinic"


class PetitionChannel(StrEnum):
    VISIT = "visit"
    LETTER = "letter"
    PHONE = "phone"
    ONLINE = "online"


class PetitionTopic(StrEnum):
    SERVICE = "service"
    BENEFIT = "benefit"
    RECORD = "record"
    CERTIFICATE = "certificate"
    STAFF = "staff"
    OTHER = "other"


class PetitionState(StrEnum):
    RECEIVED = "received"
    REPLIED = "replied"
    CLOSED = "closed"
    WITHDRAWN = "withdrawn"


class QuestionKind(StrEnum):
    """What an answer tells: whether one is satisfied, whether one knows, or merely a choice."""

    SATISFACTION = "satisfaction"
    AWARENESS = "awareness"
    CHOICE = "choice"


class BudgetKind(StrEnum):
    """What the money is for (事业费)."""

    SERVICES = "services"
    SUPPLIES = "supplies"
    BENEFITS = "benefits"
    PUBLICITY = "publicity"
    TRAINING = "training"
    OPERATION = "operation"
    OTHER = "other"


def _list(name: str, zh: str, en: str, rows: Iterable[tuple[str, str, str]]) -> CodeList:
    return CodeList(name, "2026-01-01", zh, en, tuple(Entry(str(code), a, b) for code, a, b in rows))


SUPPLY_KINDS = _list(
    "supply_kind",
    "药具类别",
    "kind of supplies",
    (
        (SupplyKind.CONDOM, "避孕套", "condoms"),
        (SupplyKind.ORAL, "口服药", "oral"),
        (SupplyKind.INJECTION, "注射药", "injection"),
        (SupplyKind.EXTERNAL, "外用药", "external"),
        (SupplyKind.OTHER, "其他", "other"),
    ),
)
SUPPLY_POINT_KINDS = _list(
    "supply_point_kind",
    "药具发放点类型",
    "kind of distribution point",
    (
        (SupplyPointKind.STORE, "药具库", "store"),
        (SupplyPointKind.STATION, "服务站", "service station"),
        (SupplyPointKind.COMMUNITY, "社区发放点", "community"),
        (SupplyPointKind.HOSPITAL, "医疗机构", "hospital"),
        (SupplyPointKind.SELF_SERVICE, "自助发放机", "self-service machine"),
    ),
)
SUPPLY_DOCUMENT_KINDS = _list(
    "supply_document_kind",
    "药具单据类型",
    "document of the supplies ledger",
    (
        (SupplyDocumentKind.RECEIPT, "入库", "receipt"),
        (SupplyDocumentKind.RETURN, "退回", "return"),
        (SupplyDocumentKind.TRANSFER_IN, "调入", "transfer in"),
        (SupplyDocumentKind.ISSUE, "发放", "issue"),
        (SupplyDocumentKind.LOSS, "报损", "loss"),
        (SupplyDocumentKind.TRANSFER_OUT, "调出", "transfer out"),
        (SupplyDocumentKind.STOCKTAKING, "盘点差异", "stocktaking difference"),
        (SupplyDocumentKind.REVERSAL, "冲销", "reversal"),
    ),
)
SUPPLY_LOSS_KINDS = _list(
    "supply_loss_kind",
    "药具报损原因",
    "kind of loss",
    (
        (SupplyLossKind.EXPIRED, "过期", "expired"),
        (SupplyLossKind.DAMAGED, "破损", "damaged"),
        (SupplyLossKind.LOST, "遗失", "lost"),
        (SupplyLossKind.TRANSIT, "在途短少", "short on arrival"),
    ),
)
YEARLY_STATES = _list(
    "yearly_state",
    "年度责任书（协议）状态",
    "state of a yearly statement",
    (
        (YearlyState.DUE, "待签", "due"),
        (YearlyState.SIGNED, "已签", "signed"),
        (YearlyState.DECLINED, "不签", "declined"),
        (YearlyState.CANCELLED, "已取消", "cancelled"),
    ),
)
ACTIVITY_KINDS = _list(
    "activity_kind",
    "活动类型",
    "kind of activity",
    (
        (ActivityKind.PUBLICITY, "宣传", "publicity"),
        (ActivityKind.TRAINING, "培训", "training"),
        (ActivityKind.FREE_CLINIC, "义诊", "free clinic"),
    ),
)
PETITION_CHANNELS = _list(
    "petition_channel",
    "信访渠道",
    "channel of a petition",
    (
        (PetitionChannel.VISIT, "来访", "visit"),
        (PetitionChannel.LETTER, "来信", "letter"),
        (PetitionChannel.PHONE, "来电", "phone"),
        (PetitionChannel.ONLINE, "网上", "online"),
    ),
)
PETITION_TOPICS = _list(
    "petition_topic",
    "信访事项",
    "topic of a petition",
    (
        (PetitionTopic.SERVICE, "服务", "service"),
        (PetitionTopic.BENEFIT, "奖励扶助", "benefit"),
        (PetitionTopic.RECORD, "登记信息", "record"),
        (PetitionTopic.CERTIFICATE, "证明办理", "certificate"),
        (PetitionTopic.STAFF, "工作作风", "conduct of an office"),
        (PetitionTopic.OTHER, "其他", "other"),
    ),
)
PETITION_STATES = _list(
    "petition_state",
    "信访状态",
    "state of a petition",
    (
        (PetitionState.RECEIVED, "已受理", "received"),
        (PetitionState.REPLIED, "已初次答复", "first reply given"),
        (PetitionState.CLOSED, "已办结", "closed"),
        (PetitionState.WITHDRAWN, "已撤回", "withdrawn"),
    ),
)
QUESTION_KINDS = _list(
    "question_kind",
    "问题类型",
    "kind of question",
    (
        (QuestionKind.SATISFACTION, "满意度", "satisfaction"),
        (QuestionKind.AWARENESS, "知晓", "awareness"),
        (QuestionKind.CHOICE, "选择", "choice"),
    ),
)
BUDGET_KINDS = _list(
    "budget_kind",
    "事业费科目",
    "kind of budget",
    (
        (BudgetKind.SERVICES, "技术服务", "services"),
        (BudgetKind.SUPPLIES, "药具", "supplies"),
        (BudgetKind.BENEFITS, "奖励扶助", "benefits"),
        (BudgetKind.PUBLICITY, "宣传教育", "publicity"),
        (BudgetKind.TRAINING, "培训", "training"),
        (BudgetKind.OPERATION, "工作经费", "operation"),
        (BudgetKind.OTHER, "其他", "other"),
    ),
)
OFFICE_LISTS = (
    SUPPLY_KINDS,
    SUPPLY_POINT_KINDS,
    SUPPLY_DOCUMENT_KINDS,
    SUPPLY_LOSS_KINDS,
    YEARLY_STATES,
    ACTIVITY_KINDS,
    PETITION_CHANNELS,
    PETITION_TOPICS,
    PETITION_STATES,
    QUESTION_KINDS,
    BUDGET_KINDS,
)
