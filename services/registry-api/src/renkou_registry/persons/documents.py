"""Documents other than the resident ID: form, sealing, blind index; and the conflict for one that is taken."""

import re
from typing import Any
from uuid import UUID

from renkou_common.codes.findings import CodeError
from renkou_common.codes.lists import DocumentKind
from renkou_common.codes.text import half_width
from renkou_common.crypto import FieldCipher

OTHER_DOCUMENT = "person.other_document"
OTHER_KINDS = (DocumentKind.PASSPORT, DocumentKind.BIRTH_CERTIFICATE)
_PASSPORT = re.compile(r"[A-Z0-9]{5,20}", re.ASCII)
_BIRTH_CERTIFICATE = re.compile(r"[A-Z][0-9]{9}", re.ASCII)


def document_number(kind: str, text: str) -> str:
    """Return the number of a passport or a birth certificate as it is stored: half-width capitals, no blanks.

    Raises CodeError ``passport_number`` (5-20 letters and digits), ``birth_certificate_number`` (出生医学证明
    编号: a letter and 9 digits), ``document_kind`` for a kind that has no number of its own.
    """
    number = half_width(text).upper().replace("-", "")
    if kind == DocumentKind.PASSPORT:
        if not _PASSPORT.fullmatch(number):
            raise CodeError(
                "passport_number",
                "护照号码应为 5-20 位字母或数字",
                "a passport number has 5-20 letters and digits",
            )
    elif kind == DocumentKind.BIRTH_CERTIFICATE:
        if not _BIRTH_CERTIFICATE.fullmatch(number):
            raise CodeError(
                "birth_certificate_number",
                "出生医学证明编号应为 1 位字母加 9 位数字",
                "a birth certificate's number is a letter and 9 digits",
            )
    else:
        raise CodeError(
            "document_kind", "此类证件没有另外的号码", "a document of this kind has no number of its own"
        )
    return number


def check_document(kind: str, number: str | None) -> str | None:
    """Return the number to store, or None; raises CodeError as :func:`document_number` does."""
    return None if number is None else document_number(kind, number)


def sealed_columns(cipher: FieldCipher, kind: str, number: str | None) -> dict[str, Any]:
    """Return the columns that hold a number; the index has the kind in it, so a number is unique per kind."""
    if number is None:
        return {"other_document_kind": None, "other_document_sealed": None, "other_document_index": None}
    return {
        "other_document_kind": str(kind),
        "other_document_sealed": cipher.encrypt(number, OTHER_DOCUMENT),
        "other_document_index": blind_index(cipher, kind, number),
    }


def blind_index(cipher: FieldCipher, kind: str, number: str) -> bytes:
    """Return under which index a number of a kind is stored."""
    return cipher.blind_index(f"{kind}:{number}", OTHER_DOCUMENT)


def blind_indexes(cipher: FieldCipher, kind: str, number: str) -> list[bytes]:
    """Return every index under which a number of a kind may stand."""
    return cipher.blind_indexes(f"{kind}:{number}", OTHER_DOCUMENT)


def text_of(value: Any) -> str | None:
    """Return how a plain detail is stored."""
    return str(value) if isinstance(value, UUID) else value
