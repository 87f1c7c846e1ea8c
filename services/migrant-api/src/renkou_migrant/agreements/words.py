"""What an agreement lets go, in words for staff and for the person, in Chinese and English. No I/O."""

from collections.abc import Iterable
from dataclasses import dataclass

from renkou_migrant.agreements.domain import Agreement, Grant
from renkou_migrant.exchange.contracts import PURPOSES, MessageKind

KIND_WORDS: dict[str, tuple[str, str]] = {
    "arrival_notice": ("流入登记告知", "notice of arrival"),
    "certificate_checked": ("查验告知", "notice that a certificate was checked"),
    "service_notice": ("服务通报", "notice of a service given"),
    "birth_notice": ("出生通报", "notice of a birth"),
    "departure_notice": ("离开告知", "notice of departure"),
    "registration_notice": ("生育登记告知", "notice of a childbirth registration"),
    "inquiry": ("协查", "inquiry"),
    "answer": ("回复", "answer"),
    "confirmation": ("确认", "confirmation"),
    "dispute": ("异议", "dispute"),
    "correction": ("更正", "correction"),
    "withdrawal": ("撤回", "withdrawal"),
    "reminder": ("催办", "reminder"),
}
FIELD_WORDS: dict[str, tuple[str, str]] = {
    "subject.name": ("姓名", "name"),
    "subject.resident_id": ("公民身份号码", "ID number"),
    "subject.home_area": ("户籍地", "registered area"),
    "arrived_on": ("到达日期", "day of arrival"),
    "present_area": ("现居住地(到村居)", "present area, to the community"),
    "departed_on": ("离开日期", "day of departure"),
    "destination_district": ("去往的区县", "district of destination"),
    "checked_on": ("查验日期", "day of the check"),
    "result": ("查验结果", "result of the check"),
    "code": ("结果代码", "code of the result"),
    "service": ("服务项目", "kind of service"),
    "given_on": ("服务日期", "day of the service"),
    "consent": ("本人同意", "the person's consent"),
    "child.name": ("子女姓名", "the child's name"),
    "child.sex": ("子女性别", "the child's sex"),
    "child.birth_date": ("子女出生日期", "the child's birth date"),
    "child.parity": ("孩次", "which child it is"),
    "birth_area": ("出生地", "area of the birth"),
    "registered_on": ("生育登记日期", "day of the childbirth registration"),
    "questions": ("询问事项", "what is asked"),
    "urgent": ("是否加急", "whether it is urgent"),
    "note": ("说明", "a note"),
    "known": ("是否本区户籍", "whether registered there"),
    "attachments.name": ("附件名称", "names of attachments"),
    "attachments.media_type": ("附件类型", "types of attachments"),
    "attachments.sha256": ("附件摘要", "digests of attachments"),
    "attachments.data": ("附件内容", "attachments"),
}


@dataclass(frozen=True, slots=True)
class Sentence:
    """One thing that may be told: by whom, to whom, what, what for, on which basis."""

    sender: str
    receiver: str
    kind: str
    fields: tuple[str, ...]
    zh: str
    en: str


def kind_words(kind: str) -> tuple[str, str]:
    """Return what a kind of message is called, in Chinese and English."""
    return KIND_WORDS.get(kind, (kind, kind))


def field_words(fields: Iterable[str]) -> tuple[str, str]:
    """Return members in words, in the order in which the words are listed."""
    wanted = set(fields)
    known = [path for path in FIELD_WORDS if path in wanted]
    words = [FIELD_WORDS.get(path, (path, path)) for path in [*known, *sorted(wanted - FIELD_WORDS.keys())]]
    return "、".join(zh for zh, _ in words), ", ".join(en for _, en in words)


def sentences(agreement: Agreement, names: dict[str, tuple[str, str]]) -> list[Sentence]:
    """Return what an agreement lets go; ``names`` are the districts' names in Chinese and English, by code."""
    return [_sentence(agreement, grant, names) for grant in agreement.terms.grants]


def _sentence(agreement: Agreement, grant: Grant, names: dict[str, tuple[str, str]]) -> Sentence:
    first, second = agreement.terms.parties
    receiver = second if grant.sender == first else first
    sender_zh, sender_en = names.get(grant.sender, (grant.sender, grant.sender))
    receiver_zh, receiver_en = names.get(receiver, (receiver, receiver))
    kind_zh, kind_en = kind_words(grant.kind)
    fields_zh, fields_en = field_words(grant.fields)
    purpose = PURPOSES[MessageKind(grant.kind)]
    zh = f"{sender_zh}可向{receiver_zh}发送{kind_zh}: {fields_zh}。目的: {purpose.zh}。依据: {grant.legal_basis}。"
    en = (
        f"{sender_en} may send {receiver_en} a {kind_en}: {fields_en}. Purpose: {purpose.en}. "
        f"Basis: {grant.legal_basis}."
    )
    if grant.answer_fields:
        back_zh, back_en = field_words(grant.answer_fields)
        zh += f"答复可含: {back_zh}。"
        en += f" An answer may say: {back_en}."
    return Sentence(grant.sender, receiver, grant.kind, tuple(sorted(grant.fields)), zh, en)
