"""Is the certificate that of the person who shows it?"""

from datetime import date
from typing import Any

import pytest

from renkou_migrant.checks.domain import ArrivedPerson, CheckCode, CheckResult, compared, text_of
from renkou_migrant.credentials.groups import Group
from renkou_migrant.credentials.reasons import Reason
from renkou_migrant.credentials.sdjwt import Certificate
from renkou_migrant.credentials.verifier import Outcome

PERSON = ArrivedPerson("欧阳娜娜", date(1996, 5, 3), "34010319960503124X")
SHOWN = {"name": "欧阳娜娜", "sex": 2, "birth_date": "1996-05-03"}


def valid(**groups: Any) -> CheckResult:
    certificate = Certificate(
        issuer="renkou:340103",
        issued_at=0,
        expires_at=1,
        not_before=None,
        status_uri="renkou:340103/status-lists/1",
        status_index=7,
        groups={Group(name): value for name, value in groups.items()},
    )
    return CheckResult(Outcome.VALID, Reason.VALID.value, certificate)


def test_the_same_person_stays_valid() -> None:
    assert compared(valid(person=SHOWN), PERSON).result is Outcome.VALID
    assert compared(valid(id_number="34010319960503124X"), PERSON).result is Outcome.VALID


@pytest.mark.parametrize(
    "groups",
    [
        {"person": SHOWN | {"name": "欧阳娜"}},
        {"person": SHOWN | {"birth_date": "1996-05-04"}},
        {"id_number": "340103199605031223"},
        {"person": SHOWN, "id_number": "340103199605031223"},
    ],
)
def test_another_name_day_or_number_is_another_person(groups: dict[str, Any]) -> None:
    found = compared(valid(**groups), PERSON)
    assert (found.result, found.code) == (Outcome.REFUSED, CheckCode.PERSON_DIFFERS)


def test_a_certificate_that_shows_nobody_cannot_be_told_to_be_theirs() -> None:
    found = compared(valid(children_count=1), PERSON)
    assert (found.result, found.code) == (Outcome.UNKNOWN, CheckCode.PERSON_NOT_SHOWN)


def test_what_is_refused_for_itself_keeps_its_reason() -> None:
    expired = CheckResult(Outcome.REFUSED, Reason.EXPIRED.value, valid(person=SHOWN).certificate)
    assert compared(expired, ArrivedPerson("另一人", date(1990, 1, 1), None)) == expired


@pytest.mark.parametrize("code", [*CheckCode, *Reason])
def test_every_code_has_text_in_both_languages(code: CheckCode | Reason) -> None:
    text = text_of(code)
    assert text.zh
    assert text.en
    assert text.zh != text.en
