"""What callers send and get about visits."""

from datetime import date, datetime
from typing import Annotated, Any, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from renkou_common.codes.cards import VISIT_EFFECTS, VISIT_PROBLEMS
from renkou_common.codes.findings import CodeError
from renkou_common.http.days import Day
from renkou_registry.fields import Reason

EffectCode = Annotated[
    str, AfterValidator(lambda code: VISIT_EFFECTS.entry(code).code), Field(examples=["good"])
]
ProblemCode = Annotated[
    str, AfterValidator(lambda code: VISIT_PROBLEMS.entry(code).code), Field(examples=["none"])
]
Name = Annotated[str, StringConstraints(pattern=r"^[A-Za-z0-9._-]{1,64}$")]


class OutcomeIn(BaseModel):
    """What became of an offered visit. Effect, problem and note only where she told them at a kept visit."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "result": "kept",
                    "on": "2025-03-18",
                    "effect": "good",
                    "problem": "none",
                    "still_used": True,
                }
            ]
        },
    )

    result: Literal["kept", "declined", "missed"]
    on: Day
    effect: EffectCode | None = None
    problem: ProblemCode | None = None
    note: Reason | None = None
    still_used: bool | None = Field(default=None, strict=True, description="she said she still uses it")
    all_visits: bool = Field(default=False, strict=True, description="本人谢绝全部随访, only with declined")

    @model_validator(mode="after")
    def _fits(self) -> Self:
        told = {name: getattr(self, name) for name in ("effect", "problem", "note", "still_used")}
        given = [name for name, value in told.items() if value is not None]
        if self.result != "kept" and given:
            raise CodeError(
                "outcome_told",
                "只有已随访的才填效果、问题和备注",
                "only a kept visit tells these",
                field=given[0],
            )
        if self.all_visits and self.result != "declined":
            raise CodeError(
                "all_visits",
                "谢绝全部随访须为 declined",
                "all_visits goes with declined only",
                field="all_visits",
            )
        return self


class AcceptanceIn(BaseModel):
    """She accepts the offer."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"on": "2025-03-18"}]})

    on: Day


class PlanIn(BaseModel):
    """Another day or another worker for an open visit; `worker`: a staff id, `me`, or null for nobody."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"planned_on": "2025-03-20", "worker": "me"}]}
    )

    planned_on: Day | None = None
    worker: UUID | Literal["me"] | None = None

    @model_validator(mode="after")
    def _something(self) -> Self:
        if not self.model_fields_set or ("planned_on" in self.model_fields_set and self.planned_on is None):
            raise CodeError("plan", "请填写日期或工作人员", "give a day or a worker")
        return self

    def columns(self, caller: UUID) -> dict[str, Any]:
        """Return the columns to set."""
        found: dict[str, Any] = {}
        if self.planned_on is not None:
            found["planned_on"] = self.planned_on
        if "worker" in self.model_fields_set:
            found["worker_id"] = caller if self.worker == "me" else self.worker
        return found


class BatchItem(BaseModel):
    """One thing done on a device while offline: exactly one of `outcome`, `acceptance`, `plan`.

    `base_version` is the version of the visit as the device knew it. Several items on one visit in a batch
    follow each other and all name the version the device started from.
    """

    model_config = ConfigDict(extra="forbid")

    client_id: Name
    visit_id: UUID
    base_version: int = Field(ge=1, le=2**31, strict=True)
    outcome: OutcomeIn | None = None
    acceptance: AcceptanceIn | None = None
    plan: PlanIn | None = None

    @model_validator(mode="after")
    def _one(self) -> Self:
        if sum(each is not None for each in (self.outcome, self.acceptance, self.plan)) != 1:
            raise CodeError(
                "one_of", "outcome、acceptance、plan 只能填一项", "give one of outcome, acceptance, plan"
            )
        return self


class BatchCreate(BaseModel):
    """A batch of a device. Each item is checked and applied by itself: a wrong one does not stop the others.

    An item: `{client_id, visit_id, base_version, outcome | acceptance | plan}`.
    """

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "device_id": "tablet-07",
                    "batch_id": "2025-03-18-1",
                    "items": [
                        {
                            "client_id": "a1",
                            "visit_id": "0197f000-0000-7000-8000-000000000001",
                            "base_version": 1,
                            "outcome": {"result": "kept", "on": "2025-03-18"},
                        }
                    ],
                }
            ]
        },
    )

    device_id: Name
    batch_id: Name
    items: list[dict[str, Any]] = Field(min_length=1, max_length=500)


class ResolutionIn(BaseModel):
    """Which side of a conflict is to hold."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"keep": "device"}]})

    keep: Literal["server", "device"]


class VisitOut(BaseModel):
    """A visit. Effect, problem and note are in the clear only where they were asked for with a purpose."""

    id: UUID
    card_id: UUID
    person_id: UUID
    name: str
    state: str
    state_label: str
    due_on: date
    planned_on: date
    worker_id: UUID | None
    place: str
    street: str | None
    accepted_on: date | None
    settled_on: date | None
    settled_by: UUID | None
    outcome: Literal["told", "not_told"]
    effect: str | None = None
    effect_label: str | None = None
    problem: str | None = None
    problem_label: str | None = None
    note: str | None = None
    next_due_on: date | None
    version: int


class VisitPage(BaseModel):
    """The follow-up card (随访卡): visits, the latest due first."""

    items: list[VisitOut]
    next: str | None = Field(description="cursor of the next page; null on the last")


class WorkItem(BaseModel):
    """A visit to make, as a list and a device show it: nothing about health, the phone masked."""

    id: UUID
    card_id: UUID
    person_id: UUID
    name: str
    phone: str | None
    place: str
    street: str | None
    state: str
    state_label: str
    due_on: date
    planned_on: date
    worker_id: UUID | None
    version: int


class Worklist(BaseModel):
    """Visits offered up to a day, by place and planned day."""

    on: date
    items: list[WorkItem]
    next: str | None


class Download(Worklist):
    """What a device needs offline; `changes_after` is where to ask for changes from."""

    changes_after: str


class Changes(BaseModel):
    """Visits changed since, as they are now; `next` is where to ask again, `more`: there is more now."""

    items: list[WorkItem]
    next: str
    more: bool


class ItemError(BaseModel):
    """What is wrong with an item."""

    pointer: str
    code: str
    zh: str
    en: str


class BatchItemOut(BaseModel):
    """What became of an item. In conflict both sides are shown: the visit, and what the device sent."""

    client_id: str
    state: Literal["applied", "conflict", "refused", "kept_server", "kept_device"]
    visit_id: UUID | None
    base_version: int | None
    version: int | None
    errors: list[ItemError]
    server: VisitOut | None = None
    device: dict[str, Any] | None = None


class BatchOut(BaseModel):
    """A batch with what became of each item."""

    id: UUID
    device_id: str
    batch_id: str
    received_at: datetime
    items: list[BatchItemOut]
