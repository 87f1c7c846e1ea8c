"""Rules of search keys: every way of writing a name leads to it, and the better way ranks first."""

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from renkou_registry.search.domain import (
    Key,
    KeyKind,
    Look,
    Match,
    folded,
    keys_of,
    looks_for_name,
    looks_for_street,
)
from renkou_registry.search.sounds import alike, readings_of, syllables_of

CHARACTERS = "王李张刘陈单仇曾解朴查欧阳诸葛伟强磊小晓明华丽娜静芳秀英建国志文乐行长重劉偉𬱖䶮"
NAMES = st.text(CHARACTERS, min_size=2, max_size=6)
RANKS = list(Match)


def finds(looks: list[Look], keys: set[Key]) -> Match | None:
    """Return how well the first look that finds one of the keys says they fit."""
    for look in looks:
        for kind, key in sorted(keys):
            exact = look.high is None and key == look.low
            between = look.high is not None and look.low <= key < look.high
            if kind is look.kind and (exact or between):
                return look.match_of(key)
    return None


@given(NAMES)
def test_a_name_finds_itself_exactly(name: str) -> None:
    assert finds(looks_for_name(name), keys_of([name], [])) is Match.EXACT


@given(NAMES, st.integers(1, 5))
def test_every_beginning_finds_the_name(name: str, length: int) -> None:
    begun = name[:length]
    expected = Match.EXACT if folded(begun) == folded(name) else Match.PREFIX
    assert finds(looks_for_name(begun), keys_of([name], [])) is expected


@given(NAMES)
def test_every_reading_finds_the_name_in_full_and_by_its_beginning(name: str) -> None:
    for syllables in readings_of(folded(name)):
        for typed in ("".join(syllables), " ".join(syllables), "'".join(syllables).upper()):
            assert finds(looks_for_name(typed), keys_of([name], [])) is Match.PINYIN
        assert finds(looks_for_name("".join(syllables)[:-1]), keys_of([name], [])) is Match.PINYIN
        assert (
            finds(looks_for_name("".join(each[0] for each in syllables)), keys_of([name], [])) is Match.PINYIN
        )


@given(
    st.text("王李张小明华丽娜静芳秀英", min_size=3, max_size=5), st.integers(0, 4), st.sampled_from("飞龙凤")
)
def test_one_syllable_more_less_or_other_is_still_found(name: str, place: int, other: str) -> None:
    place %= len(name)
    less = name[:place] + name[place + 1 :]
    changed = name[:place] + other + name[place + 1 :]
    keys = keys_of([name], [])
    for typed in (less, changed, name[:place] + other + name[place:]):
        assert finds(looks_for_name(typed), keys) is not None, typed


@given(NAMES)
def test_better_matches_are_looked_for_first(name: str) -> None:
    ranks = [
        RANKS.index(match) for look in looks_for_name(name) for match in (look.whole, look.match) if match
    ]
    assert all(one <= other for one, other in pairwise(ranks))


@given(st.text(min_size=1, max_size=30))
def test_anything_typed_is_a_question(text: str) -> None:
    for look in looks_for_name(text):
        assert look.low
        assert look.high is None or look.low < look.high
    keys_of([text], [text])


@given(st.lists(NAMES, min_size=1, max_size=3))
def test_former_names_find_their_person(names: list[str]) -> None:
    keys = keys_of(names, [])
    assert all(finds(looks_for_name(name), keys) is Match.EXACT for name in names)


@pytest.mark.parametrize(
    ("surname", "reading"),
    [
        ("单", "shan"),
        ("仇", "qiu"),
        ("曾", "zeng"),
        ("解", "xie"),
        ("朴", "piao"),
        ("查", "zha"),
        ("尉迟", "yu chi"),
    ],
)
def test_a_surname_is_read_as_a_surname_first(surname: str, reading: str) -> None:
    assert " ".join(readings_of(surname + "明")[0]) == f"{reading} ming"


def test_syllables_are_cut_as_people_type_them() -> None:
    assert syllables_of("zhangwei") == ("zhang", "wei")
    assert syllables_of("xi'an") == ("xi", "an")
    assert syllables_of("lv bu") == ("lv", "bu")
    assert syllables_of("smith") is None


def test_confused_sounds_are_alike_and_others_are_not() -> None:
    assert {alike("zhang"), alike("zan"), alike("zang")} == {"zan"}
    assert alike("lin") == alike("ning")
    assert alike("hu") != alike("fu")


def test_an_address_is_found_from_the_beginning_of_a_word() -> None:
    keys = keys_of([], ["合肥市庐阳区三孝口街道安庆路 12 号 3 幢"])
    for typed in ("安庆路", "安庆路12号", "三孝口街道 安庆路１２号", "庐阳区三孝口"):
        assert finds(looks_for_street(typed), keys) is Match.PREFIX, typed
    assert finds(looks_for_street("庆路12号"), keys) is None


def test_no_key_is_of_another_kind_than_the_five() -> None:
    assert {kind for kind, _ in keys_of(["王小明"], ["安庆路1号"])} == set(KeyKind)
