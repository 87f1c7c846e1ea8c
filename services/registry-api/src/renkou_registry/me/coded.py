"""Codes of the copy as words: by table and column, or by column alone where every table means the same."""

from collections.abc import Mapping
from typing import Any

from renkou_common.audit.words import ACTIONS
from renkou_common.codes.cards import (
    CARD_CLOSINGS,
    CARD_STATES,
    CONTRACEPTIVE_METHODS,
    VISIT_EFFECTS,
    VISIT_PROBLEMS,
    VISIT_STATES,
)
from renkou_common.codes.kinship import RELATIONS
from renkou_common.codes.lists import (
    DOCUMENT_KINDS,
    KIN_KINDS,
    MARITAL_STATUSES,
    MEMBERSHIP_KINDS,
    POPULATIONS,
    SERVICE_KINDS,
    SEXES,
    CodeList,
)
from renkou_common.codes.maternal import (
    CHILDBIRTH_ADDRESSES,
    CHILDBIRTH_STATES,
    HONOUR_ENDINGS,
    HONOUR_KINDS,
    HONOUR_STATES,
    PREPREGNANCY_STATES,
    SERVICE_CANCELLATIONS,
    SERVICE_STATES,
)
from renkou_common.codes.nationalities import NATIONALITIES
from renkou_registry.audit.domain import LABELS as READINGS
from renkou_registry.benefits.enrolments.domain import STATE_NAMES
from renkou_registry.benefits.schemes.domain import FACT_NAMES
from renkou_registry.consents.domain import TEXTS
from renkou_registry.duplicates.domain import LABELS as TRAITS
from renkou_registry.life_events.routes import LABELS as EVENTS
from renkou_registry.me.words import TITLES
from renkou_registry.prepregnancy.forms import STEP_LABELS
from renkou_registry.privacy.erasure.rules import CAUSES, EFFECTS, STEPS, TITLES_BESIDE
from renkou_registry.privacy.purposes.defaults import PURPOSES
from renkou_registry.privacy.requests.domain import ACT_LABELS, KIND_LABELS, OUTCOME_LABELS, STATE_LABELS

_ADDRESSES = {"registered": "户籍地", "present": "现居住地", "usual": "常住地"}
_READERS = {
    "staff": "工作人员 staff",
    "service": "系统服务 service",
    "person": "本人 the person",
    "import": "批量导入 import",
    "database": "数据库直接操作 by hand in the database",
}
_REQUESTS = {"correction": "更正 correction", "retraction": "撤销 retraction"}
_DECISIONS = {
    "requested": "待审 waiting",
    "approved": "已批准 approved",
    "rejected": "已驳回 rejected",
    "withdrawn": "已撤回 withdrawn",
}
_CONSENTS = {str(purpose): f"{text.zh} {text.en}" for purpose, text in TEXTS.items()}
_TOLD = {"own_account": "本人账号 own account", "in_person": "当面 in person", "paper": "书面 on paper"}
_HOLDS = {
    "dispute": "争议 dispute",
    "correction": "更正 correction",
    "petition": "信访 petition",
    "audit": "审计 audit",
}
_ASKED = {str(kind): f"{zh} {en}" for kind, (zh, en) in KIND_LABELS.items()}
_STANDING = {str(state): f"{zh} {en}" for state, (zh, en) in STATE_LABELS.items()}
_OUTCOMES = {str(outcome): f"{zh} {en}" for outcome, (zh, en) in OUTCOME_LABELS.items()}
_CAME = {"own_account": "本人账号 own account", "counter": "窗口受理 at the counter"}
_ACTS = {str(act): f"{zh} {en}" for act, (zh, en) in ACT_LABELS.items()}
_CARD_FACTS = {"method": "避孕方法 method", "expected_delivery": "预产期 expected delivery"}
_ENDINGS = {"death": "死亡 death", "move": "迁移 move"}
_CASE_ENDINGS = _ENDINGS | {
    "withdrawal": "本人撤回 withdrawn",
    "merged": "记录合并 records merged",
    "retracted": "建档撤销 entry taken back",
    "end": "终止 ended",
}
_ACTIONS = {
    "application": "申请 application",
    "resubmission": "补正后再报 handed in again",
    "publication": "公示 public notice",
    "activation": "开始发放 put into payment",
    "objection_upheld": "异议成立 objection upheld",
    "withdrawal": "本人撤回 withdrawn",
    "end": "终止 ended",
    "resumption": "恢复 resumed",
    **{
        f"{level}_{step}": f"{zh}{done} {level} {en}"
        for level, zh in (("community", "社区"), ("subdistrict", "街道"), ("district", "区级"))
        for step, done, en in (
            ("pass", "审核通过", "check passed"),
            ("return", "退回补正", "check: returned"),
            ("reject", "不予通过", "check: rejected"),
        )
    },
}
_ORIGINS = {"person": "本人 the person", "worker": "工作人员 a worker"}
_OBJECTIONS = {"open": "待处理 open", "upheld": "成立 upheld", "dismissed": "不成立 dismissed"}
_LINES = {
    "open": "待发 to be paid",
    "sent": "已送银行 sent to the bank",
    "paid": "已发 paid",
    "failed": "发放失败 failed",
    "dropped": "已取消 dropped",
}
_OVERPAYMENTS = {
    "open": "待决定 to be decided",
    "kept": "不追回 left with the person",
    "returned": "已退回 given back",
    "lapsed": "已消除 no longer too much",
}
_PAIRS = {"open": "待核 to be looked at", "merged": "已合并 merged", "distinct": "不是同一人 two people"}
_MATCHES = {
    "exact": "完全匹配 exact",
    "likely": "可能匹配 likely",
    "none": "未匹配 none",
    "unreadable": "无法识别 unreadable",
}
_SETTLEMENTS = {
    "link": "与记录对应 linked to a record",
    "new": "新建记录 entered anew",
    "record": "登记事件 recorded as an event",
    "ignore": "不处理 left alone",
}
_SENT_VISITS = {
    "applied": "已记入 taken over",
    "conflict": "有冲突 in conflict",
    "refused": "未采用 refused",
    "kept_server": "保留原记录 the record was kept",
    "kept_device": "采用设备内容 the device was kept",
}
_AGREEMENTS = {
    "due": "待签 to be signed",
    "signed": "已签 signed",
    "declined": "未签 declined",
    "cancelled": "已取消 cancelled",
}
_HOW = {"signed": "书面签字 signed", "electronic": "电子确认 confirmed electronically"}
_FACTS = {str(each): f"{zh} {en}" for each, (zh, en) in FACT_NAMES.items()} | {"children": "子女 children"}
_REGISTERS = {table: f"{zh} {en}" for table, (zh, en) in (TITLES | TITLES_BESIDE).items()}
_KEYS = {"1": "姓名", "2": "拼音全拼", "3": "拼音首字母", "4": "相近读音", "5": "地址"}

_OF_COLUMN: Mapping[str, CodeList] = {
    "sex": SEXES,
    "marital_status": MARITAL_STATUSES,
    "nationality": NATIONALITIES,
    "document_kind": DOCUMENT_KINDS,
    "other_document_kind": DOCUMENT_KINDS,
    "relation": RELATIONS,
    "method": CONTRACEPTIVE_METHODS,
    "population": POPULATIONS,
    "effect": VISIT_EFFECTS,
    "problem": VISIT_PROBLEMS,
}
_OF_TABLE: Mapping[tuple[str, str], CodeList | Mapping[Any, str]] = {
    ("life_event", "kind"): EVENTS,
    ("audit_entry", "what"): _REGISTERS | READINGS,
    ("audit_entry", "actor_kind"): _READERS,
    ("audit_entry", "action"): ACTIONS,
    ("audit_entry", "purpose"): {each.code: f"{each.zh} {each.en}" for each in PURPOSES},
    ("person_address", "kind"): _ADDRESSES,
    ("person_key", "kind"): _KEYS,
    ("kin_link", "kind"): KIN_KINDS,
    ("household_member", "kind"): MEMBERSHIP_KINDS,
    ("household_member", "reason"): _ENDINGS,
    ("correction_request", "kind"): _REQUESTS,
    ("correction_request", "state"): _DECISIONS,
    ("card", "state"): CARD_STATES,
    ("card", "closed_reason"): CARD_CLOSINGS,
    ("card_fact", "kind"): _CARD_FACTS,
    ("visit", "state"): VISIT_STATES,
    ("service_given", "kind"): SERVICE_KINDS,
    ("service_given", "state"): SERVICE_STATES,
    ("prepregnancy_check", "state"): PREPREGNANCY_STATES,
    ("childbirth_registration", "state"): CHILDBIRTH_STATES,
    ("honour_certificate", "kind"): HONOUR_KINDS,
    ("honour_certificate", "state"): HONOUR_STATES,
    ("service_given", "cancelled_because"): SERVICE_CANCELLATIONS,
    ("childbirth_registration", "address"): CHILDBIRTH_ADDRESSES,
    ("honour_certificate", "cancel_reason"): HONOUR_ENDINGS,
    ("life_event", "address"): _ADDRESSES,
    ("prepregnancy_step", "step"): {str(step): f"{zh} {en}" for step, (zh, en) in STEP_LABELS.items()},
    ("prepregnancy_consent", "given_how"): _HOW,
    ("benefit_enrolment", "state"): STATE_NAMES,
    ("benefit_enrolment", "origin"): _ORIGINS,
    ("benefit_enrolment", "end_cause"): _CASE_ENDINGS,
    ("benefit_enrolment", "confirmed"): _FACTS,
    ("benefit_step", "state"): STATE_NAMES,
    ("benefit_step", "action"): _ACTIONS,
    ("benefit_line", "state"): _LINES,
    ("benefit_objection", "state"): _OBJECTIONS,
    ("benefit_overpayment", "state"): _OVERPAYMENTS,
    ("duplicate_candidate", "state"): _PAIRS,
    ("duplicate_candidate", "traits"): {str(each): f"{zh} {en}" for each, (zh, en) in TRAITS.items()},
    ("duplicate_moved", "table_name"): _REGISTERS,
    ("external_list_row", "match"): _MATCHES,
    ("external_list_row", "action"): _SETTLEMENTS,
    ("rental_agreement", "state"): _AGREEMENTS,
    ("visit_batch_item", "state"): _SENT_VISITS,
    ("consent", "purpose"): _CONSENTS,
    ("consent_change", "purpose"): _CONSENTS,
    ("consent_change", "how"): _TOLD,
    ("retention_hold", "cause"): _HOLDS,
    ("erasure", "state"): {"running": "办理中 being carried out", "finished": "已办结 finished"},
    ("erasure", "table_name"): _REGISTERS,
    ("erasure_step", "table_name"): _REGISTERS,
    ("erasure_step", "effect"): {effect.value: f"{zh} {en}" for effect, (zh, en) in EFFECTS.items()},
    ("erasure", "told_kinds"): {step.code: f"{step.zh} {step.en}" for step in STEPS},
    ("erasure_step", "code"): {step.code: f"{step.zh} {step.en}" for step in STEPS},
    ("erasure_step", "cause"): {code: f"{zh} {en}" for code, (zh, en) in CAUSES.items()},
    ("erasure_step", "state"): {"waiting": "待办 waiting", "held": "暂缓 held", "done": "已完成 done"},
    ("privacy_request", "kind"): _ASKED,
    ("privacy_request", "state"): _STANDING,
    ("privacy_request", "outcome"): _OUTCOMES,
    ("privacy_request", "how"): _CAME,
    ("privacy_request", "about"): _REGISTERS,
    ("privacy_request_step", "act"): _ACTS,
    ("privacy_request_step", "outcome"): _OUTCOMES,
}


def word_of(table: str, column: str, value: Any) -> str | None:
    """Return what a code means, in both languages where both are known; None for what is no code."""
    codes = _OF_TABLE.get((table, column)) or _OF_COLUMN.get(column)
    if isinstance(codes, CodeList):
        entry = next((each for each in codes.entries if each.code == str(value)), None)
        return f"{entry.zh} {entry.en}" if entry else None
    return codes.get(str(value)) if codes else None
