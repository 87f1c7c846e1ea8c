"""Closings, and the versions that they publish; what is signed is only ever added to."""

import os

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

ADDED = (
    "frozen_figures",
    "closing_step",
    "published_version",
    "published_cell",
    "published_account",
    "published_difference",
    "district_version",
    "district_figure",
    "district_account",
)


def upgrade() -> None:
    create_closings()
    create_versions()
    create_figures()
    create_province()
    grant_rights()


def text(name: str, *, nullable: bool = False, key: bool = False) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=nullable, primary_key=key)


def number(name: str, kind: type[sa.types.TypeEngine] = sa.Integer, *, key: bool = False) -> sa.Column:
    return sa.Column(name, kind(), nullable=False, primary_key=key, autoincrement=False)


def identifier(name: str, *foreign: sa.ForeignKey, nullable: bool = False, key: bool = False) -> sa.Column:
    return sa.Column(name, sa.Uuid(), *foreign, nullable=nullable, primary_key=key)


def instant(name: str) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=False)


def content(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, JSONB(), nullable=nullable)


def create_closings() -> None:
    op.create_table(
        "closing",
        identifier("id", key=True),
        number("area", sa.BigInteger),
        text("period"),
        number("first_month"),
        number("last_month"),
        text("state"),
        number("version"),
        identifier("frozen_id", nullable=True),
        identifier("opened_by"),
        instant("opened_at"),
        sa.CheckConstraint("state IN ('open', 'signed', 'published', 'reopened')", name="closing_state"),
        sa.CheckConstraint("(state = 'signed') = (frozen_id IS NOT NULL)", name="closing_frozen"),
        sa.UniqueConstraint("area", "period", name="closing_once"),
    )
    op.create_table(
        "frozen_figures",
        identifier("id", key=True),
        identifier("closing_id", sa.ForeignKey("closing.id")),
        identifier("signed_by"),
        instant("signed_at"),
        text("reason"),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
    )
    op.create_index("ix_frozen_figures_closing_id", "frozen_figures", ["closing_id"])
    op.create_table(
        "closing_step",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        identifier("closing_id", sa.ForeignKey("closing.id")),
        text("kind"),
        identifier("by"),
        instant("at"),
        text("reason"),
        content("detail"),
        sa.CheckConstraint(
            "kind IN ('opened', 'signed', 'published', 'withdrawn', 'reopened')", name="closing_step_kind"
        ),
    )
    op.create_index("ix_closing_step_closing_id", "closing_step", ["closing_id"])


def create_versions() -> None:
    op.create_table(
        "published_version",
        identifier("id", key=True),
        sa.Column("number", sa.BigInteger(), nullable=False, unique=True),
        identifier("closing_id", sa.ForeignKey("closing.id")),
        sa.Column("frozen_id", sa.Uuid(), sa.ForeignKey("frozen_figures.id"), nullable=False, unique=True),
        number("area", sa.BigInteger),
        text("period"),
        number("first_month"),
        number("last_month"),
        number("version"),
        identifier("first_signed_by"),
        instant("first_signed_at"),
        identifier("second_signed_by"),
        instant("second_signed_at"),
        text("reason"),
        content("positions"),
        content("definitions"),
        sa.Column("payload_hash", sa.LargeBinary(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        text("protected"),
        text("signature"),
        sa.CheckConstraint("first_signed_by <> second_signed_by", name="published_version_two"),
        sa.UniqueConstraint("area", "period", "version", name="published_version_once"),
    )
    op.create_index(
        "published_version_by_months", "published_version", ["first_month", "last_month", "area", "version"]
    )


def figure_columns() -> list[sa.Column]:
    return [
        identifier("version_id", sa.ForeignKey("published_version.id"), key=True),
        number("area", sa.BigInteger, key=True),
        text("population", key=True),
        text("indicator", key=True),
        text("dims", key=True),
    ]


def create_figures() -> None:
    op.create_table(
        "published_cell",
        *figure_columns(),
        text("numerator"),
        text("denominator"),
        text("value", nullable=True),
        text("reason", nullable=True),
        sa.Column("hidden", sa.Boolean(), nullable=False),
    )
    op.create_index("published_cell_by_figure", "published_cell", ["indicator", "population", "dims", "area"])
    op.create_table("published_account", *figure_columns()[:3], content("parts"))
    op.create_table(
        "published_difference",
        *figure_columns(),
        content("before", nullable=True),
        content("after", nullable=True),
        sa.Column("definition_changed", sa.Boolean(), nullable=False),
        content("events"),
        sa.Column("hidden", sa.Boolean(), nullable=False),
    )


def create_province() -> None:
    op.create_table(
        "district_source",
        text("district", key=True),
        number("position", sa.BigInteger),
        sa.Column("cursor", sa.LargeBinary(), nullable=False),
        instant("asked_at"),
        text("problem", nullable=True),
    )
    version = ["district", "period", "version"]
    op.create_table(
        "district_version",
        text("district", key=True),
        text("period", key=True),
        number("version", key=True),
        number("number", sa.BigInteger),
        content("definitions"),
        sa.Column("payload_hash", sa.LargeBinary(), nullable=False),
        sa.Column("payload", sa.LargeBinary(), nullable=False),
        text("protected"),
        text("signature"),
        instant("pulled_at"),
    )
    op.create_table(
        "district_figure",
        text("district", key=True),
        text("period", key=True),
        number("version", key=True),
        text("population", key=True),
        text("indicator", key=True),
        text("dims", key=True),
        text("numerator", nullable=True),
        text("denominator", nullable=True),
        text("value", nullable=True),
        text("reason", nullable=True),
        sa.ForeignKeyConstraint(version, [f"district_version.{name}" for name in version]),
    )
    op.create_table(
        "district_account",
        text("district", key=True),
        text("period", key=True),
        number("version", key=True),
        text("population", key=True),
        content("parts"),
        sa.ForeignKeyConstraint(version, [f"district_version.{name}" for name in version]),
    )


def grant_rights() -> None:
    app_role = os.environ.get("RENKOU_APP_ROLE")
    if not app_role:
        return
    op.execute(f'GRANT SELECT, INSERT ON closing, {", ".join(ADDED)} TO "{app_role}"')
    op.execute(f'GRANT SELECT, INSERT, UPDATE ON district_source TO "{app_role}"')
    op.execute(f'GRANT UPDATE (state, version, frozen_id) ON closing TO "{app_role}"')
    op.execute(f'REVOKE UPDATE, DELETE, TRUNCATE ON {", ".join(ADDED)} FROM "{app_role}"')


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
