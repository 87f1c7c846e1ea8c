"""registry-api and migrant-api as they are asked for cases: in the caller's name, with her own token."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

import httpx

from renkou_common.contracts.figure_cases import FigureCasePurpose
from renkou_common.errors import (
    Conflict,
    Forbidden,
    InvalidInput,
    NotFound,
    RenkouError,
    Unauthenticated,
    Unavailable,
)
from renkou_common.http.language import caller_language

NAMES = {"registry": ("人口登记服务", "registry-api"), "migrant": ("流动人口服务", "migrant-api")}
_KINDS: dict[int, type[RenkouError]] = {
    401: Unauthenticated,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    422: InvalidInput,
}


async def cases_of(
    http: httpx.AsyncClient,
    url: str,
    feed: str,
    token: str,
    event_ids: Sequence[UUID],
    purpose: FigureCasePurpose,
) -> dict[str, Any]:
    """Return what a service shows the caller behind ``token`` of the cases of its events.

    Raises what the service answers under its own code and words (Forbidden, NotFound, Conflict ...), and Unavailable
    where it cannot be reached or answers in a form not understood.
    """
    try:
        response = await http.post(
            f"{url.rstrip('/')}/figure-cases",
            json={"event_ids": [str(each) for each in event_ids], "purpose": purpose},
            headers={"Authorization": f"Bearer {token}", "Accept-Language": caller_language.get()},
        )
        answer = response.json()
    except (httpx.HTTPError, ValueError) as error:
        raise _unavailable(feed, type(error).__name__) from error
    if response.is_success and isinstance(answer, dict) and {"items", "hidden"} <= answer.keys():
        return answer
    raise _error_of(feed, response.status_code, answer if isinstance(answer, dict) else {})


def _error_of(feed: str, status: int, problem: dict[str, Any]) -> RenkouError:
    """Pass a problem on under its own code; its detail is in the caller's language."""
    kind = _KINDS.get(status)
    if kind is None:
        return _unavailable(feed, f"status {status}")
    zh, en = NAMES[feed]
    detail = str(problem.get("detail") or problem.get("title") or status)
    return kind(str(problem.get("code", f"{feed}_{status}")), f"{zh}: {detail}", f"{en}: {detail}")


def _unavailable(feed: str, reason: str) -> Unavailable:
    zh, en = NAMES[feed]
    return Unavailable(f"{feed}_unavailable", f"{zh}暂不可用", f"{en} is not available: {reason}")
