"""The floor looks up the row that it depends on, one by one

Without ``OFFSET 0`` the planner turns the look-up into a hash of all persons as soon as it expects many rows:
a page of twenty services read the whole register first.
"""

from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None

LOOKED_UP = {  # table: whose row is looked up, its alias, the column that names it
    "benefit_step": ("benefit_enrolment", "e", "enrolment_id"),
    "childbirth_birth": ("childbirth_registration", "r", "registration_id"),
    "childbirth_registration": ("person", "p", "person_id"),
    "consent": ("person", "p", "person_id"),
    "duplicate_merge": ("person", "p", "kept_id"),
    "duplicate_moved": ("duplicate_merge", "m", "merge_id"),
    "employer_employee": ("person", "p", "person_id"),
    "export_part": ("export_job", "j", "job_id"),
    "external_list_file": ("external_list", "l", "list_id"),
    "external_list_row": ("external_list", "l", "list_id"),
    "household_detail": ("household", "h", "household_id"),
    "import_block": ("import_job", "j", "job_id"),
    "import_cells": ("import_job", "j", "job_id"),
    "import_error": ("import_job", "j", "job_id"),
    "import_file": ("import_job", "j", "job_id"),
    "life_event": ("person", "p", "person_id"),
    "person_account": ("person", "p", "person_id"),
    "person_detail": ("person", "p", "person_id"),
    "prepregnancy_consent": ("prepregnancy_check", "c", "check_id"),
    "prepregnancy_step": ("prepregnancy_check", "c", "check_id"),
    "rental_tenant": ("person", "p", "person_id"),
    "service_change": ("service_given", "s", "service_id"),
    "service_given": ("person", "p", "person_id"),
}
FLOOR = {
    table: f"EXISTS (SELECT FROM {other} {alias} WHERE {alias}.id = {table}.{column} OFFSET 0)"
    for table, (other, alias, column) in LOOKED_UP.items()
} | {
    "correction_request": (
        "renkou_in_scope(area)"
        " OR EXISTS (SELECT FROM person p WHERE p.id = correction_request.person_id OFFSET 0)"
    ),
    "duplicate_candidate": (
        "EXISTS (SELECT FROM person p"
        " WHERE p.id IN (duplicate_candidate.first_id, duplicate_candidate.second_id) OFFSET 0)"
    ),
    "honour_certificate": (
        "EXISTS (SELECT FROM person p WHERE p.id = honour_certificate.first_holder_id OFFSET 0)"
        " OR EXISTS (SELECT FROM person p WHERE p.id = honour_certificate.second_holder_id OFFSET 0)"
    ),
    "kin_link": (
        "EXISTS (SELECT FROM person p WHERE p.id IN (kin_link.person_id, kin_link.kin_id) OFFSET 0)"
    ),
    "person_address": (
        "renkou_in_scope(area)"
        " OR EXISTS (SELECT FROM person p WHERE p.id = person_address.person_id OFFSET 0)"
    ),
    "visit_batch_item": (
        "visit_batch_item.person_id IS NULL"
        " OR EXISTS (SELECT FROM person p WHERE p.id = visit_batch_item.person_id OFFSET 0)"
    ),
}


def upgrade() -> None:
    for table, predicate in FLOOR.items():
        op.execute(f"ALTER POLICY area_floor ON {table} USING ({predicate}) WITH CHECK ({predicate})")


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
