"""HTTP of consents that a worker notes for a person who has no account or comes in person."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends

from renkou_common.database import Transaction
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.consents import service
from renkou_registry.consents.domain import TEXTS, ConsentPurpose
from renkou_registry.consents.schemas import ConsentChangeOut, ConsentHistory, ConsentNoted
from renkou_registry.persons import service as persons
from renkou_registry.runtime import CurrentRuntime

router = APIRouter(tags=["consents 同意"])
Writer = Annotated[Access, Depends(requires(Scope.CONSENT_WRITE))]
Key = Annotated[RequestKey, Depends(request_key)]


@router.get("/persons/{person_id}/consents", summary="Consents of a person 同意记录")
async def read_consents(person_id: UUID, runtime: CurrentRuntime, access: Writer) -> ConsentHistory:
    """Read which consents stand and how each was given and withdrawn. Needs `consent:write`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        await persons.find(tx, person_id, access.areas)
        return await consent_history(tx, person_id)


@router.post("/persons/{person_id}/consents", status_code=201, summary="Note a consent 登记同意或撤回")
async def note_consent(
    person_id: UUID, body: ConsentNoted, runtime: CurrentRuntime, access: Writer, key: Key
) -> ConsentHistory:
    """Note that a person consents or withdraws, told in person or on paper; a withdrawal holds at once, and
    what was lawfully done before stays. Needs `consent:write`."""
    async with runtime.database.transaction(access.areas) as tx:
        await persons.find(tx, person_id, access.areas)

        async def change() -> UUID:
            await service.set_consent(
                runtime,
                tx,
                access.areas,
                person_id,
                body.purpose,
                given=body.given,
                by=access.subject,
                how=body.how,
            )
            return person_id

        await once(tx, access.subject, key, change)
        return await consent_history(tx, person_id)


async def consent_history(tx: Transaction, person_id: UUID) -> ConsentHistory:
    """Return a person's consents as staff and the person see them."""
    rows = await service.of_person(tx, person_id)
    standing = {row["purpose"] for row in rows if row["ended_at"] is None}
    return ConsentHistory(
        in_force=[each for each in ConsentPurpose if each in standing],
        items=[
            ConsentChangeOut(
                id=row["id"],
                purpose=row["purpose"],
                text_zh=TEXTS[row["purpose"]].zh,
                text_en=TEXTS[row["purpose"]].en,
                given=row["given"],
                how=row["how"],
                changed_at=row["changed_at"],
                changed_by=row["changed_by"],
            )
            for row in await service.history(tx, person_id)
        ],
    )
