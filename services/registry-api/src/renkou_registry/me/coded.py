"""Codes of the copy as words: by table and column, or by column alone where every table means the same."""

from collections.abc import Mapping
from typing import Any

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
    CHILDBIRTH_STATES,
    HONOUR_KINDS,
    HONOUR_STATES,
    PREPREGNANCY_STATES,
    SERVICE_STATES,
)
from renkou_common.codes.nationalities import NATIONALITIES
from renkou_registry.benefits.enrolments.domain import STATE_NAMES
from renkou_registry.consents.domain import TEXTS
from renkou_registry.life_events.routes import LABELS as EVENTS
from renkou_registry.readings.domain import LABELS as READINGS

_ADDRESSES = {"registered": "户籍地", "present": "现居住地", "usual": "常住地"}
_READERS = {"staff": "工作人员 staff", "service": "系统服务 service", "person": "本人 the person"}
_REQUESTS = {"correction": "更正 correction", "retraction": "撤销 retraction"}
_DECISIONS = {
    "requested": "待审 waiting",
    "approved": "已批准 approved",
    "rejected": "已驳回 rejected",
    "withdrawn": "已撤回 withdrawn",
}
_CARD_FACTS = {"method": "避孕方法 method", "expected_delivery": "预产期 expected delivery"}
_ENDINGS = {"death": "死亡 death", "move": "迁移 move"}
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
    ("reading", "what"): READINGS,
    ("reading", "reader_kind"): _READERS,
    ("unmask_log", "kind"): READINGS,
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
    ("benefit_enrolment", "state"): STATE_NAMES,
    ("consent", "purpose"): {str(purpose): f"{text.zh} {text.en}" for purpose, text in TEXTS.items()},
}


def word_of(table: str, column: str, value: Any) -> str | None:
    """Return what a code means, in both languages where both are known; None for what is no code."""
    codes = _OF_TABLE.get((table, column)) or _OF_COLUMN.get(column)
    if isinstance(codes, CodeList):
        entry = next((each for each in codes.entries if each.code == str(value)), None)
        return f"{entry.zh} {entry.en}" if entry else None
    return codes.get(str(value)) if codes else None
