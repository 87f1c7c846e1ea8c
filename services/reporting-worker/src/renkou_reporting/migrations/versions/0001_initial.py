"""The first schema: facts and cells with their shadows, returns, rebuilds, rights, and the inbox.

No table holds a person, so there is no row-level floor here; what the app role may do is as narrow as its
work: facts and entries can only be added, and only the two functions empty or swap the rebuild's tables.
"""

import os

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import JSONB

from renkou_common.migration import grants

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

SWAPPED = (
    ("TABLE", "fact", "fact_shadow"),
    ("INDEX", "fact_pkey", "fact_shadow_pkey"),
    ("TABLE", "cell", "cell_shadow"),
    ("INDEX", "cell_pkey", "cell_shadow_pkey"),
    ("INDEX", "cell_by_measure", "cell_shadow_by_measure"),
)
APPEND_ONLY = ("fact", "fact_shadow", "return_line", "return_entry", "rebuild_difference", "applied_event")


def upgrade() -> None:
    create_facts("")
    create_facts("_shadow")
    create_returns()
    create_rebuilds()
    create_rights()
    create_inbox()
    create_idempotency()
    create_functions()
    grant_rights()


def number(name: str, kind: type[sa.types.TypeEngine] = sa.Integer, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, kind(), autoincrement=False, nullable=nullable)


def text(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=nullable)


def instant(name: str, *, nullable: bool = False, default: str | None = None) -> sa.Column:
    server_default = sa.text(default) if default else None
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable, server_default=server_default)


def identifier(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Uuid(), nullable=nullable)


def create_facts(suffix: str) -> None:
    op.create_table(
        f"fact{suffix}",
        text("feed"),
        number("seq", sa.BigInteger),
        number("line_no"),
        identifier("event_id"),
        number("area", sa.BigInteger),
        sa.Column("happened_on", sa.Date(), nullable=False),
        number("month"),
        text("population"),
        text("measure"),
        number("sex", sa.SmallInteger),
        number("birth_month"),
        number("parity", sa.SmallInteger),
        number("value", sa.BigInteger),
        sa.PrimaryKeyConstraint("feed", "seq", "line_no", name=f"fact{suffix}_pkey"),
    )
    # Room on each page lets PostgreSQL update a sum in place, without touching the indexes.
    op.create_table(
        f"cell{suffix}",
        number("area", sa.BigInteger),
        number("month"),
        text("population"),
        text("measure"),
        number("sex", sa.SmallInteger),
        number("parity", sa.SmallInteger),
        number("birth_month"),
        number("value", sa.BigInteger),
        sa.PrimaryKeyConstraint(
            "area",
            "month",
            "population",
            "measure",
            "sex",
            "parity",
            "birth_month",
            name=f"cell{suffix}_pkey",
        ),
        postgresql_with={"fillfactor": "70"},
    )
    op.create_index(f"cell{suffix}_by_measure", f"cell{suffix}", ["population", "measure", "area", "month"])


def create_returns() -> None:
    op.create_table(
        "aggregate_return",
        sa.Column("id", sa.Uuid(), primary_key=True),
        text("title"),
        text("source"),
        number("area", sa.BigInteger),
        number("month"),
        number("line_count"),
        identifier("submitted_by"),
        instant("submitted_at"),
        identifier("withdrawn_by", nullable=True),
        instant("withdrawn_at", nullable=True),
        text("withdrawal_reason", nullable=True),
    )
    op.create_index("aggregate_return_by_area", "aggregate_return", ["area", "id"])
    op.create_table(
        "return_line",
        sa.Column("return_id", sa.Uuid(), sa.ForeignKey("aggregate_return.id"), nullable=False),
        number("line_no"),
        number("area", sa.BigInteger),
        sa.Column("happened_on", sa.Date(), nullable=False),
        text("population"),
        text("measure"),
        number("sex", sa.SmallInteger),
        number("birth_month"),
        number("parity", sa.SmallInteger),
        number("value", sa.BigInteger),
        sa.PrimaryKeyConstraint("return_id", "line_no"),
    )
    op.create_table(
        "return_entry",
        number("seq", sa.BigInteger),
        identifier("event_id"),
        sa.Column("return_id", sa.Uuid(), sa.ForeignKey("aggregate_return.id"), nullable=False),
        number("sign", sa.SmallInteger),
        instant("recorded_at", default="now()"),
        sa.CheckConstraint("sign IN (-1, 1)", name="return_entry_sign"),
        sa.PrimaryKeyConstraint("seq"),
    )


def create_rebuilds() -> None:
    op.create_table(
        "rebuild",
        sa.Column("id", sa.Uuid(), primary_key=True),
        text("state"),
        sa.Column("active", sa.Boolean(), nullable=False),
        identifier("requested_by"),
        instant("requested_at"),
        instant("finished_at", nullable=True),
        sa.Column("positions", JSONB(), nullable=False),
        sa.Column("targets", JSONB(), nullable=False),
        sa.Column("skipped", JSONB(), nullable=False),
        sa.Column("equal", sa.Boolean(), nullable=True),
        number("difference_count"),
        text("reason", nullable=True),
        sa.CheckConstraint("state IN ('queued', 'reading', 'done', 'failed')", name="rebuild_state"),
    )
    op.create_index(
        "rebuild_one_at_a_time", "rebuild", ["active"], unique=True, postgresql_where=sa.text("active")
    )
    op.create_table(
        "rebuild_difference",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("rebuild_id", sa.Uuid(), sa.ForeignKey("rebuild.id"), nullable=False, index=True),
        number("area", sa.BigInteger),
        number("month"),
        text("population"),
        text("measure"),
        number("sex", sa.SmallInteger),
        number("parity", sa.SmallInteger),
        number("birth_month"),
        number("live", sa.BigInteger, nullable=True),
        number("rebuilt", sa.BigInteger, nullable=True),
    )


def create_rights() -> None:
    op.create_table(
        "staff_assignment",
        identifier("staff_id"),
        text("role"),
        number("area", sa.BigInteger),
        number("area_high", sa.BigInteger),
        sa.PrimaryKeyConstraint("staff_id", "role", "area", "area_high"),
    )


def create_inbox() -> None:
    op.create_table(
        "feed_position",
        text("feed"),
        number("high_water", sa.BigInteger),
        instant("updated_at", default="now()"),
        sa.PrimaryKeyConstraint("feed"),
    )
    op.create_table(
        "applied_event",
        text("feed"),
        number("seq", sa.BigInteger),
        identifier("event_id"),
        sa.Column("content_hash", sa.LargeBinary(), nullable=False),
        sa.PrimaryKeyConstraint("feed", "seq"),
    )
    op.create_table(
        "held_event",
        text("feed"),
        number("seq", sa.BigInteger),
        identifier("event_id"),
        text("subject"),
        text("type"),
        text("body"),
        text("reason"),
        text("state"),
        instant("held_at", default="now()"),
        instant("resolved_at", nullable=True),
        sa.CheckConstraint("state IN ('failed', 'blocked')", name="held_event_state"),
        sa.PrimaryKeyConstraint("feed", "seq"),
    )
    op.create_index(
        "held_event_open", "held_event", ["feed", "subject"], postgresql_where=sa.text("resolved_at IS NULL")
    )
    op.create_table(
        "feed_incident",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        text("feed"),
        number("seq", sa.BigInteger),
        text("kind"),
        sa.Column("detail", JSONB(), nullable=False),
        instant("at", default="now()"),
    )


def create_idempotency() -> None:
    op.create_table(
        "idempotency_record",
        identifier("caller"),
        sa.Column("key", sa.String(200), nullable=False),
        sa.Column("request_hash", sa.LargeBinary(), nullable=False),
        identifier("resource_id", nullable=True),
        instant("created_at", default="now()"),
        sa.PrimaryKeyConstraint("caller", "key"),
    )
    op.create_index("ix_idempotency_record_created_at", "idempotency_record", ["created_at"])


def create_functions() -> None:
    """The two things only the owner can do; they run as the owner whoever calls them."""
    swaps = [
        f"ALTER {kind} {live} RENAME TO {live}_swapping; ALTER {kind} {shadow} RENAME TO {live};"
        f" ALTER {kind} {live}_swapping RENAME TO {shadow};"
        for kind, live, shadow in SWAPPED
    ]
    bodies = {
        "renkou_empty_shadow": "TRUNCATE fact_shadow, cell_shadow;",
        "renkou_swap_shadow": "\n".join(swaps),
    }
    for name, body in bodies.items():
        op.execute(
            f"CREATE FUNCTION {name}() RETURNS void LANGUAGE plpgsql SECURITY DEFINER"
            f" SET search_path = public, pg_temp AS $body$ BEGIN {body} END $body$"
        )
        op.execute(f"REVOKE ALL ON FUNCTION {name}() FROM PUBLIC")


def grant_rights() -> None:
    app_role = os.environ.get("RENKOU_APP_ROLE")
    if not app_role:
        return
    for statement in grants(app_role, append_only=APPEND_ONLY):
        op.execute(statement)
    op.execute(f'REVOKE DELETE, TRUNCATE ON cell, cell_shadow FROM "{app_role}"')
    for name in ("renkou_empty_shadow", "renkou_swap_shadow"):
        op.execute(f'GRANT EXECUTE ON FUNCTION {name}() TO "{app_role}"')
