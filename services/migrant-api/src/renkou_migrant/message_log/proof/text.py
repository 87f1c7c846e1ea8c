"""What was proved, in Chinese and English, for somebody who was not there."""

from datetime import datetime, timedelta, timezone

from renkou_migrant.message_log.proof.bundle import Evidence
from renkou_migrant.message_log.proof.flaws import ProofError
from renkou_migrant.message_log.proof.log import LogReport

_SHANGHAI = timezone(timedelta(hours=8))
KINDS = {
    "arrival_notice": "流入登记告知",
    "certificate_checked": "查验告知",
    "service_notice": "服务通报",
    "birth_notice": "出生通报",
    "departure_notice": "离开告知",
    "registration_notice": "生育登记通报",
    "inquiry": "协查",
    "answer": "回复",
    "confirmation": "确认",
    "dispute": "异议",
    "correction": "更正",
    "withdrawal": "撤回",
    "reminder": "催办",
    "digest": "摘要",
    "ping": "联通测试",
    "pong": "联通测试应答",
    "receipt": "回执",
}
_STATES = {
    "delivered": ("已收存", "stored it"),
    "read": ("已收阅", "took it in"),
    "refused": ("拒收", "refused it"),
}


def refusal(error: ProofError) -> str:
    """Return the words for something that proves nothing."""
    detail = f" ({error.detail})" if error.detail else ""
    return f"不成立 NOT PROVED [{error.flaw}] {error.flaw.zh} {error.flaw.en}{detail}"


def describe_evidence(found: Evidence) -> str:
    """Return what a bundle proves: what, by whom, when, received when."""
    message, entry = found.message, found.link.entry
    kind = f"{KINDS.get(message.kind, message.kind)} {message.kind}"
    way = ("发出", "sent") if entry.direction == "out" else ("收到", "received")
    lines = [
        "成立 PROVED",
        f"消息 message: {kind}, version {message.version}, id {message.id}, number {message.pair_seq}",
        f"发送方 by: {_name(found, message.sender)}, key {message.jws.header.kid}",
        f"接收方 to: {_name(found, message.receiver)}",
        f"签名时间 signed at: {_moment(message.created_at)} (发送方所述 as the sender states)",
        f"日志 log of {_name(found, found.district)}: {way[0]} {way[1]} {_moment(entry.at)},"
        f" position {found.link.position}, outcome {entry.outcome};"
        f" 检查点 checkpoint {found.checkpoint} of {_moment(found.sealed_at)}",
        f"内容指纹 content: SHA-256 {entry.digest}",
    ]
    if found.no_longer_listed:
        lines.append("注意 note: 该密钥其后已从信任名单除去 the key has since been taken off the trust list")
    return "\n".join([*lines, *_receipts(found)])


def _receipts(found: Evidence) -> list[str]:
    if not found.acknowledgements:
        return ["回执 receipts: 无。未证明对方已收到。 none: that the message was received is not proved."]
    lines = []
    for one in found.acknowledgements:
        zh, en = _STATES.get(one.state, (one.state, one.state))
        code = f" ({one.code})" if one.code else ""
        lines.append(
            f"回执 receipt: {_name(found, one.by)} 于 {_moment(one.signed_at)} 签名: {zh}{code};"
            f" signed that it {en}{code}, key {one.entry.kid}"
        )
    return lines


def describe_log(found: LogReport) -> str:
    """Return what an export shows."""
    period = "-"
    if found.first_at and found.last_at:
        period = f"{_moment(found.first_at)} - {_moment(found.last_at)}"
    lines = [
        f"成立 PROVED: {found.district} 的消息日志完整 the message log is whole",
        f"条目 entries: {len(found.hashes)}, {period}",
        f"末条 head: {found.head.hex()}",
    ]
    if found.checkpoint:
        content = found.checkpoint.content
        lines.append(
            f"检查点 last checkpoint: {content.number} of {_moment(content.at)}, covers {content.last} entries"
        )
    for code, pair in sorted(found.pairs.items()):
        lines.append(
            f"{code}: 发出 sent {len(pair.sent)} (回执 receipted {len(pair.attested)}),"
            f" 收到 received {len(pair.received)}, 未到编号 not arrived {pair.not_arrived or '-'}"
        )
    for witness in found.witnesses:
        lines.append(
            f"见证 witness: {witness.by} 于 {_moment(witness.at)} 见证至第 {witness.position} 条"
            f" has seen the log up to entry {witness.position}"
        )
    if not found.witnesses:
        lines.append(
            "见证 witness: 无。其后被截去的条目只能凭他人留存的检查点或伙伴区的日志发现。"
            " none: entries cut off at the end are found only with a checkpoint that somebody kept or the"
            " partner's log."
        )
    if found.without_text:
        lines.append(f"无原文的回执 receipts kept without their text: {found.without_text}")
    return "\n".join(lines)


def _name(found: Evidence, code: str) -> str:
    zh, en = found.names.get(code, ("", ""))
    return f"{code} {zh} {en}".strip() if (zh, en) != (code, code) else code


def _moment(at: datetime) -> str:
    return at.astimezone(_SHANGHAI).isoformat(sep=" ", timespec="seconds")
