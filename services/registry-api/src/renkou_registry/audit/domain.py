"""What a reading is; no I/O."""

from collections.abc import Sequence
from enum import StrEnum


class What(StrEnum):
    """What of a person an answer showed."""

    RECORD = "record"  # 人员详情
    LIST = "list"  # 列表
    SEARCH = "search"  # 查找
    HISTORY = "history"  # 历史
    HOUSEHOLD = "household"  # 家庭户
    KIN = "kin"  # 亲属
    CARD = "card"  # 信息卡
    VISITS = "visits"  # 随访
    SERVICES = "services"  # 服务记录
    PREPREGNANCY = "prepregnancy"  # 孕前检查
    CHILDBIRTH = "childbirth"  # 生育登记
    HONOUR = "honour"  # 光荣证
    BENEFITS = "benefits"  # 奖励扶助
    CORRECTIONS = "corrections"  # 更正申请
    PRIVACY_REQUESTS = "privacy_requests"  # 个人信息权利申请
    EMPLOYMENT = "employment"  # 就业单位
    TENANCY = "tenancy"  # 租住
    MATCHES = "matches"  # 外部名单比对
    FIGURE_CASE = "figure_case"  # 统计数字的个案


PURPOSES: dict[str, str] = {
    What.RECORD: "register_upkeep",
    What.LIST: "register_upkeep",
    What.SEARCH: "register_upkeep",
    What.HISTORY: "register_upkeep",
    What.HOUSEHOLD: "register_upkeep",
    What.KIN: "register_upkeep",
    What.CARD: "service_offers",
    What.VISITS: "service_offers",
    What.SERVICES: "service_offers",
    What.PREPREGNANCY: "prepregnancy_check",
    What.CHILDBIRTH: "childbirth_registration",
    What.HONOUR: "honour_certificate",
    What.BENEFITS: "benefits",
    What.CORRECTIONS: "register_quality",
    What.PRIVACY_REQUESTS: "own_account",
    What.EMPLOYMENT: "offices",
    What.TENANCY: "offices",
    What.MATCHES: "register_quality",
    What.FIGURE_CASE: "statistics",
}
"""The declared purpose (``privacy.purposes``) that a reading serves, unless the caller stated a narrower one."""

LABELS: dict[str, str] = {
    What.RECORD: "人员详情",
    What.LIST: "人员列表",
    What.SEARCH: "查找结果",
    What.HISTORY: "历史记录",
    What.HOUSEHOLD: "家庭户",
    What.KIN: "亲属",
    What.CARD: "信息卡",
    What.VISITS: "随访",
    What.SERVICES: "服务记录",
    What.PREPREGNANCY: "孕前检查",
    What.CHILDBIRTH: "生育登记",
    What.HONOUR: "光荣证",
    What.BENEFITS: "奖励扶助",
    What.CORRECTIONS: "更正申请",
    What.PRIVACY_REQUESTS: "个人信息权利申请",
    What.EMPLOYMENT: "就业单位",
    What.TENANCY: "租住",
    What.MATCHES: "与外部名单比对",
    What.FIGURE_CASE: "统计数字所依据的个案",
    "audit_log": "审计日志",
    "unmask": "明文查阅",
    "facts": "出具证明或通报所需事实",
    "match": "姓名与证件号核对",
    "taken": "登记时得知证件号码已有人使用",
}
"""What a reading showed, in plain words; the last ones are readings in the clear."""

FIELDS: dict[str, str] = {
    "name": "姓名",
    "sex": "性别",
    "birth_date": "出生日期",
    "resident_id": "身份证号",
    "other_document_number": "其他证件号码",
    "phone": "电话",
    "registered_area": "户籍地",
    "marital_status": "婚姻状况",
    "children": "子女",
    "card_method": "避孕方法",
    "card_expected_delivery": "预产期",
    "visit_effect": "随访效果",
    "visit_problem": "随访问题",
    "visit_note": "随访备注",
    "service_result": "服务结果",
    "supply_issues": "领取的药具",
    "account": "收款账户",
    "prepregnancy.history": "孕前检查病史",
    "prepregnancy.laboratory": "孕前检查实验室检查",
    "prepregnancy.imaging": "孕前检查影像检查",
    "prepregnancy.assessment": "孕前检查风险评估",
    "prepregnancy.information": "孕前检查告知",
    "prepregnancy.early_follow_up": "孕前检查早孕随访",
    "prepregnancy.outcome_follow_up": "孕前检查结局随访",
}
"""What was read in the clear, in plain words."""


def label_of(what: str, fields: Sequence[str]) -> str:
    """Return in plain words what a reading showed, and which fields in the clear."""
    label = LABELS.get(what, what)
    return f"{label}: {'、'.join(FIELDS.get(each, each) for each in fields)}" if fields else label
