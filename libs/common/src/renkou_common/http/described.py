"""What every operation may answer beside its success, written into the API description once, for all of them.

A route declares what it returns; how it refuses follows from what it takes: a token, a body, a version, a key. So the
description says it without each route repeating it, and ``python -m tests.fuzz`` holds every answer against it.
"""

from typing import Any

PROBLEM = "application/problem+json"
_METHODS_THAT_READ = ("get", "head")
_TEXTS = {
    400: "无法解析的请求 / the request cannot be parsed",
    401: "未登录或凭证无效 / no token, or not a good one",
    403: "没有权限 / the caller lacks the right",
    404: "不存在, 或不在调用者的区域内 / does not exist, or lies outside the caller's area",
    409: "与现有记录冲突 / the record's state does not allow it",
    412: "记录已被他人修改 / the record has changed since the version that was read",
    413: "请求体过大 / the body is too large",
    415: "内容类型不符 / another content type is wanted",
    422: "输入有误 / a field or parameter is wrong; `errors` says which, and what is allowed",
    428: "缺少 If-Match 或 Idempotency-Key / If-Match or Idempotency-Key is missing",
    429: "请求过多, 见 Retry-After / too many requests; see Retry-After",
    503: "暂不可用, 见 Retry-After / temporarily unavailable; see Retry-After",
}
_PROBLEM_SCHEMA: dict[str, Any] = {
    "type": "object",
    "title": "Problem",
    "description": "RFC 9457, in the caller's language (Accept-Language).",
    "required": ["type", "title", "status", "code", "detail"],
    "properties": {
        "type": {"type": "string", "examples": ["urn:renkou:problem:not_found"]},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "code": {"type": "string", "description": "stable, for programs"},
        "detail": {"type": "string"},
        "trace_id": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["pointer", "code", "detail"],
                "properties": {
                    "pointer": {"type": "string", "description": "JSON pointer into the request"},
                    "code": {"type": "string"},
                    "detail": {"type": "string"},
                },
            },
        },
    },
}


def describe_refusals(document: dict[str, Any]) -> dict[str, Any]:
    """Add to each operation of an OpenAPI document the refusals that its parameters, body and rights allow.

    A refusal that a route alone declares gets the same form.
    """
    for path, methods in document.get("paths", {}).items():
        if path.startswith("/health/"):
            continue
        for method, operation in methods.items():
            described = operation.setdefault("responses", {})
            declared = {int(status) for status in described if status.isdigit()} & _TEXTS.keys()
            for status in sorted({*_statuses(path, method, operation), *declared}):
                described.setdefault(str(status), {}).update(_answer(status))
    schemas = document.setdefault("components", {}).setdefault("schemas", {})
    schemas["Problem"] = _PROBLEM_SCHEMA
    for name in ("HTTPValidationError", "ValidationError"):  # FastAPI's own form, which is never sent
        schemas.pop(name, None)
    return document


def _answer(status: int) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Problem"}
    return {"description": _TEXTS[status], "content": {PROBLEM: {"schema": schema}}}


def _statuses(path: str, method: str, operation: dict[str, Any]) -> set[int]:
    found = {422, 429, 503}
    changes = method not in _METHODS_THAT_READ
    headers = {each["name"].lower() for each in operation.get("parameters", []) if each["in"] == "header"}
    if operation.get("security") or operation.get("x-right"):
        found |= {401, 403, 404, 409}
    if "{" in path:
        found |= {404}
    if changes:
        found |= {401, 404, 409}
    if "requestBody" in operation:
        found |= {400, 413, 415}
    if "if-match" in headers:
        found |= {412, 428}
    if "idempotency-key" in headers:
        found |= {428}
    return found
