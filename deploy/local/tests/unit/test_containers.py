"""Containers of docker-compose.yml and their image: no root, no capabilities, nothing writable, limits."""

import re
from typing import Any

import pytest
import yaml

from renkou_local.layout import REPOSITORY

COMPOSE: dict[str, Any] = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text(encoding="utf-8"))
DOCKERFILE = (REPOSITORY / "Dockerfile").read_text(encoding="utf-8")
SERVICES: dict[str, dict[str, Any]] = COMPOSE["services"]
SERVERS = {name for name in SERVICES if name.removesuffix("-b") in ("postgres", "nats", "hub")}
APIS = {name for name in SERVICES if name.removesuffix("-b").endswith("-api")}


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_container_can_do_little(name: str) -> None:
    service = SERVICES[name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert not service.keys() & {
        "privileged",
        "cap_add",
        "devices",
        "network_mode",
        "pid",
        "ipc",
        "userns_mode",
    }
    assert re.fullmatch(r"\$\{RENKOU_\w+_MEMORY:-\d+[mg]\}", service["mem_limit"])
    assert 1 <= service["pids_limit"] <= 1000
    assert service["logging"]["driver"] == "local"


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_a_container_is_not_root(name: str) -> None:
    user = str(SERVICES[name]["user"])
    assert user == "postgres" or int(user.split(":")[0]) >= 1000


@pytest.mark.parametrize("name", sorted(SERVICES))
def test_nothing_is_mounted_that_can_be_written_but_a_volume_of_its_own(name: str) -> None:
    for mount in SERVICES[name].get("volumes", []):
        source, _, options = mount.partition(":")
        assert source in COMPOSE["volumes"] or options.endswith(":ro") or ":/etc/renkou" in mount, mount
        assert "docker.sock" not in mount


def test_only_the_apis_are_reached_from_outside_and_only_from_this_machine() -> None:
    assert {name for name, service in SERVICES.items() if "ports" in service} == APIS
    for name in APIS:
        assert all(port.startswith("127.0.0.1:") for port in SERVICES[name]["ports"])


def test_images_have_a_version() -> None:
    images = {service["image"] for service in SERVICES.values()}
    for image in images:
        assert ":" in image
        assert not image.endswith(":latest")
    assert re.findall(r"^FROM (\S+)", DOCKERFILE, re.MULTILINE) == ["python:3.13-slim-bookworm"] * 2


def test_the_image_runs_as_nobody_in_particular_and_takes_only_pinned_libraries() -> None:
    assert re.findall(r"^USER (\S+)", DOCKERFILE, re.MULTILINE)[-1] == "10001:10001"
    assert "--require-hashes" in DOCKERFILE
    assert not re.search(r"curl|wget|ADD http", DOCKERFILE)


def test_no_secret_stands_in_the_environment() -> None:
    for service in SERVICES.values():
        for name, value in service.get("environment", {}).items():
            if re.search(r"PASSWORD|SECRET|SEED|TOKEN|KEY", name):
                assert name.endswith("_FILE"), name
                assert str(value).strip('"').startswith("/run/secrets/"), name
