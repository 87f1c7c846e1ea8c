"""Rules of roles; no I/O."""

from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from renkou_common.errors import FieldError, InvalidInput, Text
from renkou_common.identity.roles import Scope
from renkou_registry.roles.labels import LABELS

ANY_CHANGE = "*"
"""In a rule of what may not go together: every scope by which something is changed."""
GUARDED = frozenset({Scope.STAFF_MANAGE, Scope.READING_AUDIT})
"""Scopes of those who give rights and of those who watch their use: never exercised for another."""
FOR_SERVICES = frozenset({Scope.FEED_READ})
"""Scopes that no member of staff holds: they belong to the node's own processes."""


@dataclass(frozen=True, slots=True)
class Role:
    """A role and what it bundles now. A role that is not active gives no right."""

    id: UUID
    code: str
    label_zh: str
    label_en: str
    built_in: bool
    active: bool
    scopes: frozenset[Scope]
    version: int
    created_at: datetime
    updated_at: datetime

    @property
    def effective(self) -> frozenset[Scope]:
        """What a holder may do by it."""
        return self.scopes if self.active else frozenset()


@dataclass(frozen=True, slots=True)
class RoleChange:
    """What a PATCH asks for; None leaves a thing as it is."""

    label_zh: str | None = None
    label_en: str | None = None
    active: bool | None = None
    scopes: frozenset[Scope] | None = None


def needs_two(role: Role, wanted: RoleChange, *, own: bool) -> bool:
    """Say whether a change of a role is decided on by a second person: of what it gives, where that is guarded; and
    of more than before, where it is the asker's ``own``."""
    scopes = role.scopes if wanted.scopes is None else wanted.scopes
    active = role.active if wanted.active is None else wanted.active
    touches = wanted.scopes is not None or wanted.active is not None
    if touches and GUARDED & (role.scopes | scopes):
        return True
    return own and active and not scopes <= role.effective


@dataclass(frozen=True, slots=True)
class Apart:
    """Two scopes that nobody may hold together; ``second`` may be :data:`ANY_CHANGE`."""

    first: str
    second: str
    reason: Text


@dataclass(frozen=True, slots=True)
class Catalogue:
    """The roles by code and the rules of what may not go together."""

    roles: Mapping[str, Role]
    apart: Sequence[Apart]

    def scopes_of(self, codes: Iterable[str]) -> frozenset[Scope]:
        """Return what the holder of these roles may do; unknown ones give nothing."""
        return frozenset().union(*(self.roles[code].effective for code in codes if code in self.roles))


def _stands_for(name: str, scope: Scope) -> bool:
    return name == scope or (name == ANY_CHANGE and LABELS[scope].changes)


def clashes(scopes: Collection[Scope], apart: Iterable[Apart]) -> list[tuple[Apart, list[Scope]]]:
    """Return the rules that a set of scopes breaks, each with the scopes that may not stand beside its first."""
    found = []
    for rule in apart:
        if rule.first in scopes:
            beside = sorted(each for each in scopes if each != rule.first and _stands_for(rule.second, each))
            if beside:
                found.append((rule, beside))
    return found


def check_together(scopes: Collection[Scope], apart: Iterable[Apart], pointer: str) -> None:
    """Raise InvalidInput where scopes may not be held together, with the reason and the scopes for each rule."""
    errors = [
        FieldError(
            pointer,
            "scopes_apart",
            Text(
                f"“{rule.first}”不能与 {', '.join(beside)} 并存: {rule.reason.zh}",
                f"{rule.first} cannot be held together with {', '.join(beside)}: {rule.reason.en}",
            ),
        )
        for rule, beside in clashes(scopes, apart)
    ]
    if errors:
        text = errors[0].text
        raise InvalidInput("scopes_apart", text.zh, text.en, errors)


def check_scopes(scopes: Collection[Scope], apart: Iterable[Apart], pointer: str = "/scopes") -> None:
    """Raise InvalidInput for a role without scopes, with one of a service, or with some that stay apart."""
    if not scopes:
        raise InvalidInput.field(
            pointer, "scopes_empty", "岗位至少含一项权限", "a role bundles at least one scope"
        )
    of_services = sorted(FOR_SERVICES.intersection(scopes))
    if of_services:
        names = ", ".join(of_services)
        raise InvalidInput.field(
            pointer,
            "scope_of_services",
            f"{names} 只供系统服务使用",
            f"{names} belongs to the node's own services",
        )
    check_together(scopes, apart, pointer)
