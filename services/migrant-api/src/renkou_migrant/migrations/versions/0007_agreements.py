"""Agreements signed by both districts, partners' descriptions and checks

Agreements that were recorded before bear no signature. They are kept as ended, so that messages sent under
them still name them; the districts sign new ones.

Revision: 0007, after 0003
"""

import os

import sqlalchemy as sa
from alembic import op

from renkou_common.migration import guard

revision = "0007"
down_revision = "0006"
branch_labels = None
depends_on = None

TABLES = ("agreement", "agreement_event", "partner_check", "partner_description")
APPEND_ONLY = ("agreement_event", "partner_check", "partner_description")

_KEEP_OLD = """
INSERT INTO agreement (id, partner, lineage, text, state, proposed_here, drafted_by, ended_on, recorded_at)
SELECT o.id, o.partner, o.id, jsonb_build_object(
        'type', 'renkou-agreement', 'parties', jsonb_build_array('{district}', o.partner), 'version', 1,
        'lineage', NULL, 'replaces', NULL, 'drafted_at', to_char(o.recorded_at, 'YYYY-MM-DD"T"HH24:MI:SSOF:00'),
        'valid_from', o.valid_from, 'valid_to', o.valid_to, 'legal_basis', o.legal_basis,
        'grants', '[]'::jsonb)::text,
    'ended', true, o.recorded_by, least(coalesce(o.ended_on, current_date), current_date), o.recorded_at
FROM agreement_unsigned o
"""
_SAY_WHY = """
INSERT INTO agreement_event (id, agreement_id, what, at, reason)
SELECT gen_random_uuid(), id, 'ended', now(), 'recorded without signatures; has to be signed anew' FROM agreement
"""

_REFUSE = """
CREATE OR REPLACE FUNCTION refuse_change() RETURNS trigger LANGUAGE plpgsql AS
$$ BEGIN RAISE EXCEPTION '% is append-only', tg_table_name; END $$
"""


def _moment(name: str, *, nullable: bool = True) -> sa.Column[object]:
    return sa.Column(name, sa.DateTime(timezone=True), nullable=nullable)


def _position() -> sa.Column[object]:
    return sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False)


def _create_agreements() -> None:
    op.create_table(
        "agreement",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("partner", sa.Text(), nullable=False),
        sa.Column("lineage", sa.Uuid(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("state", sa.Text(), nullable=False),
        sa.Column("proposed_here", sa.Boolean(), nullable=False),
        sa.Column("own_signature", sa.Text(), nullable=True),
        sa.Column("partner_signature", sa.Text(), nullable=True),
        sa.Column("drafted_by", sa.Uuid(), nullable=False),
        sa.Column("signed_by", sa.Uuid(), nullable=True),
        _moment("suspended_here_at"),
        _moment("suspended_there_at"),
        _moment("heard_at"),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("replaced_from", sa.Date(), nullable=True),
        _moment("recorded_at", nullable=False),
        sa.Column("revision", sa.Integer(), server_default="1", nullable=False),
        sa.CheckConstraint(
            "state IN ('drafted', 'proposed', 'signed', 'in_force', 'ended')", name="agreement_state"
        ),
        sa.CheckConstraint(
            "state NOT IN ('signed', 'in_force')"
            " OR (own_signature IS NOT NULL AND partner_signature IS NOT NULL)",
            name="agreement_both_signed",
        ),
        sa.CheckConstraint("state <> 'ended' OR ended_on IS NOT NULL", name="agreement_end"),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index("agreement_partner", "agreement", ["partner"])
    op.create_index("agreement_lineage", "agreement", ["lineage"])
    op.create_table(
        "agreement_event",
        sa.Column("id", sa.Uuid(), nullable=False),
        _position(),
        sa.Column("agreement_id", sa.Uuid(), nullable=False),
        sa.Column("what", sa.Text(), nullable=False),
        _moment("at", nullable=False),
        sa.Column("by", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("document", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["agreement_id"], ["agreement.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("position"),
    )
    op.create_index("agreement_event_agreement", "agreement_event", ["agreement_id", "position"])


def _create_partners() -> None:
    op.create_table(
        "partner_description",
        sa.Column("id", sa.Uuid(), nullable=False),
        _position(),
        sa.Column("partner", sa.Text(), nullable=False),
        _moment("issued_at", nullable=False),
        sa.Column("token", sa.Text(), nullable=False),
        sa.Column("trusted_by", sa.Text(), nullable=False),
        _moment("accepted_at", nullable=False),
        sa.Column("accepted_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "trusted_by IN ('trust_list', 'fingerprint', 'description')",
            name="partner_description_trusted_by",
        ),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("position"),
    )
    op.create_index(
        "partner_description_newest", "partner_description", ["partner", "issued_at"], unique=True
    )
    op.create_table(
        "partner_check",
        sa.Column("id", sa.Uuid(), nullable=False),
        _position(),
        sa.Column("partner", sa.Text(), nullable=False),
        _moment("started_at", nullable=False),
        sa.Column("started_by", sa.Uuid(), nullable=False),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("position"),
    )
    op.create_index("partner_check_partner", "partner_check", ["partner", "position"])


def upgrade() -> None:
    op.execute("ALTER TABLE agreement RENAME TO agreement_unsigned")
    op.execute("ALTER INDEX agreement_pkey RENAME TO agreement_unsigned_pkey")
    op.drop_index("agreement_partner", "agreement_unsigned")
    _create_agreements()
    _create_partners()
    op.execute(_KEEP_OLD.replace("{district}", f"{int(os.environ['RENKOU_DISTRICT']):06d}"))
    op.execute(_SAY_WHY)
    op.drop_table("agreement_kind")
    op.drop_table("agreement_unsigned")
    op.create_index("arrival_holder", "arrival", ["person_id"])
    op.execute(_REFUSE)
    for statement in guard(os.environ["RENKOU_APP_ROLE"], TABLES, {}, APPEND_ONLY):
        op.execute(statement)


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
