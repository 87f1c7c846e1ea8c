"""Files that travel inside an inquiry, an answer or a dispute: few, small, and what they say they are.

In the payload: ``name``, ``media_type``, ``sha256`` (hexadecimal) and ``data`` (base64url without padding). What
the first bytes show has to fit the media type, so that nothing executable comes as a picture.
"""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error as NotBase64
from enum import StrEnum
from hashlib import sha256
from typing import Annotated, Self

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, model_validator

MOST = 3
MOST_BYTES = 300_000
"""Of all attachments of a message together, before encoding."""


class MediaType(StrEnum):
    """What an attachment may be."""

    PDF = "application/pdf"
    JPEG = "image/jpeg"
    PNG = "image/png"


_BEGINNINGS = {
    MediaType.PDF: b"%PDF-",
    MediaType.JPEG: b"\xff\xd8\xff",
    MediaType.PNG: b"\x89PNG\r\n\x1a\n",
}


class Attachment(BaseModel):
    """One file."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    name: Annotated[str, Field(min_length=1, max_length=100, pattern=r"^[^/\\\x00-\x1f\x7f]+$")]
    media_type: MediaType
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]
    data: Annotated[str, Field(max_length=MOST_BYTES * 4 // 3 + 4, description="base64url without padding")]

    @classmethod
    def of(cls, name: str, media_type: MediaType, data: bytes) -> Self:
        """Return the attachment that carries ``data``; raises ValidationError where it is not of its type."""
        text = urlsafe_b64encode(data).rstrip(b"=").decode()
        return cls(name=name, media_type=media_type, sha256=sha256(data).hexdigest(), data=text)

    @model_validator(mode="after")
    def _is_what_it_says(self) -> Self:
        data = self.raw
        if sha256(data).hexdigest() != self.sha256:
            raise ValueError("sha256 is not that of the data")
        if not data.startswith(_BEGINNINGS[self.media_type]):
            raise ValueError(f"the data does not begin like {self.media_type}")
        return self

    @property
    def raw(self) -> bytes:
        """The bytes of the file; raises ValueError where the data is not base64url."""
        return decoded(self.data)


def decoded(text: str) -> bytes:
    """Return what a base64url text without padding stands for; raises ValueError for any other spelling."""
    try:
        data = urlsafe_b64decode(text + "=" * (-len(text) % 4))
    except (NotBase64, ValueError) as error:
        raise ValueError("not base64url") from error
    if urlsafe_b64encode(data).rstrip(b"=").decode() != text:
        raise ValueError("not base64url without padding")
    return data


def _not_too_much(found: list[Attachment]) -> list[Attachment]:
    if sum(len(one.raw) for one in found) > MOST_BYTES:
        raise ValueError(f"attachments together exceed {MOST_BYTES} bytes")
    return found


type Attachments = Annotated[list[Attachment], Field(max_length=MOST), AfterValidator(_not_too_much)]
