"""Services by state, pre-pregnancy checks, childbirth registrations, honour certificates"""

import os

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from renkou_common.migration import guard

revision = "0006"
down_revision = "0005"
branch_labels = None
depends_on = None

TABLES = (
    "service_change",
    "prepregnancy_check",
    "prepregnancy_consent",
    "prepregnancy_step",
    "childbirth_registration",
    "childbirth_birth",
    "honour_certificate",
)
FLOOR = {
    "service_change": "EXISTS (SELECT FROM service_given s WHERE s.id = service_change.service_id)",
    "prepregnancy_check": "renkou_in_scope(area)",
    "prepregnancy_consent": (
        "EXISTS (SELECT FROM prepregnancy_check c WHERE c.id = prepregnancy_consent.check_id)"
    ),
    "prepregnancy_step": "EXISTS (SELECT FROM prepregnancy_check c WHERE c.id = prepregnancy_step.check_id)",
    "childbirth_registration": "EXISTS (SELECT FROM person p WHERE p.id = childbirth_registration.person_id)",
    "childbirth_birth": (
        "EXISTS (SELECT FROM childbirth_registration r WHERE r.id = childbirth_birth.registration_id)"
    ),
    "honour_certificate": (
        "EXISTS (SELECT FROM person p WHERE p.id = honour_certificate.first_holder_id)"
        " OR EXISTS (SELECT FROM person p WHERE p.id = honour_certificate.second_holder_id)"
    ),
}
APPEND_ONLY = ("service_change",)


def upgrade() -> None:
    op.create_table(
        "childbirth_registration",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("partner_id", sa.Uuid(), nullable=True),
        sa.Column("partner_name", sa.Text(), nullable=True),
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("child_ordinal", sa.SmallInteger(), nullable=True),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("registered_on", sa.Date(), nullable=False),
        sa.Column("withdrawn_on", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("changed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("address IN ('registered', 'present')", name="childbirth_address"),
        sa.CheckConstraint("state IN ('recorded', 'linked', 'withdrawn')", name="childbirth_state"),
        sa.CheckConstraint("person_id <> partner_id", name="childbirth_partner"),
        sa.ForeignKeyConstraint(
            ["partner_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number"),
    )
    op.create_index(
        "childbirth_listed", "childbirth_registration", ["area", "registered_on", "id"], unique=False
    )
    op.create_index(
        "childbirth_person", "childbirth_registration", ["person_id", "registered_on", "id"], unique=False
    )
    op.create_table(
        "honour_certificate",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(), nullable=False),
        sa.Column("first_holder_id", sa.Uuid(), nullable=False),
        sa.Column("second_holder_id", sa.Uuid(), nullable=True),
        sa.Column("child_id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("issued_on", sa.Date(), nullable=False),
        sa.Column("replaces", sa.Uuid(), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("cancel_reason", sa.Text(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("(state = 'valid') = (ended_on IS NULL)", name="honour_end"),
        sa.CheckConstraint("kind IN ('existing', 'issued', 'replacement')", name="honour_kind"),
        sa.CheckConstraint("state IN ('valid', 'replaced', 'cancelled')", name="honour_state"),
        sa.CheckConstraint("first_holder_id <> second_holder_id", name="honour_couple"),
        sa.ForeignKeyConstraint(
            ["child_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["first_holder_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["replaces"],
            ["honour_certificate.id"],
        ),
        sa.ForeignKeyConstraint(
            ["second_holder_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("number"),
    )
    op.create_index(
        "honour_child",
        "honour_certificate",
        ["child_id"],
        unique=True,
        postgresql_where=sa.text("state = 'valid'"),
    )
    op.create_index("honour_first_holder", "honour_certificate", ["first_holder_id"], unique=False)
    op.create_index("honour_listed", "honour_certificate", ["area", "issued_on", "id"], unique=False)
    op.create_index("honour_second_holder", "honour_certificate", ["second_holder_id"], unique=False)
    op.create_table(
        "prepregnancy_check",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("first_person_id", sa.Uuid(), nullable=False),
        sa.Column("second_person_id", sa.Uuid(), nullable=True),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("population", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("registered_on", sa.Date(), nullable=False),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "state IN ('declined', 'registered', 'history', 'laboratory', 'imaging', 'assessed', 'informed', 'early_follow_up', 'outcome_follow_up', 'closed', 'withdrawn')",  # noqa: E501
            name="prepregnancy_check_state",
        ),
        sa.CheckConstraint("first_person_id <> second_person_id", name="prepregnancy_check_couple"),
        sa.ForeignKeyConstraint(
            ["first_person_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["second_person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("prepregnancy_check_first", "prepregnancy_check", ["first_person_id"], unique=False)
    op.create_index(
        "prepregnancy_check_listed", "prepregnancy_check", ["area", "registered_on", "id"], unique=False
    )
    op.create_index("prepregnancy_check_second", "prepregnancy_check", ["second_person_id"], unique=False)
    op.create_table(
        "childbirth_birth",
        sa.Column("child_id", sa.Uuid(), nullable=False),
        sa.Column("registration_id", sa.Uuid(), nullable=False),
        sa.Column("born_on", sa.Date(), nullable=False),
        sa.Column("linked_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("linked_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["child_id"],
            ["person.id"],
        ),
        sa.ForeignKeyConstraint(
            ["registration_id"],
            ["childbirth_registration.id"],
        ),
        sa.PrimaryKeyConstraint("child_id"),
    )
    op.create_index("childbirth_birth_registration", "childbirth_birth", ["registration_id"], unique=False)
    op.create_table(
        "prepregnancy_consent",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("check_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("given_on", sa.Date(), nullable=False),
        sa.Column("given_how", sa.Text(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["check_id"],
            ["prepregnancy_check.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("check_id", "person_id", name="prepregnancy_consent_once"),
    )
    op.create_table(
        "prepregnancy_step",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("check_id", sa.Uuid(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("step", sa.Text(), nullable=False),
        sa.Column("revision", sa.SmallInteger(), nullable=False),
        sa.Column("done_on", sa.Date(), nullable=False),
        sa.Column("form_version", sa.Text(), nullable=False),
        sa.Column("values_sealed", sa.LargeBinary(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["check_id"],
            ["prepregnancy_check.id"],
        ),
        sa.ForeignKeyConstraint(
            ["person_id"],
            ["person.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("check_id", "step", "person_id", "revision", name="prepregnancy_step_once"),
    )
    op.create_table(
        "service_change",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("service_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("before", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("after", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(
            ["service_id"],
            ["service_given.id"],
        ),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("service_change_service", "service_change", ["service_id", "version"], unique=False)
    op.add_column("service_given", sa.Column("state", sa.Text(), server_default="given", nullable=False))
    op.add_column("service_given", sa.Column("version", sa.BigInteger(), server_default="1", nullable=False))
    op.add_column("service_given", sa.Column("offered_on", sa.Date(), nullable=True))
    op.add_column("service_given", sa.Column("booked_for", sa.Date(), nullable=True))
    op.add_column("service_given", sa.Column("booked_by", sa.Text(), nullable=True))
    op.add_column("service_given", sa.Column("cancelled_because", sa.Text(), nullable=True))
    op.add_column("service_given", sa.Column("population", sa.Text(), nullable=True))
    op.add_column("service_given", sa.Column("sex", sa.SmallInteger(), nullable=True))
    op.add_column("service_given", sa.Column("result_sealed", sa.LargeBinary(), nullable=True))
    op.add_column(
        "service_given",
        sa.Column(
            "listed_on",
            sa.Date(),
            sa.Computed("coalesce(given_on, booked_for, offered_on)", persisted=True),
            nullable=False,
        ),
    )
    op.alter_column("service_given", "given_on", existing_type=sa.DATE(), nullable=True)
    op.create_index("service_given_listed", "service_given", ["area", "listed_on", "id"], unique=False)
    op.create_index(
        "service_given_open",
        "service_given",
        ["area", "listed_on", "id"],
        unique=False,
        postgresql_where=sa.text("state IN ('offered', 'accepted')"),
    )

    _check_services()
    op.execute("CREATE SEQUENCE childbirth_number")
    op.execute("CREATE SEQUENCE honour_number")
    for statement in guard(os.environ["RENKOU_APP_ROLE"], TABLES, FLOOR, APPEND_ONLY):
        op.execute(statement)


def _check_services() -> None:
    op.create_check_constraint(
        "service_given_state",
        "service_given",
        "state IN ('offered', 'accepted', 'declined', 'given', 'cancelled')",
    )
    op.create_check_constraint(
        "service_given_day", "service_given", "state <> 'given' OR given_on IS NOT NULL"
    )
    op.create_check_constraint(
        "service_given_cancelled",
        "service_given",
        "(state = 'cancelled') = (cancelled_because IS NOT NULL)",
    )


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
