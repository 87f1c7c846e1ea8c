"""Places, kin, households in full, other documents, details with their history"""

import os

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import postgresql

from renkou_common.migration import guard

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

TABLES = ("place", "record_change", "household_detail", "kin_link", "person_detail")
FLOOR = {
    "household_detail": "EXISTS (SELECT FROM household h WHERE h.id = household_detail.household_id)",
    "kin_link": "EXISTS (SELECT FROM person p WHERE p.id IN (kin_link.person_id, kin_link.kin_id))",
    "person_detail": "EXISTS (SELECT FROM person p WHERE p.id = person_detail.person_id)",
    "place": "renkou_in_scope(area)",
}
APPEND_ONLY = ("record_change", "person_detail", "household_detail")
ENDED_ONLY = {  # what may change in a row whose history must not be rewritten
    "household_member": "known_until,area",
    "kin_link": "known_until,ended_by,reason",
}
EVERYWHERE = "SET LOCAL renkou.areas = '{[0,999999999999]}'"
NOWHERE = "SET LOCAL renkou.areas = ''"
REFUSE_REWRITE = """
CREATE FUNCTION refuse_rewrite() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    free text[] := string_to_array(TG_ARGV[0], ',');
BEGIN
    IF TG_OP = 'UPDATE'
        AND (to_jsonb(NEW) - free) = (to_jsonb(OLD) - free)
        AND (OLD.known_until IS NULL OR NEW.known_until = OLD.known_until)
    THEN
        RETURN NEW;
    END IF;
    RAISE EXCEPTION '% keeps its history: what was known is ended, not rewritten', TG_TABLE_NAME;
END $$
"""


def upgrade() -> None:
    _places_and_changes()
    _households()
    _persons()
    _kin()
    _guard()


def _places_and_changes() -> None:
    op.create_table(
        "place",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("parent_id", sa.Uuid(), nullable=True),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("code", sa.Text(collation="C"), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=False),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.Column("version", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint("kind IN ('grid', 'courtyard', 'building', 'residents_group')", name="place_kind"),
        sa.CheckConstraint("parent_id <> id", name="place_parent"),
        sa.CheckConstraint("valid_to > valid_from", name="place_days"),
        sa.ForeignKeyConstraint(["parent_id"], ["place.id"]),
        sa.PrimaryKeyConstraint("id"),
        sa.UniqueConstraint("area", "code", name="place_area_code"),
    )
    op.create_index(
        "place_children", "place", ["parent_id"], postgresql_where=sa.text("parent_id IS NOT NULL")
    )
    op.create_table(
        "record_change",
        sa.Column("record_id", sa.Uuid(), nullable=False),
        sa.Column("version", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("fields", postgresql.ARRAY(sa.Text()), nullable=False),
        sa.PrimaryKeyConstraint("record_id", "version"),
    )


def _households() -> None:
    op.add_column("household", sa.Column("place_id", sa.Uuid(), nullable=True))
    op.add_column("household", sa.Column("dissolved_on", sa.Date(), nullable=True))
    op.create_foreign_key("household_place_id_fkey", "household", "place", ["place_id"], ["id"])
    op.create_table(
        "household_detail",
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("household_id", sa.Uuid(), nullable=False),
        sa.Column("number", sa.Text(collation="C"), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("area", sa.BigInteger(), nullable=False),
        sa.Column("street", sa.Text(), nullable=True),
        sa.Column("place_id", sa.Uuid(), nullable=True),
        sa.Column("dissolved", sa.Boolean(), nullable=False),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.ForeignKeyConstraint(["household_id"], ["household.id"]),
        sa.PrimaryKeyConstraint("position"),
    )
    op.create_index("household_detail_household", "household_detail", ["household_id", "position"])
    _members()


def _members() -> None:
    for column in (
        sa.Column("kind", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("cause", sa.Uuid(), nullable=True),
        sa.Column("known_from", sa.DateTime(timezone=True), nullable=True),
        sa.Column("known_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_by", sa.Uuid(), nullable=True),
    ):
        op.add_column("household_member", column)
    op.execute(EVERYWHERE)
    op.execute(
        "UPDATE household_member m SET known_from = h.recorded_at, recorded_by = h.recorded_by,"
        " kind = CASE WHEN p.registered_area = h.area AND m.until IS NULL AND NOT EXISTS"
        " (SELECT FROM household_member o WHERE o.person_id = m.person_id AND o.area = m.area"
        " AND o.until IS NULL AND o.id > m.id) THEN 'registered' ELSE 'living' END"
        " FROM household h, person p WHERE h.id = m.household_id AND p.id = m.person_id"
    )
    op.execute(NOWHERE)
    op.alter_column("household_member", "kind", nullable=False)
    op.alter_column("household_member", "known_from", nullable=False)
    for name, condition in (
        ("household_member_kind", "kind IN ('registered', 'living')"),
        ("household_member_days", "until >= since"),
        ("household_member_known", "known_until >= known_from"),
    ):
        op.create_check_constraint(name, "household_member", condition)
    op.drop_index("household_member_current", "household_member")
    op.create_index(
        "household_member_current",
        "household_member",
        ["household_id", "person_id"],
        unique=True,
        postgresql_where=sa.text("until IS NULL AND known_until IS NULL"),
    )
    op.create_index(
        "household_member_registered",
        "household_member",
        ["person_id"],
        unique=True,
        postgresql_where=sa.text("kind = 'registered' AND until IS NULL AND known_until IS NULL"),
    )
    op.create_index(
        "household_member_cause",
        "household_member",
        ["cause"],
        postgresql_where=sa.text("cause IS NOT NULL"),
    )
    op.create_index("household_member_household", "household_member", ["household_id", "known_from"])


def _persons() -> None:
    for column in (
        sa.Column("other_document_kind", sa.Text(), nullable=True),
        sa.Column("other_document_sealed", sa.LargeBinary(), nullable=True),
        sa.Column("other_document_index", sa.LargeBinary(), nullable=True),
        sa.Column("place_id", sa.Uuid(), nullable=True),
        sa.Column(
            "former_names",
            postgresql.ARRAY(sa.Text(collation="C")),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
    ):
        op.add_column("person", column)
    op.create_check_constraint(
        "person_other_document",
        "person",
        "(other_document_sealed IS NULL) = (other_document_index IS NULL)"
        " AND (other_document_sealed IS NULL) = (other_document_kind IS NULL)",
    )
    op.create_foreign_key("person_place_id_fkey", "person", "place", ["place_id"], ["id"])
    op.create_index(
        "person_other_document_index",
        "person",
        ["other_document_index"],
        unique=True,
        postgresql_where=sa.text("other_document_index IS NOT NULL"),
    )
    for name in ("place", "spouse"):
        columns = ["place_id", "id"] if name == "place" else ["spouse_id"]
        where = sa.text(f"{name}_id IS NOT NULL")
        op.create_index(f"person_{name}", "person", columns, postgresql_where=where)
    op.drop_index("person_separated", "person")
    for name, area, other in (
        ("person_separated", "registered_area", "present_area"),
        ("person_separated_present", "present_area", "registered_area"),
    ):
        op.create_index(
            name,
            "person",
            [area, "id"],
            postgresql_include=[other, "present_since", "alive", "withdrawn"],
            postgresql_where=sa.text("present_area <> registered_area"),
        )
    op.create_table(
        "person_detail",
        sa.Column("position", sa.BigInteger(), sa.Identity(always=True), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("field", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.Column("sealed", sa.LargeBinary(), nullable=True),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("correction", sa.Boolean(), nullable=False),
        sa.Column("recorded_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.CheckConstraint(
            "field IN ('name', 'nationality', 'phone', 'employer', 'registered_street', 'present_street',"
            " 'place_id', 'document_kind', 'resident_id', 'passport', 'birth_certificate')",
            name="person_detail_field",
        ),
        sa.CheckConstraint("value IS NULL OR sealed IS NULL", name="person_detail_value"),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("position"),
    )
    op.create_index("person_detail_person", "person_detail", ["person_id", "position"])


def _kin() -> None:
    op.create_table(
        "kin_link",
        sa.Column("id", sa.Uuid(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False),
        sa.Column("person_id", sa.Uuid(), nullable=False),
        sa.Column("kin_id", sa.Uuid(), nullable=False),
        sa.Column("counted", sa.Boolean(), nullable=False),
        sa.Column("known_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column("known_until", sa.DateTime(timezone=True), nullable=True),
        sa.Column("recorded_by", sa.Uuid(), nullable=False),
        sa.Column("ended_by", sa.Uuid(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.CheckConstraint("kind <> 'spouse' OR person_id < kin_id", name="kin_link_order"),
        sa.CheckConstraint("kind IN ('mother', 'father', 'spouse')", name="kin_link_kind"),
        sa.CheckConstraint("person_id <> kin_id", name="kin_link_two"),
        sa.ForeignKeyConstraint(["kin_id"], ["person.id"]),
        sa.ForeignKeyConstraint(["person_id"], ["person.id"]),
        sa.PrimaryKeyConstraint("id"),
    )
    op.create_index(
        "kin_link_open",
        "kin_link",
        ["person_id", "kind", "kin_id"],
        unique=True,
        postgresql_where=sa.text("known_until IS NULL"),
    )
    op.create_index("kin_link_kin", "kin_link", ["kin_id", "known_from"])
    op.create_index("kin_link_person", "kin_link", ["person_id", "known_from"])
    op.execute(EVERYWHERE)
    op.execute(
        "INSERT INTO kin_link (id, kind, person_id, kin_id, counted, known_from, recorded_by)"
        " SELECT DISTINCT ON (k.kind, k.a, k.b) gen_random_uuid(), k.kind, k.a, k.b,"
        " coalesce(p.registered_since = p.birth_date, false) AND k.kind <> 'spouse', p.recorded_at,"
        " p.recorded_by"
        " FROM person p CROSS JOIN LATERAL (VALUES ('mother', p.id, p.mother_id),"
        " ('father', p.id, p.father_id),"
        " ('spouse', least(p.id, p.spouse_id), greatest(p.id, p.spouse_id))) AS k (kind, a, b)"
        " WHERE k.b IS NOT NULL AND k.a <> k.b AND (k.kind <> 'spouse' OR p.spouse_id IS NOT NULL)"
        " AND NOT p.withdrawn ORDER BY k.kind, k.a, k.b"
    )
    op.execute(NOWHERE)


def _guard() -> None:
    """The row-level floor, append-only tables, histories that are only ended, and the app role's rights."""
    role = os.environ["RENKOU_APP_ROLE"]
    for statement in guard(role, TABLES, FLOOR, APPEND_ONLY):
        op.execute(statement)
    op.execute(REFUSE_REWRITE)
    for table, free in ENDED_ONLY.items():
        op.execute(
            f"CREATE TRIGGER ended_only BEFORE UPDATE OR DELETE ON {table}"
            f" FOR EACH ROW EXECUTE FUNCTION refuse_rewrite('{free}')"
        )
        op.execute(f'REVOKE DELETE, TRUNCATE ON {table} FROM "{role}"')


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
