"""HTTP of agreements."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Annotated, Any
from uuid import UUID

from fastapi import APIRouter, Depends, Query, Response

from renkou_common.database import Transaction
from renkou_common.http.conditions import etag, expected_version
from renkou_common.http.cursors import decode_cursor, encode_cursor
from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_migrant.agreements import lifecycle, service
from renkou_migrant.agreements.domain import Agreement
from renkou_migrant.agreements.lifecycle import Person
from renkou_migrant.agreements.schemas import (
    ActivationIn,
    AgreementCreate,
    AgreementPage,
    AgreementRead,
    DocumentIn,
    HistoryRead,
    ReasonIn,
    SentenceRead,
    StatementIn,
    StatementRead,
    WordsRead,
)
from renkou_migrant.agreements.words import sentences
from renkou_migrant.partners import checks
from renkou_migrant.partners import service as partners
from renkou_migrant.runtime import CurrentRuntime, Runtime

router = APIRouter(prefix="/agreements", tags=["agreements 协议"])
Reader = Annotated[Access, Depends(requires(Scope.PARTNER_READ))]
Manager = Annotated[Access, Depends(requires(Scope.PARTNER_MANAGE))]
Version = Annotated[int, Depends(expected_version)]
Key = Annotated[RequestKey, Depends(request_key)]


@dataclass(frozen=True, slots=True)
class Step:
    """Who does something to which agreement, as it was read."""

    agreement_id: UUID
    response: Response
    runtime: Runtime
    access: Access
    version: int

    async def take(self, act: Callable[..., Awaitable[Agreement]], *more: object) -> AgreementRead:
        """Do it by ``act(tx, runtime, agreement_id, person, *more)`` in one transaction."""
        by = Person(self.access.subject, self.version)
        async with self.runtime.database.transaction(self.access.areas) as tx:
            agreement = await act(tx, self.runtime, self.agreement_id, by, *more)
        return _answer(self.response, self.runtime, agreement)


def _step(
    agreement_id: UUID, response: Response, runtime: CurrentRuntime, access: Manager, version: Version
) -> Step:
    return Step(agreement_id, response, runtime, access, version)


CurrentStep = Annotated[Step, Depends(_step)]


def _answer(response: Response, runtime: Runtime, agreement: Agreement) -> AgreementRead:
    response.headers["ETag"] = etag(agreement.revision)
    return AgreementRead.of(agreement, runtime.clock.today())


@router.post("", status_code=201, summary="Draft an agreement 起草双向管理协议")
async def draft_agreement(
    body: AgreementCreate, response: Response, runtime: CurrentRuntime, access: Manager, key: Key
) -> AgreementRead:
    """Draft an agreement, or the next version of one. Somebody else signs it. Needs `partner:manage`."""
    terms = body.to_terms(runtime.settings.district, runtime.clock.now())
    async with runtime.database.transaction(access.areas) as tx:
        agreement_id, _ = await once(
            tx, access.subject, key, lambda: lifecycle.draft(tx, runtime, terms, access.subject)
        )
        agreement = await service.get(tx, agreement_id)
    response.headers["Location"] = f"/agreements/{agreement.id}"
    return _answer(response, runtime, agreement)


@router.post("/documents", status_code=201, summary="Take a signed agreement in 接收对方签署的协议")
async def take_document(
    body: DocumentIn, response: Response, runtime: CurrentRuntime, access: Manager, key: Key
) -> AgreementRead:
    """Take in a partner's proposal, or its signature under ours; a second time it changes nothing.

    Needs `partner:manage`.
    """
    async with runtime.database.transaction(access.areas) as tx:
        agreement_id, _ = await once(
            tx,
            access.subject,
            key,
            lambda: lifecycle.take_document(tx, runtime, body.document, access.subject),
        )
        agreement = await service.get(tx, agreement_id)
    response.headers["Location"] = f"/agreements/{agreement.id}"
    return _answer(response, runtime, agreement)


@router.post("/statements", summary="Take a partner's statement in 接收对方的暂停或终止声明")
async def take_statement(
    body: StatementIn, response: Response, runtime: CurrentRuntime, access: Manager
) -> AgreementRead:
    """Take in that a partner has suspended, resumed or ended an agreement. Needs `partner:manage`."""
    async with runtime.database.transaction(access.areas) as tx:
        agreement = await lifecycle.take_statement(tx, runtime, body.statement, access.subject)
    return _answer(response, runtime, agreement)


@router.get("", summary="Agreements with partner districts 协议列表")
async def list_agreements(
    runtime: CurrentRuntime,
    access: Reader,
    partner: Annotated[str | None, Query(pattern=r"^\d{6}$")] = None,
    after: str | None = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> AgreementPage:
    """List agreements by partner and id. Needs `partner:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.page(tx, partner, decode_cursor(after, str, UUID), limit + 1)
    today = runtime.clock.today()
    last = found[limit - 1] if len(found) > limit else None
    return AgreementPage(
        items=[AgreementRead.of(agreement, today) for agreement in found[:limit]],
        next=encode_cursor(last.partner, last.id) if last else None,
    )


@router.get("/{agreement_id}", summary="One agreement 协议详情")
async def read_agreement(
    agreement_id: UUID, response: Response, runtime: CurrentRuntime, access: Reader
) -> AgreementRead:
    """Read an agreement with its version as ETag. Needs `partner:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        agreement = await service.get(tx, agreement_id)
    return _answer(response, runtime, agreement)


@router.get("/{agreement_id}/history", summary="What happened to an agreement 协议经过")
async def read_history(agreement_id: UUID, runtime: CurrentRuntime, access: Reader) -> HistoryRead:
    """Read who did what when, with the signed documents. Needs `partner:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return HistoryRead.of(await service.history(tx, agreement_id))


@router.get("/{agreement_id}/words", summary="What it lets go, in words 协议准许发送的内容")
async def read_words(agreement_id: UUID, runtime: CurrentRuntime, access: Reader) -> WordsRead:
    """Read what an agreement lets go in Chinese and English. Needs `partner:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        agreement = await service.get(tx, agreement_id)
        names = await partners.names(tx, runtime)
    return WordsRead(items=[SentenceRead.of(one) for one in sentences(agreement, names)])


@router.get("/{agreement_id}/document", summary="The signed document to hand over 导出已签协议")
async def read_document(agreement_id: UUID, runtime: CurrentRuntime, access: Reader) -> dict[str, Any]:
    """Read the document with the signatures at hand, as the partner takes it in. Needs `partner:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return await lifecycle.exported(tx, agreement_id)


@router.get("/{agreement_id}/statement", summary="The last statement to hand over 导出声明")
async def read_statement(agreement_id: UUID, runtime: CurrentRuntime, access: Reader) -> StatementRead:
    """Read what this district declared last of an agreement, signed. Needs `partner:read`."""
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        return StatementRead(statement=await lifecycle.last_statement(tx, agreement_id))


@router.post("/{agreement_id}/proposal", summary="Sign a draft 签署并提出")
async def propose_agreement(step: CurrentStep) -> AgreementRead:
    """Sign a draft for this district; not by who drafted it. Needs `partner:manage`."""
    return await step.take(lifecycle.propose)


@router.post("/{agreement_id}/acceptance", summary="Sign a partner's proposal 签署对方提出的协议")
async def accept_agreement(step: CurrentStep) -> AgreementRead:
    """Sign a partner's proposal; not by who took it in. Needs `partner:manage`."""
    return await step.take(lifecycle.accept)


@router.post("/{agreement_id}/activation", summary="Let messages go under it 启用协议")
async def activate_agreement(step: CurrentStep, body: ActivationIn) -> AgreementRead:
    """Activate an agreement that both have signed; not by who signed it here. Needs `partner:manage`.

    The partner must have passed a check, unless `without_check` says why not.
    """
    return await step.take(_activate_checked, body.without_check)


@router.post("/{agreement_id}/suspension", summary="Suspend an agreement at once 立即暂停")
async def suspend_agreement(step: CurrentStep, body: ReasonIn) -> AgreementRead:
    """Stop everything under an agreement: what is drafted waits, what comes is refused. Needs `partner:manage`."""
    return await step.take(lifecycle.suspend, body.reason)


@router.post("/{agreement_id}/resumption", summary="Resume an agreement 恢复")
async def resume_agreement(step: CurrentStep, body: ReasonIn) -> AgreementRead:
    """Lift this district's own suspension; what waited goes. Needs `partner:manage`."""
    return await step.take(lifecycle.resume, body.reason)


@router.post("/{agreement_id}/end", summary="End an agreement 终止协议")
async def end_agreement(step: CurrentStep, body: ReasonIn | None = None) -> AgreementRead:
    """End an agreement from today on, or turn a draft or proposal down. Needs `partner:manage`."""
    return await step.take(lifecycle.end, body.reason if body else None)


async def _activate_checked(
    tx: Transaction, runtime: Runtime, agreement_id: UUID, by: Person, without_check: str | None
) -> Agreement:
    if without_check is None:
        await checks.require_passed(tx, runtime, (await service.get(tx, agreement_id)).partner)
    return await lifecycle.activate(tx, runtime, agreement_id, by, without_check)
