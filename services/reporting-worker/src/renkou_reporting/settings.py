"""Settings of reporting-worker: what every service has; nothing of its own so far."""

from renkou_common.settings import ServiceSettings

CLIENT_ID = "reporting-worker"


class ReportingSettings(ServiceSettings):
    """Environment of every reporting-worker process; each reads only what it needs."""


def load_settings() -> ReportingSettings:
    """Return the settings of this process's environment; raises pydantic's ValidationError."""
    return ReportingSettings()  # type: ignore[call-arg]  # the environment gives what is required
