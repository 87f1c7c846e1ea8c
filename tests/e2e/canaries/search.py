"""Finds a text in bytes: as it is, in UTF-16, hexadecimal, base64, as in a URL or in JSON, and in what is packed."""

import zlib
from base64 import b64encode
from collections.abc import Iterable, Iterator, Mapping
from urllib.parse import quote

LONGEST = 64 << 20
"""Bytes of one packed part that are looked at."""
_HEADS = ((b"\x1f\x8b\x08", 31), (b"x\x9c", zlib.MAX_WBITS), (b"x\xda", zlib.MAX_WBITS))
_ZIP_ENTRY, _STORED = b"PK\x03\x04", 30


def _base64(plain: bytes) -> Iterator[bytes]:
    """What every base64 text that holds the bytes has in it, whatever stands before and after them."""
    for before in range(3):
        text = b64encode(b"\0" * before + plain)
        yield text[-(-before * 8 // 6) : (before + len(plain)) * 8 // 6]


def forms(text: str) -> set[bytes]:
    """The bytes by which a text is known, each as one of the encodings writes it."""
    plain = text.encode()
    found = {plain, plain.hex().encode(), plain.hex().upper().encode()}
    found |= {text.encode("utf-16-le").strip(b"\0"), text.encode("utf-16-be").strip(b"\0")}
    found |= {quote(text).encode(), quote(text).lower().encode()}
    found.add(text.encode("unicode_escape"))  # JSON's \u of all but ASCII
    found |= set(_base64(plain))
    found |= {each.replace(b"+", b"-").replace(b"/", b"_") for each in _base64(plain)}
    if not text.isascii():
        found.add(text.encode("gb18030"))
    return found


class Needles:
    """Texts to be looked for, by name."""

    def __init__(self, texts: Mapping[str, Iterable[str]]) -> None:
        self._forms = {
            name: sorted({form for text in wanted for form in forms(text)}) for name, wanted in texts.items()
        }

    def within(self, content: bytes, *names: str) -> set[str]:
        """The names of what is found, packed parts included; of these names only, if any are given."""
        looked_for = names or tuple(self._forms)
        return {
            name
            for part in (content, *unpacked(content))
            for name in looked_for
            if any(form in part for form in self._forms[name])
        }


def unpacked(content: bytes) -> Iterator[bytes]:
    """What gzip members, zlib streams (of a PDF) and parts of a ZIP archive hold, wherever they begin."""
    for head, window in _HEADS:
        for start in _places(content, head):
            yield from _inflated(content, start, window)
    for start in _places(content, _ZIP_ENTRY):
        sizes = content[start + 26 : start + _STORED]
        name, extra = int.from_bytes(sizes[:2], "little"), int.from_bytes(sizes[2:], "little")
        yield from _inflated(content, start + _STORED + name + extra, -zlib.MAX_WBITS)


def _places(content: bytes, head: bytes) -> Iterator[int]:
    start = content.find(head)
    while start >= 0:
        yield start
        start = content.find(head, start + 1)


def _inflated(content: bytes, start: int, window: int) -> Iterator[bytes]:
    """What unpacks from a place: nothing where it only looks like a beginning."""
    packed = zlib.decompressobj(window)
    parts = []
    for at in range(start, len(content), 1 << 16):
        try:
            parts.append(packed.decompress(content[at : at + (1 << 16)], LONGEST))
        except zlib.error:
            break
        if packed.eof or len(parts) * (1 << 16) > LONGEST:
            break
    whole = b"".join(parts)
    if whole:
        yield whole
