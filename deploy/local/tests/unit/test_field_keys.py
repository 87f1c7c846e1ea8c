"""What an operator does with field keys: every step leaves files that open what was written before."""

import json
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from renkou_common.crypto import FieldCipher
from renkou_common.field_keys import files
from renkou_common.field_keys.envelope import KeyFileError
from renkou_common.field_keys.keyring import Kind
from renkou_local import field_keys
from renkou_local.field_keys import KEYS, MASTER, keep_field_keys

PLAIN = {"active": "1", "keys": {"1": "A" * 43 + "="}, "index_key": "B" * 42 + "A="}
AT_ONCE = timedelta()


def cipher(folder: Path) -> FieldCipher:
    return FieldCipher.from_files(folder / KEYS, folder / MASTER)


def test_keys_are_made_once_in_their_envelope(tmp_path: Path) -> None:
    keep_field_keys(tmp_path)
    sealed = cipher(tmp_path).encrypt("138", "c")
    keep_field_keys(tmp_path)
    assert cipher(tmp_path).decrypt(sealed, "c") == "138"
    assert {(tmp_path / name).stat().st_mode & 0o777 for name in (KEYS, MASTER)} == {0o600}


def test_a_folder_of_old_is_put_into_an_envelope_and_its_register_stays_readable(tmp_path: Path) -> None:
    (tmp_path / KEYS).write_text(json.dumps(PLAIN))
    keep_field_keys(tmp_path)
    assert str(PLAIN["index_key"]) not in (tmp_path / KEYS).read_text()
    ring = cipher(tmp_path).ring
    assert (ring.data.versions[1].key, ring.data.active) == (b"\0" * 32, 1)
    assert field_keys.main(["--secrets", str(tmp_path), "wrap"]) == 1


def test_no_new_master_key_takes_the_place_of_one_that_is_missing(tmp_path: Path) -> None:
    keep_field_keys(tmp_path)
    (tmp_path / MASTER).unlink()
    with pytest.raises(KeyFileError, match="bring it back"):
        keep_field_keys(tmp_path)
    assert not (tmp_path / MASTER).exists()


def test_a_new_master_key_opens_the_same_keys_wherever_rewrapping_was_cut_off(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    keep_field_keys(tmp_path)
    sealed = cipher(tmp_path).encrypt("138", "c")
    write = files.replace_file
    for steps in (0, 1, 2, 3):
        left = iter(range(steps))

        def cut_off(path: Path, text: str, left: Iterator[int] = left) -> None:
            if next(left, None) is None:
                raise KeyboardInterrupt
            write(path, text)

        old = (tmp_path / MASTER).read_text()
        monkeypatch.setattr(field_keys, "replace_file", cut_off)
        try:
            field_keys.rewrap(tmp_path)
        except KeyboardInterrupt:
            assert steps < 3
        monkeypatch.undo()
        assert cipher(tmp_path).decrypt(sealed, "c") == "138"
    assert (tmp_path / MASTER).read_text().splitlines()[0] not in old


def test_an_operator_adds_a_version_then_has_it_written_with(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    keep_field_keys(tmp_path)
    command = ["--secrets", str(tmp_path)]
    assert field_keys.main([*command, "add", "data"]) == 0
    assert field_keys.main([*command, "activate", "data", "2"]) == 1
    assert "may not have read it" in capsys.readouterr().err
    field_keys.activate(tmp_path, Kind.DATA, 2, settled=AT_ONCE)
    assert field_keys.main([*command, "status"]) == 0
    shown = capsys.readouterr().out
    assert "written with" in next(line for line in shown.splitlines() if line.startswith("data    2"))
    assert cipher(tmp_path).encrypt("138", "c")[0] == 2
