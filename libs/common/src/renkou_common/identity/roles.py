"""Scopes, the built-in roles (岗位) and the scopes they bundle. Services' own identities have fixed scopes.

Roles are data of registry-api: its `migrate` brings the built-in ones to what stands here, and a district adds its
own. Code names a role only where it needs a built-in one; a right is always asked for by its scope.
"""

from enum import StrEnum


class Scope(StrEnum):
    """A right, named ``<what>:<doing>``."""

    RESIDENT_READ = "resident:read"
    RESIDENT_WRITE = "resident:write"
    RESIDENT_UNMASK = "resident:unmask"
    RESIDENT_FACTS = "resident:facts"
    RESIDENT_IMPORT = "resident:import"
    SHEET_IMPORT = "sheet:import"
    LIFE_EVENT_WRITE = "life-event:write"
    SERVICE_WRITE = "service:write"
    SERVICE_RESULT = "service:result"
    STAFF_MANAGE = "staff:manage"
    CERTIFICATE_READ = "certificate:read"
    CERTIFICATE_APPLY = "certificate:apply"
    CERTIFICATE_APPROVE = "certificate:approve"
    CERTIFICATE_ISSUE = "certificate:issue"
    CERTIFICATE_CHECK = "certificate:check"
    MIGRATION_READ = "migration:read"
    MIGRATION_WRITE = "migration:write"
    NOTICE_READ = "notice:read"
    NOTICE_ANSWER = "notice:answer"
    NOTICE_PROVE = "notice:prove"
    PARTNER_READ = "partner:read"
    PARTNER_MANAGE = "partner:manage"
    FIGURE_READ = "figure:read"
    FIGURE_EXACT = "figure:exact"
    FIGURE_MANAGE = "figure:manage"
    RETURN_READ = "return:read"
    TARGET_MANAGE = "target:manage"
    FIGURE_SIGN = "figure:sign"
    RETURN_WRITE = "return:write"
    RETURN_CHECK = "return:check"
    RETURN_SIGN = "return:sign"
    FEED_READ = "feed:read"
    AREA_READ = "area:read"
    AREA_MANAGE = "area:manage"
    RESIDENT_EXPORT = "resident:export"
    CORRECTION_REQUEST = "correction:request"
    CORRECTION_APPROVE = "correction:approve"
    DUPLICATE_MANAGE = "duplicate:manage"
    LIST_MATCH = "list:match"
    CARD_READ = "card:read"
    CARD_WRITE = "card:write"
    VISIT_WRITE = "visit:write"
    PREPREGNANCY_READ = "prepregnancy:read"
    PREPREGNANCY_WRITE = "prepregnancy:write"
    CHILDBIRTH_WRITE = "childbirth:write"
    HONOUR_WRITE = "honour:write"
    SUPPLY_READ = "supply:read"
    SUPPLY_WRITE = "supply:write"
    SUPPLY_MANAGE = "supply:manage"
    BENEFIT_READ = "benefit:read"
    BENEFIT_APPLY = "benefit:apply"
    BENEFIT_CHECK = "benefit:check"
    BENEFIT_REVIEW = "benefit:review"
    BENEFIT_APPROVE = "benefit:approve"
    BENEFIT_PAY = "benefit:pay"
    SCHEME_MANAGE = "scheme:manage"
    OFFICE_READ = "office:read"
    OFFICE_WRITE = "office:write"
    PETITION_READ = "petition:read"
    PETITION_WRITE = "petition:write"
    BUDGET_WRITE = "budget:write"
    READING_AUDIT = "reading:audit"
    ACCOUNT_OPEN = "account:open"
    FIELD_KEY_READ = "field-key:read"
    CONSENT_WRITE = "consent:write"
    PRIVACY_READ = "privacy:read"
    PRIVACY_MANAGE = "privacy:manage"
    PRIVACY_DECIDE = "privacy:decide"
    PRIVACY_REQUEST_READ = "privacy-request:read"
    EMERGENCY_ACCESS = "emergency:access"
    APPROVAL_DECIDE = "approval:decide"


class Role(StrEnum):
    """The built-in roles: those of the domain document, part 1."""

    COMMUNITY_WORKER = "community_worker"  # 社区专干
    SUBDISTRICT_CLERK = "subdistrict_clerk"  # 街道计生办
    SERVICE_STATION = "service_station"  # 服务站
    STATISTICIAN = "statistician"  # 统计员
    ADMINISTRATOR = "administrator"  # 区管理员
    AUDITOR = "auditor"  # 审计员


_COMMUNITY = {
    Scope.AREA_READ,
    Scope.RESIDENT_READ,
    Scope.RESIDENT_WRITE,
    Scope.RESIDENT_FACTS,
    Scope.LIFE_EVENT_WRITE,
    Scope.SERVICE_WRITE,
    Scope.MIGRATION_READ,
    Scope.MIGRATION_WRITE,
    Scope.CERTIFICATE_READ,
    Scope.CERTIFICATE_APPLY,
    Scope.FIGURE_READ,
    Scope.FIGURE_EXACT,
    Scope.CORRECTION_REQUEST,
    Scope.CARD_READ,
    Scope.CARD_WRITE,
    Scope.VISIT_WRITE,
    Scope.CHILDBIRTH_WRITE,
    Scope.SUPPLY_READ,
    Scope.SUPPLY_WRITE,
    Scope.BENEFIT_READ,
    Scope.BENEFIT_APPLY,
    Scope.BENEFIT_CHECK,
    Scope.OFFICE_READ,
    Scope.OFFICE_WRITE,
    Scope.PETITION_READ,
    Scope.PETITION_WRITE,
    Scope.RESIDENT_EXPORT,
    Scope.ACCOUNT_OPEN,
    Scope.CONSENT_WRITE,
    Scope.PRIVACY_READ,
}
ROLE_SCOPES: dict[str, frozenset[Scope]] = {
    Role.COMMUNITY_WORKER: frozenset(_COMMUNITY),
    Role.SUBDISTRICT_CLERK: frozenset(
        _COMMUNITY
        | {
            Scope.RESIDENT_UNMASK,
            Scope.EMERGENCY_ACCESS,
            Scope.RESIDENT_IMPORT,
            Scope.SHEET_IMPORT,
            Scope.CORRECTION_APPROVE,
            Scope.DUPLICATE_MANAGE,
            Scope.LIST_MATCH,
            Scope.HONOUR_WRITE,
            Scope.BENEFIT_REVIEW,
            Scope.PRIVACY_DECIDE,
            Scope.PRIVACY_REQUEST_READ,
            Scope.CERTIFICATE_APPROVE,
            Scope.CERTIFICATE_ISSUE,
            Scope.CERTIFICATE_CHECK,
            Scope.NOTICE_READ,
            Scope.NOTICE_ANSWER,
            Scope.NOTICE_PROVE,
            Scope.PARTNER_READ,
            Scope.RETURN_READ,
            Scope.RETURN_WRITE,
        }
    ),
    Role.SERVICE_STATION: frozenset(
        {
            Scope.AREA_READ,
            Scope.SHEET_IMPORT,
            Scope.RESIDENT_READ,
            Scope.SERVICE_WRITE,
            Scope.SERVICE_RESULT,
            Scope.CARD_READ,
            Scope.VISIT_WRITE,
            Scope.PREPREGNANCY_READ,
            Scope.PREPREGNANCY_WRITE,
            Scope.CHILDBIRTH_WRITE,
            Scope.SUPPLY_READ,
            Scope.SUPPLY_WRITE,
            Scope.SUPPLY_MANAGE,
            Scope.RETURN_READ,
            Scope.RETURN_WRITE,
            Scope.CONSENT_WRITE,
            Scope.PRIVACY_READ,
        }
    ),
    Role.STATISTICIAN: frozenset(
        {
            Scope.AREA_READ,
            Scope.SHEET_IMPORT,
            Scope.FIGURE_READ,
            Scope.FIGURE_EXACT,
            Scope.FIGURE_MANAGE,
            Scope.RETURN_READ,
            Scope.TARGET_MANAGE,
            Scope.RETURN_WRITE,
            Scope.RETURN_CHECK,
            Scope.BUDGET_WRITE,
            Scope.OFFICE_READ,
            Scope.PRIVACY_READ,
        }
    ),
    Role.ADMINISTRATOR: frozenset(
        {
            Scope.AREA_READ,
            Scope.SHEET_IMPORT,
            Scope.AREA_MANAGE,
            Scope.STAFF_MANAGE,
            Scope.APPROVAL_DECIDE,
            Scope.PARTNER_READ,
            Scope.PARTNER_MANAGE,
            Scope.FIGURE_READ,
            Scope.FIGURE_EXACT,
            Scope.RETURN_READ,
            Scope.RETURN_CHECK,
            Scope.RETURN_SIGN,
            Scope.TARGET_MANAGE,
            Scope.FIGURE_SIGN,
            Scope.SCHEME_MANAGE,
            Scope.BENEFIT_READ,
            Scope.BENEFIT_APPROVE,
            Scope.BENEFIT_PAY,
            Scope.SUPPLY_READ,
            Scope.SUPPLY_MANAGE,
            Scope.OFFICE_READ,
            Scope.BUDGET_WRITE,
            Scope.FIELD_KEY_READ,
            Scope.PRIVACY_READ,
            Scope.PRIVACY_MANAGE,
        }
    ),
    Role.AUDITOR: frozenset(
        {
            Scope.AREA_READ,
            Scope.FIGURE_READ,
            Scope.PARTNER_READ,
            Scope.READING_AUDIT,
            Scope.APPROVAL_DECIDE,
            Scope.FIELD_KEY_READ,
            Scope.PRIVACY_READ,
            Scope.PRIVACY_REQUEST_READ,
        }
    ),
}

SERVICE_SCOPES: dict[str, frozenset[Scope]] = {
    "registry-api": frozenset({Scope.FEED_READ}),
    "migrant-api": frozenset({Scope.FEED_READ, Scope.RESIDENT_FACTS, Scope.AREA_READ}),
    "reporting-worker": frozenset({Scope.FEED_READ, Scope.AREA_READ}),
}
