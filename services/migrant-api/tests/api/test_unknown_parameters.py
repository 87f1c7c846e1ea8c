"""Query parameters that a route does not know are refused by every route, with those that it knows."""

from collections.abc import Awaitable, Callable

import httpx

from ..support import Node


async def test_every_route_refuses_what_it_does_not_know(
    node: Node, parameters_refused: Callable[[httpx.AsyncClient], Awaitable[int]]
) -> None:
    assert await parameters_refused(node.client) > 50
