"""What callers send and get about roles and scopes."""

from collections.abc import Iterable
from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from renkou_common.identity.roles import Scope
from renkou_registry.roles.domain import Role

RoleCode = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z0-9_]{2,39}$"),
    Field(description="3-40 lower-case letters, digits and _", examples=["visit_assistant"]),
]
LabelText = Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=60)]
Scopes = Annotated[list[Scope], Field(max_length=len(Scope), description="权限, see GET /scopes")]


class RoleCreate(BaseModel):
    """A role of the district (本区岗位)."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "code": "visit_assistant",
                    "label_zh": "随访协理员",
                    "label_en": "Visit assistant",
                    "scopes": ["area:read", "resident:read", "card:read", "visit:write"],
                }
            ]
        },
    )

    code: RoleCode
    label_zh: LabelText
    label_en: LabelText
    scopes: Scopes


class RolePatch(BaseModel):
    """What to change; what is left out stays. A role that is not active gives its holders no right."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"active": False}]})

    label_zh: LabelText | None = None
    label_en: LabelText | None = None
    active: bool | None = None
    scopes: Scopes | None = None


class RoleOut(BaseModel):
    """A role (岗位)."""

    id: UUID
    code: str = Field(examples=["subdistrict_clerk"])
    label_zh: str
    label_en: str
    built_in: bool = Field(description="comes with the program; cannot be changed")
    active: bool
    scopes: list[Scope]
    version: int
    created_at: datetime
    updated_at: datetime
    awaiting_approval: list[UUID] = Field(
        description="requests of changes that a second person has to decide on"
    )

    @classmethod
    def of(cls, role: Role, awaiting: Iterable[UUID] = ()) -> "RoleOut":
        """Return the answer for a role."""
        computed = ("scopes", "awaiting_approval")
        return cls(
            **{name: getattr(role, name) for name in cls.model_fields if name not in computed},
            scopes=sorted(role.scopes),
            awaiting_approval=list(awaiting),
        )


class RoleList(BaseModel):
    """Every role by code."""

    items: list[RoleOut]


class ApartOut(BaseModel):
    """A scope (or `*`: every one that changes something) that nobody may hold beside this one, and why."""

    scope: str
    reason_zh: str
    reason_en: str


class ScopeOut(BaseModel):
    """A right in plain words."""

    scope: Scope
    zh: str
    en: str
    changes: bool = Field(description="whoever holds it enters, changes or decides something")
    assignable: bool = Field(description="false: belongs to the node's own services")
    apart: list[ApartOut]


class ScopeList(BaseModel):
    """The closed list of scopes."""

    items: list[ScopeOut]
