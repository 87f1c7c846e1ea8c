"""Rules of substitution; no I/O."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from enum import StrEnum
from uuid import UUID

from renkou_common.clock import SHANGHAI
from renkou_common.errors import Conflict, FieldError, InvalidInput, Text
from renkou_registry.roles.domain import GUARDED, Catalogue
from renkou_registry.staff.domain import RoleInArea, StaffMember, limits

LONGEST_DAYS = 366


class SubstitutionState(StrEnum):
    """Where a substitution stands on a moment."""

    TO_COME = "to_come"  # 未开始
    IN_FORCE = "in_force"  # 代理中
    ENDED = "ended"  # 已结束


@dataclass(frozen=True, slots=True)
class Substitution:
    """One account's duties in another's hands; ``duties`` None: all that the holder has on each day."""

    id: UUID
    holder_id: UUID
    substitute_id: UUID
    valid_from: datetime
    valid_to: datetime
    duties: tuple[RoleInArea, ...] | None
    reason: str
    given_by: UUID
    given_at: datetime
    ended_at: datetime | None
    ended_by: UUID | None
    version: int

    def state(self, now: datetime) -> SubstitutionState:
        """Return where it stands."""
        if self.ended_at is not None or self.valid_to <= now:
            return SubstitutionState.ENDED
        return SubstitutionState.TO_COME if now < self.valid_from else SubstitutionState.IN_FORCE


def check_days(first_day: date, last_day: date, now: datetime) -> tuple[datetime, datetime]:
    """Return the moments from and to which the days run; raises InvalidInput for days past, reversed or too many."""
    today = now.astimezone(SHANGHAI).date()
    begins, ends = limits(first_day, last_day, "/last_day")
    assert begins is not None
    assert ends is not None
    if first_day < today:
        raise InvalidInput.field(
            "/first_day",
            "day_past",
            f"起始日不早于今天 {today}",
            f"the first day is today, {today}, or later",
        )
    if (last_day - first_day).days >= LONGEST_DAYS:
        raise InvalidInput.field(
            "/last_day",
            "substitution_too_long",
            f"代理至多 {LONGEST_DAYS} 天",
            f"a substitution lasts {LONGEST_DAYS} days at most",
        )
    return begins, ends


def check_people(holder: StaffMember, substitute: StaffMember) -> None:
    """Raise InvalidInput or Conflict unless these are two accounts in use."""
    if holder.id == substitute.id:
        raise InvalidInput.field(
            "/substitute_id", "own_substitute", "代理人不能是本人", "nobody is their own substitute"
        )
    if not holder.active or not substitute.active:
        raise Conflict("account_closed", "账号已停用", "The account is closed")


def transferable(duties: Sequence[RoleInArea], catalogue: Catalogue) -> list[RoleInArea]:
    """Return the duties that may be in another's hands: not those that manage accounts or audit."""
    return [each for each in duties if not GUARDED.intersection(catalogue.scopes_of([each.role]))]


def check_duties(
    holder: StaffMember,
    wanted: Sequence[RoleInArea] | None,
    catalogue: Catalogue,
) -> tuple[RoleInArea, ...] | None:
    """Return the duties to hand over, None for all.

    Raises InvalidInput for one that the holder has not, or that nobody may exercise for another (managing accounts,
    auditing); Conflict where nothing is left to hand over.
    """
    own = {(each.role, each.area): each for each in holder.assignments}
    errors = []
    for index, each in enumerate(wanted or ()):
        place = f"/duties/{index}"
        if (each.role, each.area) not in own:
            text = Text("被代理人没有此岗位、区划", "the holder has no such role in this area")
            errors.append(FieldError(place, "duty_unknown", text))
        elif not transferable([each], catalogue):
            text = Text(
                "管理账号、审计的职责不能由人代理; 请另行授予有期限的岗位",
                "managing accounts and auditing are not exercised for another; give a role for some days instead",
            )
            errors.append(FieldError(place, "duty_not_transferable", text))
    if errors:
        raise InvalidInput.fields(errors)
    if not transferable(holder.assignments if wanted is None else wanted, catalogue):
        raise Conflict("nothing_to_hand_over", "没有可以代理的职责", "There is no duty to hand over")
    return None if wanted is None else tuple(dict.fromkeys(own[each.role, each.area] for each in wanted))
