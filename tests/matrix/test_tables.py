"""The floor as the database has it: read from the migrated catalogue, so that no table is forgotten."""

import asyncpg
import pytest

from renkou_local.databases import SERVICES

from .node import Node
from .unfloored import DEFINERS, POINTERS, WITHOUT

RELATIONS = """
SELECT c.relname AS name, c.relkind::text AS kind, c.relrowsecurity AS enabled, c.relforcerowsecurity AS forced,
    c.relowner::regrole::text AS owner, c.reloptions AS options,
    ARRAY(SELECT privilege_type FROM aclexplode(c.relacl) WHERE grantee = $1::regrole ORDER BY 1) AS rights,
    EXISTS (SELECT FROM aclexplode(c.relacl) WHERE grantee = 0) AS everybody,
    ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 AND NOT attisdropped) AS columns
FROM pg_class c WHERE c.relnamespace = 'public'::regnamespace AND c.relkind IN ('r', 'p', 'v', 'm', 'f') ORDER BY 1
"""
POLICIES = """
SELECT polrelid::regclass::text AS name, polcmd::text AS command, polpermissive AS permissive, polroles AS roles,
    pg_get_expr(polqual, polrelid) AS seen, pg_get_expr(polwithcheck, polrelid) AS written FROM pg_policy
"""
REFERENCES = """
SELECT conrelid::regclass::text AS name, confrelid::regclass::text AS target FROM pg_constraint WHERE contype = 'f'
"""
FUNCTIONS = """
SELECT proname AS name, prosecdef AS definer, proleakproof AS leakproof, proconfig AS settings,
    has_function_privilege($1, oid, 'EXECUTE') AS callable,
    EXISTS (SELECT FROM aclexplode(proacl) WHERE grantee = 0) AS everybody
FROM pg_proc WHERE pronamespace = 'public'::regnamespace
"""
WRITTEN_BY_ANYBODY = {"duplicate_todo", "message_log_text"}
"""Policies let a row in whose person left the caller's area with it; nobody reads or changes it by that."""
ROWS = {"SELECT", "INSERT", "UPDATE", "DELETE", "MAINTAIN"}

pytestmark = pytest.mark.parametrize("service", SERVICES)


async def rows(node: Node, service: str, query: str, *arguments: object) -> list[asyncpg.Record]:
    connection = await node.owner(service)
    try:
        return await connection.fetch(query, *arguments)
    finally:
        await connection.close()


async def test_every_table_is_under_the_floor_or_is_listed_with_a_reason(node: Node, service: str) -> None:
    found = await rows(node, service, RELATIONS, node.databases[service].app_role)
    open_to_all = {each["name"] for each in found if not (each["enabled"] and each["forced"])}
    assert open_to_all == set(WITHOUT[service])


async def test_a_table_without_floor_points_to_nobody(node: Node, service: str) -> None:
    found = await rows(node, service, RELATIONS, node.databases[service].app_role)
    floored = {each["name"] for each in found if each["enabled"]}
    pointing = {
        (each["name"], column)
        for each in found
        if not each["enabled"]
        for column in each["columns"]
        if any(word in column for word in ("person", "holder", "household", "resident", "certificate_id"))
    }
    pointing |= {
        (each["name"], each["target"])
        for each in await rows(node, service, REFERENCES)
        if each["name"] not in floored and each["target"] in floored
    }
    assert pointing == set(POINTERS[service])


async def test_policies_let_rows_through_by_the_callers_area_only(node: Node, service: str) -> None:
    found = await rows(node, service, RELATIONS, node.databases[service].app_role)
    policies = await rows(node, service, POLICIES)
    reading = {each["name"] for each in policies if each["command"] in ("*", "r")}
    assert reading == {each["name"] for each in found if each["enabled"]}
    for policy in policies:
        assert (policy["permissive"], policy["roles"]) == (True, [0]), policy
        for predicate in (policy["seen"], policy["written"]):
            if predicate == "true":
                assert policy["command"] == "a", policy
                assert policy["name"] in WRITTEN_BY_ANYBODY, policy
            elif predicate is not None:
                assert any(word in predicate for word in ("renkou_", "renkou.areas", "EXISTS")), policy


async def test_the_app_role_owns_nothing_and_has_no_way_round(node: Node, service: str) -> None:
    role = node.databases[service].app_role
    found = await rows(node, service, RELATIONS, role)
    assert {each["owner"] for each in found} == {node.databases[service].owner_role}
    for each in found:
        assert set(each["rights"]) <= ROWS, each
        assert not each["everybody"], each
    (attributes,) = await rows(
        node,
        service,
        "SELECT rolsuper OR rolbypassrls OR rolcreaterole OR rolcreatedb OR rolreplication AS mighty,"
        " has_schema_privilege(oid, 'public', 'CREATE') AS creates,"
        " has_database_privilege(oid, current_database(), 'CREATE') AS makes,"
        " EXISTS (SELECT FROM pg_auth_members WHERE member = r.oid) AS member,"
        " EXISTS (SELECT FROM pg_shdepend WHERE refobjid = r.oid AND deptype = 'o'"
        "  AND dbid = (SELECT oid FROM pg_database WHERE datname = current_database())) AS owner"
        " FROM pg_roles r WHERE rolname = $1",
        role,
    )
    assert dict(attributes) == dict.fromkeys(attributes.keys(), False)
    for other in SERVICES:
        if other != service:
            access = node.databases[other]
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await asyncpg.connect(access.url(role, node.databases[service].app_password))


async def test_views_and_functions_are_no_detour(node: Node, service: str) -> None:
    role = node.databases[service].app_role
    for each in await rows(node, service, RELATIONS, role):
        assert each["kind"] in ("r", "p") or "security_invoker=true" in (each["options"] or []), each
    functions = await rows(node, service, FUNCTIONS, role)
    assert {each["name"] for each in functions if each["definer"]} == set(DEFINERS[service])
    for each in functions:
        assert not each["leakproof"], each
        if each["definer"]:
            assert each["settings"] == ["search_path=public, pg_temp"], each
            assert not each["everybody"], each
    installed = await rows(node, service, "SELECT extname FROM pg_extension")
    assert [each["extname"] for each in installed] == ["plpgsql"]


async def test_statistics_of_people_are_hidden_from_the_app_role(node: Node, service: str) -> None:
    owner = await node.owner(service)
    await owner.execute("ANALYZE")
    floored = await owner.fetch("SELECT relname FROM pg_class WHERE relrowsecurity")
    await owner.close()
    app = await node.app(service)
    shown = {each["tablename"] for each in await app.fetch("SELECT DISTINCT tablename FROM pg_stats")}
    assert not shown & {each["relname"] for each in floored}
    for catalogue in ("pg_statistic", "pg_authid", "pg_statistic_ext_data"):
        with pytest.raises(asyncpg.InsufficientPrivilegeError):
            await app.fetchval(f"SELECT count(*) FROM {catalogue}")
    await app.close()
