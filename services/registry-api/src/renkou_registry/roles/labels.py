"""The closed list of scopes in plain words, and which of them change something."""

from typing import NamedTuple

from renkou_common.identity.roles import Scope


class Label(NamedTuple):
    """A scope in Chinese and English; ``changes``: whoever holds it enters, changes or decides something."""

    zh: str
    en: str
    changes: bool


def _reads(zh: str, en: str) -> Label:
    return Label(zh, en, changes=False)


def _changes(zh: str, en: str) -> Label:
    return Label(zh, en, changes=True)


LABELS: dict[Scope, Label] = {
    Scope.RESIDENT_READ: _reads("查阅人员与家庭户", "read people and households"),
    Scope.RESIDENT_WRITE: _changes("登记、修改人员与家庭户", "register and change people and households"),
    Scope.RESIDENT_UNMASK: _reads("明文查阅证件号、电话", "see ID numbers and phones in the clear"),
    Scope.RESIDENT_FACTS: _reads("取得出证与通报所需事实", "get the facts for proofs and notices"),
    Scope.RESIDENT_IMPORT: _changes("导入人员名册", "import rosters"),
    Scope.SHEET_IMPORT: _changes("导入各类台账", "import sheets of other registers"),
    Scope.LIFE_EVENT_WRITE: _changes("登记生命事件", "record life events"),
    Scope.SERVICE_WRITE: _changes("登记服务", "record services given"),
    Scope.SERVICE_RESULT: _changes("录入、查阅服务结果", "enter and read results of services"),
    Scope.STAFF_MANAGE: _changes("管理账号与岗位", "manage accounts and roles"),
    Scope.CERTIFICATE_READ: _reads("查阅婚育证明", "read certificates"),
    Scope.CERTIFICATE_APPLY: _changes("受理婚育证明申请", "take applications for certificates"),
    Scope.CERTIFICATE_APPROVE: _changes("审批婚育证明", "approve certificates"),
    Scope.CERTIFICATE_ISSUE: _changes("签发、撤销婚育证明", "issue and revoke certificates"),
    Scope.CERTIFICATE_CHECK: _changes("查验婚育证明", "check certificates"),
    Scope.MIGRATION_READ: _reads("查阅流入流出登记", "read arrivals and departures"),
    Scope.MIGRATION_WRITE: _changes("登记流入流出", "register arrivals and departures"),
    Scope.NOTICE_READ: _reads("查阅协作信息", "read notices of the exchange"),
    Scope.NOTICE_ANSWER: _changes("回复协作信息", "answer notices of the exchange"),
    Scope.NOTICE_PROVE: _reads("导出协作信息证据", "export evidence of notices"),
    Scope.PARTNER_READ: _reads("查阅协作区县与协议", "read partners and agreements"),
    Scope.PARTNER_MANAGE: _changes("管理协作区县与协议", "manage partners and agreements"),
    Scope.FIGURE_READ: _reads("查阅已发布数字", "read published figures"),
    Scope.FIGURE_EXACT: _reads("查阅实时数字", "read live figures"),
    Scope.FIGURE_MANAGE: _changes("结账与核对数字", "close periods and reconcile figures"),
    Scope.RETURN_READ: _reads("查阅汇总报表", "read aggregate returns"),
    Scope.TARGET_MANAGE: _changes("管理目标与责任书", "manage targets and scorecards"),
    Scope.FIGURE_SIGN: _changes("签发数字", "sign figures"),
    Scope.RETURN_WRITE: _changes("填报汇总报表", "fill in aggregate returns"),
    Scope.RETURN_CHECK: _changes("审核汇总报表", "check aggregate returns"),
    Scope.RETURN_SIGN: _changes("签批汇总报表", "sign aggregate returns"),
    Scope.FEED_READ: _reads("读取事件源 (系统服务)", "read the feeds (services of the node)"),
    Scope.AREA_READ: _reads("查阅区划与码表", "read areas and code lists"),
    Scope.AREA_MANAGE: _changes("管理区划", "manage areas"),
    Scope.RESIDENT_EXPORT: _reads("导出名册", "export lists of people"),
    Scope.CORRECTION_REQUEST: _changes("申请更正", "ask for corrections"),
    Scope.CORRECTION_APPROVE: _changes("审批更正", "decide on corrections"),
    Scope.DUPLICATE_MANAGE: _changes("合并重复人员", "settle duplicates"),
    Scope.LIST_MATCH: _changes("比对外部名单", "match lists of other offices"),
    Scope.CARD_READ: _reads("查阅育龄妇女信息卡", "read cards"),
    Scope.CARD_WRITE: _changes("维护育龄妇女信息卡", "keep cards"),
    Scope.VISIT_WRITE: _changes("登记随访", "record visits"),
    Scope.PREPREGNANCY_READ: _reads("查阅孕前检查", "read pre-pregnancy checks"),
    Scope.PREPREGNANCY_WRITE: _changes("登记孕前检查", "record pre-pregnancy checks"),
    Scope.CHILDBIRTH_WRITE: _changes("办理生育登记", "register childbirths"),
    Scope.HONOUR_WRITE: _changes("办理光荣证", "keep honour certificates"),
    Scope.SUPPLY_READ: _reads("查阅药具账", "read the supplies ledger"),
    Scope.SUPPLY_WRITE: _changes("登记药具发放", "record supplies handed out"),
    Scope.SUPPLY_MANAGE: _changes("管理药具账", "manage supplies"),
    Scope.BENEFIT_READ: _reads("查阅奖励扶助", "read benefits"),
    Scope.BENEFIT_APPLY: _changes("受理奖励扶助申请", "take applications for benefits"),
    Scope.BENEFIT_CHECK: _changes("社区核实奖励扶助", "check benefits in the community"),
    Scope.BENEFIT_REVIEW: _changes("街道审核奖励扶助", "review benefits in the subdistrict"),
    Scope.BENEFIT_APPROVE: _changes("区级审批奖励扶助", "approve benefits"),
    Scope.BENEFIT_PAY: _changes("发放奖励扶助金", "pay benefits"),
    Scope.SCHEME_MANAGE: _changes("管理奖励扶助政策", "manage benefit schemes"),
    Scope.OFFICE_READ: _reads("查阅单位、出租房屋等台账", "read employers, rentals and other office records"),
    Scope.OFFICE_WRITE: _changes(
        "维护单位、出租房屋等台账", "keep employers, rentals and other office records"
    ),
    Scope.PETITION_READ: _reads("查阅信访", "read petitions"),
    Scope.PETITION_WRITE: _changes("办理信访", "handle petitions"),
    Scope.BUDGET_WRITE: _changes("编制、登记事业费", "plan and record the budget"),
    Scope.READING_AUDIT: _reads("审计查阅记录", "audit who read what"),
    Scope.APPROVAL_DECIDE: _reads("双人复核他人申请", "decide as the second person; does nothing by itself"),
    Scope.EMERGENCY_ACCESS: _reads("紧急查阅其他区域人员", "read people of other areas in an emergency"),
    Scope.ACCOUNT_OPEN: _changes("为居民开通账号", "open accounts for residents"),
    Scope.FIELD_KEY_READ: _reads("查阅字段密钥轮换进度", "see how far a change of field keys has come"),
    Scope.CONSENT_WRITE: _changes("登记同意和撤回", "note consents given and withdrawn"),
    Scope.PRIVACY_READ: _reads("查阅处理目的和处理活动记录", "read purposes and the registers of processing"),
    Scope.PRIVACY_MANAGE: _changes("管理处理目的和保存期限", "manage purposes and retention"),
    Scope.PRIVACY_DECIDE: _changes("受理个人信息权利申请", "decide on requests of persons about their data"),
    Scope.PRIVACY_REQUEST_READ: _reads("查阅个人信息权利申请", "read requests of persons about their data"),
}
"""Every scope; a test compares with the code's own list."""
