"""``Idempotency-Key``: the same creation sent twice by the same caller makes one record.

The claim is a row written in the creation's own transaction. Only the id of what was created is kept,
never the answer, so that nothing personal lies in this table; and of the request a hash under a key, as a bare one
would tell an ID number to whoever tries them all. A second request waits for the first one's
commit on the row's primary key and is then answered with the record as it is now.
"""

from collections.abc import Awaitable, Callable
from functools import partial
from hashlib import sha256
from typing import Annotated
from uuid import UUID

from fastapi import Header, Request
from sqlalchemy import Column, DateTime, Index, LargeBinary, text
from sqlmodel import Field, SQLModel

from renkou_common.crypto import FieldCipher
from renkou_common.database import Reader, Transaction
from renkou_common.errors import Conflict, InvalidInput, PreconditionRequired


class IdempotencyRecord(SQLModel, table=True):
    """One creation by one caller; trimmed after 48 hours."""

    __tablename__ = "idempotency_record"
    __table_args__ = (Index("ix_idempotency_record_created_at", "created_at"),)

    caller: UUID = Field(primary_key=True)
    key: str = Field(primary_key=True, max_length=200)
    request_hash: bytes = Field(sa_column=Column(LargeBinary, nullable=False))
    resource_id: UUID | None = None
    created_at: str = Field(
        sa_column=Column(DateTime(timezone=True), nullable=False, server_default=text("now()"))
    )


type RequestMark = Callable[[bytes], bytes]
"""Makes of a request's SHA-256 what is kept of it."""
PURPOSE = "idempotency_record.request_hash"


def marked_by(cipher: FieldCipher) -> RequestMark:
    """Return what a service with personal fields keeps of a request: a mark under the district's digest key."""
    return partial(cipher.mark, purpose=PURPOSE)


def unmarked(digest: bytes) -> bytes:
    """What a service keeps whose requests carry nothing about anybody: the hash itself."""
    return digest


class RequestKey:
    """The caller's key bound to the request's method, path and body."""

    def __init__(self, key: str, request_hash: bytes) -> None:
        self.key = key
        self.request_hash = request_hash


async def request_key(
    request: Request,
    idempotency_key: Annotated[
        str | None, Header(description="A fresh value (a UUID) for each thing to create; the same to retry")
    ] = None,
) -> RequestKey:
    """FastAPI dependency for creations; raises where the header is missing or unusable."""
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
    digest = sha256(f"{request.method} {request.url.path}?{request.url.query}\n".encode())
    digest.update(await request.body())
    mark: RequestMark = request.app.state.request_mark
    return RequestKey(idempotency_key, mark(digest.digest()))


async def used(tx: Reader, caller: UUID, key: RequestKey) -> bool:
    """Return whether this caller's key already made something, by this request or another."""
    return bool(
        await tx.fetchval(
            "SELECT EXISTS (SELECT FROM idempotency_record WHERE caller = $1 AND key = $2)", caller, key.key
        )
    )


async def once(
    tx: Transaction, caller: UUID, key: RequestKey, create: Callable[[], Awaitable[UUID]]
) -> tuple[UUID, bool]:
    """Run ``create`` unless this caller's key already made something.

    Returns the id of the record and whether it was there before. Raises :class:`Conflict` when the key was
    used with another request.
    """
    claimed = await tx.fetchval(
        "INSERT INTO idempotency_record (caller, key, request_hash) VALUES ($1, $2, $3)"
        " ON CONFLICT (caller, key) DO NOTHING RETURNING true",
        caller,
        key.key,
        key.request_hash,
    )
    if claimed is None:
        row = await tx.fetchrow(
            "SELECT request_hash, resource_id FROM idempotency_record WHERE caller = $1 AND key = $2",
            caller,
            key.key,
        )
        if row is None or row["request_hash"] != key.request_hash or row["resource_id"] is None:
            raise Conflict(
                "idempotency_key_reused",
                "该 Idempotency-Key 已用于另一请求",
                "This Idempotency-Key was used with another request",
            )
        return row["resource_id"], True
    created = await create()
    await tx.execute(
        "UPDATE idempotency_record SET resource_id = $3 WHERE caller = $1 AND key = $2",
        caller,
        key.key,
        created,
    )
    return created, False


async def trim(tx: Transaction) -> None:
    """Delete keys older than 48 hours."""
    await tx.execute("DELETE FROM idempotency_record WHERE created_at < now() - interval '48 hours'")
