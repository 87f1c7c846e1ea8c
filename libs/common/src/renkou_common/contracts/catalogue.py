"""Every event type with its payload; the event catalogue in docs/ is checked against this table."""

from pydantic import BaseModel

from renkou_common.contracts import (
    migrant,
    registry,
    registry_duplicates,
    registry_maternal,
    registry_people,
    registry_time,
)
from renkou_common.contracts.migrant import MigrantEventType
from renkou_common.contracts.registry import RegistryEventType

EVENT_TYPES: dict[str, type[BaseModel]] = {
    RegistryEventType.PERSON_REGISTERED: registry.PersonRegistered,
    RegistryEventType.BIRTH_RECORDED: registry.BirthRecorded,
    RegistryEventType.DEATH_RECORDED: registry.DeathRecorded,
    RegistryEventType.MARRIAGE_RECORDED: registry.MarriageRecorded,
    RegistryEventType.MOVE_RECORDED: registry.MoveRecorded,
    RegistryEventType.DIVORCE_RECORDED: registry_time.DivorceRecorded,
    RegistryEventType.WIDOWHOOD_RECORDED: registry_time.WidowhoodRecorded,
    RegistryEventType.ADOPTION_RECORDED: registry_time.AdoptionRecorded,
    RegistryEventType.ADDRESS_CHANGED: registry_time.AddressChanged,
    RegistryEventType.PERSON_REASSIGNED: registry_time.PersonReassigned,
    RegistryEventType.AREA_CHANGED: registry_time.AreaChanged,
    RegistryEventType.EVENT_CORRECTED: registry.EventCorrected,
    RegistryEventType.EVENT_RETRACTED: registry.EventRetracted,
    RegistryEventType.SERVICE_GIVEN: registry.ServiceGiven,
    RegistryEventType.PERSON_MERGED: registry_duplicates.PersonMerged,
    RegistryEventType.PERSON_SEPARATED: registry_duplicates.PersonSeparated,
    RegistryEventType.SERVICE_CHANGED: registry_maternal.ServiceChanged,
    RegistryEventType.PREPREGNANCY_CHANGED: registry_maternal.PrepregnancyChanged,
    RegistryEventType.CHILDBIRTH_REGISTERED: registry_maternal.ChildbirthRegistered,
    RegistryEventType.CHILDBIRTH_CHANGED: registry_maternal.ChildbirthChanged,
    RegistryEventType.HONOUR_ISSUED: registry_maternal.HonourIssued,
    RegistryEventType.HONOUR_CANCELLED: registry_maternal.HonourCancelled,
    RegistryEventType.STAFF_CHANGED: registry.StaffChanged,
    RegistryEventType.DETAILS_CHANGED: registry_people.DetailsChanged,
    RegistryEventType.HOUSEHOLD_CHANGED: registry_people.HouseholdChanged,
    RegistryEventType.KIN_CHANGED: registry_people.KinChanged,
    RegistryEventType.PLACE_CHANGED: registry_people.PlaceChanged,
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
