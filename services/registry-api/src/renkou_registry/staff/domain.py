"""Rules of staff accounts; no I/O."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from renkou_common.codes.area import AreaCode, AreaCodeError
from renkou_common.errors import FieldError, InvalidInput, Text
from renkou_common.identity.roles import Role

FIRST_ADMINISTRATOR = "administrator"


@dataclass(frozen=True, slots=True)
class RoleInArea:
    """A role (岗位) over an area's subtree."""

    role: Role
    area: AreaCode


@dataclass(frozen=True, slots=True)
class StaffMember:
    """A staff account without anything secret."""

    id: UUID
    username: str
    display_name: str
    active: bool
    must_change_password: bool
    version: int
    created_at: datetime
    updated_at: datetime
    assignments: tuple[RoleInArea, ...]

    @property
    def is_administrator(self) -> bool:
        """Whether the account is active and administers the district."""
        return self.active and any(each.role is Role.ADMINISTRATOR for each in self.assignments)


@dataclass(frozen=True, slots=True)
class StaffChange:
    """What a PATCH asks for; None leaves a thing as it is."""

    display_name: str | None = None
    active: bool | None = None
    assignments: tuple[RoleInArea, ...] | None = None
    password: str | None = None


def area_from_interval(low: int, high: int) -> AreaCode:
    """Return the area whose subtree is the interval; tells 4419 from 441900, which share their low key."""
    below = len(str(high - low + 1)) - 1
    return AreaCode(str(low)[: 12 - below])


def check_assignments(
    district: AreaCode, wanted: Sequence[tuple[Role, str]], pointer: str = "/assignments"
) -> tuple[RoleInArea, ...]:
    """Return the assignments, sorted and without repetition.

    Raises InvalidInput: every area has to be the district or lie in it, and the administrator's is the whole
    district (one who manages accounts could give anybody any right anyway).
    """
    errors: list[FieldError] = []
    good: set[tuple[str, Role]] = set()
    for index, (role, code) in enumerate(wanted):
        place = f"{pointer}/{index}/area"
        try:
            area = AreaCode.parse(code)
        except AreaCodeError as error:
            errors.append(FieldError(place, error.code, Text(error.zh, error.en)))
            continue
        if not district.contains(area):
            text = Text(f"应为本区 {district} 或其下级区划", f"must be the district {district} or lie in it")
            errors.append(FieldError(place, "area_outside_district", text))
        elif role is Role.ADMINISTRATOR and area != district:
            text = Text("管理员的范围只能是全区", "an administrator's area is the whole district")
            errors.append(FieldError(place, "administrator_area", text))
        else:
            good.add((area.value, role))
    if errors:
        raise InvalidInput.fields(errors)
    return tuple(RoleInArea(role, AreaCode(value)) for value, role in sorted(good))
