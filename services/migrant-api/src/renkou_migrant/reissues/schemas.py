"""Requests and answers about reissues."""

from datetime import datetime
from typing import Annotated, Literal, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from renkou_migrant.fields import AreaIn, area_code
from renkou_migrant.reissues.repository import FailedItem, Reissue


class ReissueCreate(BaseModel):
    """Whose certificates are issued anew: those that a key signed, of people registered in an area."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"kid": "340103-1", "area": "340103"}]}
    )

    kid: Annotated[str, Field(min_length=1, max_length=100)]
    area: AreaIn


class Failure(BaseModel):
    """A certificate that was not issued anew, and why."""

    certificate_id: UUID
    code: str


class ReissueItem(BaseModel):
    """A reissue with its progress."""

    id: UUID
    area: str
    kid: str
    state: Literal["requested", "running", "done", "withdrawn"]
    total: int = Field(description="certificates that stood when it was asked for")
    done: int
    failed: int
    requested_at: datetime
    requested_by: UUID
    approved_at: datetime | None
    approved_by: UUID | None
    finished_at: datetime | None
    version: int

    @classmethod
    def of(cls, found: Reissue) -> Self:
        """Return the answer for a reissue."""
        names = cls.model_fields.keys() - {"area", "failures"}
        return cls.model_validate(
            {name: getattr(found, name) for name in names} | {"area": area_code(found.area)}
        )


class ReissueRead(ReissueItem):
    """One reissue with what could not be done."""

    failures: list[Failure] = Field(default_factory=list, description="the first 200")

    def with_failures(self, failed: list[FailedItem]) -> Self:
        """Return the answer with these failures."""
        self.failures = [Failure(certificate_id=one.certificate_id, code=one.code) for one in failed]
        return self


class ReissuePage(BaseModel):
    """A page of reissues, the last first."""

    items: list[ReissueItem]
    next: str | None
