"""Rules of roles: every right has a name in plain words, and some rights never meet in one hand."""

from datetime import UTC, datetime
from uuid import uuid4

import pytest

from renkou_common.codes.area import AreaCode
from renkou_common.errors import InvalidInput, Text
from renkou_common.identity.roles import ROLE_SCOPES, Scope
from renkou_common.identity.roles import Role as BuiltIn
from renkou_registry.roles.domain import Apart, Catalogue, Role, check_scopes, clashes
from renkou_registry.roles.labels import LABELS
from renkou_registry.staff.domain import WantedAssignment, check_assignments

NOW = datetime(2026, 11, 22, tzinfo=UTC)
APART = [Apart("reading:audit", "*", Text("审计员不作变更", "whoever audits changes nothing"))]
CATALOGUE = Catalogue(
    {
        code: Role(uuid4(), code, code, code, True, True, ROLE_SCOPES[code], 1, NOW, NOW)
        for code in map(str, BuiltIn)
    },
    APART,
)


def test_every_scope_has_a_label_in_both_languages() -> None:
    assert set(LABELS) == set(Scope)
    assert all(label.zh and label.en for label in LABELS.values())
    assert len({label.zh for label in LABELS.values()}) == len(LABELS)


@pytest.mark.parametrize("role", list(BuiltIn))
def test_no_built_in_role_bundles_what_stays_apart(role: BuiltIn) -> None:
    check_scopes(ROLE_SCOPES[role], APART)


def test_the_auditor_holds_no_right_that_changes_anything() -> None:
    assert [scope for scope in ROLE_SCOPES[BuiltIn.AUDITOR] if LABELS[scope].changes] == []


@pytest.mark.parametrize("scope", [scope for scope, label in LABELS.items() if label.changes])
def test_auditing_stands_beside_no_right_that_changes_anything(scope: Scope) -> None:
    ((rule, beside),) = clashes({Scope.READING_AUDIT, Scope.AREA_READ, scope}, APART)
    assert (rule.first, beside) == ("reading:audit", [scope])


@pytest.mark.parametrize("scopes", [set(), {Scope.FEED_READ}, {Scope.READING_AUDIT, Scope.STAFF_MANAGE}])
def test_a_role_of_nothing_of_a_services_right_or_of_a_clash_is_refused(scopes: set[Scope]) -> None:
    with pytest.raises(InvalidInput):
        check_scopes(scopes, APART)


def test_two_roles_in_one_hand_are_looked_at_together() -> None:
    with pytest.raises(InvalidInput) as refusal:
        check_assignments(
            AreaCode("340103"),
            [WantedAssignment("auditor", "340103"), WantedAssignment("subdistrict_clerk", "340103009")],
            CATALOGUE,
        )
    assert refusal.value.code == "scopes_apart"
    assert "resident:write" in refusal.value.errors[0].text.en
