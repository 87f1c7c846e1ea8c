"""HTTP of certificates."""

from collections.abc import Sequence
from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response
from fastapi.responses import PlainTextResponse

from renkou_common.audit.log import UNMASK
from renkou_common.database import Transaction
from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.cursors import decode_key, encode_cursor
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_migrant.audit.domain import What, about
from renkou_migrant.certificate_keys import service as certificate_keys
from renkou_migrant.certificates import history, service, shown
from renkou_migrant.certificates.entitlement import rules_of
from renkou_migrant.certificates.records import Actor, ActorKind, StoredCertificate
from renkou_migrant.certificates.repository import Filters
from renkou_migrant.certificates.schemas import (
    Asked,
    CertificateItem,
    CertificatePage,
    CertificateRead,
    RevocationCreate,
    history_of,
)
from renkou_migrant.credentials.groups import Group
from renkou_migrant.credentials.sdjwt import MEDIA_TYPE
from renkou_migrant.fields import AreaQuery
from renkou_migrant.partners import service as partners
from renkou_migrant.people import person_card
from renkou_migrant.runtime import CurrentRuntime, Runtime

router = APIRouter(prefix="/certificates", tags=["certificates 婚育证明"])
Reader = Annotated[Access, Depends(requires(Scope.CERTIFICATE_READ))]
Issuer = Annotated[Access, Depends(requires(Scope.CERTIFICATE_ISSUE))]
"""Who issues a certificate hands it to its holder: a presentation may carry the ID number in the clear."""
GroupNames = Annotated[
    str | None,
    Query(
        description=f"comma-separated: {', '.join(Group)}; default person", examples=["person,marital_status"]
    ),
]


async def asked(tx: Transaction, runtime: Runtime) -> Asked:
    """Return what answers about certificates depend on now."""
    compromised = await certificate_keys.compromised(tx)
    return Asked(str(runtime.district), runtime.clock.today(), rules_of(runtime), compromised)


async def answer(
    tx: Transaction, runtime: Runtime, response: Response, found: StoredCertificate
) -> CertificateRead:
    """Return a certificate with its history under its ETag."""
    response.headers["ETag"] = etag(found.version)
    item = CertificateItem.of(found, await asked(tx, runtime))
    read = CertificateRead.model_validate(item.model_dump())
    read.history = history_of(await history.of(tx, runtime, found))
    return read


def page_of(found: list[StoredCertificate], limit: int, asked: Asked) -> CertificatePage:
    """Return a page out of ``limit`` certificates and one more where there is one."""
    following = encode_cursor(found[limit - 1].position) if len(found) > limit else None
    return CertificatePage(items=[CertificateItem.of(one, asked) for one in found[:limit]], next=following)


async def _full(runtime: Runtime, access: Access, certificate_id: UUID, chosen: Sequence[Group]) -> str:
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.get(tx, access.areas, certificate_id)
        text = await service.full_text(tx, runtime, access.areas, certificate_id)
    await _note_text(runtime, access, found, chosen)
    return text


async def _paper(runtime: Runtime, access: Access, certificate_id: UUID, chosen: Sequence[Group]) -> str:
    actor = Actor(ActorKind.STAFF, access.subject)
    async with runtime.database.transaction(access.areas) as tx:
        found = await service.get(tx, access.areas, certificate_id)
        text = await service.paper_text(tx, runtime, access.areas, certificate_id, actor)
    await _note_text(runtime, access, found, chosen)
    return text


async def _note_text(
    runtime: Runtime, access: Access, found: StoredCertificate, chosen: Sequence[Group]
) -> None:
    await runtime.readings.record(
        access,
        What.CERTIFICATE_TEXT,
        about([found]),
        action=UNMASK,
        fields=tuple(str(each) for each in chosen),
        record_id=found.id,
    )


async def _names(runtime: Runtime, access: Access) -> dict[str, tuple[str, str]]:
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return shown.district_names(runtime, await partners.trust_list(tx, runtime))


@router.get("", summary="Certificates, the last issued first 证明列表")
async def list_certificates(
    runtime: CurrentRuntime,
    access: Reader,
    area: AreaQuery,
    person_id: UUID | None = None,
    number: Annotated[str | None, Query(max_length=40, description="as the paper shows")] = None,
    valid: Annotated[bool | None, Query(description="only those that stand today, or only others")] = None,
    facts_changed: Annotated[
        bool | None, Query(description="only those whose holder's facts are others in the register now")
    ] = None,
    kid: Annotated[str | None, Query(max_length=100, description="signed with this key")] = None,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> CertificatePage:
    """List certificates of people registered in the caller's area, no names. Needs `certificate:read`.

    Those whose facts have changed carry the offer of a replacement.
    """
    interval = area.interval() if area else None
    filters = Filters(runtime.clock.today(), person_id, number, interval, valid, facts_changed, kid)
    before = decode_key(after, int)
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.page(tx, access.areas, filters, before, limit + 1)
        page = page_of(found, limit, await asked(tx, runtime))
    await runtime.readings.record(access, What.CERTIFICATE, about(found[:limit]))
    return page


@router.get("/{certificate_id}", summary="One certificate 证明详情")
async def read_certificate(
    certificate_id: UUID, response: Response, runtime: CurrentRuntime, access: Reader
) -> CertificateRead:
    """Read state, dates and history; the name comes from the register. Needs `certificate:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.get(tx, access.areas, certificate_id)
        read = await answer(tx, runtime, response, found)
    await runtime.readings.record(access, What.CERTIFICATE, about([found]), record_id=found.id)
    read.person = await person_card(runtime, found.person_id, access.token)
    return read


@router.get(
    "/{certificate_id}/presentation",
    summary="SD-JWT with the chosen groups 选择性出示",
    response_class=PlainTextResponse,
)
async def read_presentation(
    certificate_id: UUID, runtime: CurrentRuntime, access: Issuer, groups: GroupNames = None
) -> Response:
    """Read the presentation that shows only the groups the holder chose. Needs `certificate:issue`."""
    chosen = shown.groups_of(groups)
    full = await _full(runtime, access, certificate_id, chosen)
    return Response(shown.presentation(full, chosen), media_type=f"application/{MEDIA_TYPE}")


@router.get(
    "/{certificate_id}/presentation.txt",
    summary="The same as text 文字形式",
    response_class=PlainTextResponse,
)
async def read_text(
    certificate_id: UUID, runtime: CurrentRuntime, access: Issuer, groups: GroupNames = None
) -> Response:
    """Read what the presentation says, Chinese and English, line by line. Needs `certificate:issue`."""
    chosen = shown.groups_of(groups)
    full = await _full(runtime, access, certificate_id, chosen)
    return PlainTextResponse(shown.readable(full, chosen, await _names(runtime, access)))


@router.get(
    "/{certificate_id}/qr.txt", summary="Text of the QR code 二维码文本", response_class=PlainTextResponse
)
async def read_qr_text(
    certificate_id: UUID, runtime: CurrentRuntime, access: Issuer, groups: GroupNames = None
) -> Response:
    """Read the packed form that paper carries. Needs `certificate:issue`."""
    chosen = shown.groups_of(groups)
    return PlainTextResponse(shown.packed(await _paper(runtime, access, certificate_id, chosen), chosen))


@router.get(
    "/{certificate_id}/qr.png",
    summary="QR code 二维码",
    response_class=Response,
    responses={200: {"content": {"image/png": {}}}},
)
async def read_qr_image(
    certificate_id: UUID, runtime: CurrentRuntime, access: Issuer, groups: GroupNames = None
) -> Response:
    """Read the QR code as an image. Needs `certificate:issue`."""
    chosen = shown.groups_of(groups)
    text = shown.packed(await _paper(runtime, access, certificate_id, chosen), chosen)
    return Response(shown.qr_image(text), media_type="image/png")


@router.get(
    "/{certificate_id}/document.pdf",
    summary="Printable page 打印件",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}},
)
async def read_document(
    certificate_id: UUID, runtime: CurrentRuntime, access: Issuer, groups: GroupNames = None
) -> Response:
    """Read one A4 page with the chosen groups and their QR code. Needs `certificate:issue`."""
    chosen = shown.groups_of(groups)
    full = await _paper(runtime, access, certificate_id, chosen)
    page = await shown.document(runtime, full, chosen, await _names(runtime, access))
    disposition = f'inline; filename="certificate-{certificate_id}.pdf"'
    return Response(page, media_type="application/pdf", headers={"Content-Disposition": disposition})


@router.post("/{certificate_id}/revocation", summary="Revoke from today on 撤销证明")
async def revoke_certificate(
    certificate_id: UUID,
    body: RevocationCreate,
    response: Response,
    runtime: CurrentRuntime,
    access: Issuer,
    version: Annotated[int, Depends(expected_version)],
) -> CertificateRead:
    """Revoke a certificate; verifiers learn it from the status list. Needs `certificate:issue`."""
    async with runtime.database.transaction(access.areas) as tx:
        actor = Actor(ActorKind.STAFF, access.subject)
        found = await service.revoke(
            tx, runtime, access.areas, certificate_id, version, body.reason, body.note, actor
        )
        return await answer(tx, runtime, response, found)
