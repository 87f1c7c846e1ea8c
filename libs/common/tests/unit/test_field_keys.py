"""Field keys in their envelope: the file alone opens nothing, and changing it never takes a key from anybody."""

import json
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from renkou_common.crypto import FieldCipher, data_version, index_version
from renkou_common.field_keys.envelope import KeyFileError, MasterKey, master_keys_text
from renkou_common.field_keys.files import (
    KeyFiles,
    keyring_text,
    make_key_files,
    read_keyring,
    replace_file,
)
from renkou_common.field_keys.keyring import SETTLED, Keyring, Kind, from_plain, unwrapped, wrapped

NOW = datetime(2026, 3, 1, 9, tzinfo=UTC)
LATER = NOW + SETTLED
MASTER = MasterKey.new()
RING = Keyring.new(NOW)


def test_a_key_file_without_its_master_key_opens_nothing() -> None:
    content = wrapped(RING, MASTER)
    text = keyring_text(content)
    for key in (RING.digest, *(each.key for kind in Kind for each in RING.of(kind).versions.values())):
        assert key.hex() not in text
    assert unwrapped(content, [MasterKey.new(), MASTER]) == RING
    with pytest.raises(KeyFileError, match="not here"):
        unwrapped(content, [MasterKey.new()])


@pytest.mark.parametrize(
    "swap",
    [
        lambda c: c["data"]["versions"].update({"1": c["index"]["versions"]["1"]}),
        lambda c: c["data"]["versions"].update({"2": c["data"]["versions"]["1"]}),
        lambda c: c["digest"].update(c["index"]["versions"]["1"]),
        lambda c: c["data"].update(active=7),
        lambda c: c.pop("index"),
        lambda c: c.update(format=3),
    ],
)
def test_entries_cannot_take_each_others_place(swap: Callable[[dict[str, Any]], object]) -> None:
    content = json.loads(keyring_text(wrapped(RING, MASTER)))
    swap(content)
    with pytest.raises(KeyFileError):
        unwrapped(content, [MASTER])


@pytest.mark.parametrize("kind", list(Kind))
def test_a_version_is_readable_before_it_is_written_with(kind: Kind) -> None:
    ring, number = RING.added(kind, NOW)
    assert (number, ring.of(kind).active) == (2, 1)
    with pytest.raises(KeyFileError, match="waits to be activated"):
        ring.added(kind, NOW)
    with pytest.raises(KeyFileError, match="too new"):
        ring.activated(kind, 2, LATER - timedelta(seconds=1))
    assert ring.activated(kind, 2, LATER).of(kind).active == 2


def test_a_version_goes_only_when_nothing_needs_it_and_its_number_never_comes_again() -> None:
    ring = RING.added(Kind.DATA, NOW)[0].activated(Kind.DATA, 2, LATER)
    with pytest.raises(KeyFileError, match="written with"):
        ring.retired(Kind.DATA, 2, [], LATER + SETTLED)
    with pytest.raises(KeyFileError, match="a moment ago"):
        ring.retired(Kind.DATA, 1, [("registry", 0)], LATER)
    with pytest.raises(KeyFileError, match="registry holds 3 values"):
        ring.retired(Kind.DATA, 1, [("migrant", 0), ("registry", 3)], LATER + SETTLED)
    ring = ring.retired(Kind.DATA, 1, [("migrant", 0), ("registry", 0)], LATER + SETTLED)
    assert list(ring.data.versions) == [2]
    assert ring.added(Kind.DATA, LATER)[1] == 3


def test_keys_of_old_go_on_in_an_envelope() -> None:
    plain = {"active": "2", "keys": {"1": "A" * 43 + "=", "2": "C" * 42 + "A="}, "index_key": "B" * 42 + "A="}
    with pytest.raises(KeyFileError, match="wrap them first"):
        unwrapped(plain, [MASTER])
    ring = from_plain(plain, NOW)
    assert (ring.data.active, sorted(ring.data.versions), ring.index.active) == (2, [1, 2], 1)
    cipher = FieldCipher.fixed(ring)
    assert cipher.blind_index("x", "proof") == cipher.digest("x", "proof")


class Files:
    """Two key files, and a cipher that looks at them whenever the test's clock says so."""

    def __init__(self, folder: Path) -> None:
        self.keys, self.master = folder / "keys", folder / "master"
        self.ring = make_key_files(self.keys, self.master, NOW)
        self.seconds = 0.0
        self.cipher = FieldCipher(KeyFiles(self.keys, self.master, 5.0, lambda: self.seconds))

    def write(self, ring: Keyring) -> None:
        """Put other keys in the place of the present ones."""
        key = MasterKey.new()
        replace_file(self.master, master_keys_text([key]))
        replace_file(self.keys, keyring_text(wrapped(ring, key)))


@pytest.fixture
def files(tmp_path: Path) -> Files:
    return Files(tmp_path)


def test_a_changed_file_is_noticed_within_seconds(files: Files) -> None:
    old = files.cipher.encrypt("138", "c")
    ring = files.ring.added(Kind.DATA, NOW)[0].activated(Kind.DATA, 2, LATER)
    files.write(ring)
    assert data_version(files.cipher.encrypt("138", "c")) == 1
    files.seconds = 5.0
    assert data_version(files.cipher.encrypt("138", "c")) == 2
    assert files.cipher.decrypt(old, "c") == "138"


def test_a_value_of_an_unknown_version_makes_the_file_be_read_at_once(files: Files) -> None:
    ring = files.ring.added(Kind.DATA, NOW)[0].activated(Kind.DATA, 2, LATER)
    files.write(ring)
    assert files.cipher.decrypt(FieldCipher.fixed(ring).encrypt("138", "c"), "c") == "138"


@pytest.mark.parametrize("damage", ["", "{", "{}", "[]", '{"format": 2, "master": "no"}', None])
def test_a_file_that_cannot_be_read_again_leaves_the_keys_in_use(files: Files, damage: str | None) -> None:
    sealed = files.cipher.encrypt("138", "c")
    if damage is None:
        files.keys.unlink()
    else:
        files.keys.write_text(damage)
    files.seconds = 5.0
    assert files.cipher.decrypt(sealed, "c") == "138"
    files.write(files.ring.added(Kind.DATA, NOW)[0])
    files.seconds = 10.0
    assert sorted(files.cipher.ring.data.versions) == [1, 2]


def test_key_files_are_their_owners_alone(files: Files) -> None:
    files.keys.chmod(0o644)
    replace_file(files.keys, files.keys.read_text())
    assert {path.stat().st_mode & 0o777 for path in (files.keys, files.master)} == {0o600}
    assert read_keyring(files.keys, files.master) == files.ring


def test_a_blind_index_tells_its_version_and_all_live_ones_are_looked_for() -> None:
    ring = RING.added(Kind.INDEX, NOW)[0]
    before, after = FieldCipher.fixed(ring), FieldCipher.fixed(ring.activated(Kind.INDEX, 2, LATER))
    assert FieldCipher.fixed(RING).blind_indexes("x", "c") == [before.blind_index("x", "c")]
    assert [index_version(each) for each in before.blind_indexes("x", "c")] == [1, 2]
    assert after.blind_indexes("x", "c") == [after.blind_index("x", "c"), before.blind_index("x", "c")]
    assert index_version(after.blind_index("x", "c")) == 2
    assert before.digest("x", "c") == after.digest("x", "c") != before.blind_index("x", "c")
