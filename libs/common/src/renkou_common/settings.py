"""Settings every process shares; a secret is always given as the path of a file.

Environment names carry the prefix ``RENKOU_``; ``RENKOU_DATABASE_PASSWORD_FILE`` and the like name files.
"""

import json
import os
import ssl
from functools import cached_property
from ipaddress import ip_network
from pathlib import Path
from typing import Any, Self
from urllib.parse import quote, urlsplit, urlunsplit

from pydantic import DirectoryPath, Field, field_validator, model_validator
from pydantic_settings import BaseSettings, SettingsConfigDict

from renkou_common.clock import Clock
from renkou_common.tls import server_context


def read_secret(path: Path) -> str:
    """Return the text of a secret file without surrounding white space."""
    return path.read_text(encoding="utf-8").strip()


def read_secrets(path: Path) -> tuple[str, ...]:
    """Return the one or two secrets of a file, a line each: the first is shown, both are taken while one follows the
    other. Raises ValueError for none, or more than two."""
    found = tuple(line.strip() for line in path.read_text(encoding="utf-8").splitlines() if line.strip())
    if not 1 <= len(found) <= 2:
        raise ValueError(f"{path.name} holds {len(found)} secrets: one or two belong there, a line each")
    return found


def read_json(path: Path) -> Any:
    """Return the parsed content of a JSON secret file (keys, key sets)."""
    return json.loads(path.read_text(encoding="utf-8"))


def with_password(url: str, password_file: Path | None) -> str:
    """Put the password from a file into a database URL that has a user but no password."""
    if password_file is None:
        return url
    parts = urlsplit(url)
    user = parts.username or ""
    host = parts.hostname or ""
    port = f":{parts.port}" if parts.port else ""
    netloc = f"{user}:{quote(read_secret(password_file), safe='')}@{host}{port}"
    return urlunsplit((parts.scheme, netloc, parts.path, parts.query, ""))


class ServiceSettings(BaseSettings):
    """What each process of each service reads from its environment."""

    model_config = SettingsConfigDict(env_prefix="RENKOU_", env_ignore_empty=True, extra="ignore")

    district: str = Field(pattern=r"^\d{6}$", description="6-digit code of the district this node serves")
    database_url: str = Field(description="postgresql:// URL of the service's database, app role")
    database_password_file: Path | None = None
    database_pool_size: int = Field(default=8, ge=1, le=100)
    migration_database_url: str | None = Field(default=None, description="same database, owner role")
    migration_database_password_file: Path | None = None
    app_role: str | None = Field(default=None, description="role that migrations grant rights to")
    http_host: str = "127.0.0.1"
    http_port: int = Field(default=0, ge=0, le=65535)
    http_processes: int | None = Field(
        default=None, ge=1, le=64, description="processes that answer requests; unset: as many as cores"
    )
    http_certificate_file: Path | None = Field(
        default=None, description="the service's certificate: then nothing but TLS; unset: plain text"
    )
    http_key_file: Path | None = Field(default=None, description="key of that certificate")
    service_ca_file: Path | None = Field(
        default=None, description="authority of the node's services: then nothing but TLS to them"
    )
    nats_url: str = "nats://127.0.0.1:4222"
    nats_seed_file: Path | None = None
    nats_ca_file: Path | None = Field(
        default=None, description="authority of the node's NATS: then nothing but TLS; unset: plain text"
    )
    registry_url: str = "http://127.0.0.1:8001"
    migrant_url: str = "http://127.0.0.1:8002"
    service_secret_file: Path | None = None
    clock_offset_file: Path | None = Field(default=None, description="local stack only: seconds to add")
    rare_fonts_dir: DirectoryPath | None = Field(
        default=None, description="folder of further fonts for rare characters in printed proofs"
    )
    feed_keep_days: int | None = Field(
        default=None, ge=90, description="delete published events after so many days; unset: keep them all"
    )
    log_level: str = "INFO"
    https: bool = Field(default=False, description="callers come by HTTPS only: says so to browsers (HSTS)")
    cors_origins: str = Field(
        default="",
        pattern=r"^( *https://[A-Za-z0-9.-]+(:\d{1,5})? *(,|$))*$",
        description="https origins of front ends, separated by commas; empty: no other origin",
    )
    trusted_proxies: str = Field(
        default="", description="networks (CIDR) of proxies whose X-Forwarded-* headers count, by commas"
    )
    request_seconds: float = Field(default=60.0, gt=0, le=600, description="time to answer within")
    caller_at_once: int = Field(
        default=8, ge=1, le=1000, description="requests of one caller that one process carries out at once"
    )
    rate_read: int = Field(default=6000, ge=0, description="reads of a caller in a minute; 0: not limited")
    rate_write: int = Field(default=3000, ge=0, description="changes of a caller in a minute")
    rate_search: int = Field(default=600, ge=0, description="searches, exports, unmaskings, in a minute")
    rate_sign_in: int = Field(default=300, ge=0, description="sign-ins from one address in a minute")
    rate_service: int = Field(default=120_000, ge=0, description="requests of another service, by class")

    @field_validator("trusted_proxies")
    @classmethod
    def _networks(cls, text: str) -> str:
        for part in filter(None, (each.strip() for each in text.split(","))):
            ip_network(part)
        return text

    @model_validator(mode="after")
    def _tls(self) -> Self:
        if (self.http_certificate_file is None) != (self.http_key_file is None):
            raise ValueError("RENKOU_HTTP_CERTIFICATE_FILE and RENKOU_HTTP_KEY_FILE belong together")
        if self.service_ca_file is not None:
            for url in self.service_urls:
                if not url.startswith("https://"):
                    raise ValueError(f"with RENKOU_SERVICE_CA_FILE a service is asked by https, not {url}")
        return self

    @property
    def service_urls(self) -> tuple[str, ...]:
        """Where other services of the node are asked."""
        return self.registry_url, self.migrant_url

    @property
    def http_tls(self) -> ssl.SSLContext | None:
        """What the HTTP process speaks TLS with; None: plain text."""
        if self.http_certificate_file is None or self.http_key_file is None:
            return None
        return server_context(self.http_certificate_file, self.http_key_file)

    @property
    def serving_processes(self) -> int:
        """How many processes answer requests: as set, or one for each core, with two connections at least."""
        return self.http_processes or max(1, min(os.process_cpu_count() or 1, self.database_pool_size // 2))

    def of_one_process(self) -> Self:
        """Return the settings of one of the processes that answer requests: its share of the connections."""
        share = max(2, self.database_pool_size // self.serving_processes)
        return self.model_copy(update={"database_pool_size": min(self.database_pool_size, share)})

    @property
    def issuer(self) -> str:
        """Issuer name of this node's bearer tokens and certificates."""
        return f"renkou:{self.district}"

    @property
    def database_dsn(self) -> str:
        """Database URL of the app role with its password."""
        return with_password(self.database_url, self.database_password_file)

    @property
    def migration_dsn(self) -> str:
        """Database URL of the owner role with its password; the app role's where none is set."""
        if self.migration_database_url is None:
            return self.database_dsn
        return with_password(self.migration_database_url, self.migration_database_password_file)

    @cached_property
    def clock(self) -> Clock:
        """The node's clock (Asia/Shanghai)."""
        return Clock(self.clock_offset_file)
