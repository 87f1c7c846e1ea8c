"""A rule about several fields of a request points at the one that is to be put right."""

from typing import Any
from uuid import uuid4

import pytest
from pydantic import BaseModel, ValidationError

from renkou_registry.benefits.enrolments.schemas import ChildIn
from renkou_registry.cards.schemas import ExpectedDeliveryIn, MethodIn
from renkou_registry.external_lists.schemas import BulkSettlement, SettlementCreate
from renkou_registry.honour.schemas import CertificateCreate
from renkou_registry.petitions.schemas import PetitionCreate
from renkou_registry.rentals.schemas import RentalCreate, RentalPatch
from renkou_registry.supplies.ledger.schemas import IssueCreate
from renkou_registry.visits.schemas import OutcomeIn
from renkou_registry.yearly.schemas import YearlyPatch

DAY, ONE = "2026-02-03", str(uuid4())
PETITION = {
    "area": "340103001",
    "received_on": DAY,
    "channel": "letter",
    "topic": "benefit",
    "office": "街道计生办",
    "content": "询问",
}
RENTAL = {"area": "340103001001", "street": "安庆路 8 号", "rooms": 1, "since": DAY}
HONOUR = {"first_holder_id": ONE, "child_id": str(uuid4()), "issued_on": DAY}
LINE = {"specification_id": ONE, "quantity": 1}


@pytest.mark.parametrize(
    ("model", "body", "field"),
    [
        (PetitionCreate, PETITION, "petitioner_name"),
        (PetitionCreate, PETITION | {"anonymous": True, "petitioner_name": "赵敏"}, "petitioner_name"),
        (RentalCreate, RENTAL, "landlord_name"),
        (RentalCreate, RENTAL | {"landlord_id": ONE, "landlord_phone": "13800001234"}, "landlord_phone"),
        (RentalPatch, {"landlord_id": ONE, "landlord_name": "周杰"}, "landlord_id"),
        (YearlyPatch, {"state": "signed", "scan_number": "Z-1"}, "signed_on"),
        (YearlyPatch, {"state": "signed", "signed_on": DAY}, "scan_number"),
        (YearlyPatch, {"state": "declined", "signed_on": DAY}, "signed_on"),
        (YearlyPatch, {"state": "due", "scan_number": "Z-1"}, "scan_number"),
        (CertificateCreate, HONOUR | {"kind": "existing"}, "number"),
        (CertificateCreate, HONOUR | {"kind": "issued", "number": "1"}, "number"),
        (CertificateCreate, HONOUR | {"kind": "issued", "second_holder_id": ONE}, "second_holder_id"),
        (IssueCreate, {"on": DAY, "person_id": ONE, "people": 2, "lines": [LINE]}, "people"),
        (IssueCreate, {"on": DAY, "lines": [LINE | {"batch_id": ONE}]}, "reason"),
        (OutcomeIn, {"result": "missed", "on": DAY, "note": "不在家"}, "note"),
        (OutcomeIn, {"result": "kept", "on": DAY, "all_visits": True}, "all_visits"),
        (
            MethodIn,
            {
                "method": "iud",
                "told_on": DAY,
                "consent": True,
                "started_on": DAY,
                "ended_on": "2026-02-02",
            },
            "ended_on",
        ),
        (ExpectedDeliveryIn, {"expected_on": "2028-01-01", "told_on": DAY, "consent": True}, "expected_on"),
        (SettlementCreate, {"action": "ignore"}, "reason"),
        (SettlementCreate, {"action": "new"}, "person"),
        (SettlementCreate, {"action": "ignore", "reason": "不在本区", "person_id": ONE}, "person_id"),
        (BulkSettlement, {"action": "ignore"}, "reason"),
        (ChildIn, {"sex": 1, "birth_date": DAY, "died_on": "2026-02-02"}, "died_on"),
    ],
)
def test_the_field_to_put_right_is_named(model: type[BaseModel], body: dict[str, Any], field: str) -> None:
    with pytest.raises(ValidationError) as refused:
        model.model_validate(body)
    (error,) = refused.value.errors()
    assert error["ctx"]["error"].field == field
