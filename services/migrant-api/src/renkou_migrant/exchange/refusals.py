"""Why a message of ours did not arrive, and what its clerk can do about it (拒收说明).

Codes are kept with the message: those of partners come in their signed receipts, the others are this node's own.
"""

from dataclasses import dataclass

from renkou_migrant.agreements.domain import RefusalCode
from renkou_migrant.exchange.codes import Refused


@dataclass(frozen=True, slots=True)
class Explanation:
    """What happened and what to do, in Chinese and English."""

    zh: str
    en: str
    do_zh: str
    do_en: str


_ASK = ("请联系对方办公室, 用其他方式告知", "Call the partner's office and tell it by other means")
_OPERATOR = ("请告知区管理员", "Tell the district's administrator")
_AGREE = (
    "请区管理员核对与该区的协议",
    "Ask the administrator to check the agreement with this district",
)
_SHORTER = (
    "去掉附件后重新发出, 附件用其他方式送达",
    "Send it again without attachments, and those by other means",
)
_TEXTS: dict[Refused | RefusalCode, tuple[str, str, tuple[str, str]]] = {
    Refused.UNKNOWN_KIND: (
        "对方系统不认识这类消息, 已签名拒收",
        "The partner's system does not know this kind and refused it by a signed receipt",
        _ASK,
    ),
    Refused.UNSUPPORTED_VERSION: (
        "对方系统不支持此消息版本, 已签名拒收",
        "The partner's system does not support this version and refused it by a signed receipt",
        (
            "请区管理员换用对方的新说明, 然后重新发出",
            "Ask the administrator for the partner's new description, then send it again",
        ),
    ),
    Refused.PARTNER_LACKS_KIND: (
        "按对方的说明, 其系统不处理这类消息, 未发出",
        "By its description the partner does not handle this kind; it was not sent",
        _ASK,
    ),
    Refused.PARTNER_LACKS_VERSION: (
        "双方没有共同支持的版本, 未发出",
        "The two systems have no version in common; it was not sent",
        _OPERATOR,
    ),
    Refused.PARTNER_LACKS_ATTACHMENTS: (
        "对方系统的版本不能接收附件, 未发出",
        "The partner's version cannot carry attachments; it was not sent",
        _SHORTER,
    ),
    Refused.PARTNER_LACKS_URGENT: (
        "对方系统的版本没有加急协查, 未发出",
        "The partner's version has no urgent inquiries; it was not sent",
        ("改为普通协查重新发出, 并电话催办", "Send it again as an ordinary inquiry, and call the office"),
    ),
    Refused.EXPIRED: (
        "消息过期前未送达",
        "It was not delivered before it expired",
        ("如仍需要, 请重新发出", "Send it again if it is still needed"),
    ),
    RefusalCode.NO_AGREEMENT: (
        "对方没有所依据的协议, 已拒收",
        "The partner has no such agreement on record and refused it",
        _AGREE,
    ),
    RefusalCode.NOT_AGREED: (
        "协议未涵盖这类消息, 对方已拒收",
        "The agreement does not cover this; the partner refused it",
        _AGREE,
    ),
    RefusalCode.SUSPENDED: (
        "对方已暂停所依据的协议, 已拒收; 本区已另行起草, 协议恢复后自动发出",
        "The partner has suspended the agreement and refused it; it is drafted anew and goes once that is resumed",
        ("无需处理; 如紧急, 请联系对方办公室", "Nothing; where it is urgent, call the partner's office"),
    ),
    RefusalCode.NOT_IN_FORCE: (
        "协议不在有效期内, 不能凭以告知个人信息",
        "The agreement is not in force on that day; nothing about a person goes under it",
        _AGREE,
    ),
    Refused.BAD_CONTENT: (
        "内容不符合约定的格式, 对方已拒收",
        "Its content is not what the contract allows; the partner refused it",
        _OPERATOR,
    ),
    Refused.ID_CONFLICT: (
        "对方已有同一编号的另一条消息",
        "The partner has another message under this id",
        _OPERATOR,
    ),
    Refused.SEQUENCE_CONFLICT: (
        "同一序号已用于另一条消息",
        "Its number was used for another message",
        _OPERATOR,
    ),
    Refused.REPLY_NOT_EXPECTED: (
        "对方不再等待这一答复",
        "The partner does not expect this reply any more",
        ("请查看该往来的最新情况", "Look at the conversation as it stands now"),
    ),
    Refused.AMENDMENT_NOT_EXPECTED: (
        "对方没有所更正、撤回或催办的消息, 或已不能更改",
        "The partner does not have the message that this corrects, takes back or reminds of, or it is closed there",
        ("请查看该往来的最新情况", "Look at the conversation as it stands now"),
    ),
    Refused.WITHDRAWN_BEFORE_SENDING: (
        "发出前已撤回, 对方未获告知",
        "It was taken back before it was sent; the partner was told nothing",
        ("无需处理", "Nothing"),
    ),
    Refused.PURPOSE_ENDED: (
        "这类通报的处理目的已终止或未启用, 未发出",
        "The purpose of this kind of message has ended or has not begun; it was not sent",
        (
            "请区管理员核对处理目的目录 (GET /purposes)",
            "Ask the administrator to check the catalogue of purposes (GET /purposes)",
        ),
    ),
    Refused.PROCESSING_RESTRICTED: (
        "本人信息的处理受限制, 此类通报未发出",
        "Processing of the person's data is restricted; a notice of this kind was not sent",
        ("无需处理", "Nothing"),
    ),
    Refused.CONSENT_ENDED: (
        "本人已撤回同意, 未发出",
        "The person has withdrawn the consent; it was not sent",
        ("无需处理", "Nothing"),
    ),
    RefusalCode.FIELD_NOT_AGREED: (
        "内容超出协议所列项目",
        "It says more than the agreement lists",
        _AGREE,
    ),
    Refused.CONTENT_UNREADABLE: (
        "内容已无法读取, 未发出",
        "Its content cannot be read any more; it was not sent",
        _OPERATOR,
    ),
    Refused.FACTS_GONE: (
        "登记中已没有所需的记录, 未发出",
        "The register no longer has what it should say; it was not sent",
        ("请核对人口登记", "Check the register"),
    ),
    Refused.FACTS_UNUSABLE: (
        "登记中的记录不完整, 未发出",
        "What the register says cannot be sent; it was not sent",
        ("请补全人口登记后重新发出", "Complete the register, then send it again"),
    ),
}


def explain(code: str | None) -> Explanation | None:
    """Return what a code means and what to do, None for none; one that a partner made up is named.

    A code may name the member concerned behind a colon: ``field_not_agreed:subject.resident_id``.
    """
    if code is None:
        return None
    known, _, member = code.partition(":")
    found = next((texts for each, texts in _TEXTS.items() if each == known), None)
    if found is None:
        return Explanation(f"对方已拒收(代码 {code})", f"The partner refused it with code {code}", *_ASK)
    zh, en, (do_zh, do_en) = found
    if member:
        zh, en = f"{zh}: {member}", f"{en}: {member}"
    return Explanation(zh, en, do_zh, do_en)
