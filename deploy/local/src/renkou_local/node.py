"""A district node: its secrets, its databases and the environment of each of its processes.

Secrets are files in `<data>/<district>/secrets/`, one each, made at first use and changed by operators only;
production gives the services the same files under the same environment names (see deploy/README.md).
"""

import sys
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from renkou_local import keys, nats_keys, secret_files
from renkou_local.databases import SERVICES, DatabaseAccess, password_files
from renkou_local.field_keys import KEYS, MASTER, keep_field_keys
from renkou_local.health import is_healthy
from renkou_local.ports import LOOPBACK, PortBook
from renkou_local.processes import ProcessSpec

CLIENTS = ("registry-api", "migrant-api", "reporting-worker")
ROLES = ("main", "worker")
HURRIED = dict.fromkeys(
    ("RATE_READ", "RATE_WRITE", "RATE_SEARCH", "RATE_SIGN_IN", "RATE_SERVICE"), 10_000_000
) | {"FACTS_PER_HOUR": 0}
"""Limits where one account does a year's work in minutes: requests are counted, and nobody is refused."""


def package(service: str) -> str:
    """Import name of a service's package."""
    return f"renkou_{service}"


@dataclass(frozen=True)
class Brokers:
    """URLs of the node's NATS and of the hub."""

    node: str
    hub: str


@dataclass(frozen=True)
class Node:
    """Where a running node is and how to get in."""

    district: str
    folder: Path
    registry_url: str
    migrant_url: str
    reporting_url: str
    figure_workers: tuple[str, ...]
    """Names of the processes that share the figures; they serve nobody and have no address."""

    @property
    def secrets(self) -> Path:
        """Folder of the secret files."""
        return self.folder / "secrets"

    @property
    def administrator_secret_file(self) -> Path:
        """One-time password of the first administrator."""
        return self.secrets / "administrator_secret"

    @property
    def urls(self) -> dict[str, str]:
        """Base URLs by service."""
        return {"registry": self.registry_url, "migrant": self.migrant_url, "reporting": self.reporting_url}


def make_secrets(folder: Path, trust_anchor: Path) -> None:
    """Make every secret file of a node that is missing; of the trust anchor it gets the public part."""
    makers = {
        "token_key.json": keys.token_key,
        "audit_key.json": keys.audit_key,
        "migrant_audit_key.json": keys.audit_key,
        "certificate_keys.json": keys.certificate_keys,
        "exchange_keys.json": keys.exchange_keys,
        "figure_key.json": keys.figure_key,
        "province_secret": secret_files.password,
        "administrator_secret": secret_files.password,
        "hub_seed": nats_keys.new_seed,
    } | {f"{client}_secret": secret_files.password for client in CLIENTS}
    makers |= {f"nats_{service}_seed": nats_keys.new_seed for service in SERVICES}
    for name, make in makers.items():
        secret_files.keep(folder / name, make)
    keep_field_keys(folder)
    anchor = keys.public_text(secret_files.read(trust_anchor))
    secret_files.keep(folder / "trust_anchor.json", lambda: anchor)
    for service in SERVICES:
        password_files(folder, service)


@dataclass
class NodeConfig:
    """Everything the processes of one node are started with.

    `hurried` lifts the limits of requests in a minute, as a clock that can be moved does: demonstrations and
    measurements. `figure_copies` is how many reporting workers share the figures. `programs` replaces the command of
    a process, `(service, role) -> argv`; tests of the stack use it. `settings` are further names,
    without RENKOU_.
    """

    district: str
    data_dir: Path
    ports: PortBook
    trust_anchor: Path
    clock_offset_file: Path | None = None
    hurried: bool = False
    log_level: str = "INFO"
    name_zh: str = ""
    name_en: str = ""
    figure_copies: int = 1
    programs: Mapping[tuple[str, str], list[str]] = field(default_factory=dict)
    settings: Mapping[str, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.folder = self.data_dir / self.district
        self.secrets = self.folder / "secrets"

    def prepare(self) -> None:
        """Make every secret that is missing."""
        make_secrets(self.secrets, self.trust_anchor)

    def node(self) -> Node:
        """The node's addresses."""
        registry, migrant, reporting = (self._url(service) for service in SERVICES)
        workers = tuple(
            self._name("reporting", "worker", copy) for copy in self._copies("reporting", "worker")
        )
        return Node(self.district, self.folder, registry, migrant, reporting, workers)

    def migrations(self, databases: Mapping[str, DatabaseAccess], brokers: Brokers) -> list[ProcessSpec]:
        """The steps that bring the databases up to date; each ends by itself."""
        return [self._spec(service, "migrate", databases[service], brokers) for service in SERVICES]

    def processes(
        self, databases: Mapping[str, DatabaseAccess], brokers: Brokers, role: str
    ) -> list[ProcessSpec]:
        """One process for each service, `main` (HTTP) or `worker`; of reporting's worker as many as are to share."""
        return [
            self._spec(service, role, databases[service], brokers, copy)
            for service in SERVICES
            for copy in self._copies(service, role)
        ]

    def environment(
        self, service: str, role: str, database: DatabaseAccess, brokers: Brokers
    ) -> dict[str, str]:
        """The RENKOU_ names of one process: what it needs and nothing else."""
        secret = self.secrets
        names = {
            "DISTRICT": self.district,
            "DATABASE_URL": database.url(database.app_role),
            "DATABASE_PASSWORD_FILE": secret / f"{service}_app_password",
            "HTTP_HOST": LOOPBACK,
            "HTTP_PORT": self._port(service),
            "NATS_URL": brokers.node,
            "NATS_SEED_FILE": secret / f"nats_{service}_seed",
            "REGISTRY_URL": self._url("registry"),
            "MIGRANT_URL": self._url("migrant"),
            "SERVICE_SECRET_FILE": secret / f"{dict(zip(SERVICES, CLIENTS, strict=True))[service]}_secret",
            "LOG_LEVEL": self.log_level,
        }
        if self.clock_offset_file is not None:
            names["CLOCK_OFFSET_FILE"] = self.clock_offset_file
        if self.hurried or self.clock_offset_file is not None:
            names |= HURRIED
        if role == "migrate":
            names |= {
                "MIGRATION_DATABASE_URL": database.url(database.owner_role),
                "MIGRATION_DATABASE_PASSWORD_FILE": secret / f"{service}_owner_password",
                "APP_ROLE": database.app_role,
            }
        names |= self._own_names(service, brokers)
        names |= self.settings
        return {f"RENKOU_{name}": str(value) for name, value in names.items()}

    def _own_names(self, service: str, brokers: Brokers) -> dict[str, object]:
        secret = self.secrets
        if service == "registry":
            return {
                "FIELD_KEYS_FILE": secret / KEYS,
                "FIELD_MASTER_KEY_FILE": secret / MASTER,
                "TOKEN_KEY_FILE": secret / "token_key.json",
                "AUDIT_KEY_FILE": secret / "audit_key.json",
                "ADMINISTRATOR_SECRET_FILE": secret / "administrator_secret",
                "MIGRANT_SECRET_FILE": secret / "migrant-api_secret",
                "REPORTING_SECRET_FILE": secret / "reporting-worker_secret",
            }
        if service == "migrant":
            return {
                "FIELD_KEYS_FILE": secret / KEYS,
                "FIELD_MASTER_KEY_FILE": secret / MASTER,
                "CERTIFICATE_KEYS_FILE": secret / "certificate_keys.json",
                "EXCHANGE_KEYS_FILE": secret / "exchange_keys.json",
                "AUDIT_KEY_FILE": secret / "migrant_audit_key.json",
                "TRUST_ANCHOR_FILE": secret / "trust_anchor.json",
                "DISTRICT_NAME_ZH": self.name_zh,
                "DISTRICT_NAME_EN": self.name_en,
                "HUB_URL": brokers.hub,
                "HUB_SEED_FILE": secret / "hub_seed",
                "HUB_TOKEN_FILE": secret / "hub_token",
            }
        return {
            "FIGURE_KEY_FILE": secret / "figure_key.json",
            "PROVINCE_SECRET_FILE": secret / "province_secret",
        }

    def _copies(self, service: str, role: str) -> range:
        return range(1, 1 + (self.figure_copies if (service, role) == ("reporting", "worker") else 1))

    def _name(self, service: str, role: str, copy: int) -> str:
        return f"{self.district}-{service}-{role}" + (f"-{copy}" if copy > 1 else "")

    def _spec(
        self, service: str, role: str, database: DatabaseAccess, brokers: Brokers, copy: int = 1
    ) -> ProcessSpec:
        name = self._name(service, role, copy)
        port = self._port(service)

        async def serves() -> bool:
            return await is_healthy(port, "/health/ready")

        return ProcessSpec(
            name=name,
            argv=self.programs.get((service, role)) or [sys.executable, "-m", f"{package(service)}.{role}"],
            log_path=self.data_dir / "logs" / f"{name}.log",
            env=self.environment(service, role, database, brokers),
            cwd=self.folder,
            ready=serves if role == "main" else None,
            ready_timeout=90,
        )

    def _port(self, service: str) -> int:
        return self.ports.port(f"{self.district}.{service}")

    def _url(self, service: str) -> str:
        return f"http://{LOOPBACK}:{self._port(service)}"
