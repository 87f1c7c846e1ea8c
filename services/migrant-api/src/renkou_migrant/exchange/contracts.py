"""Kinds of message between districts, what each carries, in which versions, and why.

What a kind may carry is in :mod:`.carried`, and nothing else is sent or taken. The common basis is the Personal
Information Protection Law: article 13 (the person's consent, or a duty laid down by law) and article 23 (told to
another handler with the person's knowledge); whatever rests on consent ends with it. The agreement that a message
names states the basis on which the two districts rely.
"""

from enum import StrEnum

from pydantic import BaseModel, ConfigDict

from renkou_migrant.exchange.carried import (
    Answer,
    AnswerV1,
    ArrivalNotice,
    BirthNotice,
    CertificateCheckedNotice,
    Confirmation,
    Correction,
    DepartureNotice,
    Dispute,
    DisputeV1,
    Inquiry,
    InquiryV1,
    PairDigest,
    Ping,
    Pong,
    Receipt,
    RegistrationNotice,
    Reminder,
    ServiceNotice,
    Withdrawal,
)


class MessageKind(StrEnum):
    """Closed set of kinds; each value with its present version in :data:`VERSIONS`."""

    ARRIVAL_NOTICE = "arrival_notice"  # 流入登记告知
    CERTIFICATE_CHECKED = "certificate_checked"  # 查验告知
    SERVICE_NOTICE = "service_notice"  # 服务通报
    BIRTH_NOTICE = "birth_notice"  # 出生通报
    DEPARTURE_NOTICE = "departure_notice"  # 离开告知
    REGISTRATION_NOTICE = "registration_notice"  # 生育登记通报
    INQUIRY = "inquiry"  # 协查
    ANSWER = "answer"  # 回复
    CONFIRMATION = "confirmation"  # 确认
    DISPUTE = "dispute"  # 异议
    CORRECTION = "correction"  # 更正
    WITHDRAWAL = "withdrawal"  # 撤回
    REMINDER = "reminder"  # 催办
    RECEIPT = "receipt"  # 回执
    PING = "ping"  # 联通测试
    PONG = "pong"  # 联通测试应答
    DIGEST = "digest"  # 对账摘要


class Purpose(BaseModel):
    """Why a kind exists and what it rests on; shown to staff and to the person, and kept with agreements."""

    model_config = ConfigDict(frozen=True)

    zh: str
    en: str
    legal_basis: str


CONTENTS: dict[MessageKind, type[BaseModel]] = {
    MessageKind.ARRIVAL_NOTICE: ArrivalNotice,
    MessageKind.CERTIFICATE_CHECKED: CertificateCheckedNotice,
    MessageKind.SERVICE_NOTICE: ServiceNotice,
    MessageKind.BIRTH_NOTICE: BirthNotice,
    MessageKind.DEPARTURE_NOTICE: DepartureNotice,
    MessageKind.REGISTRATION_NOTICE: RegistrationNotice,
    MessageKind.INQUIRY: Inquiry,
    MessageKind.ANSWER: Answer,
    MessageKind.CONFIRMATION: Confirmation,
    MessageKind.DISPUTE: Dispute,
    MessageKind.CORRECTION: Correction,
    MessageKind.WITHDRAWAL: Withdrawal,
    MessageKind.REMINDER: Reminder,
    MessageKind.RECEIPT: Receipt,
    MessageKind.PING: Ping,
    MessageKind.PONG: Pong,
    MessageKind.DIGEST: PairDigest,
}
"""The newest version of each kind."""

PREVIOUS: dict[MessageKind, type[BaseModel]] = {
    MessageKind.INQUIRY: InquiryV1,
    MessageKind.ANSWER: AnswerV1,
    MessageKind.DISPUTE: DisputeV1,
}
"""Version 1 of the kinds that are at version 2."""

VERSIONS: dict[MessageKind, frozenset[int]] = {
    kind: frozenset({1, 2}) if kind in PREVIOUS else frozenset({1}) for kind in MessageKind
}
"""Versions understood here. The newest one is sent."""

NOTICES = frozenset(
    {
        MessageKind.ARRIVAL_NOTICE,
        MessageKind.CERTIFICATE_CHECKED,
        MessageKind.SERVICE_NOTICE,
        MessageKind.BIRTH_NOTICE,
        MessageKind.DEPARTURE_NOTICE,
        MessageKind.REGISTRATION_NOTICE,
    }
)
"""What a residence owes the home district under an agreement; counted by the notice figures."""

AGREED = NOTICES | {MessageKind.INQUIRY}
"""Kinds that an agreement has to list. Replies rest on the agreement of what they reply to."""

TESTS = frozenset({MessageKind.PING, MessageKind.PONG})
"""Kinds that tell of nobody and need no agreement."""

UNNUMBERED = frozenset({MessageKind.RECEIPT, MessageKind.DIGEST})
"""Neither ordered nor acknowledged themselves; they carry the number 0 and no agreement."""

REPLIES = frozenset({MessageKind.ANSWER, MessageKind.CONFIRMATION, MessageKind.DISPUTE})

AMENDMENTS = frozenset({MessageKind.CORRECTION, MessageKind.WITHDRAWAL})
"""What changes an earlier message of the same sender. They rest on that message's agreement."""

OF_WORKPLACE = frozenset({MessageKind.ARRIVAL_NOTICE, MessageKind.DEPARTURE_NOTICE, MessageKind.INQUIRY})
"""What may also go to the district of the workplace (三地): to its office, never to an employer."""

_CONSENT = "《个人信息保护法》第十三条第一款第一项(本人同意)、第二十三条"
_DUTY = "《个人信息保护法》第十三条第一款第三项(履行法定职责所必需)、第三十四条"
PURPOSES: dict[MessageKind, Purpose] = {
    MessageKind.ARRIVAL_NOTICE: Purpose(
        zh="使户籍地登记的现居住地保持真实",
        en="keep the present address in the home register true",
        legal_basis=_DUTY,
    ),
    MessageKind.CERTIFICATE_CHECKED: Purpose(
        zh="告知户籍地其所发证明已被出示和查验",
        en="tell the issuer that its certificate was shown and checked",
        legal_basis=_CONSENT,
    ),
    MessageKind.SERVICE_NOTICE: Purpose(
        zh="避免重复服务, 仅含项目和日期",
        en="avoid giving a service twice; kind and date only",
        legal_basis="《个人信息保护法》第二十九条(敏感个人信息的单独同意)",
    ),
    MessageKind.BIRTH_NOTICE: Purpose(
        zh="供户籍地按其规定登记出生",
        en="let the home district enter the birth under its own rules",
        legal_basis=_DUTY,
    ),
    MessageKind.DEPARTURE_NOTICE: Purpose(
        zh="使户籍地登记的现居住地保持真实",
        en="keep the present address in the home register true",
        legal_basis=_DUTY,
    ),
    MessageKind.REGISTRATION_NOTICE: Purpose(
        zh="避免重复登记生育, 仅含登记日期",
        en="avoid registering a childbirth twice; the day of registration only",
        legal_basis=_DUTY,
    ),
    MessageKind.INQUIRY: Purpose(
        zh="核实仅户籍地掌握的情况", en="ask what only the home district knows", legal_basis=_DUTY
    ),
}


def newest(kind: MessageKind) -> int:
    """Return the version in which a kind is sent."""
    return max(VERSIONS[kind])


def model_of(kind: MessageKind, version: int) -> type[BaseModel]:
    """Return what a kind carries in a version; raises KeyError for one that is not understood."""
    if version not in VERSIONS[kind]:
        raise KeyError(version)
    return CONTENTS[kind] if version == newest(kind) else PREVIOUS[kind]


def parse_content(kind: MessageKind, content: object, version: int | None = None) -> BaseModel:
    """Return the content as its kind's model (the newest unless told); else raises ValidationError."""
    return model_of(kind, version or newest(kind)).model_validate(content)
