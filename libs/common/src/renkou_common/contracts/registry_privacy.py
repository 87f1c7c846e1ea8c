"""Events about purposes of processing (处理目的) and what persons decide about their data, and the purposes that
messages between districts have at first."""

from datetime import date, datetime
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

NOTICE = "notice:"
"""What a purpose covers is named by its sort and its name: ``notice:birth_notice``, ``export:persons``."""
FIRST_NOTICE_PURPOSES: dict[str, tuple[str, ...]] = {
    "exchange_arrival": ("arrival_notice",),
    "exchange_departure": ("departure_notice",),
    "exchange_certificate_check": ("certificate_checked",),
    "exchange_service": ("service_notice",),
    "exchange_birth": ("birth_notice",),
    "exchange_registration": ("registration_notice",),
    "exchange_inquiry": ("inquiry", "answer"),
    "exchange_follow_up": ("confirmation", "dispute", "correction", "withdrawal", "reminder"),
}
"""By purpose the kinds of message that it covers until the administrator says otherwise; migrant-api starts with
them, so that no notice is lost before the first event about a purpose has come."""
LAW_IN_FORCE = date(2021, 11, 1)
"""The first day of the Personal Information Protection Law, from which the first purposes run."""


class PurposeChanged(BaseModel):
    """The whole new state of a purpose; who sends anything under it keeps a copy.

    It is in force from ``active_from`` until the day before ``active_to``.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    code: str
    covers: list[str] = Field(default_factory=list)
    active_from: date
    active_to: date | None = None


class _OfPerson(BaseModel):
    model_config = ConfigDict(frozen=True, extra="ignore")

    person_ref: UUID
    at: datetime = Field(description="when it was written; events of a person come in this order")


class PersonRestricted(_OfPerson):
    """Processing of a person's data was restricted (限制处理), or the restriction was lifted; gives no reason."""

    restricted: bool


class ConsentChanged(_OfPerson):
    """A person gave or withdrew a consent (同意、撤回同意)."""

    purpose: str = Field(description="code of the purpose", examples=["tell_home"])
    given: bool


class PersonErased(_OfPerson):
    """What a person asked to have deleted is gone from the register (应申请删除); again when what waited is."""

    kinds: list[str] = Field(description="codes of what was deleted", examples=[["contact", "visits"]])
