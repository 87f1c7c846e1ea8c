"""Under which keys a person is found, and which keys a question looks under, in order of rank. No I/O.

Keys are plain texts compared byte by byte, so that equality and ranges of an ordinary index answer every
question: under a row-level policy nothing else may use one.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import IntEnum, StrEnum
from functools import cache, lru_cache

from opencc import OpenCC

from renkou_common.codes.text import half_width
from renkou_registry.search.sounds import alike, initials, readings_of, syllables_of

_SEPARATORS = str.maketrans(dict.fromkeys("·-.'’ \u3000", None))
_WORD_ENDS = frozenset("省市区县镇乡道路街巷弄里坊园苑城庄寨桥村")
_LONGEST_KEY = 200
_MOST_DELETIONS = 8
_LAST = "\U0010ffff"


class KeyKind(IntEnum):
    """What a key is made of."""

    NAME = 1  # the name, simplified, without separators
    PINYIN = 2  # all syllables of a reading, joined
    INITIALS = 3  # their first letters
    ALIKE = 4  # sound-alike syllables, whole or with one left out
    STREET = 5  # a street line from the beginning of a word on


class Match(StrEnum):
    """How well a person fits, best first."""

    EXACT = "exact"
    PREFIX = "prefix"
    PINYIN = "pinyin"
    SIMILAR = "similar"


type Key = tuple[KeyKind, str]


@dataclass(frozen=True, slots=True)
class Look:
    """Where to look: keys of a kind from ``low`` to before ``high``, or just ``low`` where that is None.

    ``match`` is what a key found there means; ``whole`` what ``low`` itself means, which comes first.
    """

    match: Match
    kind: KeyKind
    low: str
    high: str | None = None
    whole: Match | None = None

    def match_of(self, key: str) -> Match:
        """Return how well a person with this key fits."""
        return self.whole if self.whole and key == self.low else self.match


@cache
def _converter() -> OpenCC:
    return OpenCC("t2s")


@cache
def _simplified(character: str) -> str:
    """Return the simplified form; by the character: the beginning of a name folds as the whole does."""
    return character if character < "\u2e80" else str(_converter().convert(character))


def folded(text: str) -> str:
    """Return a name as keys hold it: simplified, lower case, without separators and blanks."""
    return "".join(map(_simplified, text.translate(_SEPARATORS))).lower()[:_LONGEST_KEY]


def street_folded(text: str) -> str:
    """Return a street line as keys hold it: half width, simplified, without blanks."""
    return "".join(map(_simplified, half_width(text))).lower()[:_LONGEST_KEY]


def keys_of(names: Iterable[str], streets: Iterable[str | None]) -> set[Key]:
    """Return every key of a person with these names (present and former) and street lines."""
    found: set[Key] = set()
    for name in names:
        found |= _name_keys(name)
    for street in streets:
        if street:
            found |= _street_keys(street)
    return found


@lru_cache(maxsize=50_000)
def _name_keys(name: str) -> frozenset[Key]:
    text = folded(name)
    if not text:
        return frozenset()
    readings = readings_of(text)
    found: set[Key] = {(KeyKind.NAME, text)}
    for syllables in readings:
        found.add((KeyKind.PINYIN, "".join(syllables)[:_LONGEST_KEY]))
        found.add((KeyKind.INITIALS, initials(syllables)))
    found |= {(KeyKind.ALIKE, key) for key in _alike_keys(readings[0])}
    return frozenset(found)


def _alike_keys(syllables: Sequence[str]) -> list[str]:
    """Return the sound-alike key, and for three syllables or more those with one left out."""
    sounds = [alike(each) for each in syllables]
    found = [" ".join(sounds)[:_LONGEST_KEY]]
    if len(sounds) > 2:
        left_out = range(min(len(sounds), _MOST_DELETIONS))
        found += [" ".join(sounds[:place] + sounds[place + 1 :])[:_LONGEST_KEY] for place in left_out]
    return list(dict.fromkeys(found))


@lru_cache(maxsize=4_096)  # a household's members stand together in a sheet
def _street_keys(street: str) -> frozenset[Key]:
    """Return the line and its tails that begin a word; a tail that begins with a number finds nothing."""
    text = street_folded(street)
    starts = [0, *(place for place in range(1, len(text)) if _begins_word(text, place))]
    return frozenset((KeyKind.STREET, text[start:]) for start in starts[:4])


def _begins_word(text: str, place: int) -> bool:
    return text[place - 1] in _WORD_ENDS and not text[place].isdigit() and text[place] not in _WORD_ENDS


def looks_for_name(name: str) -> list[Look]:
    """Return where to look for a name as somebody types it, in order of rank."""
    text = folded(name)
    if not text:
        return []
    found = [_from(Match.PREFIX, KeyKind.NAME, text, whole=Match.EXACT)]
    letters = name.lower().replace("ü", "v").replace("u:", "v").strip()
    joined = letters.replace(" ", "").replace("'", "")
    if joined.isascii() and joined.isalpha():
        found += [_from(Match.PINYIN, kind, joined) for kind in (KeyKind.PINYIN, KeyKind.INITIALS)]
        syllables = syllables_of(letters)
    else:
        readings = readings_of(text)
        found += [Look(Match.PINYIN, KeyKind.PINYIN, "".join(each)) for each in readings[:2]]
        syllables = readings[0]
    if syllables is not None and len(syllables) > 1:
        found += [Look(Match.SIMILAR, KeyKind.ALIKE, key) for key in _alike_keys(syllables)]
    return found


def looks_for_street(street: str) -> list[Look]:
    """Return where to look for an address: words as they stand, from the beginning of one."""
    text = street_folded(street)
    return [_from(Match.PREFIX, KeyKind.STREET, text)] if text else []


def _from(match: Match, kind: KeyKind, text: str, *, whole: Match | None = None) -> Look:
    return Look(match, kind, text, text + _LAST, whole)
