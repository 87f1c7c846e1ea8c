"""What callers send and get about changes of communities."""

from datetime import date, datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, StringConstraints, model_validator

from renkou_common.codes.area import AreaCode, AreaLevel
from renkou_common.codes.findings import CodeError
from renkou_common.http.days import Day
from renkou_registry.areas.change_repository import AreaChange
from renkou_registry.areas.changes import Forecast
from renkou_registry.areas.succession import ChangeKind, Rule, RuleKind, Succession, Successor
from renkou_registry.areas.townships import Moving
from renkou_registry.fields import AreaIn, area_code


def _community(code: AreaCode) -> AreaCode:
    if code.level is not AreaLevel.VILLAGE:
        raise CodeError("area_level", "应为社区或村 (12 位)", "must be a 12-digit community")
    return code


def _division(code: AreaCode) -> AreaCode:
    if code.level < AreaLevel.COUNTY:
        raise CodeError(
            "area_level",
            "应为区县 (6 位)、街道 (9 位) 或社区 (12 位)",
            "must be a county (6 digits), a subdistrict (9) or a community (12)",
        )
    return code


Community = Annotated[AreaIn, AfterValidator(_community)]
Division = Annotated[AreaIn, AfterValidator(_division)]


class SuccessorIn(BaseModel):
    """A division that takes the place of others; a new code, one of the sources, or another existing one."""

    model_config = ConfigDict(extra="forbid")

    area: Division
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=100)]


class MatchIn(BaseModel):
    """Who follows where."""

    model_config = ConfigDict(extra="forbid")

    value: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=200)] = Field(
        description="how the street begins, the building's id, or the person's id"
    )
    to: Division


class CommunityIn(BaseModel):
    """Where a community goes when its street or township changes, and its name if it gets another."""

    model_config = ConfigDict(extra="forbid")

    area: Community
    to: Community
    name: Annotated[str, StringConstraints(strip_whitespace=True, min_length=2, max_length=100)] | None = None


class RuleIn(BaseModel):
    """By what people are told apart; the longest fitting street prefix counts."""

    model_config = ConfigDict(extra="forbid")

    by: RuleKind = RuleKind.ALL
    matches: list[MatchIn] = Field(default_factory=list, max_length=5000)
    otherwise: Division | None = Field(
        default=None,
        description="where whoever matches nothing follows; default: the only successor, or the source where"
        " it goes on existing, else nowhere: they are listed to be settled",
    )


class AreaChangeCreate(BaseModel):
    """A change of communities, of streets or townships, or of counties, from a day on; one level at a time."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "kind": "split",
                    "effective_on": "2025-07-01",
                    "sources": ["340103001001"],
                    "successors": [
                        {"area": "340103001801", "name": "安庆路东社区"},
                        {"area": "340103001802", "name": "安庆路西社区"},
                    ],
                    "rule": {
                        "by": "street_prefix",
                        "matches": [{"value": "安庆路", "to": "340103001801"}],
                        "otherwise": "340103001802",
                    },
                }
            ]
        },
    )

    kind: ChangeKind
    effective_on: Day
    sources: list[Division] = Field(min_length=1, max_length=50)
    successors: list[SuccessorIn] = Field(min_length=1, max_length=50)
    rule: RuleIn = Field(default_factory=RuleIn)
    communities: list[CommunityIn] = Field(
        default_factory=list,
        max_length=1000,
        description="of a street or township: where its communities go that do not keep their last three"
        " digits under the only successor",
    )

    @model_validator(mode="after")
    def _one_level(self) -> Self:
        levels = {each.level for each in (*self.sources, *(one.area for one in self.successors))}
        if len(levels) > 1:
            raise CodeError("levels_mixed", "来源和后继须同级", "sources and successors must be of one level")
        if self.communities and levels != {AreaLevel.TOWN}:
            raise CodeError("not_township", "仅用于街道变更", "only for a change of streets or townships")
        if levels == {AreaLevel.TOWN} and self.kind is ChangeKind.SPLIT and self.rule.otherwise is None:
            self.rule.otherwise = self.successors[0].area
        return self

    def moving(self) -> list[Moving]:
        """Return where communities go of which that is told."""
        return [Moving(each.area.key, each.to.key, each.name) for each in self.communities]

    def succession(self) -> Succession:
        """Return what is asked for, not yet checked."""
        rule = Rule(
            self.rule.by,
            tuple((each.value, each.to.key) for each in self.rule.matches),
            self.rule.otherwise.key if self.rule.otherwise else None,
        )
        return Succession(
            self.kind,
            self.effective_on,
            tuple(each.key for each in self.sources),
            tuple(Successor(each.area.key, each.name) for each in self.successors),
            rule,
        )


class SettlementCreate(BaseModel):
    """Where one person follows whom the rule left over."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [{"person_id": "0197f000-0000-7000-8000-000000000001", "to_area": "340103001801"}]
        },
    )

    person_id: UUID
    to_area: Community


class AreaCount(BaseModel):
    """How many people follow to a community."""

    area: str
    persons: int


class ForecastOut(BaseModel):
    """What would happen, counted without changing anything."""

    persons: list[AreaCount]
    left_over: int

    @classmethod
    def of(cls, found: Forecast) -> "ForecastOut":
        """Return the answer."""
        counts = [
            AreaCount(area=area_code(area), persons=number) for area, number in sorted(found.persons.items())
        ]
        return cls(persons=counts, left_over=found.left_over)


class SuccessorOut(BaseModel):
    """A community that takes the place of others."""

    area: str
    name: str


class AreaChangeOut(BaseModel):
    """A change with its progress."""

    id: UUID
    kind: str
    effective_on: date
    sources: list[str]
    ended: list[str]
    successors: list[SuccessorOut]
    rule_by: str
    state: Literal["planned", "queued", "applying", "done", "cancelled"]
    followed: int
    left_over: int
    households_followed: int
    households_left_over: int
    unsettled: int = Field(description="rows that stayed behind because their code or name is taken")
    requested_by: UUID
    requested_at: datetime
    finished_at: datetime | None
    version: int
    forecast: ForecastOut | None = Field(default=None, description="while it is planned")

    @classmethod
    def of(cls, found: AreaChange, forecast: Forecast | None = None) -> "AreaChangeOut":
        """Return the answer."""
        change = found.succession
        return cls(
            id=found.id,
            kind=change.kind,
            effective_on=change.effective_on,
            sources=[area_code(area) for area in change.sources],
            ended=[area_code(area) for area in change.ended],
            successors=[
                SuccessorOut(area=area_code(each.area), name=each.name) for each in change.successors
            ],
            rule_by=change.rule.by,
            state=found.state.value,
            followed=found.followed,
            left_over=found.left_over,
            households_followed=found.households_followed,
            households_left_over=found.households_left_over,
            unsettled=found.unsettled,
            requested_by=found.requested_by,
            requested_at=found.requested_at,
            finished_at=found.finished_at,
            version=found.version,
            forecast=ForecastOut.of(forecast) if forecast is not None else None,
        )


class AreaChangePage(BaseModel):
    """Changes, the latest first."""

    items: list[AreaChangeOut]
    next: str | None


class RemainingOut(BaseModel):
    """Somebody who still has an address in a community that ended."""

    person_id: UUID
    name: str
    registered_area: str
    registered_street: str | None
    present_area: str
    present_street: str | None


class UnsettledOut(BaseModel):
    """A row that stayed in the former area: what it is called is taken where it should go."""

    id: UUID
    register_name: str = Field(description="household, place, rental or supply_point")
    row_id: UUID
    area: str
    to_area: str
    value: str = Field(description="the number, code, street or name that is taken")


class UnsettledPage(BaseModel):
    """Rows to be settled one by one."""

    items: list[UnsettledOut]
    next: str | None


class RowSettlementCreate(BaseModel):
    """Under what number, code, street or name the row follows."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"value": "户-2025-0012"}]})

    value: Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=40)]


class RemainingPage(BaseModel):
    """People to be settled one by one."""

    items: list[RemainingOut]
    next: str | None
