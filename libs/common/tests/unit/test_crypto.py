"""Field encryption: what is stored says nothing, cannot be moved between columns, and survives rotation."""

from datetime import UTC, datetime

import pytest
from cryptography.exceptions import InvalidTag
from hypothesis import given
from hypothesis import strategies as st

from renkou_common.crypto import FieldCipher
from renkou_common.field_keys.keyring import SETTLED, Keyring, Kind

_NOW = datetime(2026, 3, 1, tzinfo=UTC)
_RING = Keyring.new(_NOW)
OLD = FieldCipher.fixed(_RING)
NEW = FieldCipher.fixed(_RING.added(Kind.DATA, _NOW)[0].activated(Kind.DATA, 2, _NOW + SETTLED))


@given(st.text(max_size=200))
def test_what_was_encrypted_under_the_old_key_is_read_after_rotation(text: str) -> None:
    assert NEW.decrypt(OLD.encrypt(text, "person.phone"), "person.phone") == text


def test_new_values_use_the_active_key() -> None:
    assert NEW.encrypt("x", "c")[0] == 2


def test_the_same_text_is_never_stored_the_same_way_twice() -> None:
    assert OLD.encrypt("13800001234", "c") != OLD.encrypt("13800001234", "c")


def test_a_value_cannot_be_moved_to_another_column() -> None:
    sealed = OLD.encrypt("secret", "person.phone")
    with pytest.raises(InvalidTag):
        OLD.decrypt(sealed, "person.resident_id")


@given(st.integers(1, 40))
def test_any_changed_byte_is_noticed(position: int) -> None:
    sealed = bytearray(OLD.encrypt("340103199001011234", "c"))
    sealed[position % len(sealed) or 1] ^= 1
    with pytest.raises(InvalidTag):
        OLD.decrypt(bytes(sealed), "c")


def test_a_blind_index_is_equal_for_equal_values_of_one_column_only() -> None:
    assert OLD.blind_index("a", "x") == NEW.blind_index("a", "x")
    assert OLD.blind_index("a", "x") != OLD.blind_index("a", "y")
    assert OLD.blind_index("a", "x") != OLD.blind_index("b", "x")
