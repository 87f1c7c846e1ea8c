"""HTTP of search."""

from typing import Annotated
from uuid import UUID

from fastapi import APIRouter, Depends, Response

from renkou_common.http.cursors import decode_cursor, encode_cursor, foreign_cursor
from renkou_common.identity.http import requires
from renkou_common.identity.principal import Access
from renkou_common.identity.roles import Scope
from renkou_registry.audit.domain import What
from renkou_registry.persons import answers
from renkou_registry.runtime import CurrentRuntime
from renkou_registry.search.criteria import Criteria
from renkou_registry.search.finding import Position, Question, find
from renkou_registry.search.schemas import PersonSearch, PersonsFound

router = APIRouter(tags=["persons 人员"])
Reader = Annotated[Access, Depends(requires(Scope.RESIDENT_READ))]


@router.post("/persons/search", summary="Find persons 查找人员", response_model=PersonsFound)
async def search_persons(body: PersonSearch, runtime: CurrentRuntime, access: Reader) -> Response:
    """Find persons of the caller's area by document, phone, household, name or address, best first.

    Names are found whole, by their beginning, by pinyin (full or initials, all readings) and, last, by
    similar sound or with one syllable more, less or other. Needs `resident:read`.
    """
    question, after = _question(body), _position(body.after)
    async with runtime.database.reading(access.areas) as reader:
        found = await find(runtime, reader, access.areas, question, after, body.limit + 1)
    shown = found[: body.limit]
    following = None
    if len(found) > len(shown):
        last = shown[-1].row
        following = encode_cursor(last["branch"], last["key"], str(last["id"]))
    await runtime.readings.record(access, What.SEARCH, [each.row["id"] for each in shown])
    items = [answers.listed(runtime, each.row) | {"match": each.match} for each in shown]
    return answers.page(items, following)


def _question(body: PersonSearch) -> Question:
    return Question(
        criteria=Criteria(
            area=body.area,
            population=body.population,
            sex=body.sex,
            marital_status=body.marital_status,
            age_from=body.age_from,
            age_to=body.age_to,
            alive=body.alive,
            states=(("card", body.card_state),) if body.card_state else (),
        ),
        resident_id=body.resident_id,
        document_number=body.document_number,
        phone=body.phone,
        household_number=body.household_number,
        name=body.name,
        address=body.address,
        near=body.near,
    )


def _position(after: str | None) -> Position | None:
    position = decode_cursor(after, int, str, UUID)
    if position is not None and not 0 <= position[0] < 1000:
        raise foreign_cursor()
    return position
