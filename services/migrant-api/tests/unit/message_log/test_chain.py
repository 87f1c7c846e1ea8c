"""The chain of the message log, and its verifier without the node."""

import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest

from renkou_migrant.message_log.domain import GENESIS, Entry, append, first_fault
from renkou_migrant.message_log.routes import LogEntry, LogPage
from renkou_migrant.message_log.verify import main

ENTRY = Entry(
    at=datetime(2026, 3, 1, 4, 0, 0, 123456, UTC),
    direction="out",
    partner="340103",
    message_id=UUID(int=1),
    kind="arrival_notice",
    pair_seq=1,
    outcome="sealed",
    digest="ab" * 32,
    kid="310115-sig-1",
    signature="c2ln",
)
CHAIN = append(0, GENESIS, [replace(ENTRY, pair_seq=seq) for seq in range(1, 6)])


def test_a_whole_chain_has_no_fault_and_can_be_continued() -> None:
    more = append(5, CHAIN[-1].hash, [ENTRY])
    assert first_fault([*CHAIN, *more]) is None
    assert first_fault(more, 5, CHAIN[-1].hash) is None


def test_the_same_entries_always_make_the_same_chain() -> None:
    assert CHAIN[-1].hash.hex() == append(0, GENESIS, [link.entry for link in CHAIN])[-1].hash.hex()


@pytest.mark.parametrize("position", range(1, 5))
def test_a_removed_entry_is_found(position: int) -> None:
    assert "missing" in (first_fault(CHAIN[: position - 1] + CHAIN[position:]) or "")


@pytest.mark.parametrize(
    "change",
    [{"outcome": "accepted"}, {"partner": "440305"}, {"pair_seq": 9}, {"digest": "cd" * 32}, {"kid": "x"}],
)
def test_an_altered_entry_is_found(change: dict[str, Any]) -> None:
    altered = replace(CHAIN[2], entry=replace(CHAIN[2].entry, **change))
    assert first_fault([*CHAIN[:2], altered, *CHAIN[3:]]) == "entry 3 was altered"


def test_a_chain_that_was_computed_anew_from_the_middle_on_is_found() -> None:
    forged = append(2, GENESIS, [link.entry for link in CHAIN[2:]])
    assert first_fault([*CHAIN[:2], *forged]) == "entry 3 does not follow the one before it"


def test_the_verifier_reads_exported_pages(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    files = []
    for number, part in enumerate((CHAIN[:3], CHAIN[3:])):
        page = LogPage(items=[LogEntry.of(link) for link in part], next_after=part[-1].position)
        files.append(tmp_path / f"{number}.json")
        files[-1].write_text(page.model_dump_json())
    assert main([str(file) for file in files]) == 0
    assert CHAIN[-1].hash.hex() in capsys.readouterr().out
    content = json.loads(files[1].read_text())
    content["items"][0]["outcome"] = "refused"
    files[1].write_text(json.dumps(content))
    assert main([str(file) for file in files]) == 1
    assert capsys.readouterr().out == "entry 4 was altered\n"
