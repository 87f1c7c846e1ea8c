"""HTTP of who read what this service holds about the caller (谁查阅了我的流动记录)."""

from datetime import datetime
from typing import Annotated

from fastapi import APIRouter, Query

from renkou_common.audit import log
from renkou_common.audit.acting import STAFF
from renkou_common.audit.routes import readings_page
from renkou_common.audit.schemas import ReadingPage
from renkou_common.http.cursors import decode_cursor
from renkou_migrant.audit.domain import label_of
from renkou_migrant.me.identity import Myself
from renkou_migrant.me.routes import OWN
from renkou_migrant.runtime import CurrentRuntime

router = APIRouter(prefix="/me", tags=["me 本人"])
_NODE = "本区系统服务"


@router.get("/readings", summary="Who read my migration records 谁查阅了我的流动记录")
async def read_own_readings(
    me: Myself,
    runtime: CurrentRuntime,
    after: Annotated[str | None, Query(description="cursor of the page before")] = None,
    limit: Annotated[int, Query(ge=1, le=200)] = 50,
) -> ReadingPage:
    """Read who read the own certificates, applications, stays and messages, when and what for, the last first; staff
    by their user names. What was read in the register: `GET /me/readings` of registry-api. For the person."""
    before = decode_cursor(after, datetime, int)
    references = (me.person_id, me.person_ref)
    async with runtime.database.transaction(OWN, read_only=True) as tx:
        rows = await log.readings_of(tx, references, before, limit + 1)
    return readings_page(
        rows, limit, lambda row: row["actor_name"] if row["actor_kind"] == STAFF else _NODE, label_of
    )
