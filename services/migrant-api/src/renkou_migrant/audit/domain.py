"""What a reading shows here, and which declared purpose it serves; no I/O."""

from collections.abc import Iterable, Sequence
from enum import StrEnum
from typing import Protocol
from uuid import UUID

from renkou_common.contracts.registry_privacy import FIRST_NOTICE_PURPOSES


class What(StrEnum):
    """What of a person an answer showed."""

    ARRIVAL = "arrival_record"  # 流入登记
    DEPARTURE = "departure_record"  # 外出登记
    CERTIFICATE = "certificate_record"  # 婚育证明
    CERTIFICATE_TEXT = "certificate_text"  # 婚育证明内容
    APPLICATION = "application_record"  # 证明申请
    NOTICE_LIST = "notice_list"  # 往来通报列表
    NOTICE = "notice"  # 往来通报
    ATTACHMENT = "attachment"  # 通报附件
    EVIDENCE = "evidence"  # 消息证据
    FIGURE_CASE = "figure_case"  # 统计数字的个案


_NOTICES = "exchange_follow_up"
PURPOSES: dict[str, str] = {
    What.ARRIVAL: "exchange_arrival",
    What.DEPARTURE: "exchange_departure",
    What.CERTIFICATE: "certificate",
    What.CERTIFICATE_TEXT: "certificate",
    What.APPLICATION: "certificate",
    What.NOTICE_LIST: _NOTICES,
    What.NOTICE: _NOTICES,
    What.ATTACHMENT: _NOTICES,
    What.EVIDENCE: _NOTICES,
    What.FIGURE_CASE: "statistics",
}
"""The purpose, as registry-api declares it, that a reading serves, unless the caller stated a narrower one."""

LABELS: dict[str, str] = {
    What.ARRIVAL: "流入登记",
    What.DEPARTURE: "外出登记",
    What.CERTIFICATE: "婚育证明",
    What.CERTIFICATE_TEXT: "婚育证明的内容",
    What.APPLICATION: "证明申请",
    What.NOTICE_LIST: "往来通报列表",
    What.NOTICE: "往来通报",
    What.ATTACHMENT: "通报附件",
    What.EVIDENCE: "消息证据",
    What.FIGURE_CASE: "统计数字所依据的个案",
    "audit_log": "审计日志",
    "arrival": "流入登记",
    "certificate": "婚育证明",
    "certificate_application": "证明申请",
    "certificate_application_step": "证明申请的办理经过",
    "certificate_check": "查验",
    "certificate_reissue": "批量换发",
    "certificate_step": "婚育证明的经过",
    "departure": "外出登记",
    "followed_merge": "人员记录合并",
    "message": "往来通报",
}
"""What an entry is about, in plain words: what was shown, or the table that was changed."""

FIELDS: dict[str, str] = {
    "person": "姓名、性别、出生日期",
    "id_number": "身份证号",
    "registered_area": "户籍地",
    "marital_status": "婚姻状况",
    "children": "子女数",
    "children_births": "子女出生日期",
    "content": "通报内容",
}
"""What was read in the clear, in plain words."""


class OfPerson(Protocol):
    """A record of a person, under both references: the register's own and the one that events carry."""

    @property
    def person_id(self) -> UUID: ...
    @property
    def person_ref(self) -> UUID: ...


def about(records: Iterable[OfPerson]) -> set[UUID]:
    """Return the references of everybody whom some records are about."""
    return {ref for each in records for ref in (each.person_id, each.person_ref)}


def purpose_of(kind: str) -> str:
    """Return the purpose for which a message of a kind is exchanged and read."""
    return next((code for code, kinds in FIRST_NOTICE_PURPOSES.items() if kind in kinds), _NOTICES)


def label_of(what: str, fields: Sequence[str]) -> str:
    """Return in plain words what an entry is about, and which fields were read in the clear."""
    label = LABELS.get(what, what)
    return f"{label}: {'、'.join(FIELDS.get(each, each) for each in fields)}" if fields else label
