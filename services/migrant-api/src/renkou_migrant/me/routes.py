"""HTTP of a holder's own certificates (本人的婚育证明)."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Query, Response
from fastapi.responses import PlainTextResponse

from renkou_common.database import Transaction
from renkou_common.errors import NotFound
from renkou_common.http.cursors import decode_key
from renkou_common.scope import AreaScope
from renkou_migrant.certificates import service, shown
from renkou_migrant.certificates.records import StoredCertificate
from renkou_migrant.certificates.repository import Filters
from renkou_migrant.certificates.routes import GroupNames, answer, asked, page_of
from renkou_migrant.certificates.schemas import CertificatePage, CertificateRead
from renkou_migrant.credentials.sdjwt import MEDIA_TYPE
from renkou_migrant.me.identity import Holder, Myself
from renkou_migrant.me.schemas import PresentationCreate, PresentationRead
from renkou_migrant.partners import service as partners
from renkou_migrant.runtime import CurrentRuntime, Runtime

router = APIRouter(prefix="/me/certificates", tags=["me 本人"])
OWN = AreaScope.everything()
"""The person's own certificates, wherever registered; every query names the person."""


@router.get("", summary="My certificates 我的证明")
async def list_own_certificates(
    runtime: CurrentRuntime,
    me: Myself,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> CertificatePage:
    """List the own certificates, the last issued first. For the person."""
    filters = Filters(runtime.clock.today(), me.person_id)
    before = decode_key(after, int)
    async with runtime.database.transaction(OWN, read_only=True) as tx:
        found = await service.page(tx, OWN, filters, before, limit + 1)
        return page_of(found, limit, await asked(tx, runtime))


async def _own(tx: Transaction, me: Holder, certificate_id: UUID) -> StoredCertificate:
    found = await service.get(tx, OWN, certificate_id)
    if found.person_id != me.person_id:
        raise NotFound.of("证明", "certificate")
    return found


async def _full(runtime: Runtime, me: Holder, certificate_id: UUID) -> str:
    async with runtime.database.transaction(OWN, read_only=True) as tx:
        await _own(tx, me, certificate_id)
        return await service.full_text(tx, runtime, OWN, certificate_id)


async def _paper(runtime: Runtime, me: Holder, certificate_id: UUID) -> str:
    async with runtime.database.transaction(OWN) as tx:
        await _own(tx, me, certificate_id)
        return await service.paper_text(tx, runtime, OWN, certificate_id, me.actor)


@router.get("/{certificate_id}", summary="One of my certificates 我的证明详情")
async def read_own_certificate(
    certificate_id: UUID, response: Response, runtime: CurrentRuntime, me: Myself
) -> CertificateRead:
    """Read state, dates and everything that happened to it, by whom and why. For the person."""
    async with runtime.database.transaction(OWN, read_only=True) as tx:
        return await answer(tx, runtime, response, await _own(tx, me, certificate_id))


@router.post("/{certificate_id}/presentations", summary="Show what I choose 出示所选内容")
async def present_own_certificate(
    certificate_id: UUID, body: PresentationCreate, runtime: CurrentRuntime, me: Myself
) -> PresentationRead:
    """Make a presentation with these groups only, and its QR code. Nothing is kept. For the person.

    One bound to a key has no code here: a proof of that key is added to it and it is shown as it is. Its form
    for paper is under `qr.png` and `document.pdf`.
    """
    async with runtime.database.transaction(OWN, read_only=True) as tx:
        found = await _own(tx, me, certificate_id)
        full = await service.full_text(tx, runtime, OWN, certificate_id)
    text = None if found.holder_key else shown.packed(full, body.groups)
    return PresentationRead(
        groups=body.groups,
        presentation=shown.presentation(full, body.groups),
        qr_text=text,
        qr_svg=None if text is None else shown.qr_drawing(text),
    )


@router.get(
    "/{certificate_id}/presentation",
    summary="SD-JWT with the groups I choose 选择性出示",
    response_class=PlainTextResponse,
)
async def read_own_presentation(
    certificate_id: UUID, runtime: CurrentRuntime, me: Myself, groups: GroupNames = None
) -> Response:
    """Read the presentation that shows only the groups the holder chooses. For the person."""
    full = await _full(runtime, me, certificate_id)
    return Response(shown.presentation(full, shown.groups_of(groups)), media_type=f"application/{MEDIA_TYPE}")


@router.get(
    "/{certificate_id}/qr.png",
    summary="My QR code 二维码",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}},
)
async def read_own_qr_image(
    certificate_id: UUID, runtime: CurrentRuntime, me: Myself, groups: GroupNames = None
) -> Response:
    """Read the QR code of the chosen groups as an image. For the person.

    Of a certificate bound to a key it is the form for paper, which anybody can show who has it; that it was
    handed out is noted in the history.
    """
    chosen = shown.groups_of(groups)
    text = shown.packed(await _paper(runtime, me, certificate_id), chosen)
    return Response(shown.qr_image(text), media_type="image/png")


@router.get(
    "/{certificate_id}/document.pdf",
    summary="My printable page 打印件",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}},
)
async def read_own_document(
    certificate_id: UUID, runtime: CurrentRuntime, me: Myself, groups: GroupNames = None
) -> Response:
    """Read one A4 page with the chosen groups and their QR code. For the person.

    Of a certificate bound to a key it is the form for paper, which anybody can show who has it; that it was
    handed out is noted in the history.
    """
    chosen = shown.groups_of(groups)
    full = await _paper(runtime, me, certificate_id)
    async with runtime.database.transaction(OWN, read_only=True) as tx:
        names = shown.district_names(runtime, await partners.trust_list(tx, runtime))
    page = await shown.document(runtime, full, chosen, names)
    disposition = f'inline; filename="certificate-{certificate_id}.pdf"'
    return Response(page, media_type="application/pdf", headers={"Content-Disposition": disposition})
