"""Corrections as the office makes them: one asks, another decides."""

from typing import Any

import httpx

from ...support import Caller, Json


async def ask(requester: Caller, **body: Any) -> httpx.Response:
    """Ask for a correction or a retraction."""
    return await requester.post("/corrections", json=body)


async def decide(caller: Caller, request: Json, decision: str, **body: Any) -> httpx.Response:
    """Send a decision on a request as the caller read it."""
    path = f"/corrections/{request['id']}/{decision}"
    headers = {"If-Match": f'"{request["version"]}"'}
    if decision == "withdrawal":
        return await caller.post(path, headers=headers)
    return await caller.post(path, json=body, headers=headers)


async def carried_out(requester: Caller, approver: Caller, **body: Any) -> Json:
    """Ask, and have it approved; returns the request as it is then."""
    asked = await ask(requester, **body)
    assert asked.status_code == 201, asked.text
    answer = await decide(approver, asked.json(), "approval")
    assert answer.status_code == 200, answer.text
    done: Json = answer.json()
    return done
