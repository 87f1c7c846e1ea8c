"""docker-compose.yml and what `renkou_local.compose prepare` makes belong together; no engine is needed."""

import json
import re
from pathlib import Path
from typing import Any

import pytest
import yaml
from cryptography import x509

from renkou_local import certificates, keys, secret_files
from renkou_local.compose import prepare, renew
from renkou_local.databases import SERVICES, node_access
from renkou_local.layout import DEPLOY, REPOSITORY
from renkou_local.node import Brokers, NodeConfig
from renkou_local.ports import PortBook

type Service = dict[str, Any]

HOME, RESIDENCE = "340103", "310115"
COMPOSE = yaml.safe_load((REPOSITORY / "docker-compose.yml").read_text())
JOURNEY = yaml.safe_load((DEPLOY / "compose" / "journey.yml").read_text())
SERVERS = {"postgres", "nats", "hub", "postgres-b", "nats-b"}
OURS = sorted(set(COMPOSE["services"]) - SERVERS)
AUTHORITY = "/run/secrets/node_ca.pem"


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("compose") / "data"
    prepare(folder, [HOME, RESIDENCE], {HOME: [1, 2, 3], RESIDENCE: [4, 5, 6]})
    return folder


def settings(data: Path) -> dict[str, str]:
    lines = (data / "compose.env").read_text().splitlines()
    return dict(line.split("=", 1) for line in lines if not line.startswith("#"))


def filled_in(text: str, names: dict[str, str]) -> str:
    return re.sub(r"\$\{(\w+)(?::-([^}]*))?\}", lambda m: names.get(m[1], m[2] or ""), text)


def test_every_secret_file_is_made_and_readable_in_containers(data: Path) -> None:
    names = settings(data)
    files = [Path(filled_in(secret["file"], names)) for secret in COMPOSE["secrets"].values()]
    assert {str(file) for file in files if not file.is_file()} == set()
    assert {file.stat().st_mode & 0o777 for file in files} == {0o444}
    assert data.stat().st_mode & 0o777 == 0o700, "what is readable by all lies where nobody else may enter"


def test_no_container_gets_the_key_of_the_trust_list(data: Path) -> None:
    assert "trust/" not in json.dumps(COMPOSE)
    assert (data / "trust" / "anchor.json").stat().st_mode & 0o077 == 0


def test_no_container_gets_a_key_that_admits_to_the_hub(data: Path) -> None:
    assert "hub/keys" not in json.dumps(COMPOSE)
    keys_of_the_hub = list((data / "hub" / "keys").iterdir())
    assert len(keys_of_the_hub) == 5
    assert {key.stat().st_mode & 0o077 for key in keys_of_the_hub} == {0}


def test_preparing_again_keeps_every_secret(data: Path) -> None:
    before = {path: path.read_text() for path in data.rglob("*") if path.is_file()}
    prepare(data, [HOME, RESIDENCE], {HOME: [1, 2, 3], RESIDENCE: [4, 5, 6]})
    assert {path: path.read_text() for path in data.rglob("*") if path.is_file()} == before


def test_certificates_are_renewed_by_the_same_authorities_and_nothing_else_changes(tmp_path: Path) -> None:
    data = tmp_path / "data"
    prepare(data, [HOME, RESIDENCE])
    before = {path: path.read_bytes() for path in data.rglob("*") if path.is_file()}
    assert renew(data) == [RESIDENCE, HOME]
    after = {path: path.read_bytes() for path in data.rglob("*") if path.is_file()}
    changed = {path.parent.name for path, content in after.items() if before.get(path) != content}
    assert before.keys() == after.keys()
    assert changed == {"tls"}
    for folder, authority in ((HOME, "node_ca.pem"), (RESIDENCE, "node_ca.pem"), ("hub", "")):
        own = data / folder
        trusted = own / "secrets" / authority if authority else data / HOME / "secrets" / "hub_ca.pem"
        signer = x509.load_pem_x509_certificate(trusted.read_bytes())
        for file in own.glob("tls/*[!y].pem"):
            x509.load_pem_x509_certificate(file.read_bytes()).verify_directly_issued_by(signer)


def test_a_certificate_that_ends_soon_is_renewed(
    data: Path, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(certificates, "SERVER_DAYS", 29)
    certificates.make_certificates(tmp_path, HOME)
    first = (tmp_path / "tls" / "nats.pem").read_bytes()
    monkeypatch.undo()
    certificates.make_certificates(tmp_path, HOME)
    assert (tmp_path / "tls" / "nats.pem").read_bytes() != first


def test_no_container_gets_a_key_of_an_authority(data: Path) -> None:
    assert "authority" not in json.dumps(COMPOSE)
    for folder in (HOME, RESIDENCE, "hub"):
        assert (data / folder / "authority_key.pem").stat().st_mode & 0o077 == 0


def test_every_client_checks_the_server_it_talks_to() -> None:
    for name, service in COMPOSE["services"].items():
        text = json.dumps(service)
        for url in re.findall(r"postgresql://[^\" ]+", text):
            assert url.endswith(f"?sslmode=verify-full&sslrootcert={AUTHORITY}"), name
        environment = service.get("environment", {})
        assert ("RENKOU_NATS_URL" in environment) == (environment.get("RENKOU_NATS_CA_FILE") == AUTHORITY)
        assert ("RENKOU_HUB_URL" in environment) == ("RENKOU_HUB_CA_FILE" in environment)
        assert ("nats://" not in text) or "node_ca.pem" in text or "hub_ca.pem" in text, name
        for url in ("RENKOU_REGISTRY_URL", "RENKOU_MIGRANT_URL"):
            if url in environment:
                assert environment[url].startswith("https://"), name
                assert environment["RENKOU_SERVICE_CA_FILE"] == AUTHORITY
                assert "node_ca.pem" in {target(secret) for secret in service["secrets"]}


@pytest.mark.parametrize("name", [f"{service}-api{node}" for service in SERVICES for node in ("", "-b")])
def test_each_service_speaks_tls_by_a_certificate_of_its_own_and_is_asked_so_for_its_health(
    name: str,
) -> None:
    service, own = COMPOSE["services"][name], name.removesuffix("-b")
    held = {target(secret) for secret in service["secrets"]}
    files = {f"{own}.pem", f"{own}_key.pem"}
    assert files | {"node_ca.pem"} <= held
    assert not [each for each in held if each.endswith("_key.pem") and each not in files]
    environment = service["environment"]
    assert environment["RENKOU_HTTP_CERTIFICATE_FILE"] == f"/run/secrets/{own}.pem"
    assert environment["RENKOU_HTTP_KEY_FILE"] == f"/run/secrets/{own}_key.pem"
    assert "https://127.0.0.1:8000/health/ready" in service["healthcheck"]["test"][-1]


def test_each_worker_gets_the_key_of_its_own_user_at_the_broker() -> None:
    for service in SERVICES:
        for name, process in COMPOSE["services"].items():
            held = {source(secret) for secret in process.get("secrets", [])}
            mine = name.removesuffix("-b") == f"{service}-worker"
            assert any(secret.endswith(f"nats_{service}_seed") for secret in held) == mine, name


def test_settings_name_districts_and_ports(data: Path) -> None:
    names = settings(data)
    assert (names["RENKOU_DISTRICT"], names["RENKOU_DISTRICT_NAME_ZH"]) == (HOME, "庐阳区")
    assert (names["RENKOU_DISTRICT_B"], names["RENKOU_REPORTING_PORT_B"]) == (RESIDENCE, "6")


@pytest.mark.parametrize("districts", [[], [HOME, HOME], ["3401"], [HOME, RESIDENCE, "310101"]])
def test_other_districts_are_refused(districts: list[str], tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="district"):
        prepare(tmp_path / "data", districts)


OF_THE_OPERATOR = {"RENKOU_HTTP_PROCESSES"}
OF_SIGN_IN = {
    "RENKOU_SECOND_FACTOR_ROLES",
    "RENKOU_OIDC_ISSUER",
    "RENKOU_OIDC_CLIENT_ID",
    "RENKOU_OIDC_CLAIM",
    "RENKOU_OIDC_SECOND_FACTOR",
}
"""Settings that Compose hands on and the local stack leaves as they are."""


OF_TLS = {
    "RENKOU_NATS_CA_FILE",
    "RENKOU_SERVICE_CA_FILE",
    "RENKOU_HTTP_CERTIFICATE_FILE",
    "RENKOU_HTTP_KEY_FILE",
}
OF_THE_HUB = {"RENKOU_HUB_CA_FILE"}
"""The local stack listens on loopback alone, and goes without."""


@pytest.mark.parametrize("service", SERVICES)
def test_processes_get_the_settings_of_the_local_stack(service: str, tmp_path: Path) -> None:
    anchor = secret_files.keep(tmp_path / "anchor.json", keys.trust_anchor)
    config = NodeConfig(HOME, tmp_path, PortBook(tmp_path / "ports.json"), anchor)
    config.prepare()
    database = node_access("postgres:5432", HOME, config.secrets)[service]
    local = {
        name
        for role in ("main", "worker", "migrate")
        for name in config.environment(service, role, database, Brokers("", ""))
    }
    given = {
        name
        for process in (f"{service}-api", f"{service}-worker", f"{service}-migrate")
        for name in COMPOSE["services"][process]["environment"]
    }
    own = {"registry": OF_TLS | OF_SIGN_IN, "migrant": OF_TLS | OF_THE_HUB, "reporting": OF_TLS}
    assert given == local | OF_THE_OPERATOR | own[service]


def test_nothing_secret_stands_in_an_environment() -> None:
    for name, service in COMPOSE["services"].items():
        for key in service.get("environment", {}):
            assert not re.search("PASSWORD|SECRET|SEED|KEY|ANCHOR", key) or key.endswith("_FILE"), (name, key)


@pytest.mark.parametrize("name", sorted(COMPOSE["services"]))
def test_containers_may_do_no_more_than_they_need(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"]
    assert service["cap_drop"] == ["ALL"]
    assert service["security_opt"] == ["no-new-privileges:true"]
    assert service["user"] == ("postgres" if name.startswith("postgres") else "10001:10001")
    if name not in OURS:
        assert "healthcheck" in service


def test_only_loopback_is_published() -> None:
    ports = [port for service in COMPOSE["services"].values() for port in service.get("ports", [])]
    assert len(ports) == 6
    assert all(port.startswith("127.0.0.1:") for port in ports)


@pytest.mark.parametrize("name", ["reporting-worker", "reporting-worker-b"])
def test_the_figures_worker_runs_in_as_many_copies_as_an_operator_asks_for(name: str) -> None:
    worker = COMPOSE["services"][name]
    assert worker["deploy"] == {"replicas": "${RENKOU_FIGURE_COPIES:-1}"}
    in_the_way = {"container_name", "hostname", "ports", "volumes", "network_mode", "healthcheck"}
    assert not in_the_way & set(worker), (
        "what two containers cannot both have, or what asks a port that is not there"
    )
    assert "depends_on" in worker
    assert [other for other, each in COMPOSE["services"].items() if name in each.get("depends_on", {})] == []
    api = COMPOSE["services"][name.replace("worker", "api")]
    assert api["ports"], "the figures are read from another container"


def test_only_migrations_hold_an_owners_password() -> None:
    holders = {
        name
        for name, service in COMPOSE["services"].items()
        if any("owner_password" in source(secret) for secret in service.get("secrets", []))
    }
    assert {re.sub("(-migrate)?(-b)?$", "", name) for name in holders} == {"databases", *SERVICES}


def source(secret: str | dict[str, str]) -> str:
    return secret if isinstance(secret, str) else secret["source"]


def target(secret: str | dict[str, str]) -> str:
    return secret if isinstance(secret, str) else secret["target"]


def as_first(service: Service) -> Service:
    """A service of the second node as the first one's would be written."""
    plain = {key: value for key, value in service.items() if key not in {"profiles", "networks", "build"}}
    plain["secrets"] = [
        secret if isinstance(secret, str) else secret["source"].removeprefix("b_")
        for secret in plain.get("secrets", [])
    ]
    for secret in service.get("secrets", []):
        assert isinstance(secret, str) or secret["source"] == f"b_{secret['target']}"
    text = (
        json.dumps(plain).replace(f"_B:-{RESIDENCE}", f":-{HOME}").replace("DISTRICT_B_NAME", "DISTRICT_NAME")
    )
    text = re.sub(r"_PORT_B:-801(\d)", r"_PORT:-800\1", text)
    text = re.sub(r'"((?:[a-z]+-)*[a-z]+)-b(":|:/)', r'"\1\2', text)
    first: Service = json.loads(text)
    first.get("depends_on", {}).pop("hub-streams", None)
    return first


@pytest.mark.parametrize("name", sorted(n for n in COMPOSE["services"] if n.endswith("-b")))
def test_the_second_node_is_the_first_again(name: str) -> None:
    second = COMPOSE["services"][name]
    assert second["profiles"] == ["two-districts"]
    assert as_first(second) == as_first(COMPOSE["services"][name.removesuffix("-b")])


def test_the_journey_moves_the_clock_of_every_process() -> None:
    processes = {name for name in OURS if name.split("-")[0] in SERVICES}
    assert set(JOURNEY["services"]) == processes
