"""What messages say and their signed texts go to a new data key, replaced contents too, and partners notice nothing."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import asyncpg
import pytest

from renkou_common.crypto import FieldCipher, data_version
from renkou_common.field_keys.keyring import SETTLED, Kind
from renkou_common.field_keys.rotation import Rotation, in_use
from renkou_common.scope import AreaScope
from renkou_migrant.field_keys.columns import PROTECTED

from ..districts import Districts
from ..stays import born, corrected, somebody_stays
from .test_amendments import only_notice, settle

EVERYTHING = AreaScope.everything()


async def test_messages_and_their_texts_go_to_a_new_key(pair: Districts) -> None:
    mother, _ = await somebody_stays(pair.residence)
    child = await born(pair.residence, mother)
    await settle(pair)
    pair.residence.register.registers(child, name="王一诺然", birth_date="2026-01-31")
    await corrected(pair.residence, child, parity=1)
    await settle(pair)
    runtime = pair.home.runtime
    before = await only_notice(pair.home, "birth_notice")

    now = datetime.now(UTC)
    ring = runtime.cipher.ring.added(Kind.DATA, now)[0].activated(Kind.DATA, 2, now + SETTLED)
    ring = replace(ring, data=replace(ring.data, since=now))
    work = Rotation(runtime.database, FieldCipher.fixed(ring), PROTECTED, 0.0, timedelta())
    while await work.step():
        pass
    only_new = ring.retired(Kind.DATA, 1, [], now + SETTLED)
    object.__setattr__(runtime, "cipher", FieldCipher.fixed(only_new))  # as where the file was read again

    assert await only_notice(pair.home, "birth_notice") == before
    opened = dict.fromkeys((each.table for each in PROTECTED), 0)
    async with runtime.database.transaction(EVERYTHING) as tx:
        assert set((await in_use(tx, PROTECTED))[Kind.DATA]) == {2}
        for column in PROTECTED:
            for row in await tx.fetch(f"SELECT * FROM {column.table} WHERE {column.column} IS NOT NULL"):
                assert data_version(row[column.column]) == 2
                runtime.cipher.unseal(row[column.column], column.bound_to(dict(row)))
                opened[column.table] += 1
    assert opened["message"]
    assert opened["message_content"]
    assert opened["message_log_text"]
    with pytest.raises(asyncpg.PostgresError):
        async with runtime.database.transaction(EVERYTHING) as tx:
            await tx.execute(
                "UPDATE message_log_text SET sealed = sealed || '\\x00' WHERE sealed IS NOT NULL"
            )
