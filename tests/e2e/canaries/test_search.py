"""The search finds what lies in the open, however it is written: else that it finds nothing would say nothing."""

import gzip
import io
import zlib
from base64 import b64encode, urlsafe_b64encode
from collections.abc import Callable
from urllib.parse import quote
from zipfile import ZIP_DEFLATED, ZipFile

import orjson
import pytest

from tests.e2e.canaries.search import Needles


def zipped(content: bytes) -> bytes:
    held = io.BytesIO()
    with ZipFile(held, "w", ZIP_DEFLATED) as archive:
        archive.writestr("xl/sheet.xml", content)
    return held.getvalue()


WRITTEN: dict[str, Callable[[str], bytes]] = {
    "plain": str.encode,
    "UTF-16": lambda text: text.encode("utf-16"),
    "UTF-16, big-endian": lambda text: text.encode("utf-16-be"),
    "GB 18030": lambda text: text.encode("gb18030"),
    "hexadecimal": lambda text: text.encode().hex().encode(),
    "base64": lambda text: b64encode(text.encode()),
    "base64 for URLs": lambda text: urlsafe_b64encode(text.encode()),
    "URL": lambda text: quote(text).encode(),
    "JSON": orjson.dumps,
    "JSON in ASCII": lambda text: text.encode("unicode_escape"),
    "gzip": lambda text: gzip.compress(text.encode()),
    "zlib": lambda text: zlib.compress(text.encode()),
    "workbook": lambda text: zipped(text.encode()),
}


@pytest.mark.parametrize("written", WRITTEN)
@pytest.mark.parametrize("value", ["340103199003071234", "古丽娜扎尔zq", "13977412007"])
def test_a_value_is_found_however_it_is_written(written: str, value: str) -> None:
    needles = Needles({"value": [value], "other": ["1377777777777"]})
    for before in ("", "姓", "ab", "abc"):
        content = b"\x07head" + WRITTEN[written](f"{before}:{value},") + b"\0\0tail"
        assert needles.within(content) == {"value"}
    assert needles.within(WRITTEN[written]("339999199003071234 古力娜扎")) == set()
