"""Marital status and kin as a history tells them. No I/O."""

from dataclasses import dataclass, replace
from typing import Any, Self
from uuid import UUID

from renkou_common.codes.lists import MaritalStatus
from renkou_common.errors import Conflict
from renkou_registry.life_events.kinds import EventKind, LifeEvent


def _id(value: Any) -> UUID | None:
    return None if value is None else UUID(str(value))


@dataclass(frozen=True, slots=True)
class Family:
    """Marital status (GB/T 2261.2), spouse and parents after an event."""

    marital_status: str
    spouse_id: UUID | None
    mother_id: UUID | None
    father_id: UUID | None

    @classmethod
    def of_entry(cls, entry: LifeEvent) -> Self:
        """Return what the entry says."""
        data = entry.data
        return cls(
            str(data["marital_status"]),
            _id(data.get("spouse_id")),
            _id(data.get("mother_id")),
            _id(data.get("father_id")),
        )

    def after(self, event: LifeEvent) -> "Family":
        """Return the family after an event; raises Conflict for a divorce of nobody married."""
        match event.kind:
            case EventKind.MARRIAGE:
                status = str(event.data["marital_status"])
                return replace(self, marital_status=status, spouse_id=_id(event.data.get("spouse_id")))
            case EventKind.DIVORCE:
                if self._is_of_another(event):
                    return self
                if not self.may_divorce:
                    raise not_married(event)
                return replace(self, marital_status=str(MaritalStatus.DIVORCED), spouse_id=None)
            case EventKind.DISSOLUTION if self.may_divorce and not self._is_of_another(event):
                return replace(self, marital_status=str(MaritalStatus.DIVORCED), spouse_id=None)
            case EventKind.WIDOWHOOD if self.may_divorce and not self._is_of_another(event):
                return replace(self, marital_status=str(MaritalStatus.WIDOWED), spouse_id=None)
            case EventKind.DEATH:
                return replace(self, spouse_id=None)
            case EventKind.ADOPTION:
                return replace(
                    self,
                    mother_id=_id(event.data.get("mother_id")),
                    father_id=_id(event.data.get("father_id")),
                )
        return self

    def _is_of_another(self, event: LifeEvent) -> bool:
        """Whether an end of a marriage names another spouse than the one of that day: there is a later
        marriage, which goes on."""
        named = _id(event.data.get("spouse_id"))
        return named is not None and self.spouse_id is not None and named != self.spouse_id

    @property
    def is_married(self) -> bool:
        return MaritalStatus(int(self.marital_status)).is_married

    @property
    def may_divorce(self) -> bool:
        """Whether a divorce can follow: of the married, and where the status was never stated."""
        return self.is_married or self.marital_status == str(MaritalStatus.NOT_STATED)


def not_married(event: LifeEvent) -> Conflict:
    """Return the error for a divorce of somebody who is not married on that day."""
    return Conflict(
        "not_married",
        f"{event.happened_on} 时登记的婚姻状况不是已婚",
        f"on {event.happened_on} the person is not married in the register",
    )
