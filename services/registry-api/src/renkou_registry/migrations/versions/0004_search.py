"""Search keys"""

import os

import sqlalchemy as sa
from alembic import op

from renkou_common.migration import guard

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

TABLES = ("person_key",)
FLOOR = {
    "person_key": "present_area <@ (SELECT renkou_scope()) OR other_area <@ (SELECT renkou_scope())",
}
SCOPE = """
CREATE FUNCTION renkou_scope() RETURNS int8multirange LANGUAGE sql STABLE PARALLEL SAFE
RETURN nullif(current_setting('renkou.areas', true), '')::int8multirange
"""


def upgrade() -> None:
    """Keys under which persons are found, and the index of phone numbers."""
    op.create_table(
        "person_key",
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.SmallInteger(), autoincrement=False, nullable=False),
        sa.Column("key", sa.Text(collation="C"), nullable=False),
        sa.Column("present_area", sa.BigInteger(), nullable=False),
        sa.Column("other_area", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint(
            "kind",
            "key",
            "person_id",
            name="person_key_pkey",
            postgresql_include=["present_area", "other_area"],
        ),
    )
    op.create_index("person_key_person", "person_key", ["person_id"])
    op.create_index(
        "person_phone_index",
        "person",
        ["phone_index", "id"],
        postgresql_where=sa.text("phone_index IS NOT NULL"),
    )
    op.execute(SCOPE)
    for statement in guard(os.environ["RENKOU_APP_ROLE"], TABLES, FLOOR):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
