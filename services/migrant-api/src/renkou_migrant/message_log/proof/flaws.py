"""What can be wrong with an exported log or a bundle: a stable code each, with Chinese and English text.

ProofError   carries a ``Flaw`` and where it is; raised by the modules of this package
"""

from enum import StrEnum


class Flaw(StrEnum):
    """Why a log or a bundle proves nothing. Codes are stable."""

    MALFORMED = "malformed"
    NOT_SIGNED = "not_signed"
    ENTRY_MISSING = "entry_missing"
    ENTRY_ALTERED = "entry_altered"
    CHAIN_BROKEN = "chain_broken"
    FILE_INCOMPLETE = "file_incomplete"
    TEXT_DIFFERS = "text_differs"
    TEXT_MISSING = "text_missing"
    NUMBER_MISSING = "number_missing"
    NUMBER_TWICE = "number_twice"
    CHECKPOINT_MISSING = "checkpoint_missing"
    CHECKPOINT_DIFFERS = "checkpoint_differs"
    LOG_CUT_OFF = "log_cut_off"
    WITNESS_DIFFERS = "witness_differs"
    RECEIPT_WITHOUT_MESSAGE = "receipt_without_message"
    RECEIPT_OF_OTHER_CONTENT = "receipt_of_other_content"
    TRUST_MISSING = "trust_missing"
    NOT_IN_LOG = "not_in_log"
    OTHER_DISTRICT = "other_district"
    PARTNER_LOG_DIFFERS = "partner_log_differs"

    @property
    def zh(self) -> str:
        """The flaw in Chinese."""
        return _TEXTS[self][0]

    @property
    def en(self) -> str:
        """The flaw in English."""
        return _TEXTS[self][1]


_TEXTS: dict[Flaw, tuple[str, str]] = {
    Flaw.MALFORMED: ("文件不是规定的格式", "The file is not in the documented form"),
    Flaw.NOT_SIGNED: ("签名无效或密钥当时不受信任", "A signature is not of a key that was trusted then"),
    Flaw.ENTRY_MISSING: ("日志缺少条目", "An entry of the log is missing"),
    Flaw.ENTRY_ALTERED: ("日志条目被改动", "An entry of the log was altered"),
    Flaw.CHAIN_BROKEN: ("条目与前一条不相连", "An entry does not follow the one before it"),
    Flaw.FILE_INCOMPLETE: ("导出文件不完整", "The exported file ends before its end"),
    Flaw.TEXT_DIFFERS: ("签名原文与日志记录不符", "A signed text is not the one that was logged"),
    Flaw.TEXT_MISSING: ("回执或信任名单缺少原文", "A receipt or trust list has lost its text"),
    Flaw.NUMBER_MISSING: ("发出消息的编号有缺", "A number of the messages sent is missing"),
    Flaw.NUMBER_TWICE: ("同一编号出现两次", "A number was used twice"),
    Flaw.CHECKPOINT_MISSING: ("缺少检查点", "A checkpoint is missing"),
    Flaw.CHECKPOINT_DIFFERS: ("日志与检查点不符", "The log is not what a checkpoint says"),
    Flaw.LOG_CUT_OFF: ("日志末尾被截去", "The end of the log was cut off"),
    Flaw.WITNESS_DIFFERS: ("日志与伙伴区的见证不符", "The log is not what a partner has witnessed"),
    Flaw.RECEIPT_WITHOUT_MESSAGE: (
        "回执所指的消息不在日志中",
        "A receipt speaks of a message that is not in the log",
    ),
    Flaw.RECEIPT_OF_OTHER_CONTENT: (
        "回执所指的内容与日志不同",
        "A receipt speaks of another content than was logged",
    ),
    Flaw.TRUST_MISSING: ("缺少当时的信任名单", "No trust list of that time is at hand"),
    Flaw.NOT_IN_LOG: ("该项不在检查点所覆盖的日志中", "It is not in the log that the checkpoint covers"),
    Flaw.OTHER_DISTRICT: ("不属于该区", "It belongs to another district"),
    Flaw.PARTNER_LOG_DIFFERS: ("与伙伴区的日志不符", "The partner's log says otherwise"),
}


class ProofError(Exception):
    """Something proves nothing. ``detail`` says where, in plain English."""

    def __init__(self, flaw: Flaw, detail: str = "") -> None:
        super().__init__(f"{flaw.value}: {detail}" if detail else flaw.value)
        self.flaw = flaw
        self.detail = detail
