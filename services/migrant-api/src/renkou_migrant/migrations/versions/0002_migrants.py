"""Departures, arrivals, certificates, their checks and status lists, and the outflow.

Revision: 0002, after 0001
"""

import os

import sqlalchemy as sa
from alembic import op

from renkou_common.migration import area_floor

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

APPEND_ONLY = ("certificate_check",)
CHANGING = (
    "arrival",
    "certificate",
    "departure",
    "outflow_mark",
    "partner_status_list",
    "status_entry",
    "status_list",
)
FLOOR = {
    "arrival": "renkou_in_scope(area)",
    "certificate": "renkou_in_scope(registered_area)",
    "departure": "renkou_in_scope(registered_area)",
}


def _create_tables() -> None:
    op.create_table(
        "arrival",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("person_ref", sa.Uuid(), nullable=False),
        sa.Column("home_area", sa.BigInteger(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("arrived_on", sa.Date(), nullable=False),
        sa.Column("birth_month", sa.Text(), nullable=False),
        sa.Column("sex", sa.Integer(), nullable=False),
        sa.Column("check_applies", sa.Boolean(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("checked_on", sa.Date(), nullable=True),
        sa.Column("left_on", sa.Date(), nullable=True),
        sa.Column("destination_area", sa.BigInteger(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("left_on >= arrived_on", name="arrival_order"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("arrival_person", "arrival", ["person_ref", "arrived_on"], unique=False)
    op.create_index("arrival_area", "arrival", ["area", "position"], unique=False)
    op.create_index("arrival_position", "arrival", ["position"], unique=True)
    op.create_index(
        "arrival_staying", "arrival", ["person_ref"], unique=True, postgresql_where=sa.text("left_on IS NULL")
    )
    op.create_table(
        "certificate",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("person_ref", sa.Uuid(), nullable=False),
        sa.Column("registered_area", sa.BigInteger(), nullable=False),
        sa.Column("birth_month", sa.Text(), nullable=False),
        sa.Column("sex", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=False),
        sa.Column("limited_by", sa.Text(), nullable=False),
        sa.Column("revoked_on", sa.Date(), nullable=True),
        sa.Column("revocation_reason", sa.Text(), nullable=True),
        sa.Column("revoked_by", sa.Uuid(), nullable=True),
        sa.Column("died_on", sa.Date(), nullable=True),
        sa.Column("list_number", sa.Integer(), nullable=False),
        sa.Column("status_index", sa.Integer(), nullable=False),
        sa.Column("kid", sa.Text(), nullable=False),
        sa.Column("sealed", sa.LargeBinary(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("issued_by", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "(revoked_on IS NULL) = (revocation_reason IS NULL)", name="certificate_revocation"
        ),
        sa.CheckConstraint("valid_to >= valid_from", name="certificate_validity"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("certificate_area", "certificate", ["registered_area", "position"], unique=False)
    op.create_index("certificate_holder", "certificate", ["person_ref"], unique=False)
    op.create_index("certificate_number", "certificate", ["number"], unique=True)
    op.create_index("certificate_position", "certificate", ["position"], unique=True)
    op.create_table(
        "certificate_check",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("arrival_id", sa.Uuid(), nullable=True),
        sa.Column("result", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("issuer", sa.Text(), nullable=True),
        sa.Column("presentation_hash", sa.LargeBinary(), nullable=False),
        sa.Column("checked_on", sa.Date(), nullable=False),
        sa.Column("checked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("checked_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("result IN ('valid', 'refused', 'unknown')", name="certificate_check_result"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("certificate_check_arrival", "certificate_check", ["arrival_id"], unique=False)
    op.create_table(
        "departure",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("person_ref", sa.Uuid(), nullable=False),
        sa.Column("registered_area", sa.BigInteger(), nullable=False),
        sa.Column("birth_month", sa.Text(), nullable=False),
        sa.Column("sex", sa.Integer(), nullable=False),
        sa.Column("destination_area", sa.BigInteger(), nullable=False),
        sa.Column("departed_on", sa.Date(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("ended_by", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint("ended_by IN ('return', 'register')", name="departure_ended_by"),
        sa.CheckConstraint("(ended_on IS NULL) = (ended_by IS NULL)", name="departure_end"),
        sa.CheckConstraint("ended_on >= departed_on", name="departure_order"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("departure_area", "departure", ["registered_area", "position"], unique=False)
    op.create_index(
        "departure_away",
        "departure",
        ["person_ref"],
        unique=True,
        postgresql_where=sa.text("ended_on IS NULL"),
    )
    op.create_index("departure_position", "departure", ["position"], unique=True)
    op.create_table(
        "outflow_mark",
        sa.Column("person_ref", sa.Uuid(), nullable=False),
        sa.Column("area", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("happened_on", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('begin', 'end', 'death')", name="outflow_mark_kind"),
        sa.PrimaryKeyConstraint("person_ref", "area", "happened_on", "kind"),
    )
    op.create_table(
        "partner_status_list",
        sa.Column("uri", sa.Text(), nullable=False),
        sa.Column("district", sa.Text(), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("sequence", sa.BigInteger(), nullable=False),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("received_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("uri"),
    )
    op.create_table(
        "status_entry",
        sa.Column("list_number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("index", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("certificate_id", sa.Uuid(), nullable=False),
        sa.Column("ended", sa.Boolean(), server_default="false", nullable=False),
        sa.PrimaryKeyConstraint("list_number", "index"),
    )
    op.create_index(
        "status_entry_ended",
        "status_entry",
        ["list_number", "index"],
        unique=False,
        postgresql_where=sa.text("ended"),
    )
    op.create_table(
        "status_list",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("revision", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("signed_revision", sa.BigInteger(), server_default="-1", nullable=False),
        sa.Column("sequence", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("published_sequence", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("token", sa.Text(), nullable=True),
        sa.Column("issued_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("expires_at", sa.DateTime(timezone=True), nullable=True),
        sa.PrimaryKeyConstraint("number"),
    )


def upgrade() -> None:
    _create_tables()
    role = os.environ["RENKOU_APP_ROLE"]
    for table, predicate in FLOOR.items():
        for statement in area_floor(table, predicate):
            op.execute(statement)
    for table in APPEND_ONLY:
        op.execute(f'GRANT SELECT, INSERT ON TABLE {table} TO "{role}"')
    for table in CHANGING:
        op.execute(f'GRANT SELECT, INSERT, UPDATE, DELETE ON TABLE {table} TO "{role}"')


def downgrade() -> None:
    op.drop_table("status_list")
    op.drop_index("status_entry_ended", table_name="status_entry", postgresql_where=sa.text("ended"))
    op.drop_table("status_entry")
    op.drop_table("partner_status_list")
    op.drop_table("outflow_mark")
    op.drop_index("departure_position", table_name="departure")
    op.drop_index("departure_away", table_name="departure", postgresql_where=sa.text("ended_on IS NULL"))
    op.drop_index("departure_area", table_name="departure")
    op.drop_table("departure")
    op.drop_index("certificate_check_arrival", table_name="certificate_check")
    op.drop_table("certificate_check")
    op.drop_index("certificate_position", table_name="certificate")
    op.drop_index("certificate_number", table_name="certificate")
    op.drop_index("certificate_holder", table_name="certificate")
    op.drop_index("certificate_area", table_name="certificate")
    op.drop_table("certificate")
    op.drop_index("arrival_person", table_name="arrival")
    op.drop_index("arrival_staying", table_name="arrival", postgresql_where=sa.text("left_on IS NULL"))
    op.drop_index("arrival_position", table_name="arrival")
    op.drop_index("arrival_area", table_name="arrival")
    op.drop_table("arrival")
