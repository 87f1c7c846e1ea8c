"""A province's node knows since when a district's feed is wrong; what two signed in spite of a check is kept."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0012"
down_revision = "0011"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.drop_column("district_source", "cursor")
    op.add_column("district_source", sa.Column("problem_since", sa.DateTime(timezone=True), nullable=True))
    op.create_unique_constraint("district_version_number", "district_version", ["district", "number"])
    op.add_column("published_version", sa.Column("overrides", JSONB(), nullable=False, server_default="[]"))
    op.alter_column("published_version", "overrides", server_default=None)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
