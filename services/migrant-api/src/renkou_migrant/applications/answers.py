"""Answers that the office and the person get alike."""

from fastapi import Response

from renkou_common.database import Transaction
from renkou_common.http.conditions import etag
from renkou_common.http.cursors import encode_cursor
from renkou_migrant.applications import service
from renkou_migrant.applications.domain import Application
from renkou_migrant.applications.schemas import (
    ApplicationItem,
    ApplicationPage,
    ApplicationRead,
    history_of,
)


async def read(tx: Transaction, response: Response, found: Application) -> ApplicationRead:
    """Return an application with its history under its ETag."""
    response.headers["ETag"] = etag(found.version)
    answer = ApplicationRead.model_validate(ApplicationItem.of(found).model_dump())
    answer.history = history_of(await service.history(tx, found.id))
    return answer


def page(found: list[Application], limit: int) -> ApplicationPage:
    """Return a page out of ``limit`` applications and one more where there is one."""
    following = encode_cursor(found[limit - 1].position) if len(found) > limit else None
    return ApplicationPage(items=[ApplicationItem.of(one) for one in found[:limit]], next=following)
