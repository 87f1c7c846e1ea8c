"""Exactly what each kind of message between districts may carry.

Data minimisation stands here and not in good will: a member that is not in the model is refused before a
message is sealed and again where it arrives. Nothing tells of contraception or of a pregnancy's outcome.
"""

from datetime import date
from enum import StrEnum
from typing import Annotated, Any, Literal
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, model_validator

from renkou_common.contracts.lines import AreaText
from renkou_migrant.exchange.attachments import Attachments


class ShareableService(StrEnum):
    """Services of which kind and date may be told to the home district, with the person's consent.

    Contraceptive procedures and supplies are not among them.
    """

    EXAMINATION = "examination"  # 健康检查
    GYNAECOLOGICAL_CHECK = "gynaecological_check"  # 妇科检查
    PREPREGNANCY_CHECK = "prepregnancy_check"  # 孕前优生健康检查
    COUNSELLING = "counselling"  # 咨询
    ANTENATAL_VISIT = "antenatal_visit"  # 孕期保健
    POSTNATAL_VISIT = "postnatal_visit"  # 产后访视
    NEWBORN_VISIT = "newborn_visit"  # 新生儿访视


type ShortText = Annotated[str, Field(min_length=1, max_length=500)]


type PersonName = Annotated[str, Field(min_length=1, max_length=100)]


type ResidentId = Annotated[str, Field(pattern=r"^\d{17}[0-9X]$")]


type Sex = Annotated[int, Field(ge=0, le=9)]


class _Content(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Subject(_Content):
    """Whom a notice is about: what the home district needs to find its own record, and nothing else."""

    name: PersonName
    resident_id: ResidentId | None = Field(
        default=None, description="GB 11643 number, where the person has one"
    )
    home_area: AreaText = Field(description="registered area as known at the residence; 6 digits at least")


class ArrivalNotice(_Content):
    """The person lives here now, so that the home register's present address stays true."""

    subject: Subject
    arrived_on: date
    present_area: AreaText


class CertificateCheckedNotice(_Content):
    """A certificate of the home district was checked, so that it knows that it was used."""

    subject: Subject
    checked_on: date
    result: Literal["valid", "refused", "unknown"]
    code: Annotated[str, Field(max_length=60)] = Field(description="reason of the result")


class ServiceNotice(_Content):
    """A free service was given: kind and date only, and only where the person agreed to that."""

    subject: Subject
    service: ShareableService
    given_on: date
    consent: Literal[True]


class Child(_Content):
    """A child as the residence registered the birth."""

    name: PersonName
    sex: Sex
    birth_date: date
    parity: Annotated[int, Field(ge=1, le=30)]


class BirthNotice(_Content):
    """A child was born at the residence, so that the home district can enter it under its own rules."""

    subject: Subject = Field(description="the mother")
    child: Child
    birth_area: AreaText


class DepartureNotice(_Content):
    """The person has left the residence again."""

    subject: Subject
    departed_on: date
    destination_district: Annotated[str, Field(pattern=r"^\d{6}$")] | None = None


class RegistrationNotice(_Content):
    """A childbirth was registered at the residence, so that it is not registered a second time."""

    subject: Subject
    registered_on: date


class Question(StrEnum):
    """What an inquiry may ask."""

    PERSON = "person"  # is this person registered with you
    CERTIFICATE = "certificate"  # what is the state of the certificate
    REGISTRATION = "registration"  # what was registered


class InquiryV1(_Content):
    """Version 1 of :class:`Inquiry`: without attachments, never urgent."""

    subject: Subject
    questions: Annotated[list[Question], Field(min_length=1, max_length=3)]
    note: ShortText | None = None


class Inquiry(InquiryV1):
    """A question about a person that the residence cannot answer itself.

    Urgent only where somebody waits for a childbirth registration: then 7 working days instead of 15 days.
    """

    urgent: bool = False
    attachments: Attachments = Field(default_factory=list)

    @model_validator(mode="after")
    def _urgent_only_for_a_registration(self) -> "Inquiry":
        if self.urgent and self.questions != [Question.REGISTRATION]:
            raise ValueError("only an inquiry with the one question 'registration' is urgent")
        return self


class AnswerV1(_Content):
    """Version 1 of :class:`Answer`: without attachments."""

    known: bool | None = Field(default=None, description="true: ours; false: not ours; null: see the note")
    note: ShortText | None = None


class Answer(AnswerV1):
    """The reply to an arrival notice, an inquiry or a dispute."""

    attachments: Attachments = Field(default_factory=list)


class Confirmation(_Content):
    """The home district has taken note; of a birth notice: has entered the birth."""

    confirmed_on: date


class DisputeV1(_Content):
    """Version 1 of :class:`Dispute`: without attachments."""

    reason: ShortText


class Dispute(DisputeV1):
    """The receiver does not accept what a message says."""

    attachments: Attachments = Field(default_factory=list)


class Correction(_Content):
    """An earlier message of the sender's said something wrong; ``content`` is what it should have said, whole.

    Whether the content is one of the corrected kind can be told only where that message is known.
    """

    of: UUID
    content: dict[str, Any]


class WithdrawalReason(StrEnum):
    """Why a message is taken back; a code, so that nothing is told that the message did not tell."""

    NEVER_HAPPENED = "never_happened"  # 未发生
    RECORDED_IN_ERROR = "recorded_in_error"  # 登记有误
    CONSENT_WITHDRAWN = "consent_withdrawn"  # 本人撤回同意
    WITHDRAWN_BY_PERSON = "withdrawn_by_person"  # 本人撤回登记
    NOT_YOURS = "not_yours"  # 户籍地有误
    SETTLED = "settled"  # 已无需答复


class Withdrawal(_Content):
    """An earlier message of the sender's does not hold any more."""

    of: UUID
    reason: WithdrawalReason


class Reminder(_Content):
    """The time for a reply has passed: one office reminds another. Never sent to or about a person."""

    of: UUID


class ReceiptItem(_Content):
    """What became of one message. ``digest`` is the SHA-256 of the signed message, hexadecimal."""

    id: UUID
    digest: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    state: Literal["delivered", "read", "refused"]
    code: Annotated[str, Field(max_length=60)] | None = Field(default=None, description="why it was refused")


class Receipt(_Content):
    """The partner's node has verified and stored (delivered), taken in (read) or refused messages."""

    items: Annotated[list[ReceiptItem], Field(min_length=1, max_length=500)]


class Ping(_Content):
    """A test message of a check with a partner; tells of nobody. Answered by a pong, without any clerk."""

    check: UUID
    nonce: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]


class Pong(_Content):
    """The answer of the partner's node: the ping's nonce, and what the node understands by kind."""

    check: UUID
    nonce: Annotated[str, Field(pattern=r"^[0-9a-f]{32}$")]
    kinds: Annotated[dict[str, list[int]], Field(max_length=100)]


type Number = Annotated[int, Field(ge=0, lt=2**53)]


type Hash = Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


type Token = Annotated[str, Field(min_length=1, max_length=64)]


class SentSummary(_Content):
    """What an end has sent: numbers 1 to ``upto``. Below ``first`` it will send nothing any more."""

    upto: Number
    hash: Hash | None = Field(description="of the chain at `upto`; null where it has lost some of it")
    first: Annotated[int, Field(ge=1, le=2**53)]


class TakenSummary(_Content):
    """What an end has taken in: numbers 1 to ``upto``; it holds nothing above ``highest``."""

    upto: Number
    hash: Hash = Field(
        description="of the chain at `upto`; a number that was passed over counts as 32 zero bytes"
    )
    highest: Number
    gone: Number = Field(description="the last number that it had to pass over, 0 where there was none")


class LogHead(_Content):
    """Where a message log ended: its last position and that entry's hash."""

    position: Number
    hash: Hash


class PairDigest(_Content):
    """What one end holds of all messages between the two, so that the other can find and mend a difference.

    The chain: ``hash(n) = SHA-256(hash(n-1) | digest(n))`` over the digests that receipts name as well, and
    ``hash(0)`` is 32 zero bytes.
    """

    sent: SentSummary
    taken: TakenSummary
    asks: Token | None = Field(default=None, description="wants an answer that repeats this in `answers`")
    answers: Token | None = None
    seen: Number | None = Field(default=None, description="in an answer: `taken.upto` of what is answered")
    head: LogHead | None = Field(default=None, description="where the sender's message log ends")
    witnessed: LogHead | None = Field(
        default=None,
        description="where the receiver's log ended when it last said so: a witness against cutting it",
    )
