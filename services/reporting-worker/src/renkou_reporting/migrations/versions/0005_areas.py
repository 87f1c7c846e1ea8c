"""The dated division tree: divisions, their former names, and what took the place of what."""

import os

import sqlalchemy as sa
from alembic import op

revision = "0005"
down_revision = "0004"
branch_labels = None
depends_on = None

TABLES = ("area", "area_former_name", "area_succession")


def upgrade() -> None:
    op.create_table(
        "area",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("level", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("key", "level"),
    )
    op.create_table(
        "area_former_name",
        sa.Column("key", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("level", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("title", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("key", "level", "valid_until"),
    )
    op.create_table(
        "area_succession",
        sa.Column("change_id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("successor", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("change_id", "area", "successor"),
    )
    app_role = os.environ.get("RENKOU_APP_ROLE")
    if app_role:
        op.execute(f'GRANT SELECT, INSERT, UPDATE ON {", ".join(TABLES)} TO "{app_role}"')


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
