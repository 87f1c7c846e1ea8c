"""Rules of staff accounts; no I/O."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from uuid import UUID

from renkou_common.clock import SHANGHAI
from renkou_common.codes.area import AreaCode, AreaCodeError
from renkou_common.errors import FieldError, InvalidInput, Text
from renkou_common.identity.roles import Scope
from renkou_registry.roles.domain import GUARDED, Catalogue, check_together

FIRST_ADMINISTRATOR = "administrator"


def first_day_of(valid_from: datetime) -> date:
    """Return the day in Shanghai on which something begins."""
    return valid_from.astimezone(SHANGHAI).date()


def last_day_of(valid_to: datetime) -> date:
    """Return the last day in Shanghai of something that ends before this moment."""
    return (valid_to - timedelta(microseconds=1)).astimezone(SHANGHAI).date()


@dataclass(frozen=True, slots=True)
class RoleInArea:
    """A role (岗位, by its code) over an area's subtree, from a moment (included) to a moment (excluded)."""

    role: str
    area: AreaCode
    valid_from: datetime | None = None
    valid_to: datetime | None = None

    @property
    def first_day(self) -> date | None:
        """The first day on which it holds (Asia/Shanghai); None without a limit."""
        return None if self.valid_from is None else first_day_of(self.valid_from)

    @property
    def last_day(self) -> date | None:
        """The last day on which it holds (Asia/Shanghai); None without a limit."""
        return None if self.valid_to is None else last_day_of(self.valid_to)


@dataclass(frozen=True, slots=True)
class Duty:
    """What an account may do somewhere: by its own role, or in the stead of ``acting_for``."""

    role_in_area: RoleInArea
    acting_for: UUID | None

    def lasts(self, now: datetime) -> bool:
        """Say whether it holds at a moment or later."""
        ends = self.role_in_area.valid_to
        return ends is None or now < ends


@dataclass(frozen=True, slots=True)
class Guard:
    """An account that decides as a second person: it manages accounts, or it audits."""

    id: UUID
    manages: bool


@dataclass(frozen=True, slots=True)
class WantedAssignment:
    """What an administrator asks for: a role in an area, from a day to a day (both included)."""

    role: str
    area: str
    first_day: date | None = None
    last_day: date | None = None


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


def limits(
    first_day: date | None, last_day: date | None, pointer: str
) -> tuple[datetime | None, datetime | None]:
    """Return the moments from which (included) and to which (excluded) days in Asia/Shanghai run.

    Raises InvalidInput where the last day comes before the first.
    """
    if first_day is not None and last_day is not None and last_day < first_day:
        raise InvalidInput.field(
            pointer,
            "days_reversed",
            f"截止日应不早于起始日 {first_day}",
            f"the last day cannot be before the first, {first_day}",
        )
    return (
        None if first_day is None else datetime.combine(first_day, time(), SHANGHAI),
        None if last_day is None else datetime.combine(last_day + timedelta(days=1), time(), SHANGHAI),
    )


def check_assignments(
    district: AreaCode,
    wanted: Sequence[WantedAssignment],
    catalogue: Catalogue,
    pointer: str = "/assignments",
) -> tuple[RoleInArea, ...]:
    """Return the assignments, sorted and without repetition.

    Raises InvalidInput: every role has to be one in use, every area the district or in it, days in order; a role
    that manages accounts holds in the whole district (one who has it could give anybody any right anyway), as does one
    that audits (entries of the log are of no area); and
    what the roles bundle together must be allowed to one person.
    """
    errors: list[FieldError] = []
    good: dict[tuple[str, str], RoleInArea] = {}
    for index, each in enumerate(wanted):
        place = f"{pointer}/{index}"
        try:
            found = _check_one(district, each, catalogue, place)
        except InvalidInput as refusal:
            errors += refusal.errors
            continue
        known = good.setdefault((found.area.value, found.role), found)
        if known != found:
            text = Text("同一岗位、同一区划只写一次", "the same role in the same area is given once")
            errors.append(FieldError(place, "assignment_twice", text))
    if errors:
        raise InvalidInput.fields(errors)
    check_together(catalogue.scopes_of(role for _, role in good), catalogue.apart, pointer)
    return tuple(good[key] for key in sorted(good))


def split_guarded(
    wanted: Sequence[RoleInArea], held: Sequence[RoleInArea], catalogue: Catalogue, *, own: bool
) -> tuple[tuple[RoleInArea, ...], tuple[RoleInArea, ...]]:
    """Return what one person may give, and what a second one has to agree to: guarded roles not held before, and on
    the ``own`` account every role.

    Where such a role is held already and only its days change, it stays as it is until then.
    """
    before = {(each.role, each.area): each for each in held}
    at_once, awaited = [], []
    for each in wanted:
        if each in held or not (own or GUARDED & catalogue.scopes_of([each.role])):
            at_once.append(each)
            continue
        awaited.append(each)
        if (each.role, each.area) in before:
            at_once.append(before[each.role, each.area])
    return tuple(at_once), tuple(awaited)


def _check_one(district: AreaCode, wanted: WantedAssignment, catalogue: Catalogue, place: str) -> RoleInArea:
    role = catalogue.roles.get(wanted.role)
    if role is None or not role.active:
        names = ", ".join(code for code, known in catalogue.roles.items() if known.active)
        raise InvalidInput.field(
            f"{place}/role", "role_unknown", f"应为在用岗位: {names}", f"must be a role in use: {names}"
        )
    try:
        area = AreaCode.parse(wanted.area)
    except AreaCodeError as error:
        raise InvalidInput.field(f"{place}/area", error.code, error.zh, error.en) from error
    if not district.contains(area):
        raise InvalidInput.field(
            f"{place}/area",
            "area_outside_district",
            f"应为本区 {district} 或其下级区划",
            f"must be the district {district} or lie in it",
        )
    if Scope.STAFF_MANAGE in role.scopes and area != district:
        raise InvalidInput.field(
            f"{place}/area",
            "administrator_area",
            "管理员的范围只能是全区",
            "an administrator's area is the whole district",
        )
    if Scope.READING_AUDIT in role.scopes and area != district:
        raise InvalidInput.field(
            f"{place}/area",
            "auditor_area",
            "审计员的范围只能是全区: 审计日志不分区划",
            "an auditor's area is the whole district: entries of the audit log are of no area",
        )
    return RoleInArea(role.code, area, *limits(wanted.first_day, wanted.last_day, f"{place}/valid_to"))
