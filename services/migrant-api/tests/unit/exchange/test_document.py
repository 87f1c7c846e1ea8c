"""What partners are given is what the contracts say."""

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from jsonschema import Draft202012Validator

from renkou_migrant.exchange.contracts import MessageKind
from renkou_migrant.exchange.document import asyncapi, contents, envelope_schema, rendered
from renkou_migrant.exchange.samples import least, most
from renkou_migrant.exchange.wire import Envelope

PUBLISHED = Path(__file__).parents[5] / "partner-kit" / "src" / "renkou_partner" / "published"


def test_the_published_files_are_those_of_the_contracts() -> None:
    found = {path.relative_to(PUBLISHED).as_posix(): path.read_text() for path in PUBLISHED.rglob("*.json")}
    assert found == rendered(), (
        "python -m renkou_migrant.exchange.document partner-kit/src/renkou_partner/published"
    )


@pytest.mark.parametrize(("kind", "version"), contents())
def test_samples_meet_the_published_schema_and_the_contract(kind: MessageKind, version: int) -> None:
    schema = json.loads((PUBLISHED / "schemas" / f"{kind.value}.v{version}.json").read_text())
    Draft202012Validator.check_schema(schema)
    for sample in (least(contents()[kind, version]), most(contents()[kind, version])):
        Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER).validate(sample)
        with pytest.raises(ValueError, match="contraceptive_method"):
            contents()[kind, version].model_validate({**sample, "contraceptive_method": "none"})


def test_what_the_node_signs_meets_the_schema_of_the_envelope() -> None:
    envelope = Envelope(
        id=uuid4(),
        kind="arrival_notice",
        version=1,
        sender="310115",
        receiver="340103",
        pair_seq=1,
        thread=uuid4(),
        in_reply_to=None,
        created_at=datetime.now(UTC),
        expires_at=datetime.now(UTC),
        agreement=uuid4(),
        payload={},
    )
    validator = Draft202012Validator(envelope_schema(), format_checker=Draft202012Validator.FORMAT_CHECKER)
    validator.validate(json.loads(envelope.to_json()))


def test_every_reference_of_the_asyncapi_document_leads_somewhere() -> None:
    document = asyncapi()

    def references(value: Any) -> list[str]:
        if isinstance(value, dict):
            own = [value["$ref"]] if isinstance(value.get("$ref"), str) else []
            return own + [one for item in value.values() for one in references(item)]
        return [one for item in value for one in references(item)] if isinstance(value, list) else []

    for reference in references(document):
        found: Any = document
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
