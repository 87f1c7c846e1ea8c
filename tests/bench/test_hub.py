"""The trial of a hub in its short form: what it measures is really exchanged."""

import xml.etree.ElementTree as ElementTree
from pathlib import Path

import pytest

from renkou_common.messaging.hub import SHARDS
from tests.bench.hub.picture import picture
from tests.bench.hub.trial import run

pytestmark = pytest.mark.endurance


async def test_a_hundred_districts_exchange_twenty_thousand_messages_and_lose_none(tmp_path: Path) -> None:
    found = await run(100, 20_000, tmp_path / "hub", in_flight=500, paced_seconds=2)
    assert found.whole
    assert found.arrived == 20_000
    assert found.server["consumers"] == 2 * 100
    assert found.server["streams"] == SHARDS + 1
    assert found.server["messages"] == 0, "what was acknowledged is gone"
    assert found.server["slow_consumers"] == 0
    assert min(found.sizes.values()) > 1000, "as long as sealed messages are"
    assert all(phase["latency_ms"]["p50"] > 0 for phase in found.phases)
    ElementTree.fromstring(picture(found))
    assert not (tmp_path / "hub").exists()
