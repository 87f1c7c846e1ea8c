"""What callers send and get about petitions."""

from datetime import date, datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints, model_validator

from renkou_common.codes.findings import CodeError
from renkou_common.codes.offices import PetitionChannel, PetitionTopic
from renkou_common.http.days import Day
from renkou_registry.fields import AreaIn, NameIn, NotEmpty, Phone, Reason

Office = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=2, max_length=100),
    Field(description="承办单位", examples=["三孝口街道计生办"]),
]
Content = Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=10_000)]


class PetitionCreate(BaseModel):
    """A petition that was received; the petitioner may stay anonymous."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "area": "340103001",
                    "received_on": "2025-03-03",
                    "channel": "letter",
                    "topic": "benefit",
                    "office": "三孝口街道计生办",
                    "petitioner_name": "赵敏",
                    "petitioner_phone": "13800001234",
                    "content": "询问奖励扶助金何时发放",
                }
            ]
        },
    )

    area: AreaIn
    received_on: Day
    channel: PetitionChannel
    topic: PetitionTopic
    office: Office
    anonymous: bool = Field(default=False, strict=True)
    petitioner_name: NameIn | None = None
    petitioner_phone: Phone | None = None
    content: Content

    @model_validator(mode="after")
    def _petitioner(self) -> Self:
        if self.anonymous == (self.petitioner_name is not None):
            raise CodeError(
                "petitioner",
                "匿名不填姓名, 实名须填姓名",
                "a name is given if and only if not anonymous",
                field="petitioner_name",
            )
        return self


class PetitionPatch(BaseModel):
    """What to change: topic, or the office that handles it."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"office": "逍遥津街道计生办"}]}
    )

    topic: Annotated[PetitionTopic | None, NotEmpty] = None
    office: Annotated[Office | None, NotEmpty] = None


class ReplyCreate(BaseModel):
    """A reply to the petitioner; ``closing`` closes the petition."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"on": "2025-03-10", "content": "已受理, 正在核实", "closing": False}]
        },
    )

    on: Day
    content: Content
    closing: bool = Field(default=False, strict=True)


class PetitionExtend(BaseModel):
    """Why the closing takes longer; once."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "须外地协查"}]})

    reason: Reason


class PetitionWithdraw(BaseModel):
    """The petitioner takes it back."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"on": "2025-03-12"}]})

    on: Day


class PetitionerAsk(BaseModel):
    """Why the petitioner's name and phone are needed in the clear."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"reason": "电话答复本人"}]})

    reason: Reason


class PetitionerOut(BaseModel):
    """The petitioner in the clear."""

    name: str | None
    phone: str | None


class PetitionSummary(BaseModel):
    """A petition in a list: neither the petitioner nor what was said."""

    id: UUID
    area: str
    received_on: date
    channel: str
    channel_label: str
    topic: str
    topic_label: str
    office: str
    anonymous: bool
    state: str
    state_label: str
    first_due: date
    close_due: date
    first_replied_on: date | None
    ended_on: date | None = Field(description="closed or withdrawn")
    extended_on: date | None
    extension_reason: str | None
    on_time: bool | None = Field(description="empty while open")
    version: int


class ReplyOut(BaseModel):
    """A reply."""

    id: UUID
    on: date
    closing: bool
    content: str
    recorded_by: UUID
    recorded_at: datetime


class PetitionOut(PetitionSummary):
    """A petition with what was said; the petitioner masked."""

    petitioner_name: str | None
    petitioner_phone: str | None
    content: str
    recorded_at: datetime
    replies: list[ReplyOut]


class PetitionPage(BaseModel):
    """A page of petitions."""

    items: list[PetitionSummary]
    next: str | None = Field(description="cursor of the next page; null on the last")


class OverdueRow(BaseModel):
    """A reminder to an office: which petition waits for what since when."""

    id: UUID
    area: str
    office: str
    due: str = Field(description="first_reply or closing")
    due_on: date
    days_over: int


class OverduePage(BaseModel):
    """A page of reminders to offices, the longest overdue first."""

    items: list[OverdueRow]
    next: str | None = Field(description="cursor of the next page; null on the last")
