"""Printing for routes: the number of a record without one, the page as an answer."""

import asyncio
import re
from base64 import b32decode, b32encode
from collections.abc import Sequence
from uuid import UUID

import asyncpg
from fastapi import Response

from renkou_common.codes.area import AreaCode
from renkou_common.database import Transaction
from renkou_common.printing.fonts import Fonts
from renkou_common.scope import AreaScope
from renkou_registry.areas.service import full_names
from renkou_registry.floor import reaching_everywhere
from renkou_registry.persons import service as persons
from renkou_registry.persons.reading import open_resident_id
from renkou_registry.proofs.document import Proof, person_value, render, verification_code
from renkou_registry.runtime import Runtime

_NOT_IN_A_FILE_NAME = re.compile(r"[^A-Za-z0-9-]+")
PDF = {"application/pdf": {"schema": {"type": "string", "format": "binary"}}}


def number_of(prefix: str, record_id: UUID) -> str:
    """Return the number of a proof of a record that has no number of its own: ``FW-`` and 26 characters."""
    return f"{prefix}-{b32encode(record_id.bytes).decode().rstrip('=')}"


def id_in(number: str) -> UUID | None:
    """Return the record that such a number means; None for text that is none."""
    text = number.rpartition("-")[2]
    try:
        return UUID(bytes=b32decode(text + "=" * (-len(text) % 8)))
    except ValueError:
        return None


async def office_name(runtime: Runtime, tx: Transaction, area: int | None = None) -> str:
    """Return the full name of an area (12-digit key), the district's without one."""
    code = runtime.district if area is None else AreaCode.from_key(area)
    return (await full_names(tx, [code])).get(code, code.value)


async def people(
    runtime: Runtime, tx: Transaction, scope: AreaScope, ids: Sequence[UUID]
) -> dict[UUID, tuple[asyncpg.Record, str]]:
    """Return the persons of a record that the caller sees, and how a proof names each, wherever they live."""
    async with reaching_everywhere(tx, scope):
        rows = await persons.find_many(tx, sorted(set(ids)), AreaScope.everything())
    return {
        row["id"]: (row, person_value(row["name"], open_resident_id(runtime, row), row["birth_date"]))
        for row in rows
    }


async def answer(runtime: Runtime, proof: Proof) -> Response:
    """Return the page as an HTTP answer; drawn in a thread."""
    code = verification_code(runtime.cipher, proof)
    fonts = await asyncio.to_thread(Fonts.of, runtime.settings.rare_fonts_dir)
    content = await asyncio.to_thread(render, proof, code, fonts)
    name = _NOT_IN_A_FILE_NAME.sub("_", proof.number)  # an old certificate's number may hold anything
    headers = {"Content-Disposition": f'inline; filename="{name}.pdf"', "Cache-Control": "no-store"}
    return Response(content, media_type="application/pdf", headers=headers)
