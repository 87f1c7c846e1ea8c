"""docs/certificate-packing.md is enough: a reader written from it alone, run on the vectors beside it."""

import base64
import hashlib
import json
from pathlib import Path
from typing import Any

import cbor2
import pytest

from renkou_migrant.credentials import base45, packing, sdjwt
from renkou_migrant.credentials.groups import ALL_GROUPS, Group
from renkou_migrant.credentials.jws import VerifyingKey
from renkou_migrant.credentials.reasons import CredentialError, Reason

from .world import World

DOCS = Path(__file__).parents[5] / "docs"
VECTORS = json.loads((DOCS / "certificate-vectors.json").read_text("utf-8"))
ALPHABET = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:"
NAMES = [
    "person", "id_number", "registered_area", "marital_status", "children_count", "children_birth_dates",
]  # fmt: skip
MARITAL = {
    10: ("未婚", "unmarried"),
    20: ("已婚", "married"),
    21: ("初婚", "first marriage"),
    22: ("再婚", "remarried"),
    23: ("复婚", "marriage resumed"),
    30: ("丧偶", "widowed"),
    40: ("离婚", "divorced"),
    90: ("未说明", "not stated"),
}


def url64(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).decode().rstrip("=")


def compact(value: object) -> str:
    return url64(json.dumps(value, ensure_ascii=False, separators=(",", ":")).encode())


def bytes_of(text: str) -> bytes:
    digits = [ALPHABET.index(character) for character in text.removeprefix("RK1:")]
    data = b""
    for start in range(0, len(digits), 3):
        chunk = digits[start : start + 3]
        data += sum(digit * 45**power for power, digit in enumerate(chunk)).to_bytes(len(chunk) - 1, "big")
    return data


def text_of(value: str | bytes) -> str:
    return value.decode("utf-16-be") if isinstance(value, bytes) else value


def day_of(number: int) -> str:
    return f"{number // 10000:04d}-{number // 100 % 100:02d}-{number % 100:02d}"


def value_of(group: int, packed: Any) -> Any:
    if group == 0:
        name, sex, day = packed
        return {"name": text_of(name), "sex": sex, "birth_date": day_of(day)}
    if group == 2:
        return {"code": packed[0], "name": text_of(packed[1])}
    if group == 3:
        code, zh, en = (str(packed), *MARITAL[packed]) if isinstance(packed, int) else packed
        return {"code": code, "zh": zh, "en": en}
    return list(map(day_of, packed)) if group == 5 else packed


def unpack_by_the_document(text: str) -> str:
    algorithm, kid, district, iat, exp, number, index, hidden, signature, shown = cbor2.loads(bytes_of(text))
    issuer = f"renkou:{district:06d}"
    disclosures = [compact([url64(salt), NAMES[group], value_of(group, v)]) for group, salt, v in shown]
    digests = [url64(hidden[start : start + 32]) for start in range(0, len(hidden), 32)]
    digests += [url64(hashlib.sha256(disclosure.encode()).digest()) for disclosure in disclosures]
    header = {
        "alg": {1: "ES256", 2: "EdDSA"}[algorithm],
        "kid": f"{district:06d}-{kid}" if isinstance(kid, int) else kid,
        "typ": "dc+sd-jwt",
    }
    payload = {
        "iss": issuer,
        "iat": iat,
        "exp": exp,
        "vct": "urn:renkou:marriage-and-childbearing-certificate:1",
        "status": {"status_list": {"idx": index, "uri": f"{issuer}/status-lists/{number}"}},
        "_sd": sorted(digests),
    }
    return "~".join([f"{compact(header)}.{compact(payload)}.{url64(signature)}", *disclosures, ""])


@pytest.mark.parametrize("vector", VECTORS["good"], ids=lambda vector: str(vector["name"]))
def test_the_documents_vectors_unpack_to_the_exact_bytes_and_verify(vector: dict[str, Any]) -> None:
    assert bytes_of(vector["packed"]).hex() == vector["cbor_hex"]
    assert unpack_by_the_document(vector["packed"]) == vector["presentation"]
    assert packing.unpack(vector["packed"]) == vector["presentation"]
    assert packing.pack(vector["presentation"]) == vector["packed"]
    parsed = sdjwt.parse(vector["presentation"])
    parsed.jws.verify(VerifyingKey.from_jwk(VECTORS["keys"][vector["key"]]))
    assert list(sdjwt.read(parsed).groups) == sorted(sdjwt.read(parsed).groups, key=list(Group).index)


def test_the_documents_certificate_bound_to_a_key_is_packed_in_its_form_for_paper_only() -> None:
    vector = VECTORS["bound"]
    with pytest.raises(CredentialError) as caught:
        packing.pack(vector["presentation"])
    assert caught.value.reason is Reason.NOT_PACKABLE
    assert packing.pack(vector["paper"]) == vector["packed"]
    assert unpack_by_the_document(vector["packed"]) == packing.unpack(vector["packed"]) == vector["paper"]
    bound, paper = (sdjwt.parse(vector[name]) for name in ("presentation", "paper"))
    key = VerifyingKey.from_jwk(VECTORS["keys"][vector["key"]])
    for parsed in (bound, paper):
        parsed.jws.verify(key)
    assert bound.jws.header == paper.jws.header
    assert {name: bound.claims[name] for name in bound.claims.keys() - {"cnf", "_sd"}} == {
        name: paper.claims[name] for name in paper.claims.keys() - {"_sd"}
    }
    assert not set(bound.claims["_sd"]) & set(paper.claims["_sd"])
    assert sdjwt.read(bound).groups == sdjwt.read(paper).groups
    assert len(base45.decode(vector["packed"].removeprefix(packing.PREFIX))) <= 450


@pytest.mark.parametrize("vector", VECTORS["bad"], ids=lambda vector: str(vector["why"]))
def test_the_documents_bad_vectors_are_refused(vector: dict[str, str]) -> None:
    with pytest.raises(CredentialError) as caught:
        packing.unpack(vector["packed"])
    assert caught.value.reason is Reason.MALFORMED


@pytest.mark.parametrize("vector", VECTORS["base45"], ids=lambda vector: str(vector["hex"]))
def test_the_documents_vectors_of_base45(vector: dict[str, str]) -> None:
    assert base45.encode(bytes.fromhex(vector["hex"])) == vector["text"]
    assert base45.decode(vector["text"]) == bytes_of(vector["text"]) == bytes.fromhex(vector["hex"])


def test_new_certificates_unpack_by_the_document_too(world: World) -> None:
    for presentation in (world.minimal(), world.issue(district="310115", key=world.keys["310115"])):
        assert unpack_by_the_document(packing.pack(presentation)) == presentation


def test_every_reason_and_group_is_in_the_document() -> None:
    document = (DOCS / "certificate.md").read_text("utf-8")
    about_presentations = set(Reason) - {
        Reason.VALID, Reason.LIST_ROLLED_BACK, Reason.LIST_CONFLICT, Reason.NOT_PACKABLE,
    }  # fmt: skip
    for name in (*about_presentations, *ALL_GROUPS):
        assert f"`{name}`" in document
