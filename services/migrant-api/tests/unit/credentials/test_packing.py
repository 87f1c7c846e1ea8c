"""Packing for paper: byte for byte there and back, one text for each presentation, small enough."""

import random
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import replace
from datetime import date, timedelta

import base45 as another_base45
import cbor2
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from renkou_migrant.credentials import base45, cbor, packing, qr, sdjwt
from renkou_migrant.credentials.groups import ALL_GROUPS, MARITAL_STATUS_TEXTS, CertificateFacts, Group
from renkou_migrant.credentials.holder import confirmation
from renkou_migrant.credentials.reasons import CredentialError, Reason

from .world import World

CHARACTERS_OF_16_M = 656
ALPHANUMERIC = set("0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:")
HANZI = [chr(code) for code in range(0x4E00, 0x9FFF)]
RARE = [chr(code) for code in range(0x20000, 0x2A6D6)]
dates = st.dates(min_value=date(1900, 1, 1), max_value=date(2100, 12, 31))
texts = st.text(alphabet=st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
certificates = st.builds(
    CertificateFacts,
    name=texts,
    sex=st.sampled_from([0, 1, 2, 9]),
    birth_date=dates,
    id_number=st.none() | st.from_regex(r"[0-9]{17}[0-9X]", fullmatch=True),
    area_code=st.sampled_from(["34", "3401", "340103", "340103001", "340103001002"]),
    area_name=texts,
    marital_status=st.sampled_from(sorted(MARITAL_STATUS_TEXTS)),
    children_count=st.integers(0, 20),
    children_birth_dates=st.none() | st.lists(dates, max_size=8).map(tuple),
)


def packed_bytes(text: str) -> int:
    return len(base45.decode(text.removeprefix(packing.PREFIX)))


def random_facts(generator: random.Random) -> CertificateFacts:
    """A name of 2 to 50 characters, up to 12 of them outside the basic plane, and anything else."""
    length = generator.choice([2, 3, 3, 4, generator.randint(5, 50)])
    rare = generator.choice([0, 0, 0, min(length, generator.randint(1, 12))])
    name = generator.choices(RARE, k=rare) + generator.choices([*HANZI, "·"], k=length - rare)
    generator.shuffle(name)
    children = generator.choice([0, 1, 2, 3, generator.randrange(10)])
    day = date(1976, 1, 1) + timedelta(days=generator.randrange(11_000))
    return CertificateFacts(
        name="".join(name),
        sex=generator.choice([1, 2]),
        birth_date=day,
        id_number=generator.choice([None, f"340103{day:%Y%m%d}{generator.randrange(1000):03d}X"]),
        area_code="340103",
        area_name="安徽省合肥市庐阳区",
        marital_status=generator.choice(sorted(MARITAL_STATUS_TEXTS)),
        children_count=children,
        children_birth_dates=generator.choice([None, tuple(day for _ in range(children))]),
    )


@pytest.mark.endurance
def test_ten_thousand_random_certificates_unpack_to_the_exact_bytes_within_450_and_16_m(
    world: World,
) -> None:
    generator = random.Random(20260601)
    for _ in range(10_000):
        full = world.issue(facts=random_facts(generator), status_index=generator.randrange(2**20))
        minimal = sdjwt.present(full, [Group.PERSON])
        text = packing.pack(minimal)
        assert packing.unpack(text) == minimal
        assert packed_bytes(text) <= 450
        assert len(text) <= CHARACTERS_OF_16_M
        some = sdjwt.present(full, generator.sample(ALL_GROUPS, generator.randint(0, 6)))
        assert packing.unpack(packing.pack(some)) == some


@settings(max_examples=150, deadline=None)
@given(facts=certificates, groups=st.sets(st.sampled_from(ALL_GROUPS)), index=st.integers(0, 2**40))
def test_any_presentation_unpacks_to_the_exact_bytes(
    world: World, facts: CertificateFacts, groups: Iterable[Group], index: int
) -> None:
    presentation = sdjwt.present(world.issue(facts=facts, status_index=index), groups)
    text = packing.pack(presentation)
    assert set(text) <= ALPHANUMERIC
    assert packing.unpack(text) == presentation


@pytest.mark.parametrize(
    ("name", "version"),
    [("欧阳娜娜", "13-M"), ("阿" * 50, "15-M"), ("阿" * 38 + "𠮷" * 12, "16-M"), ("王" * 76, "16-M")],
)
def test_the_longest_real_names_still_fit_16_m(world: World, name: str, version: str) -> None:
    facts = replace(random_facts(random.Random(1)), name=name)
    text = packing.pack(world.minimal(facts=facts, status_index=2**20 - 1))
    assert packed_bytes(text) <= 450
    assert qr.make_qr(text).designator == version


def test_version_16_m_holds_656_characters() -> None:
    assert qr.make_qr(packing.PREFIX + "0" * (CHARACTERS_OF_16_M - 4)).designator == "16-M"
    assert qr.make_qr(packing.PREFIX + "0" * (CHARACTERS_OF_16_M - 3)).designator == "17-M"


def test_what_would_not_come_back_the_same_is_not_packed(world: World) -> None:
    holder = confirmation(world.anchor.public.to_jwk())
    for presentation in (
        world.resign(world.issue(), nbf=1),
        world.resign(world.issue(), _sd_alg="sha-256"),
        world.resign(world.issue(), header={"jku": "x"}),
        world.resign(world.issue(), iss="someone"),
        world.resign(world.issue(), status={}),
        world.issue(cnf=holder),
    ):
        with pytest.raises(CredentialError) as caught:
            packing.pack(presentation)
        assert caught.value.reason is Reason.NOT_PACKABLE


def repacked(world: World, position: int, value: object) -> str:
    array = cbor.decode(base45.decode(packing.pack(world.minimal()).removeprefix(packing.PREFIX)))
    array[position] = value
    return packing.PREFIX + base45.encode(cbor2.dumps(array))


@pytest.mark.parametrize(
    ("position", "value"),
    [
        (0, 3), (0, "ES256"), (1, []), (2, 1_000_000), (2, "340103"), (3, "x"), (4, b"x"), (5, []), (6, {}),
        (7, bytes(159)), (7, bytes(192)), (7, "x"), (8, bytes(63)), (9, 7), (9, [[6, bytes(16), 1]]),
        (9, [[0, bytes(15), 1]]), (9, [[0, bytes(16), ["王", 1]]]), (9, [[0, bytes(16), ["王", 1, "x"]]]),
        (9, [[0, bytes(16), [b"x", 1, 19900101]]]), (9, [[0, bytes(16), [b"\xd8\x00", 1, 19900101]]]),
        (9, [[0, bytes(16), ["wang", "1", 19900101]]]), (9, [[1, bytes(16), 7]]),
        (9, [[2, bytes(16), [7, "x"]]]), (9, [[3, bytes(16), 77]]), (9, [[3, bytes(16), ["21", "x"]]]),
        (9, [[4, bytes(16), b"x"]]), (9, [[4, bytes(16)]]), (9, [[5, bytes(16), ["2018-01-02"]]]),
        (9, [[5, bytes(16), b"12"]]), (9, ["x"]),
    ],
)  # fmt: skip
def test_a_packing_of_another_form_is_malformed(world: World, position: int, value: object) -> None:
    with pytest.raises(CredentialError) as caught:
        packing.unpack(repacked(world, position, value))
    assert caught.value.reason is Reason.MALFORMED


@settings(max_examples=300, deadline=None)
@given(st.binary(max_size=200))
def test_no_bytes_make_unpacking_fail_otherwise(data: bytes) -> None:
    with pytest.raises(CredentialError):
        packing.unpack(packing.PREFIX + base45.encode(data))


@settings(max_examples=500, deadline=None)
@given(st.data())
def test_every_text_that_unpacks_is_the_only_one_of_its_presentation(
    world: World, data: st.DataObject
) -> None:
    """Whatever single byte is changed: it is refused, or it is another presentation packed canonically."""
    original = bytearray(base45.decode(packing.pack(world.issue()).removeprefix(packing.PREFIX)))
    position = data.draw(st.integers(0, len(original) - 1))
    original[position] ^= data.draw(st.integers(1, 255))
    text = packing.PREFIX + base45.encode(bytes(original))
    with suppress(CredentialError):
        assert packing.pack(packing.unpack(text)) == text


@given(st.binary(max_size=100))
def test_base45_agrees_with_another_implementation(data: bytes) -> None:
    text = another_base45.b45encode(data).decode()
    assert base45.encode(data) == text
    assert base45.decode(text) == data


@given(st.text(alphabet="059AZ %:+\n aé", max_size=7))
def test_every_base45_that_decodes_is_the_only_one_of_its_bytes(text: str) -> None:
    with suppress(ValueError):
        assert base45.encode(base45.decode(text)) == text


values = st.recursive(
    st.integers(0, 2**53 - 1) | st.binary(max_size=300) | st.text(max_size=100),
    lambda inner: st.lists(inner, max_size=30),
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
        "190018", "1a0000ffff", "1b00000000ffffffff", "1b0020000000000000", "8101ff", "61ff",
        "9b7fffffffffffffff", "5b7fffffffffffffff", "bb7fffffffffffffff", "a0", "a10102", "a16161" + "01",
        "8181818181", "818181818100", "1c", "62c3", "82", "0000",
    ],
)  # fmt: skip
def test_other_cbor_is_refused(data: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        cbor.decode(bytes.fromhex(data))
