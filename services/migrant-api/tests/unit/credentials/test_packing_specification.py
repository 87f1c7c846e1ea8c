"""docs/certificate.md is enough: an unpacker written from it alone, run on the vector that it prints."""

import base64
import json
import re
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import cbor2
import pytest

from renkou_migrant.credentials import qr, sdjwt
from renkou_migrant.credentials.groups import ALL_GROUPS, Group
from renkou_migrant.credentials.jws import VerifyingKey
from renkou_migrant.credentials.reasons import Reason

from .world import World

DOCUMENT = Path(__file__).parents[5] / "docs" / "certificate.md"
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
NAMES = [
    "person", "id_number", "registered_area", "marital_status", "children_count", "children_birth_dates",
]  # fmt: skip


@pytest.fixture(scope="module")
def document() -> str:
    return DOCUMENT.read_text("utf-8")


@pytest.fixture(scope="module")
def vector(document: str) -> dict[str, Any]:
    found = re.search(r"```json\n(.*?)```", document, re.DOTALL)
    assert found
    content: dict[str, Any] = json.loads(found[1])
    return content


def url64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def compact(value: object) -> str:
    return url64(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def unpack_by_the_document(text: str) -> str:
    digits = [ALPHABET.index(character) for character in text.removeprefix("RK1:")]
    data = b""
    for start in range(0, len(digits), 3):
        chunk = digits[start : start + 3]
        data += sum(digit * 45**power for power, digit in enumerate(chunk)).to_bytes(len(chunk) - 1, "big")
    algorithm, kid, district, iat, exp, number, index, digests, signature, shown = cbor2.loads(data)
    issuer = f"renkou:{district:06d}"
    header = {"alg": {1: "ES256", 2: "EdDSA"}[algorithm], "kid": kid, "typ": "dc+sd-jwt"}
    payload = {
        "iss": issuer,
        "iat": iat,
        "exp": exp,
        "vct": "urn:renkou:marriage-and-childbearing-certificate:1",
        "status": {"status_list": {"idx": index, "uri": f"{issuer}/status-lists/{number}"}},
        "_sd": [url64(digests[start : start + 32]) for start in range(0, 256, 32)],
    }
    parts = [f"{compact(header)}.{compact(payload)}.{url64(signature)}"]
    for group, salt, value in shown:
        if group == 0:
            name, sex, day = value
            value = {
                "name": name,
                "sex": sex,
                "birth_date": f"{day // 10000:04d}-{day // 100 % 100:02d}-{day % 100:02d}",
            }
        parts.append(compact([url64(salt), NAMES[group], value]))
    return "~".join([*parts, ""])


@pytest.mark.parametrize("form", ["minimal", "full"])
def test_the_documents_vector_unpacks_to_the_exact_bytes(vector: dict[str, Any], form: str) -> None:
    assert unpack_by_the_document(vector[f"{form}_packed"]) == vector[form]
    assert qr.unpack(vector[f"{form}_packed"]) == vector[form]
    assert qr.pack(vector[form]) == vector[f"{form}_packed"]


@pytest.mark.parametrize("form", ["minimal", "full"])
def test_the_documents_vector_verifies(vector: dict[str, Any], form: str) -> None:
    parsed = sdjwt.parse(vector[form])
    parsed.jws.verify(VerifyingKey.from_jwk(vector["issuer_key"]))
    certificate = sdjwt.read(parsed)
    assert list(certificate.groups) == ([Group.PERSON] if form == "minimal" else list(ALL_GROUPS))
    assert certificate.groups[Group.PERSON]["name"] == "欧阳娜娜"
    assert datetime.fromtimestamp(certificate.issued_at, UTC).date().isoformat() == "2026-03-01"


def test_new_certificates_unpack_by_the_document_too(world: World) -> None:
    for presentation in (world.minimal(), world.issue(district="310115", key=world.keys["310115"])):
        assert unpack_by_the_document(qr.pack(presentation)) == presentation


def test_every_reason_and_group_is_in_the_document(document: str) -> None:
    about_presentations = set(Reason) - {
        Reason.VALID, Reason.LIST_ROLLED_BACK, Reason.LIST_CONFLICT, Reason.NOT_PACKABLE,
    }  # fmt: skip
    for name in (*about_presentations, *ALL_GROUPS):
        assert f"`{name}`" in document
