"""Requests and answers about notices."""

from datetime import date, datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from renkou_common.codes.findings import CodeError
from renkou_common.codes.masking import mask_resident_id
from renkou_common.errors import InvalidInput
from renkou_migrant.exchange.attachments import MOST, MOST_BYTES, Attachment, MediaType, decoded
from renkou_migrant.exchange.carried import Answer, Dispute, Question, WithdrawalReason
from renkou_migrant.exchange.contracts import MessageKind
from renkou_migrant.exchange.domain import Direction, MessageState, is_overdue
from renkou_migrant.exchange.inquiries import Asked
from renkou_migrant.exchange.refusals import explain
from renkou_migrant.exchange.repository import StoredMessage


class AttachmentIn(BaseModel):
    """A file to send along; what it begins with has to fit its type."""

    model_config = ConfigDict(extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^/\\\x00-\x1f\x7f]+$")]
    media_type: MediaType
    data: Annotated[str, Field(max_length=MOST_BYTES * 4 // 3 + 4, description="base64url without padding")]

    @model_validator(mode="after")
    def _usable(self) -> Self:
        try:
            self.to_attachment()
        except ValueError as error:
            raise CodeError(
                "attachment",
                f"应为 base64url 编码且与所填类型 {self.media_type} 相符的文件",
                f"must be base64url without padding, of a file that begins like {self.media_type}",
            ) from error
        return self

    def to_attachment(self) -> Attachment:
        """Return the attachment as it travels; raises ValueError."""
        return Attachment.of(self.name, self.media_type, decoded(self.data))


def _together(found: list[AttachmentIn]) -> list[AttachmentIn]:
    if sum(len(decoded(one.data)) for one in found) > MOST_BYTES:
        raise CodeError(
            "attachments_too_large",
            f"附件合计不得超过 {MOST_BYTES} 字节",
            f"attachments together must not exceed {MOST_BYTES} bytes",
        )
    return found


type AttachmentsIn = Annotated[list[AttachmentIn], Field(max_length=MOST), AfterValidator(_together)]


class DisputeCreate(BaseModel):
    """Why the receiver does not accept a notice."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "户口已于 2024 年迁出本区"}]}
    )

    reason: Annotated[str, Field(min_length=1, max_length=500)]
    attachments: AttachmentsIn = Field(default_factory=list)

    def to_content(self) -> Dispute:
        """Return what is sent."""
        return Dispute(reason=self.reason, attachments=[one.to_attachment() for one in self.attachments])


class AnswerCreate(BaseModel):
    """The reply to an arrival notice, an inquiry or a dispute."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"known": True, "note": None}]})

    known: bool | None = Field(strict=True, description="true: ours; false: not ours; null: see the note")
    note: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    attachments: AttachmentsIn = Field(default_factory=list)

    def to_content(self) -> Answer:
        """Return what is sent; raises InvalidInput where it would say nothing."""
        if self.known is None and self.note is None:
            raise InvalidInput.field(
                "/note", "note_required", "known 为空时须填写说明", "is needed where known is null"
            )
        attachments = [one.to_attachment() for one in self.attachments]
        return Answer(known=self.known, note=self.note, attachments=attachments)


class InquiryCreate(BaseModel):
    """A question about somebody who lives here, to the home district or to that of the workplace."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"questions": ["registration"], "urgent": True}]},
    )

    to: Asked = Field(default=Asked.HOME, description="home 户籍地, workplace 工作地")
    questions: Annotated[list[Question], Field(min_length=1, max_length=3)] = Field(
        description="person 是否本区户籍, certificate 证明状态, registration 登记情况"
    )
    urgent: bool = Field(
        default=False, description="somebody waits for a childbirth registration: 7 working days"
    )
    note: Annotated[str, Field(min_length=1, max_length=500)] | None = None
    attachments: AttachmentsIn = Field(default_factory=list)

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if len(set(self.questions)) != len(self.questions):
            raise CodeError("question_twice", "问题重复", "each question is asked once")
        if self.urgent and self.questions != [Question.REGISTRATION]:
            raise CodeError(
                "not_urgent",
                "仅只问登记情况(registration)的协查可以加急",
                "only an inquiry with the one question `registration` is urgent",
            )
        if self.to is Asked.WORKPLACE and self.questions != [Question.PERSON]:
            raise CodeError(
                "workplace_question",
                "对工作地只能询问 person",
                "the workplace's district can be asked `person` only",
            )
        return self


class WithdrawalCreate(BaseModel):
    """Why an inquiry or a reply is taken back."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "settled"}]})

    reason: WithdrawalReason = Field(
        description="recorded_in_error 登记有误, settled 已无需答复, not_yours 户籍地有误, ..."
    )


class CorrectionCreate(BaseModel):
    """What an answer or a dispute of ours should have said; exactly one."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"answer": {"known": False, "note": "同名误认"}}]}
    )

    answer: AnswerCreate | None = None
    dispute: DisputeCreate | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if (self.answer is None) == (self.dispute is None):
            raise CodeError(
                "one_of", "须且只须填写 answer、dispute 之一", "give exactly one of answer and dispute"
            )
        return self

    def to_content(self) -> Answer | Dispute:
        """Return what is said instead."""
        given = self.answer or self.dispute
        assert given is not None
        return given.to_content()


class ExplanationRead(BaseModel):
    """Why a message of ours was refused or not sent, and what can be done."""

    model_config = ConfigDict(from_attributes=True)

    zh: str
    en: str
    do_zh: str = Field(description="what to do, in Chinese")
    do_en: str


class NoticeRead(BaseModel):
    """A message as this end knows it, without its content."""

    id: UUID
    direction: Direction
    kind: MessageKind
    partner: str = Field(description="the other district; nine digits: subdistrict of this one")
    state: MessageState
    code: str | None = Field(description="why it is dead, where it is")
    explanation: ExplanationRead | None = Field(description="for a message of ours: what the code means")
    due_on: date | None = Field(description="last day for the reply")
    overdue: bool
    thread: UUID = Field(description="what belongs together: all messages about one arrival")
    in_reply_to: UUID | None
    number: int | None = Field(description="gapless number between the two districts")
    agreement_id: UUID | None
    arrival_id: UUID | None
    area: str = Field(description="12-digit area that answers for it here")
    occurred_on: date | None
    drafted_at: datetime
    created_at: datetime | None = Field(description="when it was signed")
    sent_at: datetime | None
    delivered_at: datetime | None
    read_at: datetime | None
    closed_at: datetime | None
    life_event_id: UUID | None = Field(description="birth that was entered on its confirmation")
    corrected_at: datetime | None = Field(description="when its sender last corrected it")
    withdrawn_at: datetime | None = Field(description="when its sender took it back")
    withdrawn_because: str | None
    attention: str | None = Field(
        description="corrected, withdrawn: by the other office, and nobody has taken note of it yet"
    )
    correction_request_id: UUID | None = Field(description="what was asked for in the register here")
    reminders: int = Field(description="how often one office reminded the other 催办次数")
    reminded_at: datetime | None
    version: int

    @classmethod
    def of(cls, stored: StoredMessage, today: date) -> Self:
        """Return the answer for a message as of a day."""
        return cls(**_members(stored, today))


class ReplyRead(NoticeRead):
    """A reply with what it says."""

    content: dict[str, Any] | None

    @classmethod
    def with_content(cls, stored: StoredMessage, today: date, content: dict[str, Any] | None) -> Self:
        """Return the answer for a message and its decrypted content; ID numbers are masked."""
        return cls(**_members(stored, today), content=masked(content))


class FormerContent(BaseModel):
    """What a message said until it was corrected."""

    content: dict[str, Any] | None
    replaced_by: UUID = Field(description="the correction")
    replaced_at: datetime


class NoticeDetail(ReplyRead):
    """A message with its content, what it said before, and what was replied to it."""

    history: list[FormerContent] = Field(default_factory=list)
    replies: list[ReplyRead] = Field(default_factory=list)


class NoticePage(BaseModel):
    """Messages, the latest first."""

    items: list[NoticeRead]
    next: str | None = Field(description="value of `after` for the next page")


class Conversation(BaseModel):
    """What was said about one stay, in order: notices, inquiries, answers, disputes, corrections, reminders."""

    thread: UUID
    items: list[ReplyRead]


class OverdueCount(BaseModel):
    """How much is overdue between this office and another."""

    partner: str = Field(description="district, or subdistrict of this one")
    ours: int = Field(description="replies that we owe")
    ours_since: date | None = Field(description="the earliest day on which one was due")
    ours_reminded: int
    theirs: int = Field(description="replies that the other office owes")
    theirs_since: date | None
    theirs_reminded: int


class OverdueCounts(BaseModel):
    """What is overdue on a day, by partner."""

    on: date
    items: list[OverdueCount]


def masked(content: dict[str, Any] | None) -> dict[str, Any] | None:
    """Return content with ID numbers masked and attachments named, also inside a correction."""
    if content is None:
        return None
    shown = dict(content)
    subject = shown.get("subject")
    if isinstance(subject, dict) and subject.get("resident_id"):
        shown["subject"] = {**subject, "resident_id": mask_resident_id(subject["resident_id"])}
    if isinstance(shown.get("content"), dict):
        shown["content"] = masked(shown["content"])
    if "attachments" in shown:
        files = [_file(one) for one in shown.pop("attachments")]
        shown |= {"attachments": files} if files else {}
    return shown


def _file(attachment: dict[str, Any]) -> dict[str, Any]:
    """Return an attachment without its bytes, which are downloaded one by one."""
    size = len(decoded(attachment["data"]))
    return {name: value for name, value in attachment.items() if name != "data"} | {"size": size}


def _members(stored: StoredMessage, today: date) -> dict[str, Any]:
    message = stored.message
    return {
        "id": message.id,
        "direction": message.direction,
        "kind": message.kind,
        "partner": message.partner,
        "state": message.state,
        "code": stored.code,
        "explanation": explain(stored.code) if message.direction is Direction.OUT else None,
        "due_on": message.due_on,
        "overdue": is_overdue(message.state, message.due_on, today, withdrawn=message.withdrawn),
        "thread": message.thread,
        "in_reply_to": stored.in_reply_to,
        "number": stored.pair_seq,
        "agreement_id": stored.agreement_id,
        "arrival_id": stored.arrival_id,
        "area": f"{message.area:012d}",
        "occurred_on": message.occurred_on,
        "drafted_at": message.drafted_at,
        "created_at": stored.created_at,
        "sent_at": message.sent_at,
        "delivered_at": stored.delivered_at,
        "read_at": stored.read_at,
        "closed_at": stored.closed_at,
        "life_event_id": stored.life_event_id,
        "corrected_at": stored.corrected_at,
        "withdrawn_at": stored.withdrawn_at,
        "withdrawn_because": stored.withdrawn_because,
        "attention": stored.attention,
        "correction_request_id": stored.correction_request_id,
        "reminders": stored.reminders,
        "reminded_at": stored.reminded_at,
        "version": message.revision,
    }
