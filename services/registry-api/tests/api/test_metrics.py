"""What monitoring sees of the feed that this service takes in."""

from uuid import uuid4

from renkou_common.scope import AreaScope

from ..support import Registry


async def test_held_events_and_incidents_of_a_feed_are_counted(registry: Registry) -> None:
    async with registry.runtime.database.transaction(AreaScope.everything()) as tx:
        await tx.execute("INSERT INTO feed_position (feed, high_water) VALUES ('migrant', 7)")
        for seq in (5, 6):
            await tx.execute(
                """
                INSERT INTO held_event (feed, seq, event_id, subject, type, body, reason, state, resolved_at)
                VALUES ('migrant', $1::bigint, $2, 'one', 'arrival.registered', '{}', 'cannot be', 'failed',
                    CASE WHEN $1::bigint = 5 THEN now() END)
                """,
                seq,
                uuid4(),
            )
    answer = await registry.client.get("/metrics")
    assert answer.status_code == 200
    told = answer.text.splitlines()
    assert 'renkou_feed_held{feed="migrant"} 1.0' in told, "what was replayed is not counted"
    assert 'renkou_feed_incidents{feed="migrant"} 0.0' in told
