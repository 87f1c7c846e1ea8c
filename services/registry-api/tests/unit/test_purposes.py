"""Every table, every field, every list and every notice has a purpose with a legal basis."""

import re
from dataclasses import replace
from datetime import date, timedelta

import pytest

from renkou_common.errors import InvalidInput
from renkou_registry.consents.domain import TEXTS, ConsentPurpose
from renkou_registry.exports.lists import LISTS
from renkou_registry.me.repository import sources
from renkou_registry.metadata import metadata
from renkou_registry.privacy.purposes.defaults import BASES, PURPOSES
from renkou_registry.privacy.purposes.domain import NOTICE_KINDS, Sort, check
from renkou_registry.privacy.purposes.holdings import HELD, NO_PERSON

BY_CODE = {each.code: each for each in PURPOSES}
COVERED = {name for each in PURPOSES for name in each.covers}


def test_every_table_has_a_purpose_or_tells_of_no_person() -> None:
    tables = {table.name for table in metadata.sorted_tables}
    assert sorted(tables - HELD.keys() - NO_PERSON.keys()) == []
    assert sorted((HELD.keys() | NO_PERSON.keys()) - tables) == []
    assert not HELD.keys() & NO_PERSON.keys()
    assert {table.name for table in sources()} <= HELD.keys()


@pytest.mark.parametrize("table", HELD)
def test_every_field_about_people_has_a_purpose(table: str) -> None:
    stored = [column.name for column in metadata.tables[table].columns]
    assert sorted(HELD[table].fields) == sorted(stored)
    assert f"{Sort.RECORD}:{table}" in BY_CODE[HELD[table].purpose].covers


def test_whatever_is_exported_or_told_has_a_purpose() -> None:
    wanted = {f"{Sort.EXPORT}:{name}" for name in LISTS} | {f"{Sort.NOTICE}:{kind}" for kind in NOTICE_KINDS}
    assert sorted(wanted - COVERED) == []


def test_the_first_purposes_are_sound() -> None:
    bases = {each.code: each for each in BASES}
    for purpose in PURPOSES:
        check(purpose, basis_is_consent=bases[purpose.basis].is_consent, exports=LISTS)
        assert purpose.sensitive or not purpose.needs_separate_consent, purpose.code
    assert set(TEXTS) == set(ConsentPurpose)


def test_articles_are_named_as_the_law_numbers_them() -> None:
    for basis in BASES:
        assert basis.articles.startswith("《个人信息保护法》第")
        assert re.search(r"13\(1\)\([13]\)", basis.en), basis.code


@pytest.mark.parametrize(
    ("changes", "pointer"),
    [
        ({"covers": ("export:secrets",)}, "/covers/0"),
        ({"covers": ("table:person",)}, "/covers/0"),
        ({"covers": ("export:persons", "notice:gossip")}, "/covers/1"),
        ({"needs_separate_consent": True}, "/consent"),
        ({"consent": "anything"}, "/consent"),
        ({"active_to": date(2021, 10, 31)}, "/active_to"),
    ],
)
def test_a_purpose_that_does_not_hold_together_is_refused_at_its_field(
    changes: dict[str, object], pointer: str
) -> None:
    purpose = replace(BY_CODE["register_upkeep"], **changes)  # type: ignore[arg-type]
    with pytest.raises(InvalidInput) as refused:
        check(purpose, basis_is_consent=False, exports=LISTS)
    assert refused.value.errors[0].pointer == pointer


def test_a_purpose_runs_from_its_first_day_to_the_day_before_its_end() -> None:
    first, end = date(2025, 1, 1), date(2025, 6, 1)
    purpose = replace(PURPOSES[0], active_from=first, active_to=end)
    day = timedelta(days=1)
    assert [purpose.in_force(on) for on in (first - day, first, end - day, end)] == [False, True, True, False]
