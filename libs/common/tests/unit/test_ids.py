"""Identifiers are UUIDs of version 7: ordered by time, never twice."""

import time
from uuid import RFC_4122, UUID

from renkou_common.ids import new_id


def test_an_id_is_a_uuid_of_version_7() -> None:
    made = new_id()
    assert (made.version, made.variant) == (7, RFC_4122)
    assert UUID(str(made)) == made
    assert abs((made.int >> 80) - time.time() * 1000) < 10_000


def test_no_id_is_made_twice() -> None:
    assert len({new_id() for _ in range(50_000)}) == 50_000
