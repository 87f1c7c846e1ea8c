"""What the worker does again and again outlives a database that is lost for a while."""

import pytest

from renkou_common.errors import Unavailable
from renkou_registry.background import again_and_again
from renkou_registry.runtime import Runtime


async def test_a_lost_database_is_waited_for_and_what_nobody_foresaw_is_not() -> None:
    errors = [
        TimeoutError(),
        Unavailable("unavailable", "数据库不可用", "the database is away"),
        LookupError("unforeseen"),
    ]
    tries: list[object] = []

    async def work(runtime: Runtime) -> None:
        tries.append(runtime)
        raise errors[len(tries) - 1]

    with pytest.raises(LookupError, match="unforeseen"):
        await again_and_again(Runtime.__new__(Runtime), "tests", work, 0.0)
    assert len(tries) == len(errors)
