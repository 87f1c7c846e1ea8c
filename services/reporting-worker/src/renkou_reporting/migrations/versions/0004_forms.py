"""Forms as data, returns that are filled in, checked and signed, and the calendar of working days.

Returns handed in before become returns of the generic form: their counts stay in the figures as they are, with the
lines that they had as their only revision.
"""

import os

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

revision = "0004"
down_revision = "0003"
branch_labels = None
depends_on = None

APPEND_ONLY = ("return_revision", "return_step")
PLACE = ["form", "period", "area", "reporter", "occurrence"]
# A 12-digit key as the shortest code that means it, and a day as JSON has it.
AREA = """CASE WHEN area % 10000000000 = 0 THEN left(lpad(area::text, 12, '0'), 2)
    WHEN area % 100000000 = 0 THEN left(lpad(area::text, 12, '0'), 4)
    WHEN area % 1000000 = 0 THEN left(lpad(area::text, 12, '0'), 6)
    WHEN area % 1000 = 0 THEN left(lpad(area::text, 12, '0'), 9)
    ELSE lpad(area::text, 12, '0') END"""


def upgrade() -> None:
    create_forms()
    create_history()
    change_returns()
    take_over()
    constrain_returns()
    grant_rights()


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")


def instant(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def text(name: str, *, nullable: bool = False) -> sa.Column:
    return sa.Column(name, sa.Text(), nullable=nullable)


def create_forms() -> None:
    op.create_table(
        "form_version",
        text("code"),
        sa.Column("version", sa.Integer(), autoincrement=False, nullable=False),
        text("state"),
        sa.Column("definition", JSONB(), nullable=False),
        text("edition", nullable=True),
        text("reason"),
        sa.Column("made_by", sa.Uuid(), nullable=True),
        instant("made_at"),
        sa.Column("activated_by", sa.Uuid(), nullable=True),
        instant("activated_at", nullable=True),
        sa.CheckConstraint("state IN ('draft', 'active')", name="form_version_state"),
        sa.PrimaryKeyConstraint("code", "version"),
    )
    op.create_index("form_version_edition", "form_version", ["code", "edition"], unique=True)
    op.create_table(
        "form_reporter",
        text("code"),
        sa.Column("area", sa.BigInteger(), nullable=False),
        text("zh"),
        text("en"),
        sa.Column("forms", ARRAY(sa.Text()), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("entered_by", sa.Uuid(), nullable=False),
        instant("entered_at"),
        sa.PrimaryKeyConstraint("code"),
    )
    op.create_index("form_reporter_by_area", "form_reporter", ["area", "code"])
    op.create_table(
        "calendar_day",
        sa.Column("day", sa.Date(), primary_key=True),
        sa.Column("working", sa.Boolean(), nullable=False),
    )


def create_history() -> None:
    op.create_table(
        "return_revision",
        sa.Column("return_id", sa.Uuid(), sa.ForeignKey("aggregate_return.id"), nullable=False),
        sa.Column("revision", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("content", JSONB(), nullable=False),
        text("way"),
        sa.Column("saved_by", sa.Uuid(), nullable=False),
        instant("saved_at"),
        sa.PrimaryKeyConstraint("return_id", "revision"),
    )
    op.create_table(
        "return_step",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=True), primary_key=True),
        sa.Column("return_id", sa.Uuid(), sa.ForeignKey("aggregate_return.id"), nullable=False),
        text("step"),
        sa.Column("revision", sa.Integer(), nullable=False),
        sa.Column("by", sa.Uuid(), nullable=False),
        instant("at"),
        text("reason"),
    )
    op.create_index("return_step_of", "return_step", ["return_id", "id"])


def change_returns() -> None:
    table = "aggregate_return"
    op.add_column("return_line", sa.Column("detail", sa.Text(), nullable=False, server_default=""))
    op.alter_column("return_line", "detail", server_default=None)
    op.alter_column(table, "submitted_by", new_column_name="begun_by")
    op.alter_column(table, "submitted_at", new_column_name="begun_at")
    op.alter_column(table, "month", new_column_name="first_month")
    op.drop_column(table, "line_count")
    for name in ("form", "reporter", "occurrence", "period", "state"):
        op.add_column(table, text(name, nullable=True))
    for name in ("form_version", "last_month", "version", "revision"):
        op.add_column(table, sa.Column(name, sa.Integer(), nullable=True))
    op.add_column(
        table, sa.Column("replaces", sa.Uuid(), sa.ForeignKey("aggregate_return.id"), nullable=True)
    )
    op.add_column(table, instant("handed_in_at", nullable=True))
    for name in ("filled", "checked", "signed"):
        op.add_column(table, sa.Column(f"{name}_by", sa.Uuid(), nullable=True))
        op.add_column(table, instant(f"{name}_at", nullable=True))


def take_over() -> None:
    op.execute(
        "UPDATE aggregate_return SET form = 'counts', form_version = 1, reporter = '', occurrence = id::text,"
        " period = (first_month / 100)::text || '-' || lpad((first_month % 100)::text, 2, '0'),"
        " last_month = first_month, version = 1, revision = 1,"
        " state = CASE WHEN withdrawn_at IS NULL THEN 'signed' ELSE 'withdrawn' END,"
        " handed_in_at = begun_at, filled_by = begun_by, filled_at = begun_at"
    )
    op.execute(
        "INSERT INTO return_revision (return_id, revision, content, way, saved_by, saved_at)"  # noqa: S608
        " SELECT r.id, 1, jsonb_build_object('cells', '{}'::jsonb, 'explanations', '{}'::jsonb, 'lines',"
        f" (SELECT coalesce(jsonb_agg(jsonb_build_object('area', {AREA}, 'on', happened_on,"
        " 'population', population, 'measure', measure, 'sex', sex, 'birth_month',"
        " CASE WHEN birth_month > 0 THEN"
        " (birth_month / 100)::text || '-' || lpad((birth_month % 100)::text, 2, '0') END,"
        " 'parity', parity, 'detail', detail, 'value', value) ORDER BY line_no), '[]'::jsonb)"
        " FROM return_line l WHERE l.return_id = r.id)), 'json', r.begun_by, r.begun_at"
        " FROM aggregate_return r"
    )
    for step, by, at, reason in (
        ("begun", "begun_by", "begun_at", "''"),
        ("signed", "begun_by", "begun_at", "''"),
        ("withdrawn", "withdrawn_by", "withdrawn_at", "withdrawal_reason"),
    ):
        op.execute(
            "INSERT INTO return_step (return_id, step, revision, by, at, reason)"  # noqa: S608
            f" SELECT id, '{step}', 1, {by}, {at}, {reason} FROM aggregate_return WHERE {at} IS NOT NULL"
        )


def constrain_returns() -> None:
    table = "aggregate_return"
    for name in ("form", "reporter", "occurrence", "period", "state"):
        op.alter_column(table, name, nullable=False)
    for name in ("form_version", "last_month", "version", "revision"):
        op.alter_column(table, name, nullable=False)
    op.create_check_constraint(
        "aggregate_return_state",
        table,
        "state IN ('draft', 'filled', 'checked', 'signed', 'withdrawn', 'corrected')",
    )
    op.create_index("aggregate_return_by_period", table, ["form", "first_month", "area"])
    op.create_index(
        "aggregate_return_one_open",
        table,
        PLACE,
        unique=True,
        postgresql_where=sa.text("state IN ('draft', 'filled', 'checked')"),
    )
    op.create_index(
        "aggregate_return_one_signed",
        table,
        PLACE,
        unique=True,
        postgresql_where=sa.text("state = 'signed'"),
    )


def grant_rights() -> None:
    app_role = os.environ.get("RENKOU_APP_ROLE")
    if not app_role:
        return
    op.execute(f'GRANT SELECT, INSERT, UPDATE ON form_version, form_reporter TO "{app_role}"')
    op.execute(f'GRANT SELECT, INSERT, DELETE ON calendar_day TO "{app_role}"')
    for table in APPEND_ONLY:
        op.execute(f'GRANT SELECT, INSERT ON {table} TO "{app_role}"')
    op.execute(f'GRANT USAGE, SELECT ON ALL SEQUENCES IN SCHEMA public TO "{app_role}"')
    op.execute(f'REVOKE DELETE ON aggregate_return FROM "{app_role}"')
