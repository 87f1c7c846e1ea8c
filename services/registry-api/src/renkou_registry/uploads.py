"""Files as they arrive: kept in parts, never in memory as a whole, and hashed on the way."""

from collections.abc import AsyncIterator, Awaitable, Callable
from dataclasses import dataclass
from hashlib import sha256
from typing import Annotated

from fastapi import Header, Request

from renkou_common.crypto import FieldCipher
from renkou_common.errors import InvalidInput, PreconditionRequired
from renkou_common.http.idempotency import RequestKey, marked_by
from renkou_common.http.refusals import other_content_type
from renkou_common.sheets.domain import XLSX

CSV = "text/csv"
_PART_BYTES = 1 << 20
_ZIP = b"PK\x03\x04"


@dataclass(frozen=True, slots=True)
class Upload:
    """A file on its way: what the request's Idempotency-Key is bound to, whether it claims to be a
    workbook.
    """

    key: str
    request: str
    workbook: bool
    content: AsyncIterator[bytes]


async def upload(
    request: Request,
    idempotency_key: Annotated[
        str | None, Header(description="A fresh value (a UUID) for each thing to create; the same to retry")
    ] = None,
) -> Upload:
    """FastAPI dependency for a creation whose body is a file; the body is hashed while it is being kept."""
    given = request.headers.get("content-type", "").split(";")[0].strip().lower()
    if given not in (XLSX, CSV):
        raise other_content_type(XLSX, CSV)
    if idempotency_key is None:
        raise PreconditionRequired(
            "idempotency_key_required",
            "新建需带 Idempotency-Key 请求头",
            "A creation needs the header Idempotency-Key",
        )
    if not 8 <= len(idempotency_key) <= 200 or not idempotency_key.isascii():
        raise InvalidInput.field(
            "/headers/Idempotency-Key",
            "idempotency_key",
            "应为 8-200 个 ASCII 字符",
            "must be 8-200 ASCII characters",
        )
    told = f"{request.method} {request.url.path}?{request.url.query}\n"
    return Upload(idempotency_key, told, given == XLSX, request.stream())


async def receive(
    upload: Upload, keep: Callable[[int, bytes], Awaitable[None]], cipher: FieldCipher
) -> tuple[bytes, RequestKey]:
    """Hand the parts of a file to ``keep`` with their numbers; returns the file's mark and the request's key.

    No more than two parts are in memory at a time. Raises InvalidInput where it is neither .xlsx nor text.
    """
    file, request = sha256(), sha256(upload.request.encode())
    held, part = bytearray(), 0
    async for piece in upload.content:
        file.update(piece)
        request.update(piece)
        held += piece
        while len(held) >= _PART_BYTES:
            if part == 0:
                _check_begin(upload, held)
            await keep(part, bytes(held[:_PART_BYTES]))
            del held[:_PART_BYTES]
            part += 1
    if held or part == 0:
        if part == 0:
            _check_begin(upload, held)
        await keep(part, bytes(held))
    key = RequestKey(upload.key, marked_by(cipher)(request.digest()))
    return cipher.mark(file.digest(), "content_hash"), key


def _check_begin(upload: Upload, held: bytearray) -> None:
    good = held.startswith(_ZIP) if upload.workbook else bool(held) and b"\0" not in held[:4096]
    if not good:
        raise InvalidInput(
            "not_a_workbook",
            "请上传 .xlsx 或 CSV 文件",
            "The body has to be an .xlsx workbook (Office Open XML) or CSV",
        )
