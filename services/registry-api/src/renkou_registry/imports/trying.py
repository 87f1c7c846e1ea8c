"""Tries the good rows of a dry run: enters them as applying would, and takes everything back.

Many rules are kept by the services that enter a row and by no one else (who may be married, what a scheme asks
for, which batch has expired). So a dry run asks those services themselves, block by block, under the clerk's
own rights; of each block only what was refused is kept.
"""

from collections.abc import Sequence
from contextlib import aclosing
from typing import Any

from renkou_registry.background import JobSession
from renkou_registry.imports.ahead import ahead
from renkou_registry.imports.blocks import Blocks, blame
from renkou_registry.imports.importer import Importer, Kind
from renkou_registry.imports.repository import Job
from renkou_registry.imports.sheet import Layout, Row
from renkou_registry.runtime import Runtime


class _TakenBack(Exception):
    """Ends the transaction of a trial without a trace."""


async def try_rows(runtime: Runtime, source: JobSession, job: Job, kind: Kind, layout: Layout) -> None:
    """Keep as findings what the services refuse of a checked job's good rows; nothing else is kept."""
    importer = kind.importer(runtime, job, layout)
    if not importer.tried:
        return
    blocks = Blocks(runtime, job, layout, importer)
    async with aclosing(ahead(blocks.each(await blocks.numbers()))) as ready:
        async for _, built in ready:
            refused = await _refused(source, job, importer, built) if built is not None else []
            if refused:
                async with source.transaction() as tx:
                    await blame(importer, tx, job, refused)


async def _refused(source: JobSession, job: Job, importer: Importer, built: Any) -> Sequence[Row]:
    refused: Sequence[Row] = []
    try:
        async with source.transaction(job.scope if importer.narrow else None) as tx:
            refused = (await importer.apply(tx, built)).refused
            raise _TakenBack
    except _TakenBack:
        return refused
