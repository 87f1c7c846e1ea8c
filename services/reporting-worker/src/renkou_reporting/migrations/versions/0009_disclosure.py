"""What published versions hide; decisions are only ever added to."""

import os

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0009"
down_revision = "0008"
branch_labels = None
depends_on = None

TABLES = ("suppression", "published_count", "way_out")
NOTHING_SHOWN = '["opening", "entered", "born", "died", "moved_in", "moved_out", "closing"]'


def upgrade() -> None:
    op.add_column(
        "published_account",
        sa.Column("hidden", JSONB(), nullable=False, server_default=sa.text(f"'{NOTHING_SHOWN}'::jsonb")),
    )
    op.alter_column("published_account", "hidden", server_default=None)
    op.create_table(
        "suppression",
        version(),
        sa.Column("area", sa.BigInteger(), primary_key=True, autoincrement=False),
        text("population", key=True),
        text("indicator", key=True),
        text("dims", key=True),
        text("kind"),
        sa.CheckConstraint("kind IN ('primary', 'complementary')", name="suppression_kind"),
    )
    op.create_table(
        "published_count",
        version(),
        text("populations", key=True),
        sa.Column("counts", JSONB(), nullable=False),
        sa.Column("rests", JSONB(), nullable=False),
    )
    op.create_table(
        "way_out",
        version(),
        sa.Column("root", sa.Uuid(), primary_key=True),
        text("populations"),
        *[
            sa.Column(name, sa.Integer(), nullable=False)
            for name in ("first_month", "last_month", "ahead", "back")
        ],
        sa.Column("changes", JSONB(), nullable=False),
    )
    op.create_index("way_out_by_root", "way_out", ["populations", "root"])
    app_role = os.environ.get("RENKOU_APP_ROLE")
    if app_role:
        op.execute(f'GRANT SELECT, INSERT ON {", ".join(TABLES)} TO "{app_role}"')
        op.execute(f'REVOKE UPDATE, DELETE, TRUNCATE ON {", ".join(TABLES)} FROM "{app_role}"')


def version() -> sa.Column:
    return sa.Column("version_id", sa.Uuid(), sa.ForeignKey("published_version.id"), primary_key=True)


def text(name: str, *, key: bool = False) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=False, primary_key=key)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
