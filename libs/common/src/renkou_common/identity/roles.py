"""Roles (岗位) and the scopes they bundle. Services' own identities have fixed scopes."""

from enum import StrEnum


class Scope(StrEnum):
    """A right, named ``<what>:<doing>``."""

    RESIDENT_READ = "resident:read"
    RESIDENT_WRITE = "resident:write"
    RESIDENT_UNMASK = "resident:unmask"
    RESIDENT_FACTS = "resident:facts"
    RESIDENT_IMPORT = "resident:import"
    LIFE_EVENT_WRITE = "life-event:write"
    LIFE_EVENT_CORRECT = "life-event:correct"
    SERVICE_WRITE = "service:write"
    STAFF_MANAGE = "staff:manage"
    CERTIFICATE_READ = "certificate:read"
    CERTIFICATE_ISSUE = "certificate:issue"
    CERTIFICATE_CHECK = "certificate:check"
    MIGRATION_READ = "migration:read"
    MIGRATION_WRITE = "migration:write"
    NOTICE_READ = "notice:read"
    NOTICE_ANSWER = "notice:answer"
    PARTNER_READ = "partner:read"
    PARTNER_MANAGE = "partner:manage"
    FIGURE_READ = "figure:read"
    FIGURE_MANAGE = "figure:manage"
    RETURN_WRITE = "return:write"
    FEED_READ = "feed:read"
    AREA_READ = "area:read"


class Role(StrEnum):
    """Roles of the domain document, part 1."""

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
    Scope.FIGURE_READ,
}
ROLE_SCOPES: dict[Role, frozenset[Scope]] = {
    Role.COMMUNITY_WORKER: frozenset(_COMMUNITY),
    Role.SUBDISTRICT_CLERK: frozenset(
        _COMMUNITY
        | {
            Scope.RESIDENT_UNMASK,
            Scope.RESIDENT_IMPORT,
            Scope.LIFE_EVENT_CORRECT,
            Scope.CERTIFICATE_ISSUE,
            Scope.CERTIFICATE_CHECK,
            Scope.NOTICE_READ,
            Scope.NOTICE_ANSWER,
            Scope.PARTNER_READ,
        }
    ),
    Role.SERVICE_STATION: frozenset({Scope.AREA_READ, Scope.RESIDENT_READ, Scope.SERVICE_WRITE}),
    Role.STATISTICIAN: frozenset(
        {Scope.AREA_READ, Scope.FIGURE_READ, Scope.FIGURE_MANAGE, Scope.RETURN_WRITE}
    ),
    Role.ADMINISTRATOR: frozenset(
        {Scope.AREA_READ, Scope.STAFF_MANAGE, Scope.PARTNER_READ, Scope.PARTNER_MANAGE, Scope.FIGURE_READ}
    ),
    Role.AUDITOR: frozenset({Scope.AREA_READ, Scope.FIGURE_READ, Scope.PARTNER_READ}),
}

SERVICE_SCOPES: dict[str, frozenset[Scope]] = {
    "registry-api": frozenset({Scope.FEED_READ}),
    "migrant-api": frozenset({Scope.FEED_READ, Scope.RESIDENT_FACTS, Scope.AREA_READ}),
    "reporting-worker": frozenset({Scope.FEED_READ, Scope.AREA_READ}),
}
