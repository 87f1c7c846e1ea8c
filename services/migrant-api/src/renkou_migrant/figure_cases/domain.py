"""Which record an event is about, and which right reads it; no I/O.

A check of a certificate has no case: beside the stays for which one was due it would make a list of those without
(docs/purpose.md).
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, NamedTuple
from uuid import UUID

from renkou_common.contracts.migrant import MigrantEventType as Type
from renkou_common.identity.roles import Scope


class Kind(NamedTuple):
    """Of what record an event is: its name, the right to read it, where its id stands and where it is read."""

    name: str
    zh: str
    en: str
    scope: Scope
    key: str
    path: str


_ARRIVAL = Kind("arrival", "流入登记", "arrival", Scope.MIGRATION_READ, "arrival_id", "/arrivals/{record}")
_DEPARTURE = Kind(
    "departure", "流出登记", "departure", Scope.MIGRATION_READ, "departure_id", "/departures/{record}"
)
_CERTIFICATE = Kind(
    "certificate",
    "婚育证明",
    "certificate",
    Scope.CERTIFICATE_READ,
    "certificate_id",
    "/certificates/{record}",
)
KINDS: Mapping[str, Kind] = {
    Type.DEPARTURE_REGISTERED: _DEPARTURE,
    Type.DEPARTURE_RETURNED: _DEPARTURE,
    Type.ARRIVAL_REGISTERED: _ARRIVAL,
    Type.STAY_ENDED: _ARRIVAL,
    Type.STAY_CORRECTED: _ARRIVAL,
    Type.CERTIFICATE_ISSUED: _CERTIFICATE,
    Type.CERTIFICATE_REPLACED: _CERTIFICATE,
    Type.CERTIFICATE_REVOKED: _CERTIFICATE,
    Type.CERTIFICATE_FACTS_CHANGED: _CERTIFICATE,
    Type.CERTIFICATE_COVERAGE_CHANGED: _CERTIFICATE,
    Type.CERTIFICATE_REASSIGNED: _CERTIFICATE,
    Type.APPLICATION_CHANGED: Kind(
        "application", "证明申请", "application for a certificate", Scope.CERTIFICATE_READ, "application_id",
        "/certificate-applications/{record}",
    ),
    Type.NOTICE_CHANGED: Kind(
        "notice", "通报", "notice", Scope.NOTICE_READ, "message_id", "/notices/{record}"
    ),
}  # fmt: skip
SCOPES = frozenset(kind.scope for kind in KINDS.values())


@dataclass(frozen=True, slots=True)
class Case:
    """The record that an event was about."""

    event_id: UUID
    event_type: str
    kind: Kind
    record_id: UUID

    @property
    def path(self) -> str:
        """Where the record is read."""
        return self.kind.path.format(record=self.record_id)


def case_of(event_id: UUID, event_type: str, data: Mapping[str, Any]) -> Case | None:
    """Return the case of a published event, None where it has none."""
    kind = KINDS.get(event_type)
    if kind is None or data.get(kind.key) is None:
        return None
    return Case(event_id, event_type, kind, UUID(str(data[kind.key])))
