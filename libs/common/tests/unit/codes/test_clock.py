"""The movable clock of the local stack."""

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from renkou_common import clock as clock_module
from renkou_common.clock import SHANGHAI, Clock

LITTLE = timedelta(seconds=30)


def _move(file: Path, seconds: float) -> None:
    finished = file.with_suffix(".new")
    finished.write_text(f"{seconds}", encoding="ascii")
    finished.replace(file)


@pytest.fixture
def every_look_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock_module, "_STAT_EVERY_SECONDS", 0.0)


def test_without_a_file_it_is_real_time_in_shanghai() -> None:
    now = Clock(None).now()
    assert now.utcoffset() == timedelta(hours=8)
    assert abs(now - datetime.now(SHANGHAI)) < LITTLE
    assert Clock(None).today() in (now.date(), (now + LITTLE).date())


@pytest.mark.usefixtures("every_look_counts")
def test_the_offset_is_read_again_when_the_file_changes(tmp_path: Path) -> None:
    file = tmp_path / "offset"
    clock = Clock(file)
    assert abs(clock.now() - datetime.now(SHANGHAI)) < LITTLE
    for days in (30.5, -365.0, 12.0):
        _move(file, days * 86_400)
        assert abs(clock.now() - datetime.now(SHANGHAI) - timedelta(days=days)) < LITTLE
    file.unlink()
    assert abs(clock.now() - datetime.now(SHANGHAI)) < LITTLE


@pytest.mark.usefixtures("every_look_counts")
def test_same_size_and_another_time_is_a_change(tmp_path: Path) -> None:
    file = tmp_path / "offset"
    clock = Clock(file)
    _move(file, 86_400.0)
    clock.now()
    _move(file, 96_400.0)
    os.utime(file, ns=(1, 1))
    assert abs(clock.now() - datetime.now(SHANGHAI) - timedelta(seconds=96_400)) < LITTLE


def test_the_file_is_not_looked_at_on_every_call(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(clock_module, "_STAT_EVERY_SECONDS", 3_600.0)
    file = tmp_path / "offset"
    _move(file, 0.0)
    clock = Clock(file)
    clock.now()
    _move(file, 1e6)
    assert abs(clock.now() - datetime.now(SHANGHAI)) < LITTLE


def test_a_file_that_is_no_number_is_an_error(tmp_path: Path) -> None:
    file = tmp_path / "offset"
    file.write_text("tomorrow", encoding="ascii")
    with pytest.raises(ValueError, match="tomorrow"):
        Clock(file).now()
