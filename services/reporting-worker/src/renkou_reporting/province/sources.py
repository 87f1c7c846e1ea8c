"""Where a province finds its districts' published figures: a file of addresses, secrets and public keys.

{"districts": [{"district": "340103", "url": "https://...", "secret_file": "/run/secrets/...",
                "keys": {"keys": [...]}}]}
"""

from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from renkou_common.settings import read_json


class Source(BaseModel):
    """A district: where its feed is, what opens it, and the keys (JWK set) that sign its figures."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    district: str = Field(pattern=r"^\d{6}$")
    url: str
    secret_file: Path
    keys: dict[str, Any]


class Sources(BaseModel):
    """The districts of a province."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    districts: tuple[Source, ...] = Field(min_length=1)


def read_sources(path: Path) -> Sources:
    """Return the districts of a file; raises OSError, ValueError or pydantic's ValidationError."""
    return Sources.model_validate(read_json(path))
