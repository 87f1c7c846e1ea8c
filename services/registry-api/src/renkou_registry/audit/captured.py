"""Which tables' changes are written to the audit log by their triggers, and why the others' are not.

Every table under the floor stands in one of the two; a test compares both with the schema and its triggers.
"""

from renkou_common.audit.triggers import Captured

_OF_ENROLMENT = ("(SELECT e.person_id FROM benefit_enrolment e WHERE e.id = r.enrolment_id)",)

CAPTURED: dict[str, Captured] = {
    "approval": Captured(version=True),
    "benefit_due": Captured(
        ("r.subject_id", "(SELECT e.person_id FROM benefit_enrolment e WHERE e.id = r.enrolment_id)")
    ),
    "benefit_enrolment": Captured(("r.person_id",), version=True),
    "benefit_line": Captured(_OF_ENROLMENT),
    "benefit_notice_entry": Captured(_OF_ENROLMENT, key=("notice_id", "place")),
    "benefit_objection": Captured(_OF_ENROLMENT, version=True),
    "benefit_overpayment": Captured(_OF_ENROLMENT, version=True),
    "benefit_step": Captured(_OF_ENROLMENT, key=("position",)),
    "break_glass": Captured(version=True),
    "card": Captured(("r.person_id",), version=True),
    "card_fact": Captured(("r.person_id",)),
    "childbirth_birth": Captured(
        (
            "r.child_id",
            "(SELECT g.person_id FROM childbirth_registration g WHERE g.id = r.registration_id)",
        ),
        key=("child_id",),
    ),
    "childbirth_registration": Captured(("r.person_id", "r.partner_id"), version=True),
    "consent": Captured(("r.person_id",)),
    "correction_request": Captured(("r.person_id",), version=True),
    "duplicate_candidate": Captured(("r.first_id", "r.second_id"), version=True),
    "duplicate_merge": Captured(("r.kept_id", "r.gone_id"), version=True),
    "employer": Captured(version=True),
    "employer_employee": Captured(("r.person_id",)),
    "employer_statement": Captured(version=True),
    "export_job": Captured(),
    "external_list": Captured(),
    "external_list_row": Captured(("r.person_id",), key=("list_id", "row")),
    "honour_certificate": Captured(("r.first_holder_id", "r.second_holder_id", "r.child_id"), version=True),
    "household": Captured(version=True),
    "household_detail": Captured(key=("position",)),
    "household_member": Captured(("r.person_id",)),
    "import_job": Captured(),
    "kin_link": Captured(("r.person_id", "r.kin_id")),
    "life_event": Captured(("r.person_id",)),
    "person": Captured(("r.id",), version=True),
    "person_account": Captured(("r.person_id",)),
    "person_detail": Captured(("r.person_id",), key=("position",)),
    "petition": Captured(version=True),
    "petition_reply": Captured(),
    "prepregnancy_check": Captured(("r.first_person_id", "r.second_person_id"), version=True),
    "prepregnancy_consent": Captured(("r.person_id",)),
    "prepregnancy_step": Captured(("r.person_id",)),
    "rental": Captured(("r.landlord_id",), version=True),
    "rental_agreement": Captured(version=True),
    "rental_tenant": Captured(("r.person_id",)),
    "role": Captured(version=True),
    "role_scope": Captured(key=("role", "scope")),
    "service_change": Captured(("(SELECT s.person_id FROM service_given s WHERE s.id = r.service_id)",)),
    "service_given": Captured(("r.person_id",), version=True),
    "staff_account": Captured(version=True),
    "staff_assignment": Captured(key=("staff_id", "role", "area", "area_high")),
    "staff_identity": Captured(key=("staff_id", "issuer")),
    "substitution": Captured(version=True),
    "supply_recipient": Captured(key=("document_id",)),
    "supply_user": Captured(version=True),
    "visit": Captured(("r.person_id",), version=True),
    "visit_batch_item": Captured(("r.person_id",)),
}
"""Who signs in and with which rights is here although it names nobody of the register."""

NOT_CAPTURED: dict[str, str] = {
    "area_unsettled": "names rows, not persons; what settles them changes a table that is captured",
    "benefit_export_file": "made of captured lines, sealed; who takes it out stands in benefit_export_copy",
    "card_opening": "how far a job has come; the cards it opens are captured",
    "consent_change": "append-only history of consent, which is captured itself",
    "duplicate_moved": "append-only: which rows a merge moved; each of them is captured where it stands",
    "export_part": "sealed pages of an export; whom they show is written as readings, the job is captured",
    "external_list_file": "the sealed file as it came; its rows are captured",
    "import_block": "how far a job has come; what goes in is captured",
    "import_cells": "the sealed sheet as it came; what goes in is captured, the job too",
    "import_error": "which rows did not go in",
    "import_file": "the sealed file as it came; what goes in is captured, the job too",
    "person_address": "projection of life_event, written anew with it",
    "person_key": "search keys computed from the record, written anew with it",
    "retention_hold": "keeps itself who placed and who lifted it, when and why",
    "petition_reading": "itself a log of readings, append-only",
    "place": "addresses; names no person",
    "supply_count": "counts of goods; names no person",
    "supply_count_line": "counts of goods; names no person",
    "supply_document": "goods in and out; whoever received them stands in supply_recipient, captured",
    "supply_entry": "goods in and out; names no person",
    "supply_stock": "counts of goods; names no person",
    "supply_transfer": "goods in and out; names no person",
    "supply_transfer_line": "goods in and out; names no person",
}
