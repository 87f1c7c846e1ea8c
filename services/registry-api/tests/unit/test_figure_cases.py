"""Which counts lead to a case: never those of what people chose, received, declined or missed."""

from uuid import UUID

import pytest

from renkou_common.contracts.registry import RegistryEventType
from renkou_common.identity.roles import Scope
from renkou_common.scope import AreaScope
from renkou_registry.figure_cases.domain import KINDS, case_of, may_see

ID, REF = "0198f3a2-5d1c-7e44-9b1a-0c2f6a7d8e90", "0198f3a2-5d1c-7e44-9b1a-0c2f6a7d8e91"


@pytest.mark.parametrize(
    "noun", ["service", "visit", "prepregnancy", "supply", "supply-point", "supply-user", "method-use"]
)
def test_choices_have_no_case(noun: str) -> None:
    types = [each for each in RegistryEventType if each.split(".")[1] == noun]
    assert types
    assert not KINDS.keys() & set(types)


def test_a_record_is_seen_where_its_own_right_holds() -> None:
    data = {"record_id": ID, "area": "340103001001"}
    case = case_of(UUID(REF), RegistryEventType.PETITION_CHANGED, data)
    assert case is not None
    assert (case.record_id, case.person_ref, case.path(None)) == (UUID(ID), None, f"/petitions/{ID}")
    here, there = AreaScope.of([(340103001000, 340103001999)]), AreaScope.of([(340103002000, 340103002999)])
    assert may_see(case, {Scope.PETITION_READ: here})
    assert not may_see(case, {Scope.PETITION_READ: there})
    assert not may_see(case, {Scope.OFFICE_READ: here})
