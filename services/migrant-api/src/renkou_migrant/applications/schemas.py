"""Requests and answers about applications for certificates."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

from renkou_common.codes.findings import CodeError
from renkou_migrant.applications.domain import Application, ApplicationState, text_of
from renkou_migrant.applications.service import Wish
from renkou_migrant.certificates import reasons
from renkou_migrant.certificates.domain import Kind
from renkou_migrant.certificates.reasons import RejectionReason, ReplacementReason, ReturnReason
from renkou_migrant.certificates.records import Recorded
from renkou_migrant.certificates.schemas import HistoryStep
from renkou_migrant.credentials.groups import Group
from renkou_migrant.credentials.holder import confirmation
from renkou_migrant.credentials.reasons import CredentialError
from renkou_migrant.fields import Reason, area_code
from renkou_migrant.registry_client import PersonCard

_COORDINATE = r"^[A-Za-z0-9_-]{43}$"


class HolderKey(BaseModel):
    """The public half of a key that only the holder has: P-256 or Ed25519, as a JWK (RFC 7517)."""

    model_config = ConfigDict(extra="forbid")

    kty: Literal["EC", "OKP"]
    crv: Literal["P-256", "Ed25519"]
    x: Annotated[str, Field(pattern=_COORDINATE)]
    y: Annotated[str, Field(pattern=_COORDINATE)] | None = None

    @model_validator(mode="after")
    def _one_curve(self) -> Self:
        if (self.kty, self.crv, self.y is None) not in {("EC", "P-256", False), ("OKP", "Ed25519", True)}:
            raise CodeError(
                "holder_key",
                "应为 P-256 (EC, 含 x、y) 或 Ed25519 (OKP, 仅 x) 公钥",
                "must be a public key on P-256 (EC with x and y) or Ed25519 (OKP with x only)",
            )
        try:
            confirmation(self.model_dump(exclude_none=True))
        except CredentialError as error:
            raise CodeError("holder_key", "不是曲线上的公钥", "is no public key of its curve") from error
        return self


def _in_order(groups: list[Group]) -> list[Group]:
    if Group.PERSON not in groups:
        raise CodeError(
            "person_group",
            "须含 person (姓名、性别、出生日期): 证明须能看出是谁的",
            "must include person: a certificate says whose it is",
        )
    if len(set(groups)) != len(groups):
        raise CodeError("group_repeated", "同一项目不得重复", "names a group twice")
    return [group for group in Group if group in groups]


Content = Annotated[
    list[Group],
    AfterValidator(_in_order),
    Field(
        min_length=1,
        max_length=6,
        description="what the person agrees to have in the certificate; what is shown of it is chosen later",
        examples=[["person", "registered_area", "marital_status"]],
    ),
]


class OwnApplicationCreate(BaseModel):
    """What the person asks for."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"kind": "first", "groups": ["person", "registered_area", "marital_status"]}]
        },
    )

    kind: Kind = Field(default=Kind.FIRST, description="first 首次, replacement 补发换发, renewal 到期换领")
    reason: Literal["lost", "damaged", "facts_changed", "content_changed"] | None = Field(
        default=None, description="of a replacement: 遗失, 损坏, 登记内容变化, 另选所载内容"
    )
    groups: Content
    holder_key: HolderKey | None = Field(
        default=None, description="binds the certificate to a key that the holder keeps; public half only"
    )

    @model_validator(mode="after")
    def _reason_of_a_replacement(self) -> Self:
        if (self.kind is Kind.REPLACEMENT) != (self.reason is not None):
            raise CodeError(
                "replacement_reason",
                "补发换发须填写原因, 其他种类不填",
                "a replacement needs a reason, the other kinds have none",
            )
        return self

    @property
    def wish(self) -> Wish:
        """What is asked for, for the service."""
        key = self.holder_key.model_dump(exclude_none=True) if self.holder_key else None
        reason = None if self.reason is None else ReplacementReason(self.reason)
        return Wish(self.kind, reason, [group.value for group in self.groups], key)


class ApplicationCreate(OwnApplicationCreate):
    """What a person asks for at the counter; the clerk records it with the groups the person agreed to."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "person_id": "0197a1f0-0000-7000-8000-000000000001",
                    "kind": "replacement",
                    "reason": "lost",
                    "groups": ["person", "registered_area", "marital_status"],
                }
            ]
        },
    )

    person_id: UUID


class Amendment(BaseModel):
    """What a returned application says now."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"groups": ["person", "children_count"]}]}
    )

    groups: Content
    holder_key: HolderKey | None = None

    @property
    def changes(self) -> dict[str, Any]:
        """Fields of the application that it replaces."""
        key = self.holder_key.model_dump(exclude_none=True) if self.holder_key else None
        return {"groups": tuple(group.value for group in self.groups), "holder_key": key}


class Return(BaseModel):
    """Why it goes back to the applicant."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"examples": [{"reason": "facts_to_correct", "note": "婚姻状况须先更正"}]},
    )

    reason: ReturnReason
    note: Reason | None = None


class Rejection(BaseModel):
    """Why it is turned down."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "not_asked_for", "note": None}]}
    )

    reason: RejectionReason
    note: Reason | None = None


class ApplicationItem(BaseModel):
    """An application in a list."""

    id: UUID
    person_id: UUID
    registered_area: str
    kind: Kind
    kind_label: str
    reason: str | None
    reason_label: str | None
    groups: list[Group]
    holder_key_registered: bool
    replaces: UUID | None = Field(description="the certificate that stood when it was asked for")
    state: ApplicationState
    state_label: str
    applied_on: date
    applied_at: datetime
    closed_on: date | None
    certificate_id: UUID | None
    version: int

    @classmethod
    def of(cls, found: Application) -> Self:
        """Return the answer for an application."""
        return cls(
            id=found.id,
            person_id=found.person_id,
            registered_area=area_code(found.registered_area),
            kind=found.kind,
            kind_label=found.kind.zh,
            reason=found.reason,
            reason_label=reasons.label(found.reason)[0],
            groups=[Group(name) for name in found.groups],
            holder_key_registered=found.holder_key is not None,
            replaces=found.replaces,
            state=found.state,
            state_label=found.state.zh,
            applied_on=found.applied_on,
            applied_at=found.applied_at,
            closed_on=found.closed_on,
            certificate_id=found.certificate_id,
            version=found.version,
        )


class ApplicationRead(ApplicationItem):
    """One application with its history, and the person as the register shows one to this caller."""

    person: PersonCard | None = None
    history: list[HistoryStep] = Field(default_factory=list, description="in order")


def history_of(steps: Sequence[Recorded]) -> list[HistoryStep]:
    """Return the answer for an application's history."""
    return [HistoryStep.of(one, text_of(one.step).zh) for one in steps]


class ApplicationPage(BaseModel):
    """A page of applications, the last first."""

    items: list[ApplicationItem]
    next: str | None = Field(description="value of `after` for the next page; null on the last")


class Contents(BaseModel):
    """What the certificate would state if it were issued now; the ID number is masked."""

    contents: dict[Group, Any]
