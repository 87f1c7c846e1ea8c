"""Downloading what came with a message; each download is logged."""

from uuid import UUID

from renkou_common.database import Transaction
from renkou_common.errors import NotFound
from renkou_common.identity.principal import Access
from renkou_common.ids import new_id
from renkou_migrant.exchange import amendments_repository, service
from renkou_migrant.exchange.attachments import Attachment
from renkou_migrant.exchange.contents import decrypt
from renkou_migrant.runtime import Runtime


async def read(
    tx: Transaction, runtime: Runtime, access: Access, message_id: UUID, sha256: str
) -> Attachment:
    """Return an attachment of a message that the caller may see, and log it; raises NotFound."""
    stored = await service.get(tx, access.areas, message_id)
    for one in (decrypt(runtime, stored.content) or {}).get("attachments", []):
        if one["sha256"] == sha256:
            await amendments_repository.note_reading(
                tx, new_id(), message_id, sha256, access.subject, runtime.clock.now()
            )
            return Attachment.model_validate(one)
    raise NotFound.of("附件", "attachment")
