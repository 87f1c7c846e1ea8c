"""With which event facts came: its type, and when it was recorded."""

import os

import sqlalchemy as sa
from alembic import op

revision = "0013"
down_revision = "0012"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "fact_event",
        sa.Column("feed", sa.Text(), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("type", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.PrimaryKeyConstraint("feed", "seq"),
    )
    op.execute(
        "INSERT INTO fact_event (feed, seq, type, recorded_at) SELECT 'returns', e.seq,"
        " CASE WHEN r.replaces IS NOT NULL OR r.state = 'corrected' AND e.sign < 0 THEN 'return.corrected'"
        " WHEN e.sign < 0 THEN 'return.withdrawn' ELSE 'return.signed' END, e.recorded_at"
        " FROM return_entry e JOIN aggregate_return r ON r.id = e.return_id"
    )
    app_role = os.environ.get("RENKOU_APP_ROLE")
    if app_role:
        op.execute(f'GRANT SELECT, INSERT ON fact_event TO "{app_role}"')


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
