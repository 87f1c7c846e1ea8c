"""What persons ask of the office about their data, and the calendar by which the day of the answer is counted

A request is deleted only when it is closed, whatever the application believes; its steps are never changed, and go
with it.

Revision: 0039, after 0038
"""

import os

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from renkou_common.audit.triggers import Captured, capture
from renkou_common.migration import guard

revision = "0039"
down_revision = "0038"
branch_labels = None
depends_on = None

TABLES = ("calendar_day", "privacy_request", "privacy_request_step")
FLOOR = {
    "privacy_request": (
        "renkou_in_scope(area) OR EXISTS (SELECT FROM person p WHERE p.id = privacy_request.person_id OFFSET 0)"
    ),
    "privacy_request_step": (
        "EXISTS (SELECT FROM privacy_request r WHERE r.id = privacy_request_step.request_id OFFSET 0)"
    ),
}
CLOSED_ONLY = """
CREATE FUNCTION refuse_open_privacy_request() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF OLD.closed_at IS NULL THEN
        RAISE EXCEPTION 'a request that is open is not deleted';
    END IF;
    RETURN OLD;
END $$
"""


def upgrade() -> None:
    op.create_table(
        "calendar_day",
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("working", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("day"),
    )
    op.create_table(
        "privacy_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("how", sa.Text(), nullable=False),
        sa.Column("wish", sa.Text(), nullable=False),
        sa.Column("about", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("extended", sa.Boolean(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("received_by", sa.Uuid(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("law", sa.Text(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("second_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("second_by", sa.Uuid(), nullable=True),
        sa.Column("erasure_id", sa.Uuid(), nullable=True),
        sa.Column("closed_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('deletion', 'restriction', 'explanation')", name="privacy_request_kind"),
        sa.CheckConstraint("how IN ('own_account', 'counter')", name="privacy_request_how"),
        sa.CheckConstraint(
            "state IN ('received', 'awaiting_second', 'carrying_out', 'answered', 'withdrawn')",
            name="privacy_request_state",
        ),
        sa.CheckConstraint("outcome IN ('granted', 'partly', 'refused')", name="privacy_request_outcome"),
        sa.CheckConstraint(
            "(state IN ('answered', 'withdrawn')) = (closed_at IS NOT NULL)", name="privacy_request_closed"
        ),
        sa.CheckConstraint(
            "state NOT IN ('awaiting_second', 'carrying_out', 'answered') OR (outcome IS NOT NULL"
            " AND reason IS NOT NULL AND answer IS NOT NULL AND decided_by IS NOT NULL AND decided_at IS NOT NULL)",
            name="privacy_request_decided",
        ),
        sa.CheckConstraint("outcome = 'granted' OR law IS NOT NULL", name="privacy_request_law"),
        sa.CheckConstraint("second_by NOT IN (decided_by, received_by)", name="privacy_request_four_eyes"),
        sa.CheckConstraint(
            "(erasure_id IS NULL) = (second_by IS NULL) AND (state <> 'carrying_out' OR erasure_id IS NOT NULL)",
            name="privacy_request_erasure",
        ),
        sa.CheckConstraint(
            "kind <> 'deletion' OR state <> 'answered' OR outcome = 'refused' OR erasure_id IS NOT NULL",
            name="privacy_request_erased",
        ),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "privacy_request_open",
        "privacy_request",
        ["person_id", "kind"],
        unique=True,
        postgresql_where=sa.text("state IN ('received', 'awaiting_second', 'carrying_out')"),
    )
    op.create_index("privacy_request_due", "privacy_request", ["due_on", "id"])
    op.create_index("privacy_request_person", "privacy_request", ["person_id"])
    op.create_table(
        "privacy_request_step",
        sa.Column("request_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.SmallInteger(), nullable=False, autoincrement=False),
        sa.Column("act", sa.Text(), nullable=False),
        sa.Column("outcome", sa.Text(), nullable=True),
        sa.Column("told", sa.Text(), nullable=True),
        sa.Column("taken_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("taken_by", sa.Uuid(), nullable=True),
        sa.ForeignKeyConstraint(["request_id"], ["privacy_request.id"], ondelete="CASCADE"),
        sa.PrimaryKeyConstraint("request_id", "place"),
    )
    op.execute(
        "CREATE TRIGGER note_change AFTER UPDATE ON privacy_request FOR EACH ROW"
        " WHEN (OLD.version IS DISTINCT FROM NEW.version) EXECUTE FUNCTION renkou_note_change('content')"
    )
    for statement in capture("privacy_request", Captured(("r.person_id",), version=True)):
        op.execute(statement)
    op.execute(CLOSED_ONLY)
    op.execute(
        "CREATE TRIGGER closed_only BEFORE DELETE ON privacy_request FOR EACH ROW"
        " EXECUTE FUNCTION refuse_open_privacy_request()"
    )
    role = os.environ["RENKOU_APP_ROLE"]
    for statement in guard(role, TABLES, FLOOR):
        op.execute(statement)
    op.execute(f'REVOKE UPDATE, DELETE, TRUNCATE ON TABLE privacy_request_step FROM "{role}"')
    op.execute(f'REVOKE TRUNCATE ON TABLE privacy_request FROM "{role}"')


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
