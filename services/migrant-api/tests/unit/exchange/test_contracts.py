"""What a message may carry, and nothing else."""

import pytest
from pydantic import ValidationError

from renkou_common.codes.lists import ServiceKind
from renkou_migrant.exchange.carried import ShareableService
from renkou_migrant.exchange.contracts import AGREED, CONTENTS, PURPOSES, VERSIONS, MessageKind, parse_content

SUBJECT = {"name": "王小雨", "resident_id": "340103199001011234", "home_area": "340103002003"}
SERVICE = {"subject": SUBJECT, "service": "examination", "given_on": "2026-03-01", "consent": True}


def test_every_kind_has_contents_and_versions_and_every_agreed_one_a_purpose() -> None:
    assert CONTENTS.keys() == VERSIONS.keys() == set(MessageKind)
    assert PURPOSES.keys() == AGREED
    assert all(one.zh and one.en and one.legal_basis for one in PURPOSES.values())


def test_a_service_is_told_by_kind_and_date_only() -> None:
    assert parse_content(MessageKind.SERVICE_NOTICE, SERVICE)
    for member in ("result", "diagnosis", "worker", "note"):
        with pytest.raises(ValidationError):
            parse_content(MessageKind.SERVICE_NOTICE, {**SERVICE, member: "x"})


@pytest.mark.parametrize("consent", [False, None, "yes"])
def test_without_consent_there_is_no_service_notice(consent: object) -> None:
    with pytest.raises(ValidationError):
        parse_content(MessageKind.SERVICE_NOTICE, {**SERVICE, "consent": consent})


def test_every_service_but_the_contraceptive_procedure_may_be_shared() -> None:
    assert {one.value for one in ShareableService} == {one.value for one in ServiceKind} - {
        "contraceptive_procedure"
    }


@pytest.mark.parametrize("word", ["contracepti", "abort", "pregnan", "miscarr", "phone", "street"])
def test_no_member_of_any_kind_has_a_name_like(word: str) -> None:
    for model in CONTENTS.values():
        schema = model.model_json_schema()
        members = {
            name
            for part in (schema, *schema.get("$defs", {}).values())
            for name in part.get("properties", {})
        }
        assert not [name for name in members if word in name]


@pytest.mark.parametrize("number", ["34010319900101123", "34010319900101123x", "a" * 18])
def test_a_number_that_is_none_is_refused(number: str) -> None:
    with pytest.raises(ValidationError):
        parse_content(MessageKind.SERVICE_NOTICE, {**SERVICE, "subject": {**SUBJECT, "resident_id": number}})
