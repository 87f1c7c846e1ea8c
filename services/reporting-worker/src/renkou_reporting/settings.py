"""Settings of reporting-worker: what every service has, the key that signs figures, and the level above."""

from pathlib import Path

from pydantic import Field

from renkou_common.settings import ServiceSettings

CLIENT_ID = "reporting-worker"


class ReportingSettings(ServiceSettings):
    """Environment of every reporting-worker process; each reads only what it needs."""

    figure_key_file: Path | None = Field(
        default=None, description="private Ed25519 JWK that signs published figures"
    )
    province_secret_file: Path | None = Field(
        default=None, description="secret with which the level above reads the feed of published figures"
    )


def load_settings() -> ReportingSettings:
    """Return the settings of this process's environment; raises pydantic's ValidationError."""
    return ReportingSettings()  # type: ignore[call-arg]  # the environment gives what is required
