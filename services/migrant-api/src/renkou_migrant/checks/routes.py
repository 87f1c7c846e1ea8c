"""HTTP of checks."""

from typing import Annotated

from fastapi import APIRouter, Depends, Request

from renkou_common.http.idempotency import RequestKey, once, request_key
from renkou_common.http.problems import wants_chinese
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_migrant.arrivals import service as arrivals
from renkou_migrant.checks import service
from renkou_migrant.checks.domain import ArrivedPerson, compared
from renkou_migrant.checks.schemas import CheckCreate, CheckRead
from renkou_migrant.people import facts_of
from renkou_migrant.runtime import CurrentRuntime

router = APIRouter(prefix="/certificate-checks", tags=["certificate checks 查验"])
Checker = Annotated[Access, Depends(requires(Scope.CERTIFICATE_CHECK))]


@router.post("", status_code=201, summary="Check a certificate 查验证明")
async def check_certificate(
    body: CheckCreate,
    request: Request,
    runtime: CurrentRuntime,
    access: Checker,
    key: Annotated[RequestKey, Depends(request_key)],
) -> CheckRead:
    """Verify a certificate without any network call to its issuer, and keep the result.

    With an arrival, the certificate has to be that person's, and the check counts as made whatever it came
    to. Needs `certificate:check`.
    """
    facts = None
    async with runtime.database.transaction(access.areas, read_only=True) as tx:
        found = await service.verify(tx, runtime, body.text)
        arrival = await arrivals.get(tx, access.areas, body.arrival_id) if body.arrival_id else None
    if arrival is not None:
        purpose = service.COMPARISON_PURPOSE
        facts = await facts_of(runtime, arrival.person_id, arrival.person_ref, purpose, access.token)
        found = compared(found, ArrivedPerson(facts.name, facts.birth_date, facts.resident_id))
    async with runtime.database.transaction(access.areas) as tx:
        check_id, _ = await once(
            tx,
            access.subject,
            key,
            lambda: service.record(tx, runtime, access, body.text, found, body.arrival_id, facts),
        )
        check = await service.get(tx, check_id, access.subject)
    return CheckRead.of(check, found, wants_chinese(request))
