"""What callers send and get about staff accounts."""

from datetime import datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from renkou_common.identity.roles import Role
from renkou_registry.auth.schemas import NewPassword
from renkou_registry.staff.domain import StaffMember

Username = Annotated[
    str,
    StringConstraints(pattern=r"^[a-z][a-z0-9._-]{2,39}$"),
    Field(description="用户名: 3-40 lower-case letters, digits, . _ -", examples=["clerk.sanxiaokou"]),
]
DisplayName = Annotated[
    str,
    StringConstraints(strip_whitespace=True, min_length=1, max_length=100),
    Field(description="姓名或岗位名称", examples=["三孝口街道办事员"]),
]


class AssignmentIn(BaseModel):
    """A role over an area and everything below it."""

    model_config = ConfigDict(extra="forbid")

    role: Role = Field(description="岗位", examples=["subdistrict_clerk"])
    area: str = Field(
        description="区划代码, 6, 9 or 12 digits, in this district", max_length=40, examples=["340103009"]
    )


class StaffCreate(BaseModel):
    """A new account. The password works once: at the first sign-in the holder has to set another."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={
            "examples": [
                {
                    "username": "clerk.sanxiaokou",
                    "display_name": "三孝口街道办事员",
                    "password": "once-only-please-change",
                    "assignments": [{"role": "subdistrict_clerk", "area": "340103009"}],
                }
            ]
        },
    )

    username: Username
    display_name: DisplayName
    password: NewPassword
    assignments: list[AssignmentIn] = Field(max_length=50)


class StaffPatch(BaseModel):
    """What to change; what is left out stays. `password` gives a new one-time password."""

    model_config = ConfigDict(extra="forbid", json_schema_extra={"examples": [{"active": False}]})

    display_name: DisplayName | None = None
    active: bool | None = None
    password: NewPassword | None = None
    assignments: list[AssignmentIn] | None = Field(default=None, max_length=50)


class AssignmentOut(BaseModel):
    """A role over an area and everything below it."""

    role: Role
    area: str


class StaffOut(BaseModel):
    """A staff account (工作人员账号)."""

    id: UUID
    username: str
    display_name: str
    active: bool
    must_change_password: bool
    assignments: list[AssignmentOut]
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, member: StaffMember) -> "StaffOut":
        """Return the answer for an account."""
        return cls(
            id=member.id,
            username=member.username,
            display_name=member.display_name,
            active=member.active,
            must_change_password=member.must_change_password,
            assignments=[AssignmentOut(role=a.role, area=a.area.value) for a in member.assignments],
            version=member.version,
            created_at=member.created_at,
            updated_at=member.updated_at,
        )


class StaffPage(BaseModel):
    """A page of accounts by user name."""

    items: list[StaffOut]
    next: str | None = Field(description="cursor of the next page; null on the last")
