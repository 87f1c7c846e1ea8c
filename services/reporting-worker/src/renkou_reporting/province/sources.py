"""Where a province finds its districts' published figures: a file of addresses, secrets and public keys.

{"districts": [{"district": "340103", "url": "https://...", "secret_file": "/run/secrets/...",
                "keys": {"keys": [...]}, "valid_from": null, "valid_to": null}]}

``keys`` are the only ones believed. A district that was founded or dissolved says when: it is asked for the periods in
which it existed, if only for a part of them; its people were handed over by moves, so that nobody counts twice.
"""

from datetime import date
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, Field, model_validator

from renkou_common.codes.period import Period
from renkou_common.settings import read_json


class Source(BaseModel):
    """A district: where its feed is, what opens it, the keys (JWK set) that sign, its first and last day."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    district: str = Field(pattern=r"^\d{6}$")
    url: str
    secret_file: Path
    keys: dict[str, Any]
    valid_from: date | None = None
    valid_to: date | None = None

    @model_validator(mode="after")
    def _has_keys(self) -> "Source":
        if not self.keys.get("keys"):
            raise ValueError(f"district {self.district} has no key: nothing of it could be believed")
        return self

    def existed_in(self, period: Period) -> bool:
        """Whether the district existed on some day of a period."""
        return (self.valid_from is None or self.valid_from <= period.end) and (
            self.valid_to is None or self.valid_to >= period.start
        )


class Sources(BaseModel):
    """The districts of a province."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    districts: tuple[Source, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _are_different(self) -> "Sources":
        if len({one.district for one in self.districts}) != len(self.districts):
            raise ValueError("a district is listed twice")
        return self

    def of(self, period: Period) -> list[str]:
        """Return the districts that existed in a period."""
        return sorted(one.district for one in self.districts if one.existed_in(period))


def read_sources(path: Path) -> Sources:
    """Return the districts of a file; raises OSError, ValueError or pydantic's ValidationError."""
    return Sources.model_validate(read_json(path))
