"""Every event type with its payload; the event catalogue in docs/ is checked against this table."""

from pydantic import BaseModel

from renkou_common.contracts import migrant, registry, registry_offices
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
    RegistryEventType.STAFF_CHANGED: registry.StaffChanged,
    RegistryEventType.SUPPLY_CATALOGUE_CHANGED: registry_offices.SupplyCatalogueChanged,
    RegistryEventType.SUPPLY_POINT_CHANGED: registry_offices.SupplyPointChanged,
    RegistryEventType.SUPPLY_POSTED: registry_offices.SupplyPosted,
    RegistryEventType.SUPPLY_TRANSFER_CHANGED: registry_offices.SupplyTransferChanged,
    RegistryEventType.SUPPLY_COUNT_CHANGED: registry_offices.SupplyCountChanged,
    RegistryEventType.SUPPLY_USER_CHANGED: registry_offices.SupplyUserChanged,
    RegistryEventType.EMPLOYER_CHANGED: registry_offices.EmployerChanged,
    RegistryEventType.RENTAL_CHANGED: registry_offices.RentalChanged,
    RegistryEventType.ACTIVITY_CHANGED: registry_offices.ActivityChanged,
    RegistryEventType.PETITION_CHANGED: registry_offices.PetitionChanged,
    RegistryEventType.SURVEY_CHANGED: registry_offices.SurveyChanged,
    RegistryEventType.BUDGET_CHANGED: registry_offices.BudgetChanged,
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
