"""A partner that sends very much is slowed; the others don't notice."""

import asyncio
from dataclasses import replace

from renkou_common.messaging.nats_client import NatsClient, Outgoing, PublishRefused
from renkou_migrant.exchange.receiver import Receiver

from ..districts import Districts
from ..support import HOME, THIRD, Until

BATCH = 250


async def fill(client: NatsClient, sender: str) -> int:
    """Publish rubbish to the home district until the hub takes no more of it; returns how much it took."""
    taken = 0
    while taken < 100_000:
        batch = [Outgoing(f"in.{HOME}.{sender}", b"rubbish %d" % (taken + each)) for each in range(BATCH)]
        try:
            await client.publish_batch(batch)
        except PublishRefused:
            return taken
        taken += BATCH
    raise AssertionError("the hub takes whatever one district sends")


async def test_a_flooding_partner_is_slowed_and_the_others_messages_come_through(
    districts: Districts, until: Until
) -> None:
    home, residence, hub = districts.home, districts.residence, districts.hub
    assert hub
    settings = home.runtime.settings.model_copy(
        update={"partner_messages_per_second": 20.0, "partner_messages_at_once": 100.0}
    )
    home.receiver = Receiver(replace(home.runtime, settings=settings), home.hub, home.sender.wake)
    third = NatsClient(
        hub.url,
        name="third",
        seed_file=hub.seed(THIRD),
        token_file=hub.token(THIRD),
        inbox_prefix=f"_INBOX_{THIRD}",
    )
    connection = asyncio.create_task(third.run())
    try:
        await third.wait_connected()
        flooded = await fill(third, THIRD)
        assert flooded <= 2_000, "the hub holds no more than its limit of one sender for one receiver"
        residence.start()
        sent = [await residence.service_notice() for _ in range(20)]
        home.start()
        for one in sent:
            await residence.reaches(one, "read")
        (row,) = await home.rows("SELECT count(*) FROM dead_letter")
        assert row["count"] < flooded / 2, "the flood was not taken in first"
    finally:
        connection.cancel()
        await asyncio.gather(connection, return_exceptions=True)


async def test_a_full_inbox_holds_up_this_partner_alone_and_nothing_is_lost(
    districts: Districts, until: Until
) -> None:
    home, residence, hub = districts.home, districts.residence, districts.hub
    assert hub
    residence.start()
    await residence.connected()
    await fill(residence.hub, residence.district)
    waiting = await residence.service_notice()
    numbered = "SELECT FROM message WHERE pair_seq IS NOT NULL"
    await until(lambda: residence.rows(numbered))
    assert await residence.state(waiting) == "drafted"
    home.start()
    await residence.reaches(waiting, "read", seconds=40)
