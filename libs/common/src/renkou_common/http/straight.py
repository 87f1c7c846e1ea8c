"""The straight way from a request to its route: found in a table, its arguments taken in a flat pass.

FastAPI declares routes, checks values and writes the API description; that stays. On the way to a route it
tries every pattern of every router in turn, twice, and asks anew at each request what each dependency is: with a
few hundred routes that costs more than most answers. Here both are found out once, when the application is
built. Values go through FastAPI's own fields, so that each is checked and refused as FastAPI would. Whatever is
out of the ordinary (an unknown path or method, a stream, a dependency with a teardown) goes FastAPI's way.
"""

import json
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from enum import Enum
from typing import Any, NamedTuple, cast

from fastapi import FastAPI, params
from fastapi._compat import ModelField, Undefined, field_annotation_is_sequence, lenient_issubclass
from fastapi.datastructures import DefaultPlaceholder
from fastapi.dependencies.models import Dependant, _is_coroutine_callable, _is_gen_callable
from fastapi.dependencies.utils import request_body_to_args, request_params_to_args
from fastapi.encoders import jsonable_encoder
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute, RouteContext, iter_route_contexts
from fastapi.utils import is_body_allowed_for_status_code
from pydantic import BaseModel
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.types import ASGIApp, Receive, Scope, Send

from renkou_common.http.refusals import Refusal, method_not_allowed, other_content_type
from renkou_common.http.unknown import KNOWN, parameters_of
from renkou_common.http.unstorable import TAKES_JSON

type Handler = Callable[[Request, Exception], Awaitable[Response]]
type Problems = list[dict[str, Any]]
_CONSTANT = (str, int, float, Enum, type(None))  # defaults that nobody can change
_PLAIN = ("include", "exclude", "exclude_unset", "exclude_defaults", "exclude_none")


class StraightApplication(FastAPI):
    """FastAPI whose ordinary routes are reached straight, without its telemetry (``/metrics`` is ours)."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request; everything else is FastAPI's affair."""
        if scope["type"] != "http" or self.middleware_stack is None or self.root_path:
            await super().__call__(scope, receive, send)
            return
        scope["app"] = self
        await self.middleware_stack(scope, receive, send)

    def build_middleware_stack(self) -> ASGIApp:
        """Return what answers requests, once every route is declared."""
        roundabout = super().build_middleware_stack()
        table = RouteTable(iter_route_contexts(self.routes))
        handlers = cast(dict[type[Exception], Handler], self.exception_handlers)

        async def answer(scope: Scope, receive: Receive, send: Send) -> None:
            if scope["type"] != "http":
                await roundabout(scope, receive, send)
                return
            endpoint, refusal = table.find(scope), table.refusal(scope)
            if endpoint is None and refusal is None:
                await roundabout(scope, receive, send)
                return
            request, unexpected = Request(scope, receive, send), None
            try:
                if endpoint is None or refusal is not None:
                    raise refusal or AssertionError("a request is answered or refused")
                response = await endpoint.answer(request)
            except Exception as error:
                kind = next((one for one in type(error).__mro__ if one in handlers), None)
                if kind is None:
                    raise
                response = await handlers[kind](request, error)
                unexpected = error if kind is Exception else None
            await response(scope, receive, send)
            if unexpected is not None:
                raise unexpected  # told to the caller; the server is to know as well

        return answer


class _Pattern(NamedTuple):
    matches: Callable[[str], Any]
    route: APIRoute
    endpoint: "Endpoint | None"
    parameters: frozenset[str] | None
    takes_json: bool


class RouteTable:
    """Routes by method, number of segments and first segment; among those, the first declared that fits."""

    def __init__(self, contexts: Iterable[RouteContext]) -> None:
        self._patterns: dict[tuple[str, int, str], list[_Pattern]] = {}
        for context in contexts:
            route = context.original_route
            path = context.path_format or ""
            first = path.split("/", 2)[1] if path else ""
            if "{" in first or any(kind in (context.path or "") for kind in (":path}", ":int}", ":uuid}")):
                raise ValueError(
                    f"{path}: the table takes paths that begin with a word, and plain parameters"
                )
            if not isinstance(route, APIRoute):
                continue
            endpoint = Endpoint(context) if Endpoint.suits(context) else None
            body = context.body_field
            takes_json = body is not None and not isinstance(body.field_info, params.Form)
            pattern = _Pattern(context.path_regex.match, route, endpoint, parameters_of(context), takes_json)
            for method in context.methods or ():
                self._patterns.setdefault((method, path.count("/"), first), []).append(pattern)

    def find(self, scope: Scope) -> "Endpoint | None":
        """Return what answers a request, None for FastAPI's way; notes in its scope which route that is and
        which query parameters it takes."""
        path = scope["path"]
        if scope.get("root_path"):
            return None
        first = path[1 : path.find("/", 1)] if path.find("/", 1) > 0 else path[1:]
        for pattern in self._patterns.get((scope["method"], path.count("/"), first), ()):
            found = pattern.matches(path)
            if found:
                scope[KNOWN] = pattern.parameters
                scope[TAKES_JSON] = pattern.takes_json
                if pattern.endpoint is not None:
                    scope["route"] = pattern.route
                    scope["path_params"] = found.groupdict()
                return pattern.endpoint
        return None

    def refusal(self, scope: Scope) -> Refusal | None:
        """Return why a request is refused whatever it says: a method that its path does not know, a body that is
        not JSON where JSON is taken. Call :meth:`find` first."""
        takes_json = scope.get(TAKES_JSON)
        if takes_json is None:
            allowed = self._methods(scope["path"])
            return method_not_allowed(", ".join(allowed)) if allowed else None
        return other_content_type("application/json") if takes_json and _is_other_content(scope) else None

    def _methods(self, path: str) -> list[str]:
        first = path[1 : path.find("/", 1)] if path.find("/", 1) > 0 else path[1:]
        return sorted(
            method
            for (method, slashes, word), patterns in self._patterns.items()
            if word == first and slashes == path.count("/") and any(each.matches(path) for each in patterns)
        )


def _is_other_content(scope: Scope) -> bool:
    """Whether a request brings a body and does not say that it is JSON."""
    length, kind, chunked = b"", b"", False
    for name, value in scope["headers"]:
        if name == b"content-type":
            kind = value.partition(b";")[0].strip().lower()
        elif name == b"content-length":
            length = value
        elif name == b"transfer-encoding":
            chunked = True
    if not chunked and length in (b"", b"0"):
        return False
    return kind != b"application/json" and not (kind.startswith(b"application/") and kind.endswith(b"+json"))


class Endpoint:
    """One route: takes its arguments from a request, calls its function, writes what it returns."""

    def __init__(self, context: RouteContext) -> None:
        dependant: Dependant = context.dependant
        self._call = cast(Callable[..., Awaitable[Any]], dependant.call)
        self._arguments = _Arguments(dependant, embed=context._embed_body_fields)
        self._with_body = context.body_field is not None
        self._field: ModelField | None = context.response_field
        self._status: int | None = context.status_code

    @staticmethod
    def suits(context: RouteContext) -> bool:
        """Whether a route is ordinary: awaited functions, JSON bodies, answers as they come."""
        body = context.body_field
        return (
            isinstance(context.response_class, DefaultPlaceholder)
            and context.response_class.value is JSONResponse
            and all(not getattr(context, f"response_model_{name}") for name in _PLAIN)
            and context.response_model_by_alias
            and context.max_body_size is None
            and (body is None or not isinstance(body.field_info, params.Form))
            and _is_ordinary(context.dependant)
        )

    async def answer(self, request: Request) -> Response:
        """Return the answer; raises what FastAPI would raise."""
        body = await _json(request) if self._with_body else Undefined
        told = Response()
        del told.headers["content-length"]
        told.status_code = cast(int, None)  # until a function sets one
        values, problems = await self._arguments.take(request, body, told, {})
        if problems:
            raise RequestValidationError(problems, body=None if body is Undefined else body)
        returned = await self._call(**values)
        return returned if isinstance(returned, Response) else self._written(returned, told)

    def _written(self, returned: Any, told: Response) -> Response:
        status = told.status_code or self._status or 200
        if self._field is None:
            response: Response = JSONResponse(jsonable_encoder(returned), status)
        else:
            value, problems = self._field.validate(returned, {}, loc=("response",))
            if problems:
                raise ValueError(f"the answer is not what {self._call.__qualname__} declares")
            response = Response(self._field.serialize_json(value), status, media_type="application/json")
        if not is_body_allowed_for_status_code(status):
            response.body = b""
        response.headers.raw.extend(told.headers.raw)
        return response


async def _json(request: Request) -> Any:
    """Return the body as JSON, as bytes where it does not say that it is JSON; Undefined where there is none."""
    body = await request.body()
    if not body:
        return Undefined
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    main, _, sub = kind.partition("/")
    if main != "application" or not (sub == "json" or sub.endswith("+json")):
        return body
    try:
        return json.loads(body)
    except json.JSONDecodeError as error:
        problem = {
            "type": "json_invalid",
            "loc": ("body", error.pos),
            "msg": "JSON decode error",
            "input": {},
            "ctx": {"error": error.msg},
        }
        raise RequestValidationError([problem], body=error.doc) from error
    except Exception as error:
        raise HTTPException(400, "There was an error parsing the body") from error


def _is_ordinary(dependant: Dependant) -> bool:
    return (
        _is_coroutine_callable(dependant.call)
        and not _is_gen_callable(dependant.call)
        and not dependant.websocket_param_name
        and not dependant.background_tasks_param_name
        and not dependant.security_scopes_param_name
        and dependant.concurrency is None
        and dependant.use_cache
        and not dependant.cookie_params
        and all(map(_is_ordinary, dependant.dependencies))
    )


class _Arguments:
    """What a function wants from a request, and what the functions do that it depends on."""

    def __init__(self, dependant: Dependant, *, embed: bool = False) -> None:
        self.name = dependant.name
        self.call = cast(Callable[..., Awaitable[Any]], dependant.call)
        self._needs = [_Arguments(each) for each in dependant.dependencies]
        self._path = _Fields(dependant.path_params)
        self._query = _Fields(dependant.query_params)
        self._headers = _Fields(dependant.header_params)
        self._body = dependant.body_params
        self._embed = embed
        self._request_names = [
            name for name in (dependant.request_param_name, dependant.http_connection_param_name) if name
        ]
        self._response_name = dependant.response_param_name

    async def take(
        self, request: Request, body: Any, told: Response, known: dict[Any, Any]
    ) -> tuple[dict[str, Any], Problems]:
        """Return the arguments by name, and what is wrong with the request.

        ``known`` holds what functions returned that were called for this request already.
        """
        values: dict[str, Any] = {}
        problems: Problems = []
        for need in self._needs:
            if need.call not in known:
                arguments, wrong = await need.take(request, body, told, known)
                if wrong:
                    problems += wrong
                    continue
                known[need.call] = await need.call(**arguments)
            if need.name is not None:
                values[need.name] = known[need.call]
        if self._path:
            self._path.read(request.path_params, values, problems)
        if self._query:
            self._query.read(request.query_params, values, problems)
        if self._headers:
            self._headers.read(request.headers, values, problems)
        if self._body:
            found, wrong = await request_body_to_args(self._body, body, self._embed)
            values |= found
            problems += wrong
        for name in self._request_names:
            values[name] = request
        if self._response_name:
            values[self._response_name] = told
        return values, problems


class _Plain(NamedTuple):
    """A parameter with one value, and a constant where it is left out."""

    field: ModelField
    name: str
    alias: str
    place: tuple[str, str]
    default: Any


class _Fields:
    """Parameters of one kind: the plain ones, and others, which FastAPI reads."""

    def __init__(self, fields: Sequence[ModelField]) -> None:
        self._order = [_plain(field) or field for field in fields]

    def __bool__(self) -> bool:
        return bool(self._order)

    def read(self, given: Mapping[str, Any], values: dict[str, Any], problems: Problems) -> None:
        """Add what was given to the values, and to the problems what cannot be taken."""
        for each in self._order:
            if isinstance(each, _Plain) and each.alias in given:
                value, wrong = each.field.validate(given[each.alias], values, loc=each.place)
                if wrong:
                    problems += wrong
                else:
                    values[each.name] = value
            elif isinstance(each, _Plain) and each.default is not Undefined:
                values[each.name] = each.default
            else:
                field = each.field if isinstance(each, _Plain) else each
                found, wrong = request_params_to_args([field], given)
                values |= found
                problems += wrong


def _plain(field: ModelField) -> _Plain | None:
    info = field.field_info
    if (
        not isinstance(info, params.Param)
        or (field.validation_alias or field.alias) != field.alias
        or field_annotation_is_sequence(info.annotation)
        or lenient_issubclass(info.annotation, BaseModel)
        or type(info).__name__ not in ("Path", "Query", "Header")
    ):
        return None
    constant = not info.is_required() and not info.validate_default and isinstance(field.default, _CONSTANT)
    default = field.default if constant else Undefined
    return _Plain(field, field.name, field.alias, (info.in_.value, field.alias), default)
