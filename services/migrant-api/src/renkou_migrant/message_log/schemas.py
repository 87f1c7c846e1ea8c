"""Requests and answers of the message log."""

from datetime import datetime
from typing import Annotated, Any, Self
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from renkou_migrant.fields import Reason
from renkou_migrant.message_log.domain import Link
from renkou_migrant.message_log.proof.entries import entry_members


class LogEntry(BaseModel):
    """One entry of the chain; hashes are hexadecimal."""

    position: int
    at: datetime
    direction: str
    partner: str
    message_id: UUID
    kind: str
    pair_seq: int
    outcome: str
    digest: str
    kid: str
    signature: str
    previous: str
    hash: str

    @classmethod
    def of(cls, link: Link) -> Self:
        """Return the answer for a link."""
        return cls.model_validate(entry_members(link))


class LogPage(BaseModel):
    """Entries in order, without their texts."""

    items: list[LogEntry]
    next_after: int = Field(description="value of `after` for the next page")


class EvidenceRequest(BaseModel):
    """Why the evidence about a message is taken out."""

    model_config = ConfigDict(
        extra="forbid", json_schema_extra={"examples": [{"reason": "行政复议: 证明出生通报已送达户籍地"}]}
    )

    reason: Reason


class EvidenceItem(BaseModel):
    """A signed text, its entry in the log, and the path from there to a checkpoint."""

    text: str
    entry: dict[str, Any]
    proof: dict[str, Any]


class EvidenceBundle(BaseModel):
    """Evidence about one message, for ``python -m renkou_migrant.message_log.verify evidence``."""

    format: str
    district: str
    message: EvidenceItem
    receipts: list[EvidenceItem]
    trust_lists: list[EvidenceItem]
    checkpoints: list[str]
    descriptions: list[EvidenceItem] = Field(
        default=[],
        description="of the districts, with keys newer than the list; left out where there are none",
    )


class ExportRead(BaseModel):
    """Who took the evidence about a message out, and why."""

    id: UUID
    message_id: UUID
    staff_id: UUID
    reason: str
    at: datetime


class ExportPage(BaseModel):
    """Evidence taken out, the latest first."""

    items: list[ExportRead]
    next: Annotated[str | None, Field(description="value of `after` for the next page")]
