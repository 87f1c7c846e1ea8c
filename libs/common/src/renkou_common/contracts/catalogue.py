"""Every event type with its payload; the event catalogue in docs/ is checked against this table."""

from pydantic import BaseModel

from renkou_common.contracts import migrant, registry, registry_benefits
from renkou_common.contracts.migrant import MigrantEventType
from renkou_common.contracts.registry import RegistryEventType

EVENT_TYPES: dict[str, type[BaseModel]] = {
    RegistryEventType.PERSON_REGISTERED: registry.PersonRegistered,
    RegistryEventType.BIRTH_RECORDED: registry.BirthRecorded,
    RegistryEventType.DEATH_RECORDED: registry.DeathRecorded,
    RegistryEventType.MARRIAGE_RECORDED: registry.MarriageRecorded,
    RegistryEventType.MOVE_RECORDED: registry.MoveRecorded,
    RegistryEventType.EVENT_CORRECTED: registry.EventCorrected,
    RegistryEventType.EVENT_RETRACTED: registry.EventRetracted,
    RegistryEventType.SERVICE_GIVEN: registry.ServiceGiven,
    RegistryEventType.SCHEME_ACTIVATED: registry_benefits.SchemeActivated,
    RegistryEventType.ENROLMENT_CHANGED: registry_benefits.EnrolmentChanged,
    RegistryEventType.BENEFIT_BATCH_CHANGED: registry_benefits.BatchChanged,
    RegistryEventType.STAFF_CHANGED: registry.StaffChanged,
    MigrantEventType.DEPARTURE_REGISTERED: migrant.DepartureRegistered,
    MigrantEventType.DEPARTURE_RETURNED: migrant.DepartureReturned,
    MigrantEventType.ARRIVAL_REGISTERED: migrant.ArrivalRegistered,
    MigrantEventType.STAY_ENDED: migrant.StayEnded,
    MigrantEventType.CERTIFICATE_ISSUED: migrant.CertificateIssued,
    MigrantEventType.CERTIFICATE_REVOKED: migrant.CertificateRevoked,
    MigrantEventType.CERTIFICATE_COVERAGE_CHANGED: migrant.CertificateCoverageChanged,
    MigrantEventType.CERTIFICATE_CHECKED: migrant.CertificateChecked,
    MigrantEventType.NOTICE_CHANGED: migrant.NoticeChanged,
}
