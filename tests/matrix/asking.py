"""How a cell of the matrix is asked, and what its answer shows."""

from collections.abc import Iterator, Mapping
from typing import Any
from uuid import UUID

import httpx

from tests.e2e.openapi import Operation, send
from tests.e2e.register.caller import Caller
from tests.matrix.decisions import Decision, Row, in_path
from tests.matrix.world import OF_THE_WHOLE_DISTRICT, World

NO_SUCH = str(UUID(int=0xDEAD))
JSON = ("application/json", "application/problem+json")
NO_RIGHT = frozenset({"scope_missing", "person_only", "staff_only", "exact_figures"})


def named(world: World, row: Row) -> set[str]:
    """Which of an operation's parameters name a record of one place that the world has."""
    return {name for name in row.parameters if name in world.of(row.operation)} - OF_THE_WHOLE_DISTRICT


async def bare(world: World, operation: Operation, caller: Caller, ids: Mapping[str, str]) -> httpx.Response:
    """Ask without body, key and version: enough to see the right refused, too little to change anything."""
    path = operation.path
    for name in in_path(operation):
        path = path.replace(f"{{{name}}}", ids.get(name, NO_SUCH))
    headers = {"Authorization": f"Bearer {caller.api.token}"} if caller.api.token else {}
    return await world.office.http.request(
        operation.method, world.office.urls[operation.service] + path, params=operation.query, headers=headers
    )


async def whole(world: World, operation: Operation, caller: Caller, ids: Mapping[str, str]) -> httpx.Response:
    """Ask with everything that the operation needs."""
    url = world.office.urls[operation.service]
    return await send(world.office.http, url, operation, caller.api.token, ids)


def seen(response: httpx.Response) -> Decision:
    """What came of a request."""
    if response.status_code == 401:
        return Decision.NO_TOKEN
    code = _problem(response).get("code")
    if response.status_code == 403 and code in NO_RIGHT:
        return Decision.NO_RIGHT
    if response.status_code == 404 or item_by_item(response) or only_counted(response):
        return Decision.HIDDEN
    return Decision.OPEN


def item_by_item(response: httpx.Response) -> bool:
    """Whether a device's batch was taken and each of its items refused, with nothing of the record shown."""
    items = _problem(response).get("items", []) if response.status_code == 200 else []
    return bool(items) and all(
        isinstance(each, dict) and each.get("state") == "refused" and not each.get("server") for each in items
    )


def only_counted(response: httpx.Response) -> bool:
    """Whether records were asked for in number, and each was counted as hidden and none shown."""
    told = _problem(response) if response.status_code == 200 else {}
    return told.get("items") == [] and bool(told.get("hidden"))


def _problem(response: httpx.Response) -> dict[str, Any]:
    if not response.headers.get("content-type", "").startswith(JSON) or not response.content:
        return {}
    told = response.json()
    return told if isinstance(told, dict) else {}


def in_body(world: World, operation: Operation) -> set[str]:
    """Which members of a body name a record of one place that the world has, by its id."""
    ids = world.of(operation)
    known = set(_members(operation.body)) & ids.keys() - OF_THE_WHOLE_DISTRICT
    return {name for name in known if len(ids[name]) == len(NO_SUCH)}


def _members(body: Any) -> Iterator[str]:
    """Names of all members of a body, however deep."""
    if isinstance(body, dict):
        yield from body
    for each in body.values() if isinstance(body, dict) else body if isinstance(body, list) else ():
        yield from _members(each)


def wording(response: httpx.Response, ids: Mapping[str, str]) -> tuple[int, str]:
    """An answer without what differs each time, and with the names of the ids that were asked for in their place."""
    told = _problem(response)
    for each_time in ("trace_id", "id", "received_at"):
        told.pop(each_time, None)
    text = str(told)
    for name in sorted(
        ids, key=lambda each: (-len(ids[each]), each)
    ):  # a short one may stand within a longer one
        text = text.replace(ids[name], name)
    return response.status_code, text


def leaks(world: World, response: httpx.Response) -> set[str]:
    """Markers of the records that an answer shows and its request did not."""
    request = response.request
    asked = str(request.url) + request.content.decode(errors="replace")
    text = response.content.decode(errors="replace")
    return {each for each in world.told | world.ids if each in text and each not in asked}
