"""Which counts lead to a case: a check of a certificate to none."""

from uuid import UUID

from renkou_common.contracts.migrant import MigrantEventType
from renkou_migrant.figure_cases.domain import case_of

ID, EVENT = "0198f3a2-5d1c-7e44-9b1a-0c2f6a7d8e90", UUID("0198f3a2-5d1c-7e44-9b1a-0c2f6a7d8e91")


def test_who_was_checked_is_no_case() -> None:
    data = {"check_id": ID, "arrival_id": ID, "result": "valid", "code": "", "checked_on": "2026-01-02"}
    assert case_of(EVENT, MigrantEventType.CERTIFICATE_CHECKED, data) is None


def test_a_stay_is_the_case_of_an_arrival() -> None:
    case = case_of(EVENT, MigrantEventType.ARRIVAL_REGISTERED, {"arrival_id": ID})
    assert case is not None
    assert (case.kind.name, case.path) == ("arrival", f"/arrivals/{ID}")
