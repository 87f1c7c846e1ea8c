"""What callers send and get about staff accounts."""

from collections.abc import Iterable
from datetime import date, datetime
from typing import Annotated
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field, StringConstraints

from renkou_registry.auth.schemas import NewPassword
from renkou_registry.roles.schemas import RoleCode
from renkou_registry.staff.domain import RoleInArea, StaffMember, WantedAssignment

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

    role: RoleCode = Field(description="岗位, see GET /roles", examples=["subdistrict_clerk"])
    area: str = Field(
        description="区划代码, 6, 9 or 12 digits, in this district", max_length=40, examples=["340103009"]
    )
    valid_from: date | None = Field(default=None, description="起始日; no limit without it")
    valid_to: date | None = Field(
        default=None, description="截止日 (含当日, Asia/Shanghai); no limit without it"
    )

    def wanted(self) -> WantedAssignment:
        """Return what is asked for, still to be checked."""
        return WantedAssignment(self.role, self.area, self.valid_from, self.valid_to)


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
    """A role over an area and everything below it; without days it has no limit in time."""

    role: str = Field(examples=["subdistrict_clerk"])
    area: str = Field(examples=["340103009"])
    valid_from: date | None = Field(description="起始日")
    valid_to: date | None = Field(description="截止日 (含当日)")

    @classmethod
    def of(cls, one: RoleInArea) -> "AssignmentOut":
        """Return the answer for an assignment."""
        return cls(role=one.role, area=one.area.value, valid_from=one.first_day, valid_to=one.last_day)


class StaffOut(BaseModel):
    """A staff account (工作人员账号)."""

    id: UUID
    username: str
    display_name: str
    active: bool
    must_change_password: bool
    assignments: list[AssignmentOut]
    awaiting_approval: list[UUID] = Field(
        description="what is done to the account once a second person has agreed (`/approvals`)"
    )
    version: int
    created_at: datetime
    updated_at: datetime

    @classmethod
    def of(cls, member: StaffMember, awaiting: Iterable[UUID] = ()) -> "StaffOut":
        """Return the answer for an account."""
        return cls(
            id=member.id,
            username=member.username,
            display_name=member.display_name,
            active=member.active,
            must_change_password=member.must_change_password,
            assignments=[AssignmentOut.of(each) for each in member.assignments],
            awaiting_approval=list(awaiting),
            version=member.version,
            created_at=member.created_at,
            updated_at=member.updated_at,
        )


class StaffPage(BaseModel):
    """A page of accounts by user name."""

    items: list[StaffOut]
    next: str | None = Field(description="cursor of the next page; null on the last")
