"""Every table of the service, for migrations and the drift check; the only module that imports them all."""

from sqlmodel import SQLModel

from renkou_common.audit import tables as audit
from renkou_common.field_keys import tables as field_keys
from renkou_common.http import changes, idempotency, rate_tables
from renkou_common.messaging import inbox_tables
from renkou_common.messaging import tables as outbox_tables
from renkou_registry.accounts import tables as accounts
from renkou_registry.activities import tables as activities
from renkou_registry.approvals import tables as approvals
from renkou_registry.areas import tables as areas
from renkou_registry.benefits.enrolments import tables as benefit_enrolments
from renkou_registry.benefits.payments import tables as benefit_payments
from renkou_registry.benefits.schemes import tables as benefit_schemes
from renkou_registry.break_glass import tables as break_glass
from renkou_registry.budget import tables as budget
from renkou_registry.calendar import tables as calendar
from renkou_registry.cards import tables as cards
from renkou_registry.childbirth import tables as childbirth
from renkou_registry.consents import tables as consents
from renkou_registry.corrections import tables as corrections
from renkou_registry.duplicates import tables as duplicates
from renkou_registry.employers import tables as employers
from renkou_registry.exports import tables as exports
from renkou_registry.external_lists import tables as external_lists
from renkou_registry.honour import tables as honour
from renkou_registry.households import tables as households
from renkou_registry.imports import tables as imports
from renkou_registry.kin import tables as kin
from renkou_registry.life_events import tables as life_events
from renkou_registry.oidc import tables as oidc
from renkou_registry.persons import tables as persons
from renkou_registry.petitions import tables as petitions
from renkou_registry.places import tables as places
from renkou_registry.prepregnancy import tables as prepregnancy
from renkou_registry.privacy.erasure import tables as erasure
from renkou_registry.privacy.purposes import tables as purposes
from renkou_registry.privacy.requests import tables as privacy_requests
from renkou_registry.privacy.restriction import tables as restriction
from renkou_registry.privacy.retention import tables as retention
from renkou_registry.rentals import tables as rentals
from renkou_registry.roles import tables as roles
from renkou_registry.search import tables as search
from renkou_registry.second_factor import tables as second_factor
from renkou_registry.services_given import tables as services_given
from renkou_registry.sessions import tables as sessions
from renkou_registry.sign_in_events import tables as sign_in_events
from renkou_registry.staff import tables as staff
from renkou_registry.substitutions import tables as substitutions
from renkou_registry.supplies import tables as supplies
from renkou_registry.surveys import tables as surveys
from renkou_registry.timeline import tables as timeline
from renkou_registry.visits import tables as visits

TABLE_MODULES = (
    accounts,
    activities,
    approvals,
    areas,
    audit,
    benefit_enrolments,
    benefit_payments,
    benefit_schemes,
    break_glass,
    budget,
    calendar,
    cards,
    changes,
    childbirth,
    consents,
    corrections,
    duplicates,
    employers,
    erasure,
    exports,
    external_lists,
    field_keys,
    honour,
    households,
    idempotency,
    imports,
    inbox_tables,
    kin,
    life_events,
    oidc,
    outbox_tables,
    persons,
    petitions,
    places,
    prepregnancy,
    privacy_requests,
    rate_tables,
    purposes,
    restriction,
    retention,
    rentals,
    roles,
    search,
    second_factor,
    services_given,
    sessions,
    sign_in_events,
    staff,
    substitutions,
    supplies,
    surveys,
    timeline,
    visits,
)
metadata = SQLModel.metadata
FLOOR: dict[str, str] = {
    table: predicate for module in TABLE_MODULES for table, predicate in getattr(module, "FLOOR", {}).items()
}
APPEND_ONLY: tuple[str, ...] = tuple(
    table for module in TABLE_MODULES for table in getattr(module, "APPEND_ONLY", ())
)
