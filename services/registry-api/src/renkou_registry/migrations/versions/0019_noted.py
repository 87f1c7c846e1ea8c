"""Every record with a version notes by itself which fields a change made different, and when

Until now only some features noted that, so that most answers 412 could not say what had changed.
"""

import sqlalchemy as sa
from alembic import op

revision = "0019"
down_revision = "0018"
branch_labels = None
depends_on = None

NOTED = (
    "activity",
    "area_change",
    "benefit_batch",
    "benefit_enrolment",
    "benefit_notice",
    "benefit_objection",
    "benefit_overpayment",
    "benefit_scheme_version",
    "budget_line",
    "card",
    "childbirth_registration",
    "correction_request",
    "duplicate_candidate",
    "duplicate_merge",
    "employer",
    "employer_statement",
    "honour_certificate",
    "petition",
    "place",
    "prepregnancy_check",
    "rental",
    "rental_agreement",
    "service_given",
    "staff_account",
    "supply_count",
    "supply_point",
    "supply_product",
    "supply_specification",
    "supply_transfer",
    "supply_user",
    "survey",
    "visit",
)
"""Persons and households note in the statement that changes them: several rows make up their fields."""
ELSEWHERE = {
    "budget_line": "plan",
    "card": "told",
    "prepregnancy_check": "steps",
    "staff_account": "assignments",
    "supply_count": "lines",
    "survey": "questions",
}
"""What is named where a version counts up and the row itself stays: what lies in rows of its own."""
FUNCTION = r"""
CREATE FUNCTION renkou_note_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    INSERT INTO record_change (record_id, version, fields)
    SELECT NEW.id, NEW.version,
        coalesce(array_agg(DISTINCT regexp_replace(n.key, '_(sealed|index|hash)$', '')), ARRAY[TG_ARGV[0]])
    FROM jsonb_each(to_jsonb(OLD)) o JOIN jsonb_each(to_jsonb(NEW)) n
        ON n.key = o.key AND n.value IS DISTINCT FROM o.value
    WHERE n.key NOT IN ('version', 'changed_in', 'changed_at', 'updated_at')
    ON CONFLICT DO NOTHING;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    op.add_column("record_change", sa.Column("changed_at", sa.DateTime(timezone=True), nullable=True))
    op.alter_column("record_change", "changed_at", server_default=sa.func.now())
    op.drop_constraint("record_change_pkey", "record_change", type_="primary")
    op.create_primary_key("record_change_pkey", "record_change", ["record_id", "version", "fields"])
    op.execute(FUNCTION)
    for table in NOTED:
        op.execute(
            f"CREATE TRIGGER note_change AFTER UPDATE ON {table} FOR EACH ROW"
            " WHEN (OLD.version IS DISTINCT FROM NEW.version)"
            f" EXECUTE FUNCTION renkou_note_change('{ELSEWHERE.get(table, 'content')}')"
        )


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
