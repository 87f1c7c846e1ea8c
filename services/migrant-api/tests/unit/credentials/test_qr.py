"""Packing for paper: byte for byte there and back, small enough, and readable from a picture."""

import io
import random
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta

import base45
import cbor2
import pytest
import zxingcpp
from hypothesis import given, settings
from hypothesis import strategies as st
from PIL import Image

from renkou_migrant.credentials import cbor, qr, sdjwt
from renkou_migrant.credentials.groups import ALL_GROUPS, MARITAL_STATUS_TEXTS, CertificateFacts, Group
from renkou_migrant.credentials.reasons import CredentialError, Reason

from .world import World

CHARACTERS_OF_16_M = 656
ALPHANUMERIC = set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")
dates = st.dates(min_value=date(1900, 1, 1), max_value=date(2100, 12, 31))
certificates = st.builds(
    CertificateFacts,
    name=st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60),
    sex=st.sampled_from([0, 1, 2, 9]),
    birth_date=dates,
    id_number=st.none() | st.from_regex(r"[0-9]{17}[0-9X]", fullmatch=True),
    area_code=st.sampled_from(["34", "3401", "340103", "340103001", "340103001002"]),
    area_name=st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=40),
    marital_status=st.sampled_from(sorted(MARITAL_STATUS_TEXTS)),
    children_count=st.integers(0, 20),
    children_birth_dates=st.none() | st.lists(dates, max_size=8).map(tuple),
)


def packed_bytes(text: str) -> int:
    return len(base45.b45decode(text.removeprefix(qr.PREFIX).encode()))


def random_facts(generator: random.Random) -> CertificateFacts:
    hanzi = [chr(code) for code in range(0x4E00, 0x9FFF)] + ["𠮷", "·", "㛃"]
    return CertificateFacts(
        name="".join(generator.choices(hanzi, k=generator.randint(2, 8))),
        sex=generator.choice([1, 2]),
        birth_date=date(1976, 1, 1) + timedelta(days=generator.randrange(11_000)),
        area_code="340103",
        area_name="安徽省合肥市庐阳区",
        marital_status=generator.choice(sorted(MARITAL_STATUS_TEXTS)),
        children_count=generator.randrange(4),
    )


def test_a_thousand_random_certificates_unpack_to_the_exact_bytes_within_450_and_16_m(world: World) -> None:
    generator = random.Random(20260601)
    for _ in range(1000):
        minimal = world.minimal(facts=random_facts(generator), status_index=generator.randrange(2**20))
        text = qr.pack(minimal)
        assert qr.unpack(text) == minimal
        assert packed_bytes(text) <= 450
        assert len(text) <= CHARACTERS_OF_16_M


@settings(max_examples=150, deadline=None)
@given(facts=certificates, groups=st.sets(st.sampled_from(ALL_GROUPS)), index=st.integers(0, 2**40))
def test_any_presentation_unpacks_to_the_exact_bytes(
    world: World, facts: CertificateFacts, groups: Iterable[Group], index: int
) -> None:
    presentation = sdjwt.present(world.issue(facts=facts, status_index=index), groups)
    text = qr.pack(presentation)
    assert set(text) <= ALPHANUMERIC
    assert qr.unpack(text) == presentation


def test_a_name_of_fifteen_characters_still_fits_16_m(world: World) -> None:
    facts = replace(random_facts(random.Random(1)), name="阿" * 15)
    text = qr.pack(world.minimal(facts=facts, status_index=2**20 - 1))
    assert len(text) <= CHARACTERS_OF_16_M
    assert qr.make_qr(text).designator == "16-M"
    assert qr.make_qr(qr.PREFIX + "0" * (CHARACTERS_OF_16_M - 4)).designator == "16-M"


@pytest.mark.parametrize(("groups", "pixels"), [([Group.PERSON], 300), (ALL_GROUPS, 420)])
def test_a_small_picture_is_read_back(world: World, groups: Iterable[Group], pixels: int) -> None:
    text = qr.pack(sdjwt.present(world.issue(), groups))
    picture = Image.open(io.BytesIO(qr.qr_png(text))).convert("L").resize((pixels, pixels))
    (found,) = zxingcpp.read_barcodes(picture)
    assert found.text == text
    assert world.verifier().verify_text(found.text).valid


def test_images_are_reproducible(world: World) -> None:
    text = qr.pack(world.minimal())
    assert qr.qr_png(text) == qr.qr_png(text)


def test_what_would_not_come_back_the_same_is_not_packed(world: World) -> None:
    for presentation in (
        world.resign(world.issue(), nbf=1),
        world.resign(world.issue(), _sd_alg="sha-256"),
        world.resign(world.issue(), header={"jku": "x"}),
        world.resign(world.issue(), iss="someone"),
        world.resign(world.issue(), status={}),
    ):
        with pytest.raises(CredentialError) as caught:
            qr.pack(presentation)
        assert caught.value.reason is Reason.NOT_PACKABLE


def test_a_packing_too_large_for_any_code_is_refused() -> None:
    with pytest.raises(CredentialError) as caught:
        qr.make_qr("RK1:" + "0" * 5000)
    assert caught.value.reason is Reason.TOO_LARGE


def repacked(world: World, position: int, value: object) -> str:
    array = cbor.decode(base45.b45decode(qr.pack(world.minimal()).removeprefix(qr.PREFIX).encode()))
    array[position] = value
    encoded: str = base45.b45encode(cbor2.dumps(array)).decode()
    return qr.PREFIX + encoded


@pytest.mark.parametrize(
    ("position", "value"),
    [
        (0, 3), (0, "ES256"), (1, 7), (2, 1_000_000), (2, "340103"), (3, "x"), (4, b"x"), (5, []), (6, {}),
        (7, bytes(255)), (7, "x"), (8, bytes(63)), (9, 7), (9, [[6, bytes(16), 1]]), (9, [[0, bytes(15), 1]]),
        (9, [[0, bytes(16), ["王", 1]]]), (9, [[0, bytes(16), ["王", 1, "x"]]]), (9, [[4, bytes(16), b"x"]]),
        (9, [[4, bytes(16)]]), (9, ["x"]),
    ],
)  # fmt: skip
def test_a_packing_of_another_form_is_malformed(world: World, position: int, value: object) -> None:
    with pytest.raises(CredentialError) as caught:
        qr.unpack(repacked(world, position, value))
    assert caught.value.reason is Reason.MALFORMED


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_make_unpacking_fail_otherwise(data: bytes) -> None:
    with pytest.raises(CredentialError):
        qr.unpack(qr.PREFIX + base45.b45encode(data).decode())


values = st.recursive(
    st.integers(0, 2**53 - 1) | st.binary(max_size=300) | st.text(max_size=100),
    lambda inner: st.lists(inner, max_size=30) | st.dictionaries(st.text(max_size=5), inner, max_size=30),
    max_leaves=20,
)


@settings(deadline=None)
@given(values)
def test_the_reader_agrees_with_another_implementation_where_it_reads_at_all(value: object) -> None:
    with suppress(cbor.NestedTooDeeplyError):
        assert cbor.decode(cbor2.dumps(value)) == value


@pytest.mark.parametrize(
    "data",
    [
        "", "20", "f4", "f6", "fb3ff0000000000000", "c11a00000001", "d8236161", "9fff", "5f4100ff", "1801",
        "190018",
        "1a0000ffff", "1b00000000ffffffff", "1b0020000000000000", "8101ff", "61ff",
        "9b7fffffffffffffff", "5b7fffffffffffffff",
        "bb7fffffffffffffff", "a10102", "a2616101616102", "8181818181", "818181818100", "1c", "62c3", "82",
    ],
)  # fmt: skip
def test_other_cbor_is_refused(data: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        cbor.decode(bytes.fromhex(data))
