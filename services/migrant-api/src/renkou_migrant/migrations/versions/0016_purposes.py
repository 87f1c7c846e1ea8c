"""A message needs a purpose in force beside its agreement

Revision: 0014, after 0013. The first purposes are those that every district's register starts with.
"""

import os
from datetime import date

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from renkou_common.migration import guard

revision = "0016"
down_revision = "0015"
branch_labels = None
depends_on = None

FIRST = {
    "exchange_arrival": ["arrival_notice"],
    "exchange_departure": ["departure_notice"],
    "exchange_certificate_check": ["certificate_checked"],
    "exchange_service": ["service_notice"],
    "exchange_birth": ["birth_notice"],
    "exchange_registration": ["registration_notice"],
    "exchange_inquiry": ["inquiry", "answer"],
    "exchange_follow_up": ["confirmation", "dispute", "correction", "withdrawal", "reminder"],
}


def upgrade() -> None:
    table = op.create_table(
        "exchange_purpose",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("kinds", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.Column("active_from", sa.Date(), nullable=False),
        sa.Column("active_to", sa.Date(), nullable=True),
        sa.PrimaryKeyConstraint("code"),
    )
    first = date(2021, 11, 1)
    op.bulk_insert(
        table, [{"code": code, "kinds": kinds, "active_from": first} for code, kinds in FIRST.items()]
    )
    for statement in guard(os.environ["RENKOU_APP_ROLE"], ("exchange_purpose",), {}):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
