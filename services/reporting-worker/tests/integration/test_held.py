"""An event that could not be applied waits for the operator, who sees why and applies it again."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import replace

import pytest

from renkou_common.database import Database
from renkou_common.messaging import inbox
from renkou_common.messaging.inbox import Apply
from renkou_common.messaging.operating import operate
from renkou_common.scope import AreaScope
from renkou_reporting.subscriptions import apply_registry

from ..support import LineMaker, Reporting


async def test_the_operator_lists_held_events_and_applies_them_in_order(
    reporting: Reporting, line: LineMaker, capsys: pytest.CaptureFixture[str]
) -> None:
    feed = reporting.feeds["registry"]
    first = feed.append_lines([line("registered", "birth", "2026-02-01")])
    second = replace(feed.append_lines([line("registered", "birth", "2026-02-02")]), subject=first.subject)
    async with reporting.database.transaction(AreaScope.everything()) as tx:
        await inbox.hold_failed(tx, "registry", first, ValueError("no such measure"))
        await inbox.take_in(tx, "registry", [second], apply_registry)

    @asynccontextmanager
    async def opened() -> AsyncIterator[tuple[Database, Mapping[str, Apply]]]:
        yield reporting.database, {"registry": apply_registry}

    assert await operate(opened(), ["list"]) == 0
    shown = capsys.readouterr().out
    assert "registry 1 failed" in shown
    assert "no such measure" in shown
    assert "registry 2 blocked" in shown
    assert await operate(opened(), ["replay", "registry", "9"]) == 2
    assert await operate(opened(), ["replay", "elsewhere", "1"]) == 2
    assert await operate(opened(), ["replay", "registry", "1"]) == 0
    assert "applied 2, still held 0" in capsys.readouterr().out
    assert sum(row["value"] for row in await reporting.rows("SELECT value FROM cell")) == 2
