"""Each process gets the settings it needs and no secret of another service."""

from pathlib import Path

import pytest

from renkou_local import keys, secret_files
from renkou_local.databases import node_access
from renkou_local.node import Brokers, NodeConfig
from renkou_local.ports import PortBook


@pytest.fixture
def config(tmp_path: Path) -> NodeConfig:
    anchor = secret_files.keep(tmp_path / "trust" / "anchor.json", keys.trust_anchor)
    made = NodeConfig("340103", tmp_path, PortBook(tmp_path / "ports.json"), anchor)
    made.prepare()
    return made


def environment(config: NodeConfig, service: str, role: str) -> dict[str, str]:
    databases = node_access("127.0.0.1:5432", "340103", config.secrets)
    return config.environment(
        service, role, databases[service], Brokers("nats://127.0.0.1:4222", "nats://127.0.0.1:4223")
    )


@pytest.mark.parametrize("service", ["registry", "migrant", "reporting"])
@pytest.mark.parametrize("role", ["main", "worker", "migrate"])
def test_every_secret_file_that_is_named_exists(config: NodeConfig, service: str, role: str) -> None:
    named = {
        name: value for name, value in environment(config, service, role).items() if name.endswith("_FILE")
    }
    named.pop("RENKOU_HUB_TOKEN_FILE", None)  # comes from the province, and is no secret
    assert [name for name, value in named.items() if not Path(value).is_file()] == []


def test_only_migrations_get_the_owner_role(config: NodeConfig) -> None:
    assert "RENKOU_MIGRATION_DATABASE_URL" not in environment(config, "registry", "main")
    migration = environment(config, "registry", "migrate")
    assert migration["RENKOU_MIGRATION_DATABASE_URL"] == (
        "postgresql://registry_340103_owner@127.0.0.1:5432/registry_340103"
    )
    assert migration["RENKOU_APP_ROLE"] == "registry_340103_app"


def test_reporting_has_no_key_to_personal_data(config: NodeConfig) -> None:
    names = set(environment(config, "reporting", "main"))
    assert not names & {"RENKOU_FIELD_KEYS_FILE", "RENKOU_TOKEN_KEY_FILE", "RENKOU_HUB_SEED_FILE"}


def test_the_figures_get_as_many_workers_as_asked_for_and_everything_else_one(config: NodeConfig) -> None:
    config.figure_copies = 3
    databases = node_access("127.0.0.1:5432", "340103", config.secrets)
    brokers = Brokers("nats://127.0.0.1:4222", "nats://127.0.0.1:4223")
    workers = config.processes(databases, brokers, "worker")
    reporting = ("340103-reporting-worker", "340103-reporting-worker-2", "340103-reporting-worker-3")
    assert tuple(each.name for each in workers) == (
        "340103-registry-worker",
        "340103-migrant-worker",
        *reporting,
    )
    assert config.node().figure_workers == reporting
    assert len({each.log_path for each in workers}) == 5
    assert len({str(sorted(each.env.items())) for each in workers[2:]}) == 1, (
        "nothing has to be set for a copy"
    )
    assert len(config.processes(databases, brokers, "main")) == 3


def test_services_know_each_other_by_the_same_secret(config: NodeConfig) -> None:
    registry = environment(config, "registry", "main")
    assert (
        registry["RENKOU_MIGRANT_SECRET_FILE"]
        == environment(config, "migrant", "worker")["RENKOU_SERVICE_SECRET_FILE"]
    )
    assert (
        registry["RENKOU_REPORTING_SECRET_FILE"]
        == environment(config, "reporting", "main")["RENKOU_SERVICE_SECRET_FILE"]
    )
