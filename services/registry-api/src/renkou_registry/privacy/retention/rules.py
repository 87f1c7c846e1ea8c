"""The kinds of records with the time for which each is kept, and what a district starts with. No I/O.

Personal Information Protection Law: information is kept no longer than its purpose needs (article 19) and deleted
when it is not needed any more or its time is over, unless a law or regulation has it kept longer (article 47).
"""

from dataclasses import dataclass
from enum import StrEnum


class Action(StrEnum):
    """What happens when the time is over."""

    DELETE = "delete"  # 到期删除
    KEEP = "keep"  # 依法保存


class By(StrEnum):
    """What carries a rule out."""

    CLOCK = "clock"  # the daily task, by the period that the administrator sets
    TRIMMING = "trimming"  # all day long, by a setting of the node
    NOBODY = "nobody"  # nothing is deleted


@dataclass(frozen=True, slots=True)
class Rule:
    """How long the rows of some tables are kept; ``days`` is None where a law, not a number, says it."""

    code: str
    zh: str
    en: str
    tables: tuple[str, ...]
    days: int | None
    from_zh: str
    from_en: str
    action: Action
    by: By
    law: str | None = None


_LEAST = "《个人信息保护法》第十九条、第四十七条第一款"
_LONGER = "《个人信息保护法》第四十七条第二款: 法律、行政法规规定的保存期限未届满"
RULES = (
    Rule(
        "declined_visits",
        "已谢绝的随访告知",
        "offers of a visit that were declined",
        ("visit",),
        730,
        "谢绝之日",
        "the day it was declined",
        Action.DELETE,
        By.CLOCK,
        _LEAST,
    ),
    Rule(
        "device_reports",
        "移动端上报的随访原件",
        "what devices sent about visits, as they sent it",
        ("visit_batch", "visit_batch_item"),
        180,
        "收到之日",
        "the day it came",
        Action.DELETE,
        By.CLOCK,
        _LEAST,
    ),
    Rule(
        "refused_corrections",
        "未获批准或撤回的更正申请",
        "requests for correction that were rejected or withdrawn",
        ("correction_request",),
        1095,
        "审批之日",
        "the day they were decided",
        Action.DELETE,
        By.CLOCK,
        _LEAST,
    ),
    Rule(
        "privacy_requests",
        "已答复或撤回的个人信息权利申请",
        "requests of persons about their data that were answered or withdrawn",
        ("privacy_request", "privacy_request_step"),
        1095,
        "答复或撤回之日",
        "the day they were answered or withdrawn",
        Action.DELETE,
        By.CLOCK,
        _LEAST,
    ),
    Rule(
        "closed_accounts",
        "已停用的居民账号",
        "accounts of persons that were closed",
        ("person_account",),
        365,
        "停用之日",
        "the day they were closed",
        Action.DELETE,
        By.CLOCK,
        _LEAST,
    ),
    Rule(
        "import_jobs",
        "导入任务及其错误清单",
        "imports and their lists of errors",
        ("import_job", "import_error", "import_applied"),
        365,
        "结束之日",
        "the day they ended",
        Action.DELETE,
        By.CLOCK,
        _LEAST,
    ),
    Rule(
        "export_jobs",
        "导出任务的条件",
        "what exports were asked for with",
        ("export_job",),
        90,
        "结束之日",
        "the day they ended",
        Action.DELETE,
        By.CLOCK,
        _LEAST,
    ),
    Rule(
        "export_files",
        "导出文件的内容",
        "contents of exported files",
        ("export_part",),
        1,
        "生成之时",
        "the time they were made",
        Action.DELETE,
        By.TRIMMING,
        _LEAST,
    ),
    Rule(
        "import_files",
        "导入文件的内容",
        "contents of imported files",
        ("import_file", "import_cells", "import_block"),
        30,
        "结束之日",
        "the day the import ended",
        Action.DELETE,
        By.TRIMMING,
        _LEAST,
    ),
    Rule(
        "external_lists",
        "其他部门送来的名单",
        "lists that other offices send",
        ("external_list", "external_list_file", "external_list_row"),
        90,
        "收到之日",
        "the day they came",
        Action.DELETE,
        By.TRIMMING,
        _LEAST,
    ),
    Rule(
        "ended_sessions",
        "已结束的登录会话及其刷新凭证",
        "sign-in sessions that ended, and their refresh tokens",
        ("sign_in_session", "refresh_token"),
        90,
        "结束之日",
        "the day they ended",
        Action.DELETE,
        By.CLOCK,
        _LEAST,
    ),
    Rule(
        "sign_ins",
        "工作人员和居民的登录记录",
        "the record of sign-ins of staff and persons",
        ("sign_in_event",),
        1095,
        "登录之日",
        "the day it happened",
        Action.DELETE,
        By.CLOCK,
        "《个人信息保护法》第十九条、第五十一条、第五十六条",
    ),
    Rule(
        "unknown_sign_ins",
        "用不存在的账号登录的记录",
        "attempts to sign in with a name that nobody has; of sign_in_event",
        (),
        180,
        "登录之日",
        "the day it happened",
        Action.DELETE,
        By.CLOCK,
        _LEAST,
    ),
    Rule(
        "retracted_entries",
        "建档撤销后的联系方式及可删除的内容",
        "of persons whose entry was taken back: all that a deletion on request deletes",
        (),
        1095,
        "撤销之日",
        "the day it was taken back",
        Action.DELETE,
        By.CLOCK,
        _LEAST,
    ),
    Rule(
        "register",
        "人口登记及其历史",
        "the register and its history",
        (
            "person",
            "person_detail",
            "person_address",
            "person_key",
            "life_event",
            "kin_link",
            "household",
            "household_member",
            "household_detail",
            "duplicate_candidate",
            "duplicate_merge",
            "duplicate_moved",
            "duplicate_todo",
        ),
        None,
        "按档案保管期限表",
        "as the schedule of archives has it",
        Action.KEEP,
        By.NOBODY,
        _LONGER,
    ),
    Rule(
        "services",
        "服务、信息卡、孕前检查、药具和生育登记",
        "services, cards, checks before pregnancy, supplies and childbirth registrations",
        (
            "card",
            "card_fact",
            "card_opening",
            "service_given",
            "service_change",
            "prepregnancy_check",
            "prepregnancy_consent",
            "prepregnancy_step",
            "childbirth_registration",
            "childbirth_birth",
            "honour_certificate",
            "supply_user",
            "supply_recipient",
        ),
        None,
        "按档案保管期限表; 撤回同意的内容随即删除",
        "as the schedule of archives has it; what rests on a consent goes when that is withdrawn",
        Action.KEEP,
        By.NOBODY,
        _LONGER,
    ),
    Rule(
        "benefits",
        "奖励扶助的申报和发放",
        "benefit cases and payments",
        (
            "benefit_enrolment",
            "benefit_step",
            "benefit_due",
            "benefit_line",
            "benefit_overpayment",
            "benefit_notice",
            "benefit_notice_entry",
            "benefit_objection",
            "benefit_batch",
            "benefit_export",
            "benefit_export_file",
            "benefit_export_copy",
        ),
        None,
        "按会计档案保管期限",
        "as long as accounting records are kept",
        Action.KEEP,
        By.NOBODY,
        _LONGER,
    ),
    Rule(
        "offices",
        "单位、出租房屋和信访台账",
        "registers of employers, rented housing and petitions",
        (
            "employer",
            "employer_employee",
            "employer_statement",
            "rental",
            "rental_agreement",
            "rental_tenant",
            "petition",
            "petition_reading",
            "petition_reply",
        ),
        None,
        "按档案保管期限表",
        "as the schedule of archives has it",
        Action.KEEP,
        By.NOBODY,
        _LONGER,
    ),
    Rule(
        "consents",
        "同意的给予和撤回",
        "consents given and withdrawn",
        ("consent", "consent_change"),
        None,
        "为证明同意而保存",
        "kept to show that there was a consent",
        Action.KEEP,
        By.NOBODY,
        "《个人信息保护法》第十四条、第十五条",
    ),
    Rule(
        "audit",
        "查阅、导出和变更的留痕",
        "the trace of readings, exports and changes",
        (
            "audit_entry",
            "export_log",
            "record_change",
            "retention_hold",
            "erasure",
            "erasure_step",
            "processing_restriction",
            "unmask_use",
            "approval",
            "break_glass",
        ),
        None,
        "处理情况记录至少保存三年",
        "records of processing are kept for three years at least",
        Action.KEEP,
        By.NOBODY,
        "《个人信息保护法》第五十一条、第五十六条",
    ),
    Rule(
        "staff",
        "工作人员的账号、权限和登录会话",
        "accounts, rights and sessions of staff",
        (
            "staff_account",
            "staff_assignment",
            "substitution",
            "substitution_duty",
            "second_factor",
            "staff_identity",
            "recovery_code",
        ),
        None,
        "在留痕保存期内",
        "as long as the trace that names them",
        Action.KEEP,
        By.NOBODY,
        "《个人信息保护法》第五十一条",
    ),
)
BY_TABLE = {table: rule for rule in RULES for table in rule.tables}
