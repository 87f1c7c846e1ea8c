"""The certificate as SD-JWT VC: what is in the clear, what is hidden, and how long it gets."""

from dataclasses import replace
from datetime import date, datetime

import pytest

from renkou_migrant.credentials import sdjwt
from renkou_migrant.credentials.groups import ALL_GROUPS, CertificateFacts, Group
from renkou_migrant.credentials.holder import confirmation
from renkou_migrant.credentials.jws import decode_base64url
from renkou_migrant.credentials.reasons import CredentialError
from renkou_migrant.credentials.text import read_unverified

from .world import World

LONGEST_USUAL = CertificateFacts(
    name="阿卜杜热西提·阿卜杜克热木",
    sex=1,
    birth_date=date(1980, 12, 31),
    id_number="653101198012310019",
    area_code="653101001001",
    area_name="新疆维吾尔自治区喀什地区喀什市恰萨街道吾斯塘博依社区居民委员会",
    marital_status="23",
    children_count=3,
    children_birth_dates=(date(2005, 1, 1), date(2010, 2, 2), date(2020, 3, 3)),
)


def test_the_clear_claims_are_five_and_nothing_personal(world: World) -> None:
    claims = sdjwt.parse(world.issue()).claims
    assert set(claims) == {"iss", "iat", "exp", "vct", "status", "_sd"}
    assert claims["iss"] == "renkou:340103"
    assert claims["vct"] == "urn:renkou:marriage-and-childbearing-certificate:1"
    assert claims["status"] == {"status_list": {"idx": 7, "uri": "renkou:340103/status-lists/1"}}


@pytest.mark.parametrize("id_number", [None, "653101198012310019"])
@pytest.mark.parametrize("children", [None, 0, 1, 2, 9, 20])
def test_the_number_of_digests_tells_nothing(
    world: World, id_number: str | None, children: int | None
) -> None:
    """Neither what the holder left out nor how many children there are shows in what is in the clear."""
    facts = replace(
        LONGEST_USUAL,
        id_number=id_number,
        children_count=children or 0,
        children_birth_dates=None if children is None else (date(2005, 1, 1),) * children,
    )
    shown = sdjwt.present(world.issue(facts=facts), [Group.PERSON])
    digests = sdjwt.parse(shown).claims["_sd"]
    assert len(digests) == len(set(digests)) == 6
    assert digests == sorted(digests)
    assert len(shown) == len(sdjwt.present(world.issue(facts=LONGEST_USUAL), [Group.PERSON]))


def test_two_certificates_of_the_same_facts_share_no_digest_and_no_salt(world: World) -> None:
    one, two = (sdjwt.parse(world.issue()) for _ in range(2))
    assert not set(one.claims["_sd"]) & set(two.claims["_sd"])
    salts = [sdjwt.decode_disclosure(text)[0] for parsed in (one, two) for text in parsed.disclosures]
    assert len(set(salts)) == 12
    assert all(len(decode_base64url(salt)) == 16 for salt in salts)


@pytest.mark.parametrize("group", ALL_GROUPS)
def test_each_group_is_shown_alone(world: World, group: Group) -> None:
    shown = read_unverified(sdjwt.present(world.issue(), [group]))
    assert list(shown.groups) == [group]


def test_showing_nothing_leaves_the_clear_claims(world: World) -> None:
    presentation = sdjwt.present(world.issue(), [])
    assert read_unverified(presentation).groups == {}
    assert world.verify(presentation).valid


def test_a_presentation_can_be_narrowed_but_never_widened(world: World) -> None:
    narrow = sdjwt.present(world.issue(), ["person", "marital_status"])
    assert sdjwt.present(narrow, ALL_GROUPS) == narrow
    assert list(read_unverified(sdjwt.present(narrow, ["marital_status"])).groups) == [Group.MARITAL_STATUS]


def test_a_name_that_is_no_group_is_refused(world: World) -> None:
    with pytest.raises(ValueError, match="contraception"):
        sdjwt.present(world.issue(), ["contraception"])


@pytest.mark.parametrize(
    ("name", "children"),
    [(LONGEST_USUAL.name, 3), ("阿" * 50, 9), ("阿" * 38 + "𠮷" * 12, 15), ("𠮷" * 12, 18)],
)
def test_the_minimal_form_has_at_most_1150_bytes_and_everything_at_most_2000(
    world: World, name: str, children: int
) -> None:
    """Fifty characters of name, twelve of them rare, the longest kind of area name, many children."""
    days = (date(2005, 1, 1),) * children
    facts = replace(LONGEST_USUAL, name=name, children_count=children, children_birth_dates=days)
    full = world.issue(facts=facts, status_index=2**20 - 1, status_list_number=12)
    assert len(full) <= 2000
    assert len(sdjwt.present(full, [Group.PERSON])) <= 1150


def test_a_holders_key_leaves_a_usual_certificate_within_the_same_sizes(world: World) -> None:
    for key in world.keys.values():
        full = world.issue(facts=LONGEST_USUAL, cnf=confirmation(key.public.to_jwk()))
        assert len(full) <= 2000
        assert len(sdjwt.present(full, [Group.PERSON])) <= 1150


def test_a_fact_of_another_form_is_not_signed(world: World) -> None:
    with pytest.raises(CredentialError):
        world.issue(facts=replace(LONGEST_USUAL, sex=3))
    with pytest.raises(KeyError):
        world.issue(facts=replace(LONGEST_USUAL, marital_status="77"))


def test_a_naive_time_is_not_signed(world: World) -> None:
    with pytest.raises(ValueError, match="aware"):
        world.issue(issued_at=datetime(2026, 3, 1))
