"""Every table of the service, for migrations and the drift check; the only module that imports them all."""

from sqlmodel import SQLModel

from renkou_common.http import idempotency
from renkou_common.messaging import inbox_tables
from renkou_common.messaging import tables as outbox_tables
from renkou_registry.areas import tables as areas
from renkou_registry.households import tables as households
from renkou_registry.imports import tables as imports
from renkou_registry.life_events import tables as life_events
from renkou_registry.persons import tables as persons
from renkou_registry.services_given import tables as services_given
from renkou_registry.staff import tables as staff

TABLE_MODULES = (
    areas,
    households,
    idempotency,
    imports,
    inbox_tables,
    life_events,
    outbox_tables,
    persons,
    services_given,
    staff,
)
metadata = SQLModel.metadata
FLOOR: dict[str, str] = (
    persons.FLOOR | households.FLOOR | life_events.FLOOR | services_given.FLOOR | imports.FLOOR
)
APPEND_ONLY: tuple[str, ...] = (*persons.APPEND_ONLY, *life_events.APPEND_ONLY)
