"""Processing of a person's data can be restricted; an export counts whom it left out for that

Revision: 0041, after 0040
"""

import os

import sqlalchemy as sa
from alembic import op

from renkou_common.migration import guard

revision = "0041"
down_revision = "0040"
branch_labels = None
depends_on = None

FLOOR = {
    "processing_restriction": "EXISTS (SELECT FROM person p WHERE p.id = processing_restriction.person_id OFFSET 0)"
}


def upgrade() -> None:
    op.create_table(
        "processing_restriction",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("request_id", sa.Uuid(), nullable=True),
        sa.Column("imposed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("imposed_by", sa.Uuid(), nullable=False),
        sa.Column("lifted_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("lifted_by", sa.Uuid(), nullable=True),
        sa.Column("lifted_reason", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "(lifted_at IS NULL) = (lifted_by IS NULL) AND (lifted_at IS NULL) = (lifted_reason IS NULL)",
            name="processing_restriction_lifted",
        ),
        sa.CheckConstraint("lifted_at >= imposed_at", name="processing_restriction_order"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("processing_restriction_person", "processing_restriction", ["person_id", "imposed_at"])
    op.add_column("person", sa.Column("restricted", sa.Boolean(), server_default=sa.false(), nullable=False))
    for table in ("export_job", "export_log"):
        op.add_column(table, sa.Column("left_out", sa.Integer(), server_default="0", nullable=False))
    role = os.environ["RENKOU_APP_ROLE"]
    for statement in guard(role, ("processing_restriction",), FLOOR):
        op.execute(statement)
    op.execute(f'REVOKE DELETE, TRUNCATE ON TABLE processing_restriction FROM "{role}"')


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
