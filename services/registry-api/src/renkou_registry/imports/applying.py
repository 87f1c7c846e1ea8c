"""Lets the good rows of a checked file in, block by block; one is made ready while another is written."""

from contextlib import aclosing
from typing import Any

import structlog

from renkou_common.scope import AreaScope
from renkou_registry.background import JobSession
from renkou_registry.imports import repository
from renkou_registry.imports.ahead import ahead
from renkou_registry.imports.blocks import Blocks, blame
from renkou_registry.imports.importer import Applied, Importer, Kind
from renkou_registry.imports.repository import Job
from renkou_registry.imports.sheet import Layout
from renkou_registry.runtime import Runtime

_log = structlog.get_logger(__name__)


async def apply_job(runtime: Runtime, source: JobSession, job: Job, kind: Kind) -> Job:
    """Apply a job from the place where it stands; returns it done."""
    layout = Layout(kind.sheet, job.headings or [])
    importer = kind.importer(runtime, job, layout)
    blocks = Blocks(runtime, job, layout, importer)
    place = job.next_place
    waiting = await blocks.numbers()
    async with aclosing(ahead(blocks.each(waiting))) as ready:
        async for block, built in ready:
            await _write(source, job, importer, built, place, block + 1)
            place = block + 1
            _log.info("import rows applied", job=str(job.id), block=block, of=waiting[-1])
    async with source.transaction() as tx:
        await repository.finish(tx, job.id, runtime.clock.now())
        done = await repository.job(tx, job.id, AreaScope.everything())
    assert done is not None
    return done


async def _write(
    source: JobSession, job: Job, importer: Importer, built: Any, place: int, following: int
) -> None:
    scope = job.scope if importer.narrow else None
    async with source.transaction(scope) as tx:
        applied = await importer.apply(tx, built) if built is not None else Applied(0)
        if applied.refused:
            await blame(importer, tx, job, applied.refused)
        moved = await repository.advance(tx, job.id, place, following, applied.rows, len(applied.refused))
        if not moved:
            raise RuntimeError(f"import {job.id} was moved by somebody else")
