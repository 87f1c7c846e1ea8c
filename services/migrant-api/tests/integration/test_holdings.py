"""Every table and field that tells of people has a purpose that the register's catalogue knows."""

from renkou_common.contracts.registry_privacy import FIRST_NOTICE_PURPOSES
from renkou_migrant.audit.captured import CAPTURED, HELD_FOR, NOT_CAPTURED
from renkou_migrant.purposes.holdings import HELD, NO_PERSON

from ..support import Node

OF_THE_REGISTER = {
    *("certificate", "register_quality", "statistics"),
    *("own_consents", "staff_accounts", "audit"),
}
NAMES = ("person", "holder_key", "birth", "sex", "staff_id")
COLUMNS = """
SELECT table_name::text AS name, array_agg(column_name::text) AS columns FROM information_schema.columns
WHERE table_schema = 'public' AND table_name <> 'alembic_version' GROUP BY 1
"""


async def test_every_field_has_a_purpose_or_its_table_tells_of_no_person(node: Node) -> None:
    schema = {row["name"]: row["columns"] for row in await node.rows(COLUMNS)}
    assert schema.keys() == HELD.keys() | NO_PERSON.keys()
    assert not HELD.keys() & NO_PERSON.keys()
    for table, held in HELD.items():
        assert sorted(held.fields) == sorted(schema[table]), table
    for table in NO_PERSON:
        assert not [name for name in schema[table] if any(word in name for word in NAMES)], table


def test_what_is_under_the_floor_tells_of_people_and_purposes_are_those_of_the_catalogue() -> None:
    assert CAPTURED.keys() | NOT_CAPTURED.keys() <= HELD.keys()
    assert {table: held.purpose for table, held in HELD.items() if table in CAPTURED} == HELD_FOR
    assert {held.purpose for held in HELD.values()} <= OF_THE_REGISTER | FIRST_NOTICE_PURPOSES.keys()
