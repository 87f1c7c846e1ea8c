"""Applications for certificates, the history of both, replacement, reissue in bulk

Revision: 0005, after 0004
"""

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
    "certificate_application",
    "certificate_application_step",
    "certificate_reissue",
    "certificate_reissue_item",
    "certificate_step",
)
APPEND_ONLY = ("certificate_application_step", "certificate_step")
FLOOR = {
    "certificate_application": "renkou_in_scope(registered_area)",
    "certificate_application_step": (
        "EXISTS (SELECT FROM certificate_application a WHERE a.id = application_id)"
    ),
    "certificate_reissue": "renkou_in_scope(area)",
    "certificate_reissue_item": "EXISTS (SELECT FROM certificate_reissue r WHERE r.id = reissue_id)",
    "certificate_step": "EXISTS (SELECT FROM certificate c WHERE c.id = certificate_id)",
}
EVERY_GROUP = "person,id_number,registered_area,marital_status,children_count,children_birth_dates"


def _steps(table: str, parent: str) -> None:
    op.create_table(
        table,
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column(parent, sa.Uuid(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("actor_kind", sa.Text(), nullable=False),
        sa.Column("actor_id", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("note", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("position"),
    )
    op.create_index(f"{table}_of", table, [parent, "position"], unique=False)


def _certificates() -> None:
    text, day = sa.Text, sa.Date
    for name, kind in (
        ("revocation_note", text), ("replaced_on", day), ("replaced_as", text), ("replacement_reason", text),
        ("successor_id", sa.Uuid), ("facts_changed_on", day),
    ):  # fmt: skip
        op.add_column("certificate", sa.Column(name, kind(), nullable=True))
    op.add_column(
        "certificate",
        sa.Column("groups", postgresql.ARRAY(sa.Text()), server_default=f"{{{EVERY_GROUP}}}", nullable=False),
    )
    op.add_column("certificate", sa.Column("holder_key", postgresql.JSONB(), nullable=True))
    op.alter_column("certificate", "groups", server_default=None)
    op.execute("SET LOCAL renkou.areas = '{[0,999999999999]}'")  # the owner is under the floor as well
    op.execute(
        "UPDATE certificate SET revocation_note = revocation_reason, revocation_reason = 'other'"
        " WHERE revocation_reason IS NOT NULL"
    )
    op.create_check_constraint(
        "certificate_replaced_as", "certificate", "replaced_as IN ('replaced', 'renewed')"
    )
    op.create_check_constraint(
        "certificate_replacement",
        "certificate",
        "(replaced_on IS NULL) = (replaced_as IS NULL) AND (replaced_on IS NULL) = (successor_id IS NULL)",
    )
    op.create_index(
        "certificate_outdated",
        "certificate",
        ["position"],
        unique=False,
        postgresql_where=sa.text("cardinality(facts_changed) > 0"),
    )
    op.create_index("certificate_key", "certificate", ["kid", "position"], unique=False)


def _history_so_far() -> None:
    """What is known of certificates issued before there was a history."""
    op.execute(
        """
        INSERT INTO certificate_step
            (certificate_id, step, happened_on, recorded_at, actor_kind, actor_id, reason, note)
        SELECT id, 'issued', valid_from, issued_at, 'staff', issued_by, NULL, NULL FROM certificate
        UNION ALL
        SELECT id, 'revoked', revoked_on, revoked_on::timestamptz, 'staff', revoked_by, 'other',
            revocation_note
        FROM certificate WHERE revoked_on IS NOT NULL ORDER BY 4
        """
    )


def _applications() -> None:
    table = "certificate_application"
    op.create_table(
        table,
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("person_ref", sa.Uuid(), nullable=False),
        sa.Column("registered_area", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("groups", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("holder_key", postgresql.JSONB(), nullable=True),
        sa.Column("replaces", sa.Uuid(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("applied_on", sa.Date(), nullable=False),
        sa.Column("applied_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("closed_on", sa.Date(), nullable=True),
        sa.Column("certificate_id", sa.Uuid(), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "state IN ('applied', 'returned', 'approved', 'issued', 'rejected', 'withdrawn')",
            name="certificate_application_state",
        ),
        sa.CheckConstraint(
            "kind IN ('first', 'replacement', 'renewal')", name="certificate_application_kind"
        ),
        sa.CheckConstraint(
            "(kind = 'replacement') = (reason IS NOT NULL) AND (kind = 'first') = (replaces IS NULL)",
            name="certificate_application_reason",
        ),
        sa.CheckConstraint(
            "(state = 'issued') = (certificate_id IS NOT NULL)", name="certificate_application_issued"
        ),
        sa.CheckConstraint(
            "(state IN ('issued', 'rejected', 'withdrawn')) = (closed_on IS NOT NULL)",
            name="certificate_application_closed",
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(f"{table}_position", table, ["position"], unique=True)
    op.create_index(f"{table}_area", table, ["registered_area", "position"], unique=False)
    op.create_index(f"{table}_person", table, ["person_id", "position"], unique=False)
    op.create_index(
        f"{table}_open",
        table,
        ["person_ref"],
        unique=True,
        postgresql_where=sa.text("closed_on IS NULL"),
    )


def _reissues() -> None:
    op.create_table(
        "certificate_reissue",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("requested_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("requested_by", sa.Uuid(), nullable=False),
        sa.Column("approved_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("approved_by", sa.Uuid(), nullable=True),
        sa.Column("finished_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "state IN ('requested', 'running', 'done', 'withdrawn')", name="certificate_reissue_state"
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("certificate_reissue_position", "certificate_reissue", ["position"], unique=True)
    op.create_index(
        "certificate_reissue_open",
        "certificate_reissue",
        ["kid", "area"],
        unique=True,
        postgresql_where=sa.text("finished_at IS NULL"),
    )
    op.create_table(
        "certificate_reissue_item",
        sa.Column("reissue_id", sa.Uuid(), nullable=False),
        sa.Column("certificate_id", sa.Uuid(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=True),
        sa.Column("successor_id", sa.Uuid(), nullable=True),
        sa.CheckConstraint("state IN ('waiting', 'done', 'failed')", name="certificate_reissue_item_state"),
        sa.PrimaryKeyConstraint("reissue_id", "certificate_id"),
    )
    op.create_index(
        "certificate_reissue_item_state", "certificate_reissue_item", ["reissue_id", "state"], unique=False
    )


def upgrade() -> None:
    _certificates()
    _steps("certificate_step", "certificate_id")
    _history_so_far()
    _applications()
    _steps("certificate_application_step", "application_id")
    _reissues()
    op.execute(
        "CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE EXCEPTION '% is append-only', tg_table_name; END $$"
    )
    for statement in guard(os.environ["RENKOU_APP_ROLE"], TABLES, FLOOR, APPEND_ONLY):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
