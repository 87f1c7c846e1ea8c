"""Addresses over time, corrections, dated areas"""

import os

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from renkou_common.migration import guard

revision = "0003"
down_revision = "0002"
branch_labels = None
depends_on = None

TABLES = (
    "area_change",
    "area_former_name",
    "area_successor",
    "correction_request",
    "person_address",
)
FLOOR = {
    "correction_request": (
        "renkou_in_scope(area) OR EXISTS (SELECT FROM person p WHERE p.id = correction_request.person_id)"
    ),
    "person_address": (
        "renkou_in_scope(area) OR EXISTS (SELECT FROM person p WHERE p.id = person_address.person_id)"
    ),
}
PERSON = "renkou_in_scope(present_area) OR renkou_in_scope(registered_area) OR renkou_in_scope(left_area)"
KINDS = (
    "kind IN ('opening', 'arrival', 'birth', 'death', 'marriage', 'divorce', 'widowhood', 'adoption',"
    " 'move', 'address', 'area_change', 'correction', 'retraction')"
)
_FIRST_ADDRESSES = """
INSERT INTO person_address (person_id, kind, known_from, valid_from, area, street, counted_from, valid_until)
SELECT p.id, t.kind, p.recorded_at, t.since, t.area, t.street, t.since, p.died_on
FROM person p, LATERAL (VALUES
    ('registered', p.registered_area, p.registered_street, coalesce(p.registered_since, p.present_since)),
    ('present', p.present_area, p.present_street, p.present_since),
    ('usual', p.usual_area, NULL, p.present_since)) AS t (kind, area, street, since)
WHERE NOT p.withdrawn AND t.area IS NOT NULL AND (p.died_on IS NULL OR p.died_on >= t.since)
"""


def upgrade() -> None:
    op.create_table(
        "area_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("effective_on", sa.Date(), nullable=False),
        sa.Column("sources", postgresql.ARRAY(sa.BigInteger()), nullable=False),
        sa.Column("successors", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("rule", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("phase", sa.Text(), nullable=False),
        sa.Column("next_person", sa.Uuid(), nullable=True),
        sa.Column("followed", sa.Integer(), nullable=False),
        sa.Column("left_over", sa.Integer(), nullable=False),
        sa.Column("households_followed", sa.Integer(), nullable=False),
        sa.Column("households_left_over", sa.Integer(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("started_by", sa.Uuid(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("kind IN ('split', 'merge', 'rename', 'transfer')", name="area_change_kind"),
        sa.CheckConstraint(
            "state IN ('planned', 'queued', 'applying', 'done', 'cancelled')", name="area_change_state"
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "area_change_open",
        "area_change",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state IN ('queued', 'applying')"),
    )
    op.create_table(
        "area_former_name",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("level", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", "level", "valid_until"),
    )
    op.create_table(
        "area_successor",
        sa.Column("area", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("successor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("change_id", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["change_id"],
            ["area_change.id"],
        ),
        sa.PrimaryKeyConstraint("area", "successor"),
    )
    op.create_table(
        "correction_request",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("event_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("changes", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("details_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("base", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("decided_by", sa.Uuid(), nullable=True),
        sa.Column("decided_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("decision_reason", sa.Text(), nullable=True),
        sa.Column("result_event_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "(state = 'approved') = (result_event_id IS NOT NULL)", name="correction_request_result"
        ),
        sa.CheckConstraint("(state = 'requested') = (decided_by IS NULL)", name="correction_request_decided"),
        sa.CheckConstraint("kind IN ('correction', 'retraction')", name="correction_request_kind"),
        sa.CheckConstraint(
            "state IN ('requested', 'approved', 'rejected', 'withdrawn')", name="correction_request_state"
        ),
        sa.CheckConstraint(
            "state NOT IN ('approved', 'rejected') OR decided_by <> requested_by",
            name="correction_request_four_eyes",
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("correction_request_area", "correction_request", ["state", "area", "id"], unique=False)
    op.create_index("correction_request_person", "correction_request", ["person_id"], unique=False)
    op.create_table(
        "person_address",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("known_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("street", sa.Text(), nullable=True),
        sa.Column("place_id", sa.Uuid(), nullable=True),
        sa.Column("counted_from", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=True),
        sa.Column("known_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("event_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("kind IN ('registered', 'present', 'usual')", name="person_address_kind"),
        sa.CheckConstraint("known_until IS NULL OR known_until > known_from", name="person_address_known"),
        sa.CheckConstraint("valid_until IS NULL OR valid_until >= valid_from", name="person_address_valid"),
        sa.PrimaryKeyConstraint("person_id", "kind", "known_from", "valid_from"),
    )
    op.create_index("person_address_area", "person_address", ["kind", "area", "person_id"], unique=False)
    op.add_column("person", sa.Column("left_area", sa.BigInteger(), nullable=True))
    op.drop_constraint("life_event_kind", "life_event")
    op.create_check_constraint("life_event_kind", "life_event", KINDS)
    op.execute(f"ALTER POLICY area_floor ON person USING ({PERSON}) WITH CHECK ({PERSON})")
    for statement in guard(os.environ["RENKOU_APP_ROLE"], TABLES, FLOOR):
        op.execute(statement)
    _carry_over()


def _carry_over() -> None:
    """Give persons entered before their present addresses; each one's next event rewrites them in full."""
    op.execute("SELECT set_config('renkou.areas', '{[0,999999999999]}', true)")
    op.execute(_FIRST_ADDRESSES)
    op.execute("SELECT set_config('renkou.areas', '', true)")


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
