"""Secrets for Compose and production."""

import re
from pathlib import Path

import pytest

from renkou_local.hub.tokens import read
from renkou_local.nats_keys import seed_file
from renkou_local.provision import provision


def test_a_second_run_changes_nothing(tmp_path: Path) -> None:
    provision(tmp_path, ["340103", "310115"])
    files = {path: path.read_text() for path in tmp_path.rglob("*") if path.is_file()}
    provision(tmp_path, ["340103", "310115"])
    assert {path: path.read_text() for path in files} == files


def test_the_servers_are_told_public_keys_only(tmp_path: Path) -> None:
    provision(tmp_path, ["340103"])
    token = read((tmp_path / "340103" / "secrets" / "hub_token").read_text())
    assert token["sub"] == seed_file(tmp_path / "340103" / "secrets" / "hub_seed")[1]
    services = ("registry", "migrant", "reporting")
    secrets = tmp_path / "340103" / "secrets"
    node_keys = {seed_file(secrets / f"nats_{service}_seed")[1] for service in services}
    hub = tmp_path / "hub" / "server" / "hub-trust.conf"
    told = hub.read_text() + (tmp_path / "340103" / "nats.env").read_text()
    assert len(node_keys) == 3
    assert all(key in told for key in node_keys)
    assert not re.search(r"\bS[OAU][A-Z2-7]{56}", told)


def test_a_district_by_itself_makes_no_hub(tmp_path: Path) -> None:
    provision(tmp_path, ["340103"], hub=False)
    assert not (tmp_path / "hub").exists()
    assert not (tmp_path / "340103" / "secrets" / "hub_token").exists()


def test_a_malformed_code_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="not a district"):
        provision(tmp_path, ["34O103"])
