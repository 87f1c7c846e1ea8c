"""An entry about a change says what the changed record is kept for, where its change was not made for less

Revision: 0040, after 0039
"""

from alembic import op

from renkou_common.audit.triggers import NOTE_FUNCTION, Captured, function_of

revision = "0040"
down_revision = "0039"
branch_labels = None
depends_on = None

HELD_FOR = {
    "audit": {
        "approval": Captured(version=True),
        "break_glass": Captured(version=True),
        "export_job": Captured(),
    },
    "benefits": {
        "benefit_due": Captured(
            ("r.subject_id", "(SELECT e.person_id FROM benefit_enrolment e WHERE e.id = r.enrolment_id)")
        ),
        "benefit_enrolment": Captured(("r.person_id",), version=True),
        "benefit_line": Captured(
            ("(SELECT e.person_id FROM benefit_enrolment e WHERE e.id = r.enrolment_id)",)
        ),
        "benefit_notice_entry": Captured(
            ("(SELECT e.person_id FROM benefit_enrolment e WHERE e.id = r.enrolment_id)",),
            key=("notice_id", "place"),
        ),
        "benefit_objection": Captured(
            ("(SELECT e.person_id FROM benefit_enrolment e WHERE e.id = r.enrolment_id)",), version=True
        ),
        "benefit_overpayment": Captured(
            ("(SELECT e.person_id FROM benefit_enrolment e WHERE e.id = r.enrolment_id)",), version=True
        ),
        "benefit_step": Captured(
            ("(SELECT e.person_id FROM benefit_enrolment e WHERE e.id = r.enrolment_id)",), key=("position",)
        ),
    },
    "card_health_data": {
        "card_fact": Captured(("r.person_id",)),
    },
    "childbirth_registration": {
        "childbirth_birth": Captured(
            (
                "r.child_id",
                "(SELECT g.person_id FROM childbirth_registration g WHERE g.id = r.registration_id)",
            ),
            key=("child_id",),
        ),
        "childbirth_registration": Captured(("r.person_id", "r.partner_id"), version=True),
    },
    "honour_certificate": {
        "honour_certificate": Captured(
            ("r.first_holder_id", "r.second_holder_id", "r.child_id"), version=True
        ),
    },
    "offices": {
        "employer": Captured(version=True),
        "employer_employee": Captured(("r.person_id",)),
        "employer_statement": Captured(version=True),
        "rental": Captured(("r.landlord_id",), version=True),
        "rental_agreement": Captured(version=True),
        "rental_tenant": Captured(("r.person_id",)),
    },
    "own_account": {
        "person_account": Captured(("r.person_id",)),
        "privacy_request": Captured(("r.person_id",), version=True),
    },
    "own_consents": {
        "consent": Captured(("r.person_id",)),
    },
    "petitions": {
        "petition": Captured(version=True),
        "petition_reply": Captured(),
    },
    "prepregnancy_check": {
        "prepregnancy_check": Captured(("r.first_person_id", "r.second_person_id"), version=True),
        "prepregnancy_consent": Captured(("r.person_id",)),
        "prepregnancy_step": Captured(("r.person_id",)),
    },
    "register_quality": {
        "correction_request": Captured(("r.person_id",), version=True),
        "duplicate_candidate": Captured(("r.first_id", "r.second_id"), version=True),
        "duplicate_merge": Captured(("r.kept_id", "r.gone_id"), version=True),
        "external_list": Captured(),
        "external_list_row": Captured(("r.person_id",), key=("list_id", "row")),
    },
    "register_upkeep": {
        "household": Captured(version=True),
        "household_detail": Captured(key=("position",)),
        "household_member": Captured(("r.person_id",)),
        "import_job": Captured(),
        "kin_link": Captured(("r.person_id", "r.kin_id")),
        "life_event": Captured(("r.person_id",)),
        "person": Captured(("r.id",), version=True),
        "person_detail": Captured(("r.person_id",), key=("position",)),
    },
    "service_offers": {
        "card": Captured(("r.person_id",), version=True),
        "service_change": Captured(("(SELECT s.person_id FROM service_given s WHERE s.id = r.service_id)",)),
        "service_given": Captured(("r.person_id",), version=True),
        "visit": Captured(("r.person_id",), version=True),
        "visit_batch_item": Captured(("r.person_id",)),
    },
    "staff_accounts": {
        "staff_account": Captured(version=True),
        "staff_assignment": Captured(key=("staff_id", "role", "area", "area_high")),
        "staff_identity": Captured(key=("staff_id", "issuer")),
        "substitution": Captured(version=True),
    },
    "supplies": {
        "supply_recipient": Captured(key=("document_id",)),
        "supply_user": Captured(version=True),
    },
}
"""By purpose the tables that are kept for it, with what is captured of them."""
_BEFORE = "renkou_audit_note(text, text, uuid[], text, bigint, bigint, text[])"
"""As it was made before it took what a table is held for."""


def upgrade() -> None:
    op.execute(f"DROP FUNCTION IF EXISTS {_BEFORE}")
    op.execute(NOTE_FUNCTION.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION", 1))
    for purpose, tables in HELD_FOR.items():
        for table, captured in tables.items():
            op.execute(function_of(table, captured, purpose))


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
