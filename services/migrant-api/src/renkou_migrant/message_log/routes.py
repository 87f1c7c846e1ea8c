"""HTTP of the message log: its export for auditors and the verifier."""

from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from fastapi import APIRouter, Depends, Query
from pydantic import BaseModel, Field

from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_migrant.message_log import service
from renkou_migrant.message_log.domain import Link
from renkou_migrant.runtime import CurrentRuntime

router = APIRouter(tags=["message log 消息日志"])


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
        entry = link.entry
        return cls(
            position=link.position,
            at=entry.at,
            direction=entry.direction,
            partner=entry.partner,
            message_id=entry.message_id,
            kind=entry.kind,
            pair_seq=entry.pair_seq,
            outcome=entry.outcome,
            digest=entry.digest,
            kid=entry.kid,
            signature=entry.signature,
            previous=link.previous.hex(),
            hash=link.hash.hex(),
        )


class LogPage(BaseModel):
    """Entries in order, for ``python -m renkou_migrant.message_log.verify``."""

    items: list[LogEntry]
    next_after: int = Field(description="value of `after` for the next page")


@router.get("/message-log", summary="The chain of messages 消息链")
async def export_log(
    runtime: CurrentRuntime,
    access: Annotated[Access, Depends(requires(Scope.PARTNER_READ))],
    after: Annotated[int, Query(ge=0, le=2**62)] = 0,
    limit: Annotated[int, Query(ge=1, le=1000)] = 500,
) -> LogPage:
    """List the chain of all messages and receipts, without their content. Needs `partner:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        links = await service.page(tx, after, limit)
    return LogPage(
        items=[LogEntry.of(link) for link in links], next_after=links[-1].position if links else after
    )
