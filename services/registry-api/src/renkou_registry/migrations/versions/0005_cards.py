"""Women's cards and visits"""

import os

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from renkou_common.migration import guard

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = (
    "card",
    "card_fact",
    "card_opening",
    "method_count",
    "method_count_day",
    "visit",
    "visit_batch",
    "visit_batch_item",
)
FLOOR = {
    "card": "EXISTS (SELECT FROM person p WHERE p.id = card.person_id OFFSET 0)",
    "card_fact": "EXISTS (SELECT FROM person p WHERE p.id = card_fact.person_id OFFSET 0)",
    "card_opening": "renkou_in_scope(area)",
    "visit": "EXISTS (SELECT FROM person p WHERE p.id = visit.person_id OFFSET 0)",
    "visit_batch_item": (
        "visit_batch_item.person_id IS NULL"
        " OR EXISTS (SELECT FROM person p WHERE p.id = visit_batch_item.person_id)"
    ),
}


def upgrade() -> None:
    op.create_table(
        "card_opening",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("area_high", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("after_area", sa.BigInteger(), nullable=False),
        sa.Column("after_person", sa.Uuid(), nullable=False),
        sa.Column("examined", sa.Integer(), nullable=False),
        sa.Column("opened", sa.Integer(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.CheckConstraint("state IN ('queued', 'running', 'done')", name="card_opening_state"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "card_opening_waiting",
        "card_opening",
        ["id"],
        unique=False,
        postgresql_where=sa.text("state <> 'done'"),
    )
    op.create_table(
        "method_count",
        sa.Column("population", sa.Text(), nullable=False),
        sa.Column("area", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("measure", sa.Text(), nullable=False),
        sa.Column("value", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("population", "area", "measure"),
    )
    op.create_table(
        "method_count_day",
        sa.Column("counted_on", sa.Date(), nullable=False),
        sa.Column("counted_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("counted_on"),
    )
    op.create_table(
        "visit_batch",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("sent_by", sa.Uuid(), nullable=False),
        sa.Column("device_id", sa.Text(), nullable=False),
        sa.Column("batch_id", sa.Text(), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("sent_by", "device_id", "batch_id", name="visit_batch_once"),
    )
    op.create_table(
        "card",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("serial", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("population", sa.Text(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("closed_reason", sa.Text(), nullable=True),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("next_change_on", sa.Date(), nullable=True),
        sa.Column("visits_declined_on", sa.Date(), nullable=True),
        sa.Column("visits_resumed_on", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "(state = 'closed') = (closed_reason IS NOT NULL) AND"
            " (state = 'closed') = (closed_on IS NOT NULL)",
            name="card_closing",
        ),
        sa.CheckConstraint("population IN ('registered', 'migrant_in')", name="card_population"),
        sa.CheckConstraint("state IN ('open', 'closed')", name="card_state"),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("person_id"),
        sa.UniqueConstraint("serial"),
    )
    op.create_index("card_area", "card", ["area", "id"], unique=False)
    op.create_index(
        "card_next_change",
        "card",
        ["next_change_on", "id"],
        unique=False,
        postgresql_where=sa.text("next_change_on IS NOT NULL"),
    )
    op.create_index("card_state_area", "card", ["state", "area", "id"], unique=False)
    op.create_table(
        "visit_batch_item",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("batch_id", sa.Uuid(), nullable=False),
        sa.Column("place", sa.Integer(), nullable=False),
        sa.Column("client_id", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("visit_id", sa.Uuid(), nullable=True),
        sa.Column("person_id", sa.Uuid(), nullable=True),
        sa.Column("base_version", sa.BigInteger(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("errors", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.CheckConstraint("(state = 'conflict') = (sealed IS NOT NULL)", name="visit_batch_item_sealed"),
        sa.CheckConstraint(
            "state IN ('applied', 'conflict', 'refused', 'kept_server', 'kept_device')",
            name="visit_batch_item_state",
        ),
        sa.ForeignKeyConstraint(
            ["batch_id"],
            ["visit_batch.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("batch_id", "place", name="visit_batch_item_place"),
    )
    op.create_index("visit_batch_item_client", "visit_batch_item", ["batch_id", "client_id"], unique=False)
    op.create_table(
        "card_fact",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("card_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("told_on", sa.Date(), nullable=False),
        sa.Column("consent", sa.Boolean(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("current", sa.Boolean(), nullable=False),
        sa.Column("confirmed_on", sa.Date(), nullable=True),
        sa.Column("taken_back_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("taken_back_by", sa.Uuid(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind IN ('method', 'expected_delivery')", name="card_fact_kind"),
        sa.CheckConstraint("(sealed IS NULL) = (taken_back_at IS NOT NULL)", name="card_fact_taken_back"),
        sa.CheckConstraint("NOT (current AND taken_back_at IS NOT NULL)", name="card_fact_current"),
        sa.CheckConstraint("consent", name="card_fact_consent"),
        sa.ForeignKeyConstraint(
            ["card_id"],
            ["card.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("card_fact_card", "card_fact", ["card_id", "kind", "id"], unique=False)
    op.create_index(
        "card_fact_current_one",
        "card_fact",
        ["card_id", "kind"],
        unique=True,
        postgresql_where=sa.text("current"),
    )
    op.create_index("card_fact_person", "card_fact", ["person_id"], unique=False)
    op.create_table(
        "visit",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("card_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("basis", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("population", sa.Text(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("place", sa.BigInteger(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("planned_on", sa.Date(), nullable=False),
        sa.Column("worker_id", sa.Uuid(), nullable=True),
        sa.Column("accepted_on", sa.Date(), nullable=True),
        sa.Column("settled_on", sa.Date(), nullable=True),
        sa.Column("settled_by", sa.Uuid(), nullable=True),
        sa.Column("outcome_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("next_due_on", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column(
            "changed_in",
            sa.BigInteger(),
            server_default=sa.text("(pg_current_xact_id()::text)::bigint"),
            nullable=False,
        ),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.CheckConstraint(
            "(state IN ('kept', 'declined', 'missed')) = (settled_on IS NOT NULL)", name="visit_settled"
        ),
        sa.CheckConstraint(
            "state IN ('offered', 'accepted', 'kept', 'declined', 'missed', 'withdrawn')", name="visit_state"
        ),
        sa.ForeignKeyConstraint(
            ["basis"],
            ["card_fact.id"],
        ),
        sa.ForeignKeyConstraint(
            ["card_id"],
            ["card.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("visit_card", "visit", ["card_id", "due_on", "id"], unique=False)
    op.create_index("visit_changed", "visit", ["changed_in", "id"], unique=False)
    op.create_index(
        "visit_one_open",
        "visit",
        ["person_id"],
        unique=True,
        postgresql_where=sa.text("state IN ('offered', 'accepted')"),
    )
    op.create_index(
        "visit_open_place",
        "visit",
        ["place", "planned_on", "id"],
        unique=False,
        postgresql_where=sa.text("state IN ('offered', 'accepted')"),
    )
    op.create_index(
        "visit_open_planned",
        "visit",
        ["planned_on", "id"],
        unique=False,
        postgresql_where=sa.text("state IN ('offered', 'accepted')"),
    )
    op.create_index(
        "visit_open_worker",
        "visit",
        ["worker_id", "planned_on", "id"],
        unique=False,
        postgresql_where=sa.text("state IN ('offered', 'accepted')"),
    )
    op.create_index("visit_person", "visit", ["person_id"], unique=False)
    for statement in guard(os.environ["RENKOU_APP_ROLE"], TABLES, FLOOR):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
