"""A migration that has run somewhere never changes: it says itself what it does, and says the same for ever."""

import ast
from hashlib import sha256
from io import StringIO
from pathlib import Path

import pytest
from alembic.runtime.environment import EnvironmentContext
from alembic.script import ScriptDirectory

from renkou_common.migration import alembic_config

ROOT = Path(__file__).parents[4]
SCRIPTS = {
    service: ROOT / "services" / folder / "src" / f"renkou_{service}" / "migrations"
    for service, folder in (
        ("registry", "registry-api"),
        ("migrant", "migrant-api"),
        ("reporting", "reporting-worker"),
    )
}
STATEMENTS_ONLY = {
    "renkou_common.migration",
    "renkou_common.audit.triggers",
    "renkou_common.field_keys.resealing",
    "renkou_common.http.rate_tables",
}
"""What makes statements out of what a migration says. The marks below hold it to the statements it made before."""
RAN = {
    "registry": ("0036", "377b9efdb8ee333abb7db297c8a3840f71dbc77bc2cdcc6c47167762283cff5d"),
    "migrant": ("0019", "c9d44a3da8db153c50e23a635bccac512860f5a9667579530c282deceb08c859"),
    "reporting": ("0018", "cce1831b095415697d65b5fa2bd7f1607f80d29bb1a9c59106c6b8eac35e77d5"),
}
"""Up to which revision databases exist, and the mark of every statement up to it. A release moves both ahead; a newer
Alembic that words a statement differently may change the mark alone, once the two texts have been compared."""


def imported(script: Path) -> set[str]:
    """Return the modules of this product that a migration imports."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(script.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {each.name for each in node.names}
        elif isinstance(node, ast.ImportFrom):
            found.add(node.module or ".")
    return {name for name in found if name.startswith((".", "renkou_"))}


@pytest.mark.parametrize("service", SCRIPTS)
def test_a_migration_takes_no_list_from_the_service_as_it_is_today(service: str) -> None:
    """Lists of tables, roles or purposes grow; an old migration that read them would name what is not there yet."""
    scripts = sorted((SCRIPTS[service] / "versions").glob("[0-9]*.py"))
    assert len(scripts) >= int(RAN[service][0])
    assert {each.name: names for each in scripts if (names := imported(each) - STATEMENTS_ONLY)} == {}


@pytest.mark.parametrize("service", SCRIPTS)
def test_what_ran_on_a_database_is_what_would_run_today(
    service: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Whoever needs another trigger or grant writes a new migration, with new words beside the old ones."""
    monkeypatch.setenv("RENKOU_APP_ROLE", "app")
    monkeypatch.setenv("RENKOU_DISTRICT", "340103")
    revision, mark = RAN[service]
    assert sha256(statements_up_to(service, revision).encode()).hexdigest() == mark


def statements_up_to(service: str, revision: str) -> str:
    """Return everything that brings an empty database to a revision."""
    config, told = alembic_config(SCRIPTS[service], ""), StringIO()
    scripts = ScriptDirectory.from_config(config)
    with EnvironmentContext(
        config, scripts, fn=lambda at, _: scripts._upgrade_revs(revision, at), as_sql=True
    ) as environment:
        environment.configure(dialect_name="postgresql", output_buffer=told)
        environment.run_migrations()
    return told.getvalue()
