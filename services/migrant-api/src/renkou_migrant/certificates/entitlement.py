"""Who can have a certificate today, and how long it will stand: the rules asked of a person's facts."""

from collections.abc import Sequence
from datetime import date

from renkou_common.codes.area import AreaCode
from renkou_common.errors import Conflict, FieldError, Text
from renkou_migrant.certificates.domain import (
    Applicant,
    CertificateRules,
    CertificateState,
    Kind,
    Validity,
    ineligibilities,
    renewable_from,
    validity_of,
    validity_of_successor,
)
from renkou_migrant.certificates.records import StoredCertificate
from renkou_migrant.fields import area_text
from renkou_migrant.registry_client import PersonFacts
from renkou_migrant.runtime import Runtime


def rules_of(runtime: Runtime) -> CertificateRules:
    """Return the numbers of this node's settings."""
    settings = runtime.settings
    return CertificateRules(
        minimum_age=settings.certificate_minimum_age,
        age_limit=settings.certificate_age_limit,
        validity_years=settings.certificate_years,
        change_report_months=settings.certificate_change_report_months,
        renewal_months=settings.certificate_renewal_months,
    )


def validity(runtime: Runtime, facts: PersonFacts, departed_on: date | None, today: date) -> Validity:
    """Return how long a certificate issued today would stand; raises Conflict with every reason against."""
    applicant = Applicant(
        birth_date=facts.birth_date,
        registered_area=area_text(AreaCode.parse(facts.registered_area).key),
        death_date=None if facts.alive else facts.died_on or today,
        departed_on=departed_on,
    )
    rules = rules_of(runtime)
    reasons = ineligibilities(applicant, district=str(runtime.district), on=today, rules=rules)
    if reasons:
        raise Conflict(
            reasons[0].value,
            "; ".join(reason.zh for reason in reasons),
            " ".join(reason.en for reason in reasons),
            [FieldError("/person_id", reason.value, Text(reason.zh, reason.en)) for reason in reasons],
        )
    return validity_of(facts.birth_date, issued_on=today, rules=rules)


def check_standing(
    held: Sequence[StoredCertificate], kind: Kind, today: date, rules: CertificateRules
) -> list[StoredCertificate]:
    """Return the certificates that stand and will be replaced, the one that ends last at the end.

    It is one, or none for a first one; more only where two records of a person were joined, each with its own.
    Raises Conflict ``certificate_exists`` where a first one is asked for and one stands,
    ``no_certificate_stands`` where there is none to replace, ``renewal_too_early`` before its time.
    """
    standing = [one for one in held if one.state(today) is CertificateState.VALID]
    standing.sort(key=lambda one: one.valid_to)
    if kind is Kind.FIRST:
        if standing:
            raise _exists(standing[-1])
        return []
    if not standing:
        raise Conflict(
            "no_certificate_stands",
            "没有可换发的有效证明, 请按首次办理申请",
            "No certificate stands that could be replaced or renewed; apply for a first one",
        )
    if kind is Kind.RENEWAL:
        _check_renewable(standing[-1], today, rules)
    return standing


def validity_after(
    standing: Sequence[StoredCertificate], fresh: Validity, kind: Kind, reason: str | None
) -> Validity:
    """Return how long the new certificate stands, given those whose place it takes, the last to end last."""
    if not standing:
        return fresh
    return validity_of_successor(standing[-1].validity, fresh, kind, reason)


def _exists(one: StoredCertificate) -> Conflict:
    return Conflict(
        "certificate_exists",
        f"该人已持有有效证明 {one.number} (有效期至 {one.valid_to}), 记录 {one.id}",
        f"The person holds a valid certificate, {one.number} (until {one.valid_to}), record {one.id}",
        [FieldError("/person_id", "certificate_exists", Text(str(one.id), str(one.id)))],
    )


def _check_renewable(standing: StoredCertificate, today: date, rules: CertificateRules) -> None:
    first_day = renewable_from(standing.validity, rules)
    if first_day is None:
        raise Conflict(
            "renewal_past_age",
            f"证明 {standing.valid_to} 到期后持有人已满 {rules.age_limit} 周岁, 不再换领",
            f"The holder turns {rules.age_limit} when it ends on {standing.valid_to}; it is not renewed",
        )
    if today < first_day:
        raise Conflict(
            "renewal_too_early",
            f"{first_day} 起方可换领 (证明有效期至 {standing.valid_to})",
            f"It may be renewed from {first_day} on (it stands until {standing.valid_to})",
        )
