"""Why a certificate, a list or a packing is refused: one stable code each, with Chinese and English text.

    CredentialError
        carries a ``Reason``; raised by every module of this package, and by nothing else in it.

Codes are part of the API: they are stored with a check and shown by front ends. Never reuse one.
"""

from enum import StrEnum


class Reason(StrEnum):
    """Outcome of a verification. ``VALID`` is the only one under which a certificate may be relied on."""

    VALID = "valid"

    MALFORMED = "malformed"
    TOO_LARGE = "too_large"
    WRONG_TYPE = "wrong_type"
    WRONG_CERTIFICATE_TYPE = "wrong_certificate_type"
    CRITICAL_HEADER = "critical_header"
    MISSING_CLAIM = "missing_claim"
    STATUS_MISSING = "status_missing"
    UNKNOWN_ISSUER = "unknown_issuer"
    UNKNOWN_KEY = "unknown_key"
    ALGORITHM_NOT_OF_KEY = "algorithm_not_of_key"
    KEY_OUTSIDE_WINDOW = "key_outside_window"
    BAD_SIGNATURE = "bad_signature"
    DISCLOSURE_REPEATED = "disclosure_repeated"
    DISCLOSURE_UNREFERENCED = "disclosure_unreferenced"
    NOT_YET_VALID = "not_yet_valid"
    EXPIRED = "expired"
    REVOKED = "revoked"
    STATUS_INDEX_OUT_OF_RANGE = "status_index_out_of_range"
    STATUS_LIST_FOREIGN = "status_list_foreign"

    HOLDER_PROOF_MISSING = "holder_proof_missing"
    HOLDER_PROOF_INVALID = "holder_proof_invalid"
    HOLDER_PROOF_AUDIENCE = "holder_proof_audience"
    HOLDER_PROOF_NONCE = "holder_proof_nonce"
    HOLDER_PROOF_TIME = "holder_proof_time"
    HOLDER_PROOF_REPLAYED = "holder_proof_replayed"

    STATUS_LIST_MISSING = "status_list_missing"
    STATUS_LIST_STALE = "status_list_stale"
    TRUST_LIST_STALE = "trust_list_stale"

    LIST_ROLLED_BACK = "list_rolled_back"
    LIST_CONFLICT = "list_conflict"
    NOT_PACKABLE = "not_packable"

    @property
    def zh(self) -> str:
        """The reason in Chinese, as staff and holders read it."""
        return _TEXTS[self][0]

    @property
    def en(self) -> str:
        """The reason in English."""
        return _TEXTS[self][1]


_TEXTS: dict[Reason, tuple[str, str]] = {
    Reason.VALID: ("证明有效", "The certificate is valid."),
    Reason.MALFORMED: ("格式不正确", "The format is not that of a certificate."),
    Reason.TOO_LARGE: ("内容超过允许的大小", "The content is larger than allowed."),
    Reason.WRONG_TYPE: ("签名文件的种类不符", "The signed object is of another type (typ)."),
    Reason.WRONG_CERTIFICATE_TYPE: ("不是流动人口婚育证明", "The certificate is of another kind (vct)."),
    Reason.CRITICAL_HEADER: ("含有本程序不支持的强制扩展", "A critical header extension is not supported."),
    Reason.MISSING_CLAIM: ("缺少必须公开的内容", "A claim that must be in the clear is missing."),
    Reason.STATUS_MISSING: ("缺少状态信息，无法查询是否撤销", "The status reference is missing."),
    Reason.UNKNOWN_ISSUER: ("签发地不在信任名单中", "The issuing district is not in the trust list."),
    Reason.UNKNOWN_KEY: ("签名密钥不属于该签发地", "The key is not one of the issuing district's."),
    Reason.ALGORITHM_NOT_OF_KEY: ("签名算法与密钥不符", "The algorithm is not the key's."),
    Reason.KEY_OUTSIDE_WINDOW: (
        "签发时间不在密钥的使用期内",
        "It was issued outside the time in which the key may be used.",
    ),
    Reason.BAD_SIGNATURE: ("签名不正确，内容可能被伪造或篡改", "The signature is wrong: forged or altered."),
    Reason.DISCLOSURE_REPEATED: ("同一内容出现两次", "A disclosure or digest occurs twice."),
    Reason.DISCLOSURE_UNREFERENCED: (
        "出示的内容不是签发时的内容",
        "A disclosure is not part of what was signed.",
    ),
    Reason.NOT_YET_VALID: ("尚未生效", "It is not valid yet."),
    Reason.EXPIRED: ("已过有效期", "It has expired."),
    Reason.REVOKED: ("已撤销、注销或换发", "It has been revoked or replaced."),
    Reason.STATUS_INDEX_OUT_OF_RANGE: (
        "状态序号超出名单范围",
        "The status index lies outside the status list.",
    ),
    Reason.STATUS_LIST_FOREIGN: ("状态名单不属于签发地", "The status list is another issuer's."),
    Reason.HOLDER_PROOF_MISSING: (
        "证明绑定了持有人密钥，但没有出示持有证明",
        "It is bound to the holder's key, and the holder's proof is missing.",
    ),
    Reason.HOLDER_PROOF_INVALID: (
        "持有证明不是该持有人对本次出示内容的签名",
        "The holder's proof is not the holder's signature over what is shown.",
    ),
    Reason.HOLDER_PROOF_AUDIENCE: (
        "持有证明是出示给其他核验方的",
        "The holder's proof was made for another verifier.",
    ),
    Reason.HOLDER_PROOF_NONCE: (
        "持有证明不是对本次核验的回应",
        "The holder's proof does not answer this verifier's nonce.",
    ),
    Reason.HOLDER_PROOF_TIME: (
        "持有证明的时间过早或过晚",
        "The holder's proof is too old, or from the future.",
    ),
    Reason.HOLDER_PROOF_REPLAYED: ("持有证明已经用过", "The holder's proof was used before."),
    Reason.STATUS_LIST_MISSING: (
        "没有签发地的状态名单，不能确认是否撤销",
        "The issuer's status list is not at hand: unknown.",
    ),
    Reason.STATUS_LIST_STALE: (
        "状态名单已过期，不能确认是否撤销",
        "The issuer's status list is out of date: unknown.",
    ),
    Reason.TRUST_LIST_STALE: ("信任名单已过期，不能确认", "The trust list is out of date: unknown."),
    Reason.LIST_ROLLED_BACK: (
        "名单序号比已接受的旧",
        "The list's sequence number is older than one already accepted.",
    ),
    Reason.LIST_CONFLICT: ("名单序号相同而内容不同", "Same sequence number, another content."),
    Reason.NOT_PACKABLE: ("内容不能压缩成二维码", "This presentation can't be packed byte for byte."),
}

UNKNOWN_REASONS = frozenset(
    {Reason.STATUS_LIST_MISSING, Reason.STATUS_LIST_STALE, Reason.TRUST_LIST_STALE},
)
"""Reasons that say neither valid nor refused: what is needed to decide is missing or out of date."""


class CredentialError(Exception):
    """Something was refused. ``reason`` is the stable code, ``detail`` says where, in plain English."""

    def __init__(self, reason: Reason, detail: str = "") -> None:
        super().__init__(f"{reason.value}: {detail}" if detail else reason.value)
        self.reason = reason
        self.detail = detail
