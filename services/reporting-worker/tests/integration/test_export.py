"""The operator writes all facts as CSV: complete, of one moment, and the same again."""

import asyncio
import csv
import hashlib
import stat
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson
import pytest

from renkou_common.contracts.registry import RegistryEventType
from renkou_common.contracts.registry_time import AreaChanged
from renkou_reporting.areas.consumers import apply_area_changes
from renkou_reporting.facts.__main__ import main

from ..processes import run_to_its_end
from ..support import EVERYWHERE, LineMaker, Reporting


def rows_of(path: Path) -> list[dict[str, str]]:
    with path.open(encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def environment(reporting: Reporting) -> dict[str, str]:
    nowhere = "http://127.0.0.1:9"
    return {
        "RENKOU_DISTRICT": "340103",
        "RENKOU_DATABASE_URL": reporting.access.app_url,
        "RENKOU_REGISTRY_URL": nowhere,
        "RENKOU_MIGRANT_URL": nowhere,
    }


async def test_every_fact_and_division_is_written_with_the_positions(
    reporting: Reporting, line: LineMaker, tmp_path: Path
) -> None:
    await reporting.take_in(
        "registry",
        [line("registered", "opening", "2025-12-31", 5, sex=2, birth_month="1990-04")],
        [
            line("registered", "birth", "2026-02-28", 1, sex=1, parity=2),
            line("office", "budget_spent", "2026-02-03", 9),
        ],
    )
    await reporting.take_in("migrant", [line("migrant_in", "check_due", "2026-03-01", area="340103002001")])
    merged = AreaChanged.model_validate(
        {
            "change_id": uuid4(), "kind": "merge", "effective_on": "2026-04-01",
            "sources": ["340103001001", "340103001002"], "ended": ["340103001001", "340103001002"],
            "successors": [{"area": "340103001009", "title": "合一社区"}],
        }
    )  # fmt: skip
    change = reporting.feeds["registry"].append(RegistryEventType.AREA_CHANGED, merged)
    async with reporting.database.transaction(EVERYWHERE) as tx:
        await apply_area_changes(tx, [change])
    folder = tmp_path / "facts"
    assert await run_to_its_end("facts", environment(reporting), "export", str(folder)) == 0

    manifest: dict[str, Any] = orjson.loads((folder / "manifest.json").read_bytes())
    assert manifest["positions"] == {"migrant": 1, "registry": 2}
    assert manifest["held"] == {}
    for name, told in manifest["files"].items():
        path = folder / name
        found = rows_of(path)
        assert len(found) == told["rows"]
        assert hashlib.sha256(path.read_bytes()).hexdigest() == told["sha256"]
        assert stat.S_IMODE(path.stat().st_mode) == 0o600
        assert not found or list(found[0]) == told["columns"]
    fact = rows_of(folder / "fact.csv")
    assert [(each["feed"], each["seq"], each["line_no"], each["measure"]) for each in fact] == [
        ("migrant", "1", "0", "check_due"),
        ("registry", "1", "0", "opening"),
        ("registry", "2", "0", "birth"),
        ("registry", "2", "1", "budget_spent"),
    ]
    assert fact[1] | {"seq": "1"} == {
        "feed": "registry", "seq": "1", "line_no": "0", "area": "340103001001", "happened_on": "2025-12-31",
        "population": "registered", "measure": "opening", "sex": "2", "birth_month": "199004", "parity": "0",
        "detail": "", "value": "5",
    }  # fmt: skip
    changed = rows_of(folder / "area_succession.csv")
    assert [(each["since"], each["area"], each["successor"]) for each in changed] == [
        ("2026-04-01", "340103001001", "340103001009"),
        ("2026-04-01", "340103001002", "340103001009"),
    ]
    assert "340103001009" in {each["key"] for each in rows_of(folder / "area.csv")}

    again = tmp_path / "again"
    assert await run_to_its_end("facts", environment(reporting), "export", str(again)) == 0
    assert orjson.loads((again / "manifest.json").read_bytes())["files"] == manifest["files"]


async def test_a_folder_in_use_and_a_database_that_is_away_are_told(
    reporting: Reporting, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    for name, value in environment(reporting).items():
        monkeypatch.setenv(name, value)
    used = tmp_path / "used"
    used.mkdir()
    (used / "fact.csv").touch()
    assert await asyncio.to_thread(main, ["export", str(used)]) == 2
    assert "不为空" in capsys.readouterr().err
    monkeypatch.setenv("RENKOU_DATABASE_URL", "postgresql://nobody@127.0.0.1:9/none")
    assert await asyncio.to_thread(main, ["export", str(tmp_path / "new")]) == 1
    assert "not exported" in capsys.readouterr().err
