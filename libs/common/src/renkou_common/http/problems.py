"""RFC 9457 problems in Chinese and English, and the one table that maps errors to HTTP statuses."""

from typing import Any
from uuid import uuid4

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from renkou_common import errors
from renkou_common.clock import SHANGHAI
from renkou_common.codes.findings import CodeError
from renkou_common.codes.masking import masked_within
from renkou_common.database import BUSY_ERRORS, CONNECTION_ERRORS, FULL_ERRORS
from renkou_common.errors import FieldError, RenkouError, Text
from renkou_common.http.refusals import Refusal

log = structlog.get_logger()

FULL_RETRY_SECONDS = "30"
"""Somebody has to make room first: sooner it will not be otherwise."""
STATUS_OF: dict[type[RenkouError], int] = {
    errors.InvalidInput: 422,
    errors.Unauthenticated: 401,
    errors.Forbidden: 403,
    errors.NotFound: 404,
    errors.Conflict: 409,
    errors.VersionMismatch: 412,
    errors.PreconditionRequired: 428,
    errors.TooMany: 429,
    errors.Unavailable: 503,
}

_NUMBER = Text("应为数字", "must be a number")
_INSTANT = Text(
    "时间应为 YYYY-MM-DDTHH:MM:SS 并带时区 (如 +08:00)",
    "must be a date and time, YYYY-MM-DDTHH:MM:SS, with a time zone (+08:00)",
)
_MESSAGES: dict[str, Text] = {
    "decimal_parsing": _NUMBER,
    "decimal_type": _NUMBER,
    "float_parsing": _NUMBER,
    "float_type": _NUMBER,
    "datetime_from_date_parsing": _INSTANT,
    "datetime_object_invalid": _INSTANT,
    "datetime_parsing": _INSTANT,
    "datetime_type": _INSTANT,
    "timezone_aware": _INSTANT,
    "string_unicode": Text("含有无法识别的字符", "holds characters that are none"),
    "tuple_type": Text("应为列表", "must be a list"),
    "set_type": Text("应为列表", "must be a list"),
    "union_tag_not_found": Text("缺少区分种类的字段", "the member that tells the kind is missing"),
    "union_tag_invalid": Text("种类不在允许之列", "not one of the kinds allowed"),
    "bytes_type": Text("应为文本", "must be text"),
    "none_required": Text("应为 null", "must be null"),
    "missing": Text("必填项缺失", "this field is required"),
    "extra_forbidden": Text("不认识的字段, 请删除", "unknown field; remove it"),
    "string_type": Text("应为文本", "must be text"),
    "int_type": Text("应为整数", "must be a whole number"),
    "int_parsing": Text("应为整数", "must be a whole number"),
    "bool_type": Text("应为 true 或 false", "must be true or false"),
    "bool_parsing": Text("应为 true 或 false", "must be true or false"),
    "date_from_datetime_parsing": Text("日期应为 YYYY-MM-DD", "must be a date, YYYY-MM-DD"),
    "date_parsing": Text("日期应为 YYYY-MM-DD", "must be a date, YYYY-MM-DD"),
    "date_type": Text("日期应为 YYYY-MM-DD", "must be a date, YYYY-MM-DD"),
    "date_from_datetime_inexact": Text("日期应为 YYYY-MM-DD", "must be a date, YYYY-MM-DD"),
    "int_from_float": Text("应为整数", "must be a whole number"),
    "int_parsing_size": Text("数字过大", "this number is too large"),
    "uuid_version": Text("应为 UUID", "must be a UUID"),
    "finite_number": Text("应为有限的数", "must be a finite number"),
    "dict_type": Text("应为 JSON 对象", "must be a JSON object"),
    "model_type": Text("应为 JSON 对象", "must be a JSON object"),
    "uuid_parsing": Text("应为 UUID", "must be a UUID"),
    "uuid_type": Text("应为 UUID", "must be a UUID"),
    "model_attributes_type": Text("应为 JSON 对象", "must be a JSON object"),
    "list_type": Text("应为列表", "must be a list"),
}
_WITH_LIMIT: dict[str, tuple[str, str, str]] = {
    "string_too_short": ("min_length", "长度不得少于 {} 个字符", "must have at least {} characters"),
    "string_too_long": ("max_length", "长度不得超过 {} 个字符", "must have at most {} characters"),
    "too_short": ("min_length", "至少 {} 项", "must have at least {} items"),
    "too_long": ("max_length", "至多 {} 项", "must have at most {} items"),
    "string_pattern_mismatch": ("pattern", "格式应符合 {}", "must match {}"),
    "greater_than_equal": ("ge", "不得小于 {}", "must be at least {}"),
    "less_than_equal": ("le", "不得大于 {}", "must be at most {}"),
    "greater_than": ("gt", "应大于 {}", "must be more than {}"),
    "less_than": ("lt", "应小于 {}", "must be less than {}"),
    "enum": ("expected", "只能是 {}", "must be one of {}"),
    "decimal_max_digits": ("max_digits", "至多 {} 位数字", "must have at most {} digits"),
    "decimal_max_places": ("decimal_places", "至多 {} 位小数", "must have at most {} decimal places"),
    "decimal_whole_digits": (
        "whole_digits",
        "小数点前至多 {} 位",
        "must have at most {} digits before the point",
    ),
    "multiple_of": ("multiple_of", "应为 {} 的倍数", "must be a multiple of {}"),
    "literal_error": ("expected", "只能是 {}", "must be one of {}"),
}

_HTTP_TITLES = {
    400: Text("请求体无法解析", "The body could not be read"),
    404: Text("未找到", "Not found"),
    405: Text("方法不允许", "Method not allowed"),
    413: Text("请求体过大", "The body is too large"),
    415: Text("不支持的内容类型", "Unsupported content type"),
}


def wants_chinese(request: Request) -> bool:
    """Say whether the caller prefers Chinese; Chinese is the default of the office."""
    return prefers_chinese(request.headers.get("accept-language", ""))


def prefers_chinese(accepted: str) -> bool:
    """Say the same of the header Accept-Language, empty where there is none."""
    for part in accepted.lower().split(","):
        language = part.split(";")[0].strip()
        if language.startswith("zh"):
            return True
        if language.startswith("en"):
            return False
    return True


def field_error(
    kind: str, location: tuple[int | str, ...], context: dict[str, Any], fallback: str
) -> FieldError:
    """Return the bilingual form of one pydantic error."""
    if kind == "json_invalid":  # located by its position in the text, which is no field
        at = location[-1]
        return FieldError(
            "",
            kind,
            Text(
                f"请求体不是有效的 JSON (第 {at} 个字符)", f"the body is not valid JSON (at character {at})"
            ),
        )
    pointer = "".join(f"/{part}" for part in location if part != "body")
    if kind in _WITH_LIMIT:
        name, zh, en = _WITH_LIMIT[kind]
        limit = str(context.get(name, ""))
        return FieldError(pointer, kind, Text(zh.format(limit.replace(" or ", " 或 ")), en.format(limit)))
    error = context.get("error")
    if isinstance(error, RenkouError):
        return FieldError(pointer, error.code, error.detail)
    if isinstance(error, CodeError):
        pointer += f"/{error.field}" if error.field else ""
        return FieldError(pointer, error.code, Text(error.zh, error.en))
    fallback = fallback.removeprefix("Value error, ")
    return FieldError(pointer, kind, _MESSAGES.get(kind, Text(f"填写有误: {fallback}", fallback)))


def problem(
    request: Request,
    status: int,
    code: str,
    title: Text,
    detail: Text,
    field_errors: tuple[FieldError, ...] = (),
    headers: dict[str, str] | None = None,
    members: dict[str, Any] | None = None,
) -> JSONResponse:
    """Return one problem document in the caller's language; ``members`` are its extension members.

    ID numbers and phones are masked wherever somebody wrote them, names of unknown members included.
    """
    chinese = wants_chinese(request)

    def pick(text: Text) -> str:
        return masked_within(text.zh if chinese else text.en)

    content: dict[str, Any] = {
        "type": f"urn:renkou:problem:{code}",
        "title": pick(title),
        "status": status,
        "code": code,
        "detail": pick(detail),
        "trace_id": request.scope.get("renkou.trace_id", ""),
        **(members or {}),
    }
    if field_errors:
        content["errors"] = [
            {"pointer": masked_within(e.pointer), "code": e.code, "detail": pick(e.text)}
            for e in field_errors
        ]
    language = "zh-CN" if chinese else "en"
    return JSONResponse(
        content,
        status,
        media_type="application/problem+json",
        headers={"Content-Language": language, "Cache-Control": "no-store", **(headers or {})},
    )


def refusal(request: Request, error: RenkouError) -> JSONResponse:
    """Return the problem document of one of our own errors."""
    status = next((STATUS_OF[kind] for kind in type(error).__mro__ if kind in STATUS_OF), 400)
    headers: dict[str, str] = {}
    members: dict[str, Any] = {}
    if status == 401:
        headers["WWW-Authenticate"] = "Bearer"
    if status == 503:
        headers["Retry-After"] = "2"
    if isinstance(error, errors.TooMany):
        headers["Retry-After"] = str(error.retry_after)
    if isinstance(error, errors.VersionMismatch):
        headers["ETag"] = f'"{error.current}"'
        at = error.changed_at.astimezone(SHANGHAI).isoformat() if error.changed_at else None
        members = {"current_version": error.current, "changed": list(error.changed), "changed_at": at}
    return problem(request, status, error.code, error.title, error.detail, error.errors, headers, members)


def refused(request: Request, error: Refusal) -> JSONResponse:
    """Return the problem document of what the outermost layer does not carry out."""
    return problem(
        request, error.status_code, error.code, error.title, error.text, (), dict(error.headers or {})
    )


async def _on_renkou_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RenkouError)
    return refusal(request, error)


async def _on_validation_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    found = tuple(
        dict.fromkeys(
            field_error(e["type"], _place(tuple(e["loc"]), e["type"], error.body), e.get("ctx", {}), e["msg"])
            for e in error.errors()
        )
    )
    summary = errors.InvalidInput.fields(found)
    return problem(request, 422, summary.code, summary.title, summary.detail, found)


def _place(location: tuple[int | str, ...], kind: str, body: Any) -> tuple[int | str, ...]:
    """Return where in a request an error lies, without what pydantic adds of its own: which member of a union was
    tried, that a name and not its value is wrong."""
    if location[:1] != ("body",):
        return location[:2]
    if not isinstance(body, dict | list):
        return location
    place: list[int | str] = ["body"]
    inner: Any = body
    for number, part in enumerate(location[1:], 2):
        if part in inner if isinstance(inner, dict) else isinstance(inner, list) and isinstance(part, int):
            inner = inner[part]
        elif kind not in ("missing", "json_invalid") or number < len(location):
            continue
        place.append(part)
    return tuple(place)


async def _on_http_exception(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    if isinstance(error, Refusal):
        return refused(request, error)
    title = _HTTP_TITLES.get(error.status_code, Text("请求无法处理", "The request could not be carried out"))
    detail = Text(title.zh, str(error.detail))
    headers = dict(error.headers or {})
    return problem(request, error.status_code, f"http_{error.status_code}", title, detail, (), headers)


async def _on_connection_error(request: Request, error: Exception) -> JSONResponse:
    log.warning("database connection lost", error=type(error).__name__)
    unavailable = errors.Unavailable("database_unavailable", "数据库暂不可用", "The database is unavailable")
    return refusal(request, unavailable)


async def _on_busy(request: Request, error: Exception) -> JSONResponse:
    """A statement, a lock, a transaction or the wait for one took longer than it may; it is rolled back."""
    log.warning("the database gave up", error=type(error).__name__)
    busy = errors.Unavailable(
        "database_busy",
        "数据库繁忙, 操作已撤销, 请稍后重试",
        "The database is busy; nothing was changed, try again later",
    )
    return refusal(request, busy)


async def _on_full(request: Request, error: Exception) -> JSONResponse:
    """The database's disk or memory is full: the statement is rolled back, and somebody has to make room."""
    log.error("the database has no room left", error=type(error).__name__)
    full = errors.Unavailable(
        "database_full",
        "数据库空间不足, 操作已撤销, 请稍后重试",
        "The database has no room left; nothing was changed, try again later",
    )
    answer = refusal(request, full)
    answer.headers["Retry-After"] = FULL_RETRY_SECONDS
    return answer


async def _on_out_of_memory(request: Request, error: Exception) -> JSONResponse:
    """This process has reached its limit of memory; what was begun is rolled back, and its memory free again."""
    log.error("a request found no memory left", error=type(error).__name__)
    busy = errors.Unavailable(
        "out_of_memory",
        "服务内存不足, 操作已撤销, 请稍后重试",
        "The service has no memory left; nothing was changed, try again later",
    )
    return refusal(request, busy)


async def _on_unexpected(request: Request, error: Exception) -> JSONResponse:
    log.error(
        "unexpected error",
        exc_info=error,
        method=request.method,
        route=getattr(request.scope.get("route"), "path", "unmatched"),
        trace_id=request.scope.get("renkou.trace_id", ""),
    )
    return problem(
        request,
        500,
        "internal",
        Text("内部错误", "Internal error"),
        Text("请稍后重试", "Please try again later"),
    )


def install_problem_handlers(app: FastAPI) -> None:
    """Make every error of ``app`` leave as a problem document."""
    for kind in STATUS_OF:
        app.add_exception_handler(kind, _on_renkou_error)
    app.add_exception_handler(RenkouError, _on_renkou_error)
    app.add_exception_handler(RequestValidationError, _on_validation_error)
    app.add_exception_handler(HTTPException, _on_http_exception)
    for connection_error in CONNECTION_ERRORS:
        app.add_exception_handler(connection_error, _on_connection_error)
    for busy_error in BUSY_ERRORS:
        app.add_exception_handler(busy_error, _on_busy)
    for full_error in FULL_ERRORS:
        app.add_exception_handler(full_error, _on_full)
    app.add_exception_handler(MemoryError, _on_out_of_memory)
    app.add_exception_handler(Exception, _on_unexpected)


def new_trace_id() -> str:
    """Return a fresh trace id for a request that brought none."""
    return uuid4().hex
