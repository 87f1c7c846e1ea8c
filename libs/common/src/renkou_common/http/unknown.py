"""Refuses query parameters that a route does not know: a misspelt filter would answer with everybody.

Checked for what the API description lists. Health probes and pages that people open in a browser are left out:
load balancers and messengers add parameters of their own.
"""

from collections.abc import Iterator

from fastapi import Request
from fastapi._compat import ModelField
from fastapi.dependencies.models import Dependant
from fastapi.dependencies.utils import _get_flat_fields_from_params
from fastapi.routing import RouteContext

from renkou_common.errors import FieldError, InvalidInput, Text

KNOWN = "renkou.query_parameters"
"""Where the route table notes in a request's scope which parameters its route takes."""
_OPEN_TAG = "health"


def parameters_of(context: RouteContext) -> frozenset[str] | None:
    """Return the names of the query parameters that a route and its dependencies take; None: not checked."""
    if not context.include_in_schema or _OPEN_TAG in context.tags:
        return None
    fields = _get_flat_fields_from_params(list(_query_fields(context.dependant)))
    return frozenset(field.alias for field in fields)


def _query_fields(dependant: Dependant) -> Iterator[ModelField]:
    yield from dependant.query_params
    for each in dependant.dependencies:
        yield from _query_fields(each)


async def refuse_unknown(request: Request) -> None:
    """FastAPI dependency; raises InvalidInput that lists each unknown query parameter and those allowed."""
    known: frozenset[str] | None = request.scope.get(KNOWN)
    if known is None or not request.scope["query_string"]:
        return
    unknown = sorted(request.query_params.keys() - known)
    if unknown:
        allowed = ", ".join(sorted(known))
        text = Text(
            f"不认识的查询参数, 请删除; 可用: {allowed or '无'}",
            f"unknown query parameter, remove it; allowed: {allowed or 'none'}",
        )
        raise InvalidInput.fields(
            [FieldError(f"/query/{name}", "unknown_parameter", text) for name in unknown]
        )
