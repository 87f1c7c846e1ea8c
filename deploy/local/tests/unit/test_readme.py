"""The operators' page names every setting and every secret file."""

from pathlib import Path

import pytest

from renkou_local import keys, secret_files
from renkou_local.databases import SERVICES, node_access
from renkou_local.layout import DEPLOY
from renkou_local.node import Brokers, NodeConfig
from renkou_local.ports import PortBook

PAGE = (DEPLOY / "README.md").read_text()


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> NodeConfig:
    folder = tmp_path_factory.mktemp("node")
    anchor = secret_files.keep(folder / "trust" / "anchor.json", keys.trust_anchor)
    made = NodeConfig("340103", folder, PortBook(folder / "ports.json"), anchor, folder / "clock_offset")
    made.prepare()
    return made


def test_every_setting_is_explained(config: NodeConfig) -> None:
    databases = node_access("127.0.0.1:5432", "340103", config.secrets)
    names = {
        name
        for service in SERVICES
        for role in ("main", "worker", "migrate")
        for name in config.environment(service, role, databases[service], Brokers("", ""))
    }
    assert {name for name in names if f"`{name}`" not in PAGE} == set()


def test_every_secret_file_is_explained(config: NodeConfig) -> None:
    files = {path.name for path in config.secrets.iterdir()}
    assert {name for name in files if f"`{name}`" not in PAGE} == set()


@pytest.mark.parametrize(
    "path", sorted(path for path in (DEPLOY / "nats").rglob("*") if path.is_file()), ids=str
)
def test_every_nats_file_is_explained(path: Path) -> None:
    assert f"`nats/{path.relative_to(DEPLOY / 'nats')}`" in PAGE
