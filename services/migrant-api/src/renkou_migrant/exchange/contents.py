"""What a message says: how it is stored, whose area it falls into, and how it is made from the register.

``source`` names what of the register a notice was made from: references, areas and days, nothing personal. So a
notice can be made anew when the register was corrected, and compared with what it said.
"""

from collections.abc import Mapping
from datetime import date
from typing import Any
from uuid import UUID

import orjson
from pydantic import BaseModel

from renkou_common.database import Transaction
from renkou_common.errors import NotFound, RenkouError, Unavailable
from renkou_migrant.calendar import service as calendar
from renkou_migrant.exchange.carried import (
    ArrivalNotice,
    BirthNotice,
    CertificateCheckedNotice,
    Child,
    DepartureNotice,
    RegistrationNotice,
    ServiceNotice,
    Subject,
)
from renkou_migrant.exchange.contracts import MessageKind
from renkou_migrant.exchange.domain import ReplyTimes
from renkou_migrant.registry_client import PersonFacts
from renkou_migrant.runtime import Runtime

CONTENT_COLUMN = "message.content"
_DAYS = ("arrived_on", "checked_on", "given_on", "departed_on", "registered_on")
_PURPOSES = {
    MessageKind.ARRIVAL_NOTICE: "arrival_notice",
    MessageKind.DEPARTURE_NOTICE: "departure",
    MessageKind.CERTIFICATE_CHECKED: "certificate_check",
    MessageKind.SERVICE_NOTICE: "service_notice",
    MessageKind.BIRTH_NOTICE: "birth_notice",
    MessageKind.REGISTRATION_NOTICE: "registration_notice",
}
"""For what facts are read from the register, by the notice that will state them."""


async def reply_times(tx: Transaction, runtime: Runtime) -> ReplyTimes:
    """Return the clocks of this node's settings, with the calendar as it is now."""
    settings = runtime.settings
    return ReplyTimes(
        settings.answer_days,
        settings.inquiry_days,
        settings.confirmation_days,
        settings.dispute_days,
        settings.urgent_inquiry_working_days,
        await calendar.working_days(tx, runtime),
    )


def encrypt(runtime: Runtime, content: BaseModel | Mapping[str, Any]) -> bytes:
    """Return content, or its plain members, as it is stored."""
    members = content.model_dump(mode="json") if isinstance(content, BaseModel) else content
    return runtime.cipher.encrypt(orjson.dumps(members).decode(), CONTENT_COLUMN)


def decrypt(runtime: Runtime, content: bytes | None) -> dict[str, Any] | None:
    """Return stored content as plain members, None where there is none."""
    if content is None:
        return None
    members: dict[str, Any] = orjson.loads(runtime.cipher.decrypt(content, CONTENT_COLUMN))
    return members


def area_of(runtime: Runtime, content: BaseModel | None) -> int:
    """The person's registered area where the notice names one of this district, else the whole district."""
    low, high = runtime.district.interval()
    subject = getattr(content, "subject", None)
    area = int(subject.home_area) if subject is not None else low
    return area if low <= area <= high else low


def day_of(content: BaseModel | None) -> date | None:
    """Return when that of which a notice tells took place."""
    if isinstance(content, BirthNotice):
        return content.child.birth_date
    days: list[Any] = [getattr(content, name, None) for name in _DAYS]
    return next((day for day in days if day is not None), None)


async def compose(runtime: Runtime, kind: MessageKind, source: Mapping[str, Any]) -> BaseModel:
    """Make a notice from its source and the facts that the register holds now, in this service's own name.

    Raises NotFound where the register has no such person, Unavailable where it cannot be asked, KeyError and
    pydantic.ValidationError where a notice cannot be made of what it says.
    """
    purpose = _PURPOSES[kind]
    person = await _facts(
        runtime, source["mother" if kind is MessageKind.BIRTH_NOTICE else "person"], purpose
    )
    subject = Subject(name=person.name, resident_id=person.resident_id, home_area=source["home_area"])
    match kind:
        case MessageKind.BIRTH_NOTICE:
            child = await _facts(runtime, source["child"], purpose)
            return BirthNotice(
                subject=subject,
                child=Child(
                    name=child.name, sex=child.sex, birth_date=child.birth_date, parity=int(source["parity"])
                ),
                birth_area=source["area"],
            )
        case MessageKind.SERVICE_NOTICE:
            told = {"service": source["service"], "given_on": source["given_on"], "consent": True}
            return ServiceNotice.model_validate({"subject": subject, **told})
        case MessageKind.REGISTRATION_NOTICE:
            return RegistrationNotice(subject=subject, registered_on=source["registered_on"])
        case MessageKind.ARRIVAL_NOTICE:
            return ArrivalNotice(
                subject=subject, arrived_on=source["arrived_on"], present_area=source["present_area"]
            )
        case MessageKind.DEPARTURE_NOTICE:
            return DepartureNotice(
                subject=subject,
                departed_on=source["departed_on"],
                destination_district=source["destination_district"],
            )
        case _:
            return CertificateCheckedNotice(
                subject=subject,
                checked_on=source["checked_on"],
                result=source["result"],
                code=source["code"],
            )


async def _facts(runtime: Runtime, person_ref: str, purpose: str) -> PersonFacts:
    try:
        return await runtime.registry.facts_by_ref(UUID(person_ref), purpose)
    except (NotFound, Unavailable):
        raise
    except RenkouError as error:
        raise Unavailable("registry_refused", "人口登记服务拒绝了请求", str(error)) from error
