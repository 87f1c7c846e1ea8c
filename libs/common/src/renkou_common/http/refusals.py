"""What the outermost layer refuses by itself: an HTTPException, as FastAPI hides any other error that comes up while a
body is read. Each leaves as a problem document with a code of its own.
"""

from collections.abc import Mapping

from starlette.exceptions import HTTPException

from renkou_common.errors import Text


class Refusal(HTTPException):
    """A request that is not carried out; ``title`` says what kind of refusal it is, ``text`` what to do about it."""

    def __init__(
        self, status: int, code: str, title: Text, text: Text, headers: Mapping[str, str] | None = None
    ) -> None:
        super().__init__(status, text.en, headers)
        self.code = code
        self.title = title
        self.text = text


def body_too_large(limit: int) -> Refusal:
    """413: more bytes than this path takes."""
    return Refusal(
        413,
        "body_too_large",
        Text("请求体过大", "The body is too large"),
        Text(f"请求体超过 {limit} 字节", f"the body is larger than {limit} bytes"),
        {"Connection": "close"},
    )


def body_too_slow() -> Refusal:
    """408: the body did not arrive at a rate that anybody's line has."""
    return Refusal(
        408,
        "body_too_slow",
        Text("请求体到达过慢", "The body came too slowly"),
        Text("请检查网络后重新发送", "check the network and send the request again"),
        {"Connection": "close"},
    )


def json_too_deep(limit: int) -> Refusal:
    """422: nested deeper than any record here."""
    text = Text(f"JSON 嵌套不得超过 {limit} 层", f"JSON may be nested {limit} levels deep at most")
    return Refusal(422, "json_too_deep", Text("输入有误", "Invalid input"), text)


def json_not_utf8() -> Refusal:
    """422: JSON in another encoding than the one that there is for it between systems (RFC 8259, section 8.1)."""
    text = Text("JSON 须以 UTF-8 编码", "JSON has to be encoded in UTF-8")
    return Refusal(422, "json_not_utf8", Text("输入有误", "Invalid input"), text)


def json_too_many(limit: int) -> Refusal:
    """422: more members and items than any batch here."""
    text = Text(
        f"JSON 中的成员与列表项合计不得超过 {limit} 个",
        f"JSON may hold {limit} members and items at most, all counted",
    )
    return Refusal(422, "json_too_many", Text("输入有误", "Invalid input"), text)


def other_content_type(*taken: str) -> Refusal:
    """415: a body of another type than those that the route takes."""
    return Refusal(
        415,
        "content_type",
        Text("不支持的内容类型", "Unsupported content type"),
        Text(f"Content-Type 应为 {' 或 '.join(taken)}", f"Content-Type has to be {' or '.join(taken)}"),
        {"Accept-Post": ", ".join(taken)},
    )


def method_not_allowed(allowed: str) -> Refusal:
    """405 with every method that the path knows."""
    return Refusal(
        405,
        "http_405",
        Text("方法不允许", "Method not allowed"),
        Text(f"此路径可用的方法: {allowed}", f"this path knows: {allowed}"),
        {"Allow": allowed},
    )


def took_too_long(seconds: float) -> Refusal:
    """503: the answer was not ready in time; what had been begun is rolled back."""
    return Refusal(
        503,
        "took_too_long",
        Text("处理超时", "It took too long"),
        Text(
            f"{seconds:g} 秒内未能完成, 已撤销, 请缩小范围或稍后重试",
            f"not done within {seconds:g} seconds and undone; ask for less, or try again later",
        ),
        {"Retry-After": "5"},
    )


def overloaded() -> Refusal:
    """503: this process has as much to do as it takes on."""
    return Refusal(
        503,
        "overloaded",
        Text("服务繁忙", "The service is busy"),
        Text("请稍后重试", "try again in a moment"),
        {"Retry-After": "2"},
    )


def too_many_at_once() -> Refusal:
    """429: one caller asks for too much at the same time."""
    return Refusal(
        429,
        "too_many_at_once",
        Text("同时请求过多", "Too many requests at once"),
        Text("请等待之前的请求完成", "wait for the answers to the requests before"),
        {"Retry-After": "2"},
    )


def too_many_requests(kind: str, per_minute: int, seconds: int, headers: Mapping[str, str]) -> Refusal:
    """429: one caller has used up what it may ask in a minute."""
    return Refusal(
        429,
        "too_many_requests",
        Text("请求过于频繁", "Too many requests"),
        Text(
            f"每分钟至多 {per_minute} 次 ({kind}), 请在 {seconds} 秒后重试",
            f"at most {per_minute} in a minute ({kind}); try again in {seconds} seconds",
        ),
        {"Retry-After": str(seconds), **headers},
    )
