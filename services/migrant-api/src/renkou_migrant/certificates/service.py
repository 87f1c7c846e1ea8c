"""Issuing, reading and revoking certificates."""

from collections import Counter
from datetime import datetime
from uuid import UUID

from renkou_common.codes.area import AreaCode
from renkou_common.contracts.lines import difference
from renkou_common.contracts.migrant import CertificateIssued, CertificateRevoked, MigrantEventType
from renkou_common.database import Transaction
from renkou_common.errors import Conflict, FieldError, NotFound, Text
from renkou_common.http.conditions import check_version
from renkou_common.identity.principal import Access
from renkou_common.ids import new_id
from renkou_common.scope import AreaScope
from renkou_migrant.certificates import repository
from renkou_migrant.certificates.domain import (
    Applicant,
    CertificateRules,
    CertificateState,
    Validity,
    ineligibilities,
    validity_of,
)
from renkou_migrant.certificates.records import Holder, StoredCertificate
from renkou_migrant.certificates.repository import Filters
from renkou_migrant.credentials import sdjwt
from renkou_migrant.credentials.groups import CertificateFacts
from renkou_migrant.departures import service as departures
from renkou_migrant.fields import area_text
from renkou_migrant.outflow import service as outflow
from renkou_migrant.registry_client import PersonFacts
from renkou_migrant.runtime import Runtime
from renkou_migrant.status_lists import service as status_lists

FACTS_PURPOSE = "certificate"


def rules_of(runtime: Runtime) -> CertificateRules:
    """Return the numbers of this node's settings."""
    settings = runtime.settings
    return CertificateRules(
        minimum_age=settings.certificate_minimum_age,
        age_limit=settings.certificate_age_limit,
        validity_years=settings.certificate_years,
    )


def sealed_column(certificate_id: UUID) -> str:
    """Return the name under which a certificate's text is sealed: no other row can pass for it."""
    return f"certificate.sealed:{certificate_id}"


async def issue(
    tx: Transaction, runtime: Runtime, access: Access, person_id: UUID, facts: PersonFacts
) -> UUID:
    """Issue a certificate on the facts that the register told this clerk; raises NotFound or Conflict."""
    registered = AreaCode.parse(facts.registered_area)
    if runtime.district.contains(registered) and not access.areas.contains(registered.key):
        raise NotFound.of("人员", "person")
    await outflow.lock_persons(tx, [facts.person_ref])
    now = runtime.clock.now()
    earlier = await repository.of_holders(tx, [facts.person_ref])
    _check_none_stands(earlier, now)
    departed_on = await departures.away_since(tx, facts.person_ref)
    applicant = Applicant(
        birth_date=facts.birth_date,
        registered_area=area_text(registered.key),
        death_date=None if facts.alive else facts.died_on or now.date(),
        departed_on=departed_on,
    )
    rules = rules_of(runtime)
    _check_eligible(applicant, runtime, now, rules)
    validity = validity_of(facts.birth_date, issued_on=now.date(), rules=rules)
    new = await _signed(tx, runtime, access, person_id, facts, validity, now)
    marks = (await outflow.marks_of(tx, [facts.person_ref]))[facts.person_ref]
    before = Holder(new.sex, new.birth_month, marks, earlier)
    after = Holder(new.sex, new.birth_month, marks, [*earlier, new])
    event = CertificateIssued(
        certificate_id=new.id,
        person_ref=new.person_ref,
        area=area_text(new.registered_area),
        valid_from=new.valid_from,
        valid_to=new.valid_to,
        lines=difference(after.lines(), before.lines()),
    )
    await runtime.outbox.append(tx, MigrantEventType.CERTIFICATE_ISSUED, new.person_ref, event)
    return new.id


async def _signed(
    tx: Transaction,
    runtime: Runtime,
    access: Access,
    person_id: UUID,
    facts: PersonFacts,
    validity: Validity,
    now: datetime,
) -> StoredCertificate:
    certificate_id = new_id()
    list_number, index = await status_lists.allocate(tx, certificate_id)
    key = status_lists.signing_key(runtime)
    token = sdjwt.issue(
        _certificate_facts(runtime, facts).to_groups(),
        district=str(runtime.district),
        issued_at=now,
        expires_at=validity.expires_at,
        status_index=index,
        key=key,
        status_list_number=list_number,
    )
    new = StoredCertificate(
        id=certificate_id,
        position=0,
        number=f"{runtime.district}-{list_number}-{index:07d}",
        person_id=person_id,
        person_ref=facts.person_ref,
        registered_area=AreaCode.parse(facts.registered_area).key,
        birth_month=f"{facts.birth_date:%Y-%m}",
        sex=facts.sex,
        valid_from=validity.first_day,
        valid_to=validity.last_day,
        limited_by=validity.limited_by,
        revoked_on=None,
        revocation_reason=None,
        died_on=None,
        list_number=list_number,
        status_index=index,
        kid=key.kid,
        issued_at=now,
        version=1,
    )
    sealed = runtime.cipher.encrypt(token, sealed_column(certificate_id))
    await repository.insert(tx, new, sealed, access.subject)
    return new


def _certificate_facts(runtime: Runtime, facts: PersonFacts) -> CertificateFacts:
    district = str(runtime.district)
    return CertificateFacts(
        name=facts.name,
        sex=facts.sex,
        birth_date=facts.birth_date,
        area_code=district,
        area_name=runtime.settings.district_name_zh or district,
        marital_status=facts.marital_status or "90",
        children_count=facts.children_count,
        id_number=facts.resident_id,
        children_birth_dates=facts.children_birth_dates,
    )


def _check_none_stands(earlier: list[StoredCertificate], now: datetime) -> None:
    for one in earlier:
        if one.state(now.date()) is CertificateState.VALID:
            raise Conflict(
                "certificate_exists",
                f"该人已持有有效证明 {one.number} (有效期至 {one.valid_to}), 记录 {one.id}",
                f"The person holds a valid certificate, {one.number} (until {one.valid_to}), record {one.id}",
                [FieldError("/person_id", "certificate_exists", Text(str(one.id), str(one.id)))],
            )


def _check_eligible(applicant: Applicant, runtime: Runtime, now: datetime, rules: CertificateRules) -> None:
    reasons = ineligibilities(applicant, district=str(runtime.district), on=now.date(), rules=rules)
    if reasons:
        raise Conflict(
            reasons[0].value,
            "; ".join(reason.zh for reason in reasons),
            " ".join(reason.en for reason in reasons),
            [FieldError("/person_id", reason.value, Text(reason.zh, reason.en)) for reason in reasons],
        )


async def revoke(
    tx: Transaction,
    runtime: Runtime,
    access: Access,
    certificate_id: UUID,
    version: int,
    reason: str,
) -> StoredCertificate:
    """Revoke from today on; raises NotFound, VersionMismatch, or Conflict for one that no longer stands."""
    found = await get(tx, access.areas, certificate_id)
    await outflow.lock_persons(tx, [found.person_ref])
    found = await get(tx, access.areas, certificate_id, lock=True)
    check_version(version, found.version)
    today = runtime.clock.today()
    if found.state(today) is not CertificateState.VALID:
        raise Conflict(
            "certificate_not_standing", "该证明已不再有效, 无需撤销", "The certificate no longer stands"
        )
    marks = (await outflow.marks_of(tx, [found.person_ref]))[found.person_ref]
    before = await _holder(tx, found, marks)
    await repository.revoke(tx, certificate_id, today, reason, access.subject)
    await status_lists.set_ended(tx, found.list_number, found.status_index, True)
    after = await _holder(tx, found, marks)
    event = CertificateRevoked(
        certificate_id=certificate_id,
        person_ref=found.person_ref,
        revoked_on=today,
        lines=difference(after.lines(), before.lines()),
    )
    await runtime.outbox.append(tx, MigrantEventType.CERTIFICATE_REVOKED, found.person_ref, event)
    return await get(tx, access.areas, certificate_id)


async def _holder(tx: Transaction, of: StoredCertificate, marks: Counter[outflow.Mark]) -> Holder:
    return Holder(of.sex, of.birth_month, marks, await repository.of_holders(tx, [of.person_ref]))


async def get(
    tx: Transaction, scope: AreaScope, certificate_id: UUID, *, lock: bool = False
) -> StoredCertificate:
    """Return a certificate in scope; raises NotFound."""
    found = await repository.find(tx, scope, certificate_id, lock=lock)
    if found is None:
        raise NotFound.of("证明", "certificate")
    return found


async def page(
    tx: Transaction, scope: AreaScope, filters: Filters, before: int | None, limit: int
) -> list[StoredCertificate]:
    """Return certificates in scope, the last issued first."""
    return await repository.page(tx, scope, filters, before, limit)


async def full_text(tx: Transaction, runtime: Runtime, scope: AreaScope, certificate_id: UUID) -> str:
    """Return the certificate as issued, every group disclosed; raises NotFound."""
    sealed = await repository.sealed(tx, scope, certificate_id)
    if sealed is None:
        raise NotFound.of("证明", "certificate")
    return runtime.cipher.decrypt(sealed, sealed_column(certificate_id))
