"""Settings of reporting-worker: what every service has, the key that signs figures, and the level above."""

from functools import cached_property
from pathlib import Path

from pydantic import Field

from renkou_common.settings import ServiceSettings
from renkou_reporting.province.sources import Sources, read_sources

CLIENT_ID = "reporting-worker"


class ReportingSettings(ServiceSettings):
    """Environment of every reporting-worker process; each reads only what it needs."""

    figure_key_file: Path | None = Field(
        default=None,
        description="private Ed25519 JWK that signs published figures, or a JWK set of it and the keys before it",
    )
    province_secret_file: Path | None = Field(
        default=None, description="secret with which the level above reads the feed of published figures"
    )
    province_districts: Path | None = Field(
        default=None, description="a province's node only: file of its districts, their addresses and keys"
    )
    province_pull_seconds: float = Field(
        default=60,
        gt=0,
        le=86400,
        description="pause before a district whose figures could not be read is asked again",
    )

    @cached_property
    def province_sources(self) -> Sources | None:
        """The districts that a province adds up; None on a district's node."""
        return None if self.province_districts is None else read_sources(self.province_districts)


def load_settings() -> ReportingSettings:
    """Return the settings of this process's environment; raises pydantic's ValidationError."""
    return ReportingSettings()  # type: ignore[call-arg]  # the environment gives what is required
