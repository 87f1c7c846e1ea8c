"""A clerk imports the roster: dry run, the row errors compared with the mistakes made, then for good."""

import asyncio
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from uuid import uuid4

from tests.e2e.api import Api, Json
from tests.e2e.ledger import Ledger, Person, Stay
from tests.e2e.progress import Progress, until
from tests.e2e.synthetic.mistakes import WrongRow
from tests.e2e.synthetic.people import Roster
from tests.e2e.synthetic.roster import generate_roster
from tests.e2e.synthetic.workbook import write_xlsx

XLSX = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@dataclass
class Imported:
    """What came of an import."""

    roster: Roster
    accepted: list[int]
    wrong: list[WrongRow]
    rows_total: int
    rows_applied: int
    rows_refused: int


async def _job(api: Api, job: str, states: set[str], progress: Progress) -> Json:
    seen = ""

    async def reached() -> bool:
        nonlocal seen
        state = await api.get("registry", f"/imports/{job}")
        line = f"{state['state']} {state.get('percent', 0):.0f} %"
        if line != seen:
            seen = line
            progress.say(f"  import {line}")
        if state["state"] == "failed":
            raise RuntimeError(f"the import failed: {state}")
        return state["state"] in states

    await until("the import", reached, 180)
    return await api.get("registry", f"/imports/{job}")


def _enter(ledger: Ledger, roster: Roster, accepted: list[int]) -> None:
    for index in accepted:
        person = roster.people[index]
        ledger.persons[f"p{index}"] = Person(
            sex=int(person.sex),
            birth=person.birth_date,
            entered=roster.stock_date,
            entry="opening",
            stays=[Stay(person.present_since, int(person.present_area), int(person.registered_area))],
        )


async def import_roster(
    api: Api, ledger: Ledger, folder: Path, seed: int, count: int, stock_date: date, progress: Progress
) -> Imported:
    """Import a synthetic roster of ``count`` people and check the error report against what was spoilt."""
    roster = await asyncio.to_thread(generate_roster, seed, ledger.district, count, stock_date)
    path = folder / f"roster-{ledger.district}.xlsx"
    wrong = await asyncio.to_thread(write_xlsx, roster, path)
    progress.say(f"{ledger.district}: roster of {count} people written ({len(wrong)} rows spoilt)")
    response = await api.request(
        "POST",
        "registry",
        "/imports",
        params={"stock_date": stock_date.isoformat(), "dry_run": "true"},
        content=path.read_bytes(),
        headers={"Content-Type": XLSX, "Idempotency-Key": str(uuid4())},
    )
    job = str(response.json()["id"])
    await _job(api, job, {"checked"}, progress)
    errors = await api.pages("registry", f"/imports/{job}/errors", limit=500)
    reported = {int(error["row"]) for error in errors}
    expected = {row.row for row in wrong}
    if reported != expected:
        raise RuntimeError(
            f"rows reported but good {sorted(reported - expected)[:5]},"
            f" spoilt but not reported {sorted(expected - reported)[:5]}"
        )
    sheet = await api.content("registry", f"/imports/{job}/errors.xlsx")
    (folder / f"errors-{ledger.district}.xlsx").write_bytes(sheet)
    await api.post("registry", f"/imports/{job}/start", {})
    state = await _job(api, job, {"done", "completed", "finished"}, progress)
    refused = {row.index for row in wrong}
    accepted = [index for index in range(len(roster.people)) if index not in refused]
    if state["rows_applied"] != len(accepted):
        raise RuntimeError(f"{state['rows_applied']} rows applied instead of {len(accepted)}")
    _enter(ledger, roster, accepted)
    return Imported(
        roster, accepted, wrong, state["rows_total"], state["rows_applied"], state["rows_refused"]
    )
