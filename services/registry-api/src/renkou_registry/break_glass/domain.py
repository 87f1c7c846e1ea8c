"""Rules of emergency access; no I/O."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from uuid import UUID

from renkou_common.codes.area import AreaCode, AreaCodeError
from renkou_common.errors import Conflict, InvalidInput
from renkou_common.identity.roles import Scope

EMERGENCY_SCOPES = frozenset({Scope.RESIDENT_READ})
"""What an emergency opens: masked records of people. Nothing is changed, unmasked or exported by it."""


class Purpose(StrEnum):
    """What an emergency is about."""

    LIFE_AND_HEALTH = "life_and_health"  # 危及生命健康
    DISASTER = "disaster"  # 灾害、疏散
    MISSING_PERSON = "missing_person"  # 走失、寻亲
    COURT_OR_POLICE = "court_or_police"  # 司法、公安依法协查
    STAND_IN = "stand_in"  # 同事突发缺勤


class Verdict(StrEnum):
    """What the auditor found."""

    JUSTIFIED = "justified"  # 合理
    UNJUSTIFIED = "unjustified"  # 不合理
    FURTHER_INQUIRY = "further_inquiry"  # 移交调查


@dataclass(frozen=True, slots=True)
class Emergency:
    """An emergency access: who, why, where, from when to when, and what the auditor found."""

    id: UUID
    staff_id: UUID
    staff_name: str
    reason: str
    purpose: Purpose
    area: int
    area_high: int
    granted_at: datetime
    expires_at: datetime
    ended_at: datetime | None
    reviewed_by: UUID | None
    reviewed_at: datetime | None
    verdict: Verdict | None
    finding: str | None
    version: int

    def in_force(self, now: datetime) -> bool:
        """Say whether it opens anything now."""
        return self.ended_at is None and now < self.expires_at


def check_area(district: AreaCode, code: str) -> AreaCode:
    """Return the area; raises InvalidInput unless it is the district or lies in it."""
    try:
        area = AreaCode.parse(code)
    except AreaCodeError as error:
        raise InvalidInput.field("/area", error.code, error.zh, error.en) from error
    if not district.contains(area):
        raise InvalidInput.field(
            "/area",
            "area_outside_district",
            f"应为本区 {district} 或其下级区划",
            f"must be the district {district} or lie in it",
        )
    return area


def check_count(today: int, most: int) -> None:
    """Raise Conflict where an account has broken the glass too often today."""
    if today >= most:
        raise Conflict(
            "break_glass_used_up",
            f"每人每天至多 {most} 次紧急查阅, 今日已用完",
            f"{most} emergency accesses a day for each account; today's are used up",
        )


def expiry(now: datetime, minutes: int) -> datetime:
    """Return when an access given now ends."""
    return now + timedelta(minutes=minutes)


def check_review(one: Emergency, reviewer: UUID) -> None:
    """Raise Conflict where it was reviewed before, or by the one who used it."""
    if one.staff_id == reviewer:
        raise Conflict(
            "own_break_glass", "不能复核自己的紧急查阅", "Nobody reviews their own emergency access"
        )
    if one.reviewed_at is not None:
        raise Conflict("already_reviewed", "该紧急查阅已复核", "This emergency access was reviewed before")
