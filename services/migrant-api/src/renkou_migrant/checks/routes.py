"""HTTP of checks."""

from typing import Annotated

from fastapi import APIRouter, Depends

from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_migrant.arrivals import service as arrivals
from renkou_migrant.checks import service
from renkou_migrant.checks.domain import ArrivedPerson, compared
from renkou_migrant.checks.schemas import CheckCreate, CheckRead, VerificationCreate, VerificationRead
from renkou_migrant.people import facts_of
from renkou_migrant.runtime import CurrentRuntime

router = APIRouter(tags=["certificate checks 查验"])
Checker = Annotated[Access, Depends(requires(Scope.CERTIFICATE_CHECK))]


@router.post("/certificate-verifications", summary="Verify a certificate 核验证明")
async def verify_certificate(
    body: VerificationCreate, runtime: CurrentRuntime, access: Checker
) -> VerificationRead:
    """Verify what somebody shows, without any network call; nothing is kept. Needs `certificate:check`."""
    return VerificationRead.of(await service.verify_once(runtime, body.text, body.nonce))


@router.post("/certificate-checks", status_code=201, summary="Check an arrival's certificate 查验证明")
async def check_certificate(
    body: CheckCreate,
    runtime: CurrentRuntime,
    access: Checker,
    key: Annotated[RequestKey, Depends(request_key)],
) -> CheckRead:
    """Verify the certificate that an arrival shows, and keep the result.

    It has to be that person's, and the check counts as made whatever it came to. Needs `certificate:check`.
    """
    verified = await service.verify(runtime, body.text, body.nonce)
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        arrival = await arrivals.get(tx, access.areas, body.arrival_id)
    purpose = service.COMPARISON_PURPOSE
    facts = await facts_of(runtime, arrival.person_id, arrival.person_ref, purpose, access.token)
    found = compared(verified, ArrivedPerson(facts.name, facts.birth_date, facts.resident_id))
    async with runtime.database.transaction(access.areas) as tx:
        check_id, _ = await once(
            tx,
            access.subject,
            key,
            lambda: service.record(tx, runtime, access, body.text, found, body.arrival_id, facts),
        )
        check = await service.get(tx, check_id, access.subject)
    return CheckRead.of_stored(check, found)
