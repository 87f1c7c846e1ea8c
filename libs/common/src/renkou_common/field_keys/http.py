"""``GET /field-keys/rotation`` and ``/use``: how far the change of keys has come, and how much needs which version."""

from collections.abc import AsyncIterator, Callable, Sequence
from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Depends
from pydantic import BaseModel, ConfigDict, Field

from renkou_common.crypto import FieldCipher
from renkou_common.database import Transaction
from renkou_common.field_keys import repository
from renkou_common.field_keys.columns import ProtectedColumn
from renkou_common.field_keys.keyring import Kind
from renkou_common.field_keys.rotation import in_use

_EXAMPLE_AT = "2026-03-01T09:00:00+08:00"


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid")


class KeyVersion(_Model):
    """A version that this process reads with."""

    version: int = Field(examples=[2])
    added_at: datetime = Field(examples=[_EXAMPLE_AT])
    active: bool = Field(description="new values are written with it", examples=[True])


class ColumnProgress(_Model):
    """A column on its way to a version."""

    kind: Kind
    version: int = Field(examples=[2])
    table: str = Field(examples=["person"])
    column: str = Field(examples=["phone_sealed"])
    total: int | None = Field(description="values of other versions when it began", examples=[100_000])
    done: int = Field(examples=[42_000])
    conflicts: int = Field(
        description="values that could not be written anew: see the worker's log", examples=[0]
    )
    started_at: datetime | None = Field(examples=[_EXAMPLE_AT])
    finished_at: datetime | None = Field(examples=[None])


class RotationRead(_Model):
    """Versions of keys and how far the columns have come. No key and no person is in it."""

    service: str = Field(examples=["registry-api"])
    data: list[KeyVersion]
    index: list[KeyVersion]
    columns: list[ColumnProgress]


class KeyUse(_Model):
    """How many values need each version, counted now."""

    service: str = Field(examples=["registry-api"])
    counted_at: datetime = Field(examples=[_EXAMPLE_AT])
    data: dict[int, int] = Field(examples=[{"1": 0, "2": 100_000}])
    index: dict[int, int] = Field(examples=[{"1": 100_000}])


def field_key_router(
    service: str,
    columns: Sequence[ProtectedColumn],
    requires: Callable[..., Any],
    transaction: Callable[..., AsyncIterator[Transaction]],
    cipher: Callable[..., Any],
) -> APIRouter:
    """Return a service's routes. ``requires`` checks the right ``field-key:read``, ``transaction`` sees every row,
    ``cipher`` gives the process's FieldCipher."""
    router = APIRouter(prefix="/field-keys", tags=["field keys 字段密钥"], dependencies=[Depends(requires)])

    @router.get("/rotation", summary="Progress of a change of field keys 字段密钥轮换进度")
    async def read_rotation(
        tx: Annotated[Transaction, Depends(transaction)], current: Annotated[FieldCipher, Depends(cipher)]
    ) -> RotationRead:
        """Read which key versions there are and how far each column has come. Needs `field-key:read`."""
        ring = current.ring
        versions = {
            kind: [
                KeyVersion(version=number, added_at=each.added, active=number == ring.of(kind).active)
                for number, each in sorted(ring.of(kind).versions.items())
            ]
            for kind in Kind
        }
        found = [
            ColumnProgress(
                kind=each.kind,
                version=each.version,
                table=each.table_name,
                column=each.column_name,
                total=each.total,
                done=each.done,
                conflicts=each.conflicts,
                started_at=each.started_at,
                finished_at=each.finished_at,
            )
            for each in await repository.progress(tx)
        ]
        return RotationRead(
            service=service, data=versions[Kind.DATA], index=versions[Kind.INDEX], columns=found
        )

    @router.get("/use", summary="How many values need each field key 各版本字段密钥使用量")
    async def read_use(tx: Annotated[Transaction, Depends(transaction)]) -> KeyUse:
        """Count the values under each key version; reads every table that holds some. Before a version is
        retired (`renkou_local.field_keys retire`). Needs `field-key:read`.
        """
        counted_at = datetime.now(UTC)
        used = await in_use(tx, columns)
        return KeyUse(service=service, counted_at=counted_at, data=used[Kind.DATA], index=used[Kind.INDEX])

    return router
