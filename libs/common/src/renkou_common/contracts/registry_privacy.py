"""Events about purposes of processing (处理目的), and the purposes that messages between districts have at first."""

from datetime import date

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
