"""What a deletion on request does to each table, step by step, and by which law the rest stays. No I/O.

Personal Information Protection Law, article 47: what has no purpose any more, or whose consent was withdrawn, is
deleted; where a law's period is not over, only storage and protection go on.

Conditions are SQL over a row ``t``; $1 are the person's records, or (``by_index``) the indexes under which they stand.
"""

from dataclasses import dataclass
from enum import StrEnum


class Effect(StrEnum):
    """What happens to the rows of a table."""

    ERASE = "erase"  # 删除记录
    EMPTY = "empty"  # 清空部分内容
    WITHDRAW = "withdraw"  # 撤回同意
    KEEP = "keep"  # 依法保存


@dataclass(frozen=True, slots=True)
class Part:
    """Rows of one table that go (ERASE) or whose ``columns`` are emptied (EMPTY)."""

    table: str
    effect: Effect
    where: str
    columns: tuple[str, ...] = ()
    key: str | None = "id"
    """The column by which a hold names a row; None where a row has no id of its own."""
    by_index: bool = False
    append_only: bool = False
    """Goes by the function of the database's owner; its condition there is the same."""
    versioned: bool = False


@dataclass(frozen=True, slots=True)
class Step:
    """One transaction of the job. ``waits_for`` are the causes, beside a hold, for which it waits."""

    code: str
    zh: str
    en: str
    parts: tuple[Part, ...] = ()
    waits_for: tuple[str, ...] = ()


TITLES_BESIDE: dict[str, tuple[str, str]] = {
    "sign_in_session": ("登录会话", "sign-in sessions"),
    "sign_in_event": ("登录记录", "record of sign-ins"),
}
"""What tables are called that name no person and so are in nobody's copy."""
EFFECTS: dict[Effect, tuple[str, str]] = {
    Effect.ERASE: ("删除", "deleted"),
    Effect.EMPTY: ("清空", "emptied"),
    Effect.WITHDRAW: ("撤回", "withdrawn"),
    Effect.KEEP: ("依法保存", "kept by law"),
}
CONSENTS, CARD_FACTS, CONTACT, CLOSING, ACCOUNT = "consents", "card_facts", "contact", "closing", "account"
HOLD, CORRECTION, BENEFIT, RECORD_HELD, ANSWER = "hold", "correction", "benefit", "record_held", "answer"
TAKEN_OVER = "taken_over"
CAUSES: dict[str, tuple[str, str]] = {
    HOLD: ("有暂缓删除的决定", "a hold is in force"),
    RECORD_HELD: ("部分记录暂缓删除", "a hold on single records is in force"),
    CORRECTION: ("更正申请尚未审批", "a correction has not been decided"),
    BENEFIT: ("奖励扶助申报或发放尚未办结", "a benefit case or payment is not over"),
    TAKEN_OVER: ("由后一次删除继续办理", "a later deletion does it"),
    ANSWER: ("留待本人查看答复", "kept until the person has had time to read the answer"),
}
ANSWER_DAYS = 30
"""For so long the account stays, so that the person can read there what was deleted."""
_OF = "t.person_id = ANY ($1)"


def _erase(table: str, where: str = _OF, key: str | None = "id", *, by_index: bool = False) -> Part:
    return Part(table, Effect.ERASE, where, (), key, by_index)


def _shut(table: str, where: str, key: str | None = None, *, by_index: bool = False) -> Part:
    return Part(table, Effect.ERASE, where, (), key, by_index, append_only=True)


def _empty(table: str, where: str, *columns: str) -> Part:
    return Part(table, Effect.EMPTY, where, columns, versioned=True)


_ENDED_OFFER = "s.state IN ('offered', 'declined', 'cancelled')"
STEPS: tuple[Step, ...] = (
    Step(CONSENTS, "撤回全部同意", "withdraw every consent"),
    Step(
        CARD_FACTS,
        "信息卡上告知的内容",
        "what was told for the card",
        (Part("card_fact", Effect.EMPTY, _OF, ("sealed",)),),
    ),
    Step("findings", "孕前检查结果", "findings of pre-pregnancy checks", (_erase("prepregnancy_step"),)),
    Step(
        "visits",
        "随访告知和随访内容",
        "offers of visits, and what was told on visits",
        (
            _erase("visit", f"{_OF} AND t.state <> 'kept'"),
            _empty("visit", _OF, "outcome_sealed"),
        ),
    ),
    Step("device_reports", "移动端上报的随访", "visits sent from a device", (_erase("visit_batch_item"),)),
    Step(
        "services",
        "未接受的服务告知和服务结果",
        "offers of services that came to nothing, and results of services",
        (
            _shut(
                "service_change",
                "EXISTS (SELECT FROM service_given s WHERE s.id = t.service_id AND s.person_id = ANY ($1)"
                f" AND {_ENDED_OFFER})",
                "service_id",
            ),
            _erase("service_given", f"{_OF} AND {_ENDED_OFFER.replace('s.', 't.')}"),
            _empty("service_given", _OF, "result_sealed"),
        ),
    ),
    Step(
        "supplies",
        "药具登记和领取人",
        "registrations for supplies, and who received them",
        (
            _shut("supply_recipient", "t.person_index = ANY ($1)", by_index=True),
            _erase("supply_user", "t.person_index = ANY ($1)", by_index=True),
        ),
    ),
    Step(
        CONTACT,
        "联系电话、工作单位及其历史",
        "phone, employer and their history",
        (
            _empty("person", "t.id = ANY ($1)", "phone_sealed", "phone_index", "employer"),
            _shut("person_detail", f"{_OF} AND t.field IN ('phone', 'employer')", "person_id"),
            _erase("employer_employee"),
        ),
        (CORRECTION, BENEFIT),
    ),
    Step(
        "corrections",
        "未获批准或撤回的更正申请",
        "requests for correction that were rejected or withdrawn",
        (_erase("correction_request", f"{_OF} AND t.state IN ('rejected', 'withdrawn')"),),
        (CORRECTION,),
    ),
    Step(
        "external_lists",
        "其他部门名单中的记录",
        "lines of other offices' lists",
        (
            _erase(
                "external_list_row",
                f"({_OF} OR t.action IS NULL AND t.match = 'exact' AND EXISTS (SELECT FROM unnest($1::uuid[]) AS r (id)"
                " WHERE t.candidates @> jsonb_build_array(jsonb_build_object('person_id', r.id::text))))",
                None,
            ),
        ),
    ),
    Step(CLOSING, "办理期间新增的记录", "what was recorded meanwhile", (), (CORRECTION, BENEFIT)),
    Step(
        ACCOUNT,
        "居民账号、登录会话和登录记录",
        "the account, its sessions and the record of its sign-ins",
        (
            _shut(
                "sign_in_event",
                "t.kind = 'person' AND t.subject IN (SELECT a.id FROM person_account a WHERE a.person_id = ANY ($1))",
            ),
            _erase(
                "sign_in_session",
                "t.subject IN (SELECT a.id FROM person_account a WHERE a.person_id = ANY ($1))",
            ),
            _erase("person_account"),
        ),
    ),
)
BY_CODE = {each.code: each for each in STEPS}


@dataclass(frozen=True, slots=True)
class Kept:
    """Why rows of a table stay: the law, and for how long; ``years`` full ones after that of the last row."""

    law: str
    zh: str
    en: str
    years: int | None = None


_LAW = "《个人信息保护法》第四十七条第二款"
_REGISTER = Kept(
    f"《户口登记条例》; {_LAW}", "按档案保管期限表", "as long as the schedule of archives has it"
)
_CHILDBIRTH = Kept(
    f"《人口与计划生育法》; {_LAW}", "按档案保管期限表", "as long as the schedule of archives has it"
)
_SERVICES = Kept(
    f"《基本医疗卫生与健康促进法》; {_LAW}",
    "已提供服务的记录, 按档案保管期限表",
    "that a service was given, as long as the schedule of archives has it",
)
_MONEY = Kept(
    f"《会计法》第二十三条; 《会计档案管理办法》; {_LAW}",
    "会计凭证保管三十年, 自会计年度终了后的第一天算起",
    "vouchers are kept for thirty years from the first day after the accounting year",
    30,
)
_OFFICES = Kept(_LAW, "按档案保管期限表", "as long as the schedule of archives has it")
_CONSENT = Kept(
    "《个人信息保护法》第十四条、第十五条",
    "为证明同意及其撤回而保存",
    "kept to show that there was a consent and that it was withdrawn",
)
_TRACE = Kept(
    "《个人信息保护法》第五十一条、第五十五条、第五十六条",
    "处理情况记录至少保存三年",
    "records of processing are kept for three years at least",
)
_RIGHTS = Kept(
    "《个人信息保护法》第五十条",
    "为证明申请已依法办理而保存",
    "kept to show that what was asked for was done",
)
MONEY_DAYS = {
    "benefit_enrolment": "coalesce(t.ended_on, t.applied_on)",
    "benefit_due": "t.due_on",
    "benefit_line": "(SELECT d.due_on FROM benefit_due d WHERE d.id = t.due_id)",
    "benefit_overpayment": "(t.found_at AT TIME ZONE 'Asia/Shanghai')::date",
    "benefit_step": "(t.taken_at AT TIME ZONE 'Asia/Shanghai')::date",
    "benefit_objection": "(t.recorded_at AT TIME ZONE 'Asia/Shanghai')::date",
}
"""The day of a row from which the years of accounting records run."""


def _kept() -> dict[str, Kept]:
    tables = {
        _REGISTER: "person person_detail person_address person_key life_event kin_link household_member"
        " duplicate_candidate duplicate_merge duplicate_moved duplicate_todo correction_request",
        _CHILDBIRTH: "childbirth_registration childbirth_birth honour_certificate",
        _SERVICES: "card card_fact visit service_given service_change prepregnancy_check",
        _MONEY: "benefit_enrolment benefit_step benefit_due benefit_line benefit_overpayment benefit_notice_entry"
        " benefit_objection",
        _OFFICES: "rental rental_agreement rental_tenant",
        _CONSENT: "consent consent_change prepregnancy_consent",
        _TRACE: "audit_entry record_change",
        _RIGHTS: "retention_hold processing_restriction erasure erasure_step privacy_request privacy_request_step",
    }
    return {table: why for why, names in tables.items() for table in names.split()}


KEPT: dict[str, Kept] = _kept()
OF_NOBODY_ALONE: dict[str, str] = {
    **dict.fromkeys(
        ("household", "household_detail"), "about a household, whose members are rows of their own that stay"
    ),
    **dict.fromkeys(
        ("import_job", "import_file", "import_cells", "import_block", "import_error", "import_applied"),
        "a sealed file about many people, under no person's id; goes by the clock of imports",
    ),
    **dict.fromkeys(
        ("external_list", "external_list_file"),
        "a sealed file about many people; goes when it is matched, its lines by the clock of lists",
    ),
    **dict.fromkeys(
        ("export_job", "export_part", "export_log"),
        "what staff asked for, and sealed pages that last for a day",
    ),
    "visit_batch": "that a device sent something; what it sent are its items, which go",
    "card_opening": "progress of a job over an area",
    **dict.fromkeys(
        ("benefit_notice", "benefit_batch", "benefit_export", "benefit_export_file", "benefit_export_copy"),
        "accounting records of many people (ADR 132)",
    ),
    **dict.fromkeys(
        ("employer", "employer_statement", "petition", "petition_reading", "petition_reply"),
        "a register of an office's dealings; no row names a person of the register",
    ),
    **dict.fromkeys(
        (
            "staff_account",
            "staff_assignment",
            "staff_identity",
            "substitution",
            "substitution_duty",
            "second_factor",
            "recovery_code",
            "approval",
            "break_glass",
            "unmask_use",
        ),
        "members of staff at their work",
    ),
    "refresh_token": "hashes of random tokens; go with their session",
}
"""Tables about people of which no row is found by one person's records, each with what becomes of it."""
