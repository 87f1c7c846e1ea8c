"""What every new row costs: scope read once for a statement, one look for all references, no index twice

The floor's check of new rows read the caller's scope out of its text for each of them, up to three times; it
reads it once for a statement now and lets the same rows through. ``USING``, which decides what is read, stays
as it is. A foreign key looks up and locks the person once for each row. Persons and households are never
deleted, which the app role cannot do any more, so nothing has to be locked: the floor of ``life_event`` has
always looked its person up, and a trigger looks up those of all memberships that a statement adds.
"""

import os

from alembic import op

revision = "0014"
down_revision = "0013"
branch_labels = None
depends_on = None

_HERE = "{0} <@ (SELECT renkou_scope())"
CHECKED = {
    "person": " OR ".join(map(_HERE.format, ("present_area", "registered_area", "left_area"))),
    "household": _HERE.format("area"),
    "household_member": _HERE.format("area"),
    "person_address": (
        _HERE.format("area")
        + " OR EXISTS (SELECT FROM person p WHERE p.id = person_address.person_id OFFSET 0)"
    ),
}
NEVER_DELETED = ("person", "household")
REFUSE_UNKNOWN = """
CREATE FUNCTION refuse_unknown_members() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    own text := coalesce(current_setting('renkou.areas', true), '');
    unknown boolean;
BEGIN
    PERFORM set_config('renkou.areas', '{(,)}', true);
    unknown := EXISTS (
        SELECT FROM added a WHERE NOT EXISTS (SELECT FROM person p WHERE p.id = a.person_id OFFSET 0)
        OR NOT EXISTS (SELECT FROM household h WHERE h.id = a.household_id OFFSET 0)
    );
    PERFORM set_config('renkou.areas', own, true);
    IF unknown THEN
        RAISE EXCEPTION 'a membership names a person or a household that is not in the register'
            USING ERRCODE = 'foreign_key_violation';
    END IF;
    RETURN NULL;
END $$
"""


def upgrade() -> None:
    for table, predicate in CHECKED.items():
        op.execute(f"ALTER POLICY area_floor ON {table} WITH CHECK ({predicate})")
    role = os.environ["RENKOU_APP_ROLE"]
    for table in NEVER_DELETED:
        op.execute(f'REVOKE DELETE, TRUNCATE ON TABLE {table} FROM "{role}"')
    op.execute(REFUSE_UNKNOWN)
    op.execute(
        "CREATE TRIGGER refuse_unknown AFTER INSERT ON household_member REFERENCING NEW TABLE AS added"
        " FOR EACH STATEMENT EXECUTE FUNCTION refuse_unknown_members()"
    )
    for table, column in (
        ("household_member", "person_id"),
        ("household_member", "household_id"),
        ("life_event", "person_id"),
    ):
        op.drop_constraint(f"{table}_{column}_fkey", table, type_="foreignkey")
    op.drop_constraint("life_event_position_key", "life_event", type_="unique")
    op.drop_index("person_name", "person")


def downgrade() -> None:
    raise NotImplementedError("migrations go forward only; restore a backup instead")
